"""What becomes of a batch, record by record. The tables are in memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiokafka import TopicPartition

from chassis.consumer import parking
from chassis.consumer.positions import MAX_GAP
from chassis.consumer.progress import TermOverError
from chassis.outbox.append import rfc3339
from chassis.telemetry.metrics import STEPS
from tests.support.dispatching import KEY, OTHER, SHOP, SOLD, World, bad, told
from tests.support.loglines import configured, restore_logging  # noqa: F401 - a fixture
from tests.support.records import record, recorded
from tests.support.toy import UNLUCKY, UNSTORABLE


@pytest.fixture
def world() -> World:
    return World()


async def test_a_batch_has_its_effect_once_and_is_told(world: World) -> None:
    batch = [told(1, 1), told(1, 7, key=OTHER), told(2, 2)]
    await world.handle(batch)
    assert (world.receipts(), world.receipts(OTHER)) == ([1, 2], [7])
    assert world.database.tables.outbox == [str(KEY), str(OTHER), str(KEY)]
    assert (world.toy.wakes, world.counted("done"), world.counted("repeat")) == (1, 3, 0)
    assert (world.sample("ph_batch_records_count"), world.sample("ph_batch_records_sum")) == (1, 3)
    assert 0 < world.sample("ph_batch_seconds_sum") < 10
    assert world.sample("ph_handler_seconds_count", type=SOLD, outcome="done") == 3
    assert 0 < world.sample("ph_handler_seconds_sum", type=SOLD, outcome="done") < 10
    assert len([each for each in world.toy.collector.spans if each.name == f"process {SOLD}"]) == 3
    await world.handle(batch)
    assert (world.receipts(), world.counted("done"), world.counted("repeat")) == ([1, 2], 3, 3)
    assert (world.numbers(), world.parked()) == ([0, 0, 0], [])


async def test_an_effect_is_as_old_as_the_recording_of_its_event(world: World) -> None:
    now = datetime.now(UTC)
    name = "ph_effect_seconds"
    await world.handle([recorded(told(1, 1), now + timedelta(seconds=90)), recorded(told(2, 2), ce_recordedtime=b"")])
    count, seconds = (world.sample(f"{name}_{what}", topic=SHOP) for what in ("count", "sum"))
    assert (count, seconds) == (1, 0), "a clock ahead makes nothing younger"
    await world.handle([recorded(told(3, 3), now - timedelta(seconds=100))])
    assert world.sample(f"{name}_sum", topic=SHOP) == pytest.approx(100, abs=20)


async def test_each_step_of_an_events_way_is_told_with_the_time_since_the_one_before(world: World) -> None:
    """Occurred 400 seconds ago, recorded 100 seconds later, on the topic 200 seconds after that, and handled now."""
    now = datetime.now(UTC)
    occurred, published = rfc3339(now - timedelta(seconds=400)).encode(), now - timedelta(seconds=100)
    on_its_way = recorded(told(1, 1), now - timedelta(seconds=300), ce_time=occurred)
    untimed = recorded(told(2, 2), now - timedelta(seconds=300), ce_time=occurred)
    await world.handle(
        [on_its_way._replace(timestamp=int(published.timestamp() * 1000)), untimed._replace(timestamp=None)]
    )

    def of(step: str, what: str) -> float:
        return world.sample(f"ph_hop_seconds_{what}", topic=SHOP, step=step)

    assert [of(step, "count") for step in STEPS] == [2, 1, 1, 2], "what has no time of Kafka's has not two of the steps"
    assert of("recorded", "sum") == pytest.approx(200, abs=1)
    assert of("published", "sum") == pytest.approx(200, abs=1)
    assert of("received", "sum") == pytest.approx(100, abs=20)
    assert of("processed", "sum") < 20
    await world.handle([on_its_way])
    assert of("recorded", "count") == 2, "a repeat has no effect"


async def test_numbers_that_are_missing_late_or_first_seen_are_counted(world: World) -> None:
    await world.handle([told(1, 1), told(4, 4), told(3, 3), told(9, 9, key=OTHER)])
    assert (world.receipts(), world.numbers()) == ([1, 4, 3], [1, 1, 1])


async def test_how_far_a_partition_was_read_is_written_with_the_effects_if_the_term_is_not_over(world: World) -> None:
    place = TopicPartition(SHOP, 0)
    world.database.tables.progress[SHOP, 0] = 3, 0
    await world.handle([told(1, 1), told(2, 2)], {place: 3})
    assert world.database.tables.progress == {(SHOP, 0): (3, 3)}
    with pytest.raises(TermOverError):
        await world.handle([told(3, 3)], {place: 2})
    assert world.receipts() == [1, 2]


async def test_a_type_that_is_not_read_is_counted_and_passed_over(world: World) -> None:
    await world.handle([told(1, 1), record({}, type_="ph.shop.Other.v1", key=KEY, sequence=2, offset=2), told(3, 3)])
    assert (world.receipts(), world.parked(), world.numbers()) == ([1, 3], [], [0, 0, 0])
    assert world.counted("unknown_type", "other") == 1


async def test_what_is_bad_or_refused_blocks_its_key_and_no_other(world: World) -> None:
    lines = configured()
    await world.handle([told(1, UNLUCKY), told(2, 2), told(1, 7, key=OTHER), bad(1, 70, key=None)])
    await world.handle([told(3, 3), told(2, 8, key=OTHER)])
    assert (world.receipts(), world.receipts(OTHER)) == ([], [7, 8])
    assert world.parked() == [
        (UNLUCKY, "unlucky", "parked"), (2, "behind", "parked"), (70, "key_missing", "parked"), (3, "behind", "parked"),
    ]  # fmt: skip
    assert (world.blocked(), world.blocked(OTHER)) == (True, False)
    assert parking._NEXT not in world.database.statements, "nobody need go on"
    assert (world.counted("parked"), world.counted("parked", "other"), world.counted("done")) == (3, 1, 2)
    assert world.sample("ph_handler_seconds_count", type=SOLD, outcome="refused") == 1
    await world.handle([told(2, 2)])
    assert (world.counted("parked"), world.counted("repeat")) == (3, 1), "parked once"
    assert lines() == []


async def test_a_bad_record_that_comes_again_is_a_repeat_and_asks_for_nothing_else(world: World) -> None:
    await world.handle([told(1, 1), told(2, 2)])
    assert parking._KNOWN not in world.database.statements
    await world.handle([bad(3, 70)])
    await world.handle([bad(3, 70)])
    assert world.parked() == [(70, "json_invalid", "parked")]
    assert (world.counted("parked", "other"), world.counted("repeat", "other")) == (1, 1)


async def test_a_discarded_record_that_comes_again_is_passed_over(world: World) -> None:
    await world.handle([told(1, UNLUCKY), told(2, 2)])
    world.database.decide("discarded", UNLUCKY)
    assert [await world.drain() for _ in range(3)][-1] == 0
    await world.handle([told(1, UNLUCKY), told(2, 2), told(3, 3)])
    assert (world.receipts(), world.parked()) == ([2, 3], [(UNLUCKY, "unlucky", "discarded")])
    assert not world.blocked()


async def test_a_discarded_bad_record_that_comes_again_holds_up_nobody_behind_it(world: World) -> None:
    await world.handle([bad(1, 70)])
    world.database.decide("discarded", 70)
    assert [await world.drain() for _ in range(3)][-1] == 0
    await world.handle([bad(1, 70), told(1, 5)])
    assert (world.receipts(), world.parked()) == ([5], [(70, "json_invalid", "discarded")])


async def test_only_a_record_under_an_open_number_is_looked_for_among_the_parked_ones(world: World) -> None:
    await world.handle([told(1, 1), told(2, UNLUCKY, key=OTHER)])
    world.database.statements.clear()
    await world.handle([told(2, 2), told(2, UNLUCKY, key=OTHER)])
    assert world.database.statements.count(parking._KNOWN) == 1
    world.database.statements.clear()
    await world.handle([told(3, 3), told(3, 9, key=OTHER)])
    assert parking._KNOWN not in world.database.statements


async def test_what_is_no_event_of_its_key_is_parked_alarmed_once_and_blocks_nobody(world: World) -> None:
    lines = configured()
    fork, far = told(1, 500, after=9), told(3 + MAX_GAP, 600, after=9)
    strange = recorded(told(2, 700), ce_source=b"/ph/other")
    await world.handle([told(1, 1), fork, far, strange, told(2, 2)])
    await world.handle([fork])
    assert world.receipts() == [1, 2]
    faults = [(500, "fork", "parked"), (600, "number_too_far", "parked"), (700, "wrong_source", "parked")]
    assert (world.parked(), world.blocked()) == (faults, False)
    assert parking._NEXT not in world.database.statements, "nobody has waited"
    assert [world.disowned(reason) for _, reason, _ in faults] == [1, 1, 1]
    assert [(each["event"], each["topic"], each["partition"], each["offset"], each["reason"]) for each in lines()] == [
        ("record_disowned", SHOP, 0, offset, reason) for offset, reason, _ in faults
    ]


@pytest.mark.parametrize("together", [True, False])
async def test_a_record_that_was_too_far_stays_aside_when_its_number_has_come_near(
    world: World, together: bool
) -> None:
    far = told(MAX_GAP + 5, 600, after=2)
    await world.handle([told(1, 1), far, told(2, 2)])
    again = [told(number, number) for number in range(3, 8)] + [far, told(8, 8)]
    for batch in [again] if together else [[each] for each in again]:
        await world.handle(batch)
    assert (world.receipts(), world.parked()) == ([1, *range(2, 9)], [(600, "number_too_far", "parked")])


async def test_the_one_record_that_the_database_refuses_is_parked_and_the_others_have_their_effect_in_order(
    world: World,
) -> None:
    await world.handle([told(1, 1), told(2, 2), told(1, UNSTORABLE, key=OTHER), told(3, 3), told(2, 8, key=OTHER)])
    assert (world.receipts(), world.receipts(OTHER)) == ([1, 2, 3], [])
    assert world.parked() == [(UNSTORABLE, "database_refused", "parked"), (8, "behind", "parked")]
    (detail, _) = [each["detail"] for each in world.database.tables.parked.values()]
    assert detail == "SQLSTATE 23514"


@pytest.mark.parametrize("place", [0, 1])
async def test_of_two_records_the_one_that_the_database_refuses_is_found(world: World, place: int) -> None:
    keys = [OTHER, KEY] if place else [KEY, OTHER]
    await world.handle([told(1, UNSTORABLE if each == KEY else 7, key=each) for each in keys])
    assert (world.receipts(OTHER), world.parked()) == ([7], [(UNSTORABLE, "database_refused", "parked")])


async def test_of_each_topic_the_effects_are_counted_from_the_start(world: World) -> None:
    assert world.metrics.registry.get_sample_value("ph_effect_seconds_count", {"topic": SHOP}) == 0
    for step in STEPS:
        labels = {"topic": SHOP, "step": step}
        assert world.metrics.registry.get_sample_value("ph_hop_seconds_count", labels) == 0


async def test_an_outage_is_raised_and_leaves_nothing_behind(world: World) -> None:
    world.database.errors = [ConnectionResetError()]
    with pytest.raises(ConnectionResetError):
        await world.handle([told(1, 1), told(2, UNLUCKY)])
    assert (world.receipts(), world.parked(), world.counted("done"), world.toy.wakes) == ([], [], 0, 0)
    assert world.toy.collector.spans == []


async def test_a_discarded_record_that_is_refused_now_holds_up_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No row is parked for it a second time, so nothing would ever set its key free."""
    await world.handle([told(1, UNLUCKY)])
    world.database.decide("discarded", UNLUCKY)

    async def none(*_: Any) -> set[Any]:
        return set()

    monkeypatch.setattr(parking, "known", none)  # as if it was parked since this batch asked
    world.database.tables.positions.clear()
    await world.handle([told(1, UNLUCKY)])
    assert (world.blocked(), world.parked()) == (False, [(UNLUCKY, "unlucky", "discarded")])
    await world.handle([told(2, 2)])
    assert world.receipts() == [2]
