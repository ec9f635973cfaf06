"""What a leader sends, deletes and reads again, whatever a broker answers. Database and broker are stand-ins."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import NotEnoughReplicasError, TopicAuthorizationFailedError

from chassis.outbox import relay as module
from chassis.outbox.telling import Look
from tests.support.loglines import configured, restore_logging  # noqa: F401 - a fixture
from tests.support.relaying import A2, B2, TOPIC, A, B, Row, World


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


async def test_what_waits_is_sent_in_order_and_deleted_and_whoever_stops_has_sent_it(world: World) -> None:
    world.add(A, B, A, A2, B2)
    async with world.at_work():
        await world.empty()
        assert world.metrics.relay_leader._value.get() == 1
        before = world.relay.last_progress
        await world.until(lambda: world.relay.last_progress > before)
        world.add(A, A)
        world.relay.wake()
        await world.empty()
        world.add(B)
    assert (world.numbers(0), world.numbers(1)) == ([1000, 1002, 1003, 1005, 1006], [1001, 1004, 1007])
    assert world.metrics.published.labels(TOPIC)._value.get() == 8
    assert (world.metrics.relay_leader._value.get(), world.closed, world.made) == (0, 1, 1)
    assert world.told == {0: 5, 1: 3}, "and says how far it came"


async def test_whoever_commits_wakes_it_and_so_does_whoever_ends_it(world: World) -> None:
    world.relay._poll_seconds = 60
    async with world.at_work():
        await world.until(lambda: world.marks)
        world.add(A)
        world.relay.wake()
        await world.empty()
        await asyncio.sleep(0.02)
        reads = len(world.marks)
        await asyncio.sleep(0.02)
        assert len(world.marks) == reads, "it rests until it is woken"
        world.add(B)
    assert (world.numbers(0), world.numbers(1)) == ([1000], [1001])


async def test_who_is_told_to_stop_before_all_is_compared_publishes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def begun(*_: Any) -> None:
        world.relay.stop()

    monkeypatch.setattr(module.telling, "begun", begun)
    world.add(A)
    await asyncio.wait_for(world.relay.run(), 5)
    assert (world.numbers(0), world.metrics.relay_leader._value.get(), world.closed) == ([], 0, 1)


async def test_only_what_was_acknowledged_is_deleted_and_the_rest_is_sent_again_by_another_producer(
    world: World,
) -> None:
    world.add(A, B, A, B)
    world.answers = [{1: NotEnoughReplicasError()}, {1: NotEnoughReplicasError()}]
    async with world.at_work():
        await world.empty()
    assert (world.numbers(0), world.numbers(1)) == ([1000, 1002], [1001, 1003])
    assert world.made == 3
    assert world.metrics.retries.labels("relay", "NotEnoughReplicas")._value.get() == 2


async def test_no_event_is_passed_over_when_a_batch_is_made_smaller_or_does_not_fit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MARK_ROWS", 1)
    world.largest = 5_000
    world.add(*[A, B, A, A2, B2] * 10, size=1000)
    lines = configured()
    world.add(A, size=9000)
    world.add(B, A2, A)
    async with world.at_work():
        await world.until(lambda: {row["key"] for row in world.rows.values()} == {A})
        await world.until(lambda: world.metrics.relay_held_keys._value.get() == 1)
        world.largest = 10_000
        monkeypatch.setattr("chassis.outbox.limits.monotonic", lambda: float(2**40))
        await world.empty()
    for key in (A, A2, B, B2):
        sent = [number for each in world.topic.values() for name, number in each if name == key]
        assert sent == sorted(set(sent), key=int)
    assert sorted(world.numbers(0, 1)) == list(range(1000, 1054))
    assert [each["key"] for each in lines() if each["event"] == "record_held"] == [A]


@pytest.mark.parametrize(("batch", "marks"), [(1, [0, 1003, 1008]), (2, [0, 1003, 1009])])
async def test_the_mark_moves_behind_what_was_published_and_never_past_what_waits(
    world: World, monkeypatch: pytest.MonkeyPatch, batch: int, marks: list[int]
) -> None:
    monkeypatch.setattr(module, "MARK_ROWS", 4)
    world.relay._batch = batch
    world.add(*[A, B] * 6)
    async with world.at_work():
        await world.empty()
        await asyncio.sleep(0.05)
    assert list(dict.fromkeys(world.marks)) == marks, "a look after four rows, behind what was published"


async def test_the_mark_moves_at_rest_too_and_four_rows_later_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MARK_ROWS", 4)
    world.add(*[A, B] * 6)
    async with world.at_work():
        await world.until(lambda: world.marks[-1:] == [1011])
        world.relay._batch, reads = 1, len(world.marks)
        await world.until(lambda: len(world.marks) > reads)
        world.add(*[A, B] * 6)
        await world.empty()
    assert list(dict.fromkeys(world.marks)) == [0, 1011, 1015, 1020]


async def test_the_mark_moves_where_events_come_one_by_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MARK_ROWS", 4)
    async with world.at_work():
        for _ in range(6):
            world.add(A)
            await world.empty()
            reads = len(world.marks)
            await world.until(lambda reads=reads: len(world.marks) > reads + 1)
    assert max(world.marks) > 0


async def test_two_records_that_fit_one_by_one_only_are_parted_and_neither_is_held(world: World) -> None:
    world.largest = 1500
    lines = configured()
    world.add(A, A2, size=1000)
    async with world.at_work():
        await world.empty()
    assert world.numbers(0) == [1000, 1001]
    assert [each for each in lines() if each["event"] == "record_held"] == []


async def test_a_full_batch_holds_up_no_other_partition(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.outbox.limits.MAX_BATCH_BYTES", 2500)
    world.add(A, A, A, A, B, size=1000)
    async with world.at_work():
        await world.empty()
    assert world.sent == [1000, 1001, 1004, 1002, 1003], "the last one goes along with the first two"


async def test_records_of_others_are_counted(world: World) -> None:
    world.add(A)
    world.answers = [{0: 3}]
    async with world.at_work():
        await world.empty()
    assert world.metrics.foreign_records.labels(TOPIC)._value.get() == 3
    assert world.compared == 1


async def test_an_answer_that_does_not_follow_deletes_nothing_of_its_batch_and_is_compared_again(world: World) -> None:
    world.add(A, B)
    world.answers = [{0: -1}]
    async with world.at_work():
        await world.empty()
    assert world.compared == 2
    assert world.numbers(0) == [1000, 1000], "nobody knows where the first one stands"
    assert world.numbers(1) == [1001]
    assert world.metrics.foreign_records.labels(TOPIC)._value.get() == 0


async def test_nothing_is_sent_to_a_partition_before_it_is_compared(world: World) -> None:
    world.known = {0}
    world.add(A, B, A, B)
    async with world.at_work():
        await world.until(lambda: world.compared > 2)
        assert (world.numbers(0), world.numbers(1)) == ([1000, 1002], [])
        world.known = {0, 1}
        await world.empty()
    assert world.numbers(1) == [1001, 1003]


async def test_a_topic_that_was_not_known_is_compared_before_anything_is_sent_to_it(world: World) -> None:
    world.rows[1] = Row((1, "ph.later.v1", A, b""))
    async with world.at_work():
        await world.until(lambda: world.topics == {TOPIC, "ph.later.v1"})
        world.rows.clear()
    assert world.numbers(0) == []


async def test_keys_of_a_partition_that_nobody_leads_wait_and_hold_up_nobody(world: World) -> None:
    world.unled, world.relay._batch = {1}, 2
    world.add(B, A, B2, A, A2)
    async with world.at_work():
        await world.until(lambda: len(world.rows) == 2)
        assert world.numbers(0) == [1001, 1003, 1004]
        await world.until(lambda: world.metrics.relay_held_keys._value.get() == 2)
        world.unled.clear()
        place = TopicPartition(TOPIC, 1)
        world.looks = [Look({place: 0}, {place: 0})]
        await world.empty()
    assert world.numbers(1) == [1000, 1002]
    assert world.compared == 2


async def test_one_round_leaves_out_all_keys_that_nobody_leads_and_sends_all_others(world: World) -> None:
    world.unled, world.relay._poll_seconds = {1}, 60
    world.add(B, B2, A, A2)
    async with world.at_work():
        await world.until(lambda: world.metrics.relay_held_keys._value.get() == 2)
        assert len(world.marks) == 2, "with many keys that wait, a round for each would hold up all others"
        assert world.numbers(0) == [1002, 1003]
        world.rows.clear()


async def test_a_look_counts_what_others_have_written_and_notices_a_partition_that_has_become_shorter(
    world: World,
) -> None:
    place = TopicPartition(TOPIC, 2)
    world.looks = [Look({place: 0}, {place: 5}), Look({place: 5}, {place: 2})]
    async with world.at_work():
        await world.until(lambda: world.compared > 1)
    assert world.metrics.foreign_records.labels(TOPIC)._value.get() == 5


async def test_whoever_does_not_lead_waits_publishes_nothing_and_is_seen_to_be_alive(world: World) -> None:
    world.free = False
    world.add(A)
    before = world.relay.last_progress
    async with world.at_work():
        await world.until(lambda: world.relay.last_progress > before)
        assert world.metrics.relay_leader._value.get() == 0
        await asyncio.sleep(0.05)
        assert world.asked_for_the_lock == 1, "it asks without hurry"
    assert (world.compared, world.numbers(0), world.closed) == (0, [], 1)


async def test_an_outage_is_waited_for_and_what_is_unexpected_is_raised(world: World) -> None:
    world.errors = [ConnectionRefusedError(), TimeoutError()]
    world.add(A)
    async with world.at_work():
        await world.empty()
    assert world.closed == 3
    assert world.metrics.retries.labels("relay", "ConnectionRefusedError")._value.get() == 1
    world.errors = [ValueError("a defect")]
    with pytest.raises(ValueError, match="a defect"):
        await asyncio.wait_for(world.relay.run(), 5)
    assert world.metrics.relay_leader._value.get() == 0


async def test_a_relay_that_finds_no_database_is_alive(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(module.asyncpg, "connect", refuse)
    before = world.relay.last_progress
    async with world.at_work():
        await world.until(lambda: world.relay.last_progress > before)


async def test_a_session_that_does_not_close_holds_up_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLOSE_SECONDS", 0.05)
    world.closing = asyncio.Event().wait
    world.errors = [TimeoutError()]
    world.add(A)
    async with world.at_work():
        await world.empty()
    assert (world.numbers(0), world.closed) == ([1000], 2)


@pytest.fixture
def paused(world: World, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that the relay makes; they take no time. Each is as short as it may be, then as long, and so on."""
    paused: list[float] = []

    async def is_set_within(event: asyncio.Event, seconds: float) -> bool:
        if event is world.relay._stop:
            paused.append(seconds)
        await asyncio.sleep(0)
        return event.is_set()

    def uniform(low: float, high: float) -> float:
        return (low, high)[len(paused) % 2]

    monkeypatch.setattr(module, "BACK_OFF_SECONDS", 5.0)
    monkeypatch.setattr(module, "is_set_within", is_set_within)
    monkeypatch.setattr(module.random, "uniform", uniform)
    return paused


@pytest.mark.parametrize("trouble", ["an outage", "no acknowledgement", "another past"])
async def test_pauses_grow_to_five_seconds_and_are_spread(world: World, paused: list[float], trouble: str) -> None:
    world.add(A)
    if trouble == "an outage":
        world.errors = [TimeoutError() for _ in range(7)]
    else:
        world.answers = [{0: NotEnoughReplicasError() if trouble == "no acknowledgement" else -1} for _ in range(7)]
    async with world.at_work():
        await world.empty()
    assert paused == pytest.approx([0.1, 0.4, 0.4, 1.6, 1.6, 5, 2.5])


@pytest.mark.parametrize("rows", [0, 2])
async def test_pauses_begin_anew_once_it_has_published_or_has_nothing_to_publish(
    world: World, paused: list[float], rows: int
) -> None:
    world.relay._batch = 1
    world.add(*[A] * rows)
    world.errors = [TimeoutError(), TimeoutError(), None, TimeoutError()]
    async with world.at_work():
        await world.until(lambda: len(paused) > 2)
    assert paused == pytest.approx([0.1, 0.4, 0.1])


@pytest.mark.parametrize(("done", "up_to"), [([4, 7, 9], 9), ([4, 9], 6), ([7, 9], 3), ([4], 6)])
def test_the_mark_passes_no_row_that_waits(done: list[int], up_to: int) -> None:
    rows: Any = [{"id": id_} for id_ in (4, 7, 9)]
    assert module._published_up_to(rows, done) == up_to


async def test_a_partition_that_this_user_may_not_write_is_in_the_way_of_no_other(world: World) -> None:
    lines = configured()
    world.answers = [{0: TopicAuthorizationFailedError()}]
    world.add(A, B)
    async with world.at_work():
        await world.until(lambda: len(world.rows) == 1)
        world.add(B2, A)
        await world.until(lambda: len(world.rows) == 2)
    assert (world.numbers(1), world.numbers(0), world.compared) == ([1001, 1002], [], 1)
    assert [each["topic"] for each in lines() if each["event"] == "topic_left_out"] == [TOPIC]
