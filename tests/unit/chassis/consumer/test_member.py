"""What a member does with what it is given and with what goes wrong. Client, broker and dispatcher are stand-ins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Any, cast

import pytest
from aiokafka.errors import KafkaConnectionError

from chassis.consumer import transport
from chassis.consumer.held import Held
from chassis.consumer.progress import TermOverError
from chassis.settings import KafkaSettings
from tests.support.loglines import configured, restore_logging  # noqa: F401 - a fixture
from tests.support.membering import ONE, OTHER, TWO, World, at


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.002)


# --- what it reads ---------------------------------------------------------------------------------------------------


async def test_it_connects_once_and_takes_what_it_is_given_in_addition_without_losing_its_places(world: World) -> None:
    assert world.member.name == "till-1"
    await world.member.cover([ONE])
    world.member.take(ONE, Held(3, 10))
    await world.batch(at(ONE, 10))
    await world.member.cover([ONE])
    assert (len(world.clients), world.client.assigned) == (1, [])
    await world.member.cover([ONE, TWO])
    assert world.client.assigned == [{ONE, TWO}]
    assert world.client.reads == {ONE: 11}
    world.member.take(TWO, Held(3, 7))
    assert world.client.reads == {ONE: 11, TWO: 7}
    await world.member.cover([TWO])
    assert set(world.member.held) == {TWO}
    assert world.client.reads == {TWO: 7}
    assert world.client.paused == [], "aiokafka pauses nothing that is not assigned"
    await world.member.disconnect()
    assert world.member.stand_still(TWO) is None


async def test_what_was_taken_before_the_client_is_there_is_read_once_it_is(world: World) -> None:
    world.member.take(ONE, Held(3, 10))
    assert world.member.read_to(ONE) == 10
    await world.member.cover([ONE])
    assert world.client.reads == {ONE: 10}


async def test_a_client_that_cannot_connect_is_closed_and_the_next_one_may(world: World) -> None:
    world.refused = KafkaConnectionError()
    with pytest.raises(KafkaConnectionError):
        await world.member.cover([ONE])
    assert world.closed == 1
    world.refused = None
    await world.member.cover([ONE])
    assert not world.member.ended
    world.client.ended = True
    assert world.member.ended


async def test_a_client_that_is_given_up_while_it_connects_is_closed_and_never_read(world: World) -> None:
    world.start.clear()
    connecting = asyncio.create_task(world.member.cover([ONE]))
    await until(lambda: world.clients)
    await world.member.disconnect()
    world.start.set()
    await connecting
    assert world.closed == 2, "by whoever gave it up, and once it is there"
    world.member.take(ONE, Held(3, 10))
    assert world.client.reads == {}
    assert not world.member.ended


async def test_a_client_may_connect_for_as_long_as_all_addresses_may_be_silent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert world.member.connects_within() == 5 + 30
    monkeypatch.setattr(transport, "CONNECT_SECONDS", 0.1)
    monkeypatch.setattr("chassis.kafka.clients.FIRST_ANSWER_MS", 200)
    world.member._kafka = KafkaSettings(bootstrap_servers="a:1,b:1,c:1")
    assert world.member.connects_within() == pytest.approx(0.7)
    world.start.clear()
    begun = monotonic()
    with pytest.raises(TimeoutError):
        await world.member.cover([ONE])
    assert monotonic() - begun > 0.65
    assert world.closed == 1
    world.start.set()
    await world.member.cover([ONE])
    assert world.member.connects_within() == 0


async def test_a_client_that_would_lose_what_cannot_be_unpacked_is_refused(world: World) -> None:
    world.make = object
    with pytest.raises(TypeError):
        await world.member.cover([ONE])


async def test_who_has_left_connects_no_more_and_has_told_how_far_it_came(world: World) -> None:
    await world.reading(ONE, TWO)
    await world.batch(at(ONE, 10), at(TWO, 10))
    await world.member.leave()
    assert world.committed() == {ONE: 11, TWO: 11}
    assert (world.member.held, world.client.reads) == ({}, {})
    await world.member.stop()
    assert world.closed == 1
    await world.member.cover([ONE])
    assert len(world.clients) == 1
    await world.member.disconnect()
    assert world.closed == 1


async def test_where_it_begins_is_told_and_without_its_client_nothing_is(world: World) -> None:
    await world.reading(ONE)
    await until(lambda: world.client.committed)
    assert world.committed() == {ONE: 10}
    client = world.client
    await world.batch(at(ONE, 10))
    await world.member.disconnect()
    assert world.member.held == {}
    await asyncio.sleep(0.3)
    assert client.committed == [{ONE: 10}]


# --- what its client finds -------------------------------------------------------------------------------------------


async def test_a_place_that_is_out_of_range_is_found_anew_and_its_offset_is_told_to_nobody(world: World) -> None:
    await world.reading(ONE, TWO)
    world.member.out_of_range(ONE)
    world.member.out_of_range(OTHER)
    assert world.seen == [(ONE, None)]
    assert (set(world.member.held), set(world.client.reads)) == ({TWO}, {TWO})
    await until(lambda: world.client.committed)
    assert world.committed() == {TWO: 10}


async def test_a_forbidden_topic_stands_still_and_others_go_on(world: World) -> None:
    await world.reading(ONE, TWO, OTHER)
    world.member.forbidden("ph.shop.v1")
    assert world.seen == ["ph.shop.v1"]
    assert (set(world.member.held), set(world.client.reads)) == ({OTHER}, {OTHER})


async def test_what_cannot_be_unpacked_stands_still_at_its_place(world: World) -> None:
    await world.reading(ONE, TWO)
    error = ValueError()
    world.member.unreadable(ONE, error)
    world.member.unreadable(ONE, error)
    assert world.seen == [(ONE, 10, error)]
    assert set(world.client.reads) == {TWO}


async def test_what_is_no_record_counts_as_read_but_not_while_a_batch_is_in_hand(world: World) -> None:
    await world.reading(ONE)
    assert (world.member.busy, world.member.busy_seconds()) == (False, 0)
    world.client.reads[ONE] = 14
    assert world.member.read_to(ONE) == 14
    world.client.reads[ONE] = 3
    assert world.member.read_to(ONE) == 10
    world.client.reads[ONE] = 14
    world.gate.clear()
    world.member._begun = world.member._last_progress = -1e9  # of a batch long ago
    batch = asyncio.create_task(world.batch(at(ONE, 10)))
    await until(lambda: world.member.busy)
    await asyncio.sleep(0.05)
    assert world.member.read_to(ONE) == 10
    assert 0.04 < world.member.busy_seconds() < 5
    assert world.member.last_progress < transport.monotonic() - 0.04
    world.gate.set()
    await batch
    assert world.member.last_progress > transport.monotonic() - 0.04


async def test_only_who_is_to_read_and_has_nothing_in_hand_is_quiet(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def quiet() -> float:
        return transport.monotonic() - world.member.quiet_since()

    assert quiet() < 0.02, "no client"
    await world.member.cover([ONE, TWO])
    await asyncio.sleep(0.05)
    assert quiet() < 0.02, "nothing to read"
    world.member.take(ONE, Held(3, 10))
    await asyncio.sleep(0.05)
    world.member.take(TWO, Held(3, 10))
    assert quiet() > 0.04
    world.member.stand_still(TWO)
    assert quiet() > 0.04
    world.gate.clear()
    batch = asyncio.create_task(world.batch(at(ONE, 10)))
    await until(lambda: world.member.busy)
    assert quiet() < 0.02, "a batch in hand"
    world.gate.set()
    await batch
    assert quiet() < 0.04
    await asyncio.sleep(0.05)
    world.member.seek_back()
    assert quiet() < 0.04


# --- batches ---------------------------------------------------------------------------------------------------------


async def test_a_batch_is_handled_under_its_terms_and_told(world: World) -> None:
    await world.reading(ONE, TWO)
    await world.batch(at(ONE, 10), at(ONE, 11), at(TWO, 10))
    assert world.handled == [(ONE, 10), (ONE, 11), (TWO, 10)]
    assert world.terms == [{ONE: 3, TWO: 3}]
    assert world.committed() == {ONE: 12, TWO: 11}
    await world.batch()
    assert len(world.terms) == 1


async def test_records_of_what_was_let_go_or_placed_anew_are_not_handled(world: World) -> None:
    await world.reading(ONE, TWO, OTHER)
    world.client.given = dict(world.member.held)
    world.member.stand_still(ONE)
    world.member.take(TWO, Held(4, 5))
    await world.member._on_batch(cast("Any", (at(ONE, 10), at(TWO, 10), at(OTHER, 10))))
    assert world.handled == [(OTHER, 10)]


async def test_what_was_handled_already_is_not_handled_again(world: World) -> None:
    await world.reading(ONE)
    await world.batch(at(ONE, 9), at(ONE, 10))
    assert world.handled == [(ONE, 10)]


async def test_an_outage_is_waited_for_with_the_batch_in_hand(world: World) -> None:
    lines = configured()
    await world.reading(ONE)
    world.errors = [ConnectionRefusedError(), ConnectionRefusedError()]
    await world.batch(at(ONE, 10))
    assert world.handled == [(ONE, 10)]
    assert world.committed() == {ONE: 11}
    assert world.metrics.retries.labels("consumer", "ConnectionRefusedError")._value.get() == 2
    assert [(each["event"], each["attempt"]) for each in lines()] == [("batch_retried", 1), ("batch_retried", 2)]


async def test_who_must_let_go_during_an_outage_gives_the_batch_up_and_reads_it_again(world: World) -> None:
    await world.reading(ONE, TWO)
    world.errors = [ConnectionRefusedError() for _ in range(200)]
    batch = asyncio.create_task(world.batch(at(ONE, 10), at(TWO, 10)))
    await until(lambda: len(world.errors) < 200)
    before = world.member.last_progress
    await until(lambda: world.member.last_progress > before)
    world.client.reads[ONE] = 11  # fetched meanwhile
    first = asyncio.create_task(world.member.let_go([TWO]))
    await asyncio.wait_for(asyncio.gather(first, world.member.let_go([OTHER]), batch), 5)
    assert world.handled == []
    assert world.client.reads == {ONE: 10}
    assert world.committed() == {ONE: 10, TWO: 10}, "where they began"
    world.errors = [ConnectionRefusedError()]
    await world.batch(at(ONE, 10))
    assert world.handled == [(ONE, 10)], "the next outage is waited for again"


async def test_whoever_lets_go_waits_for_the_batch_in_hand(world: World) -> None:
    await world.reading(ONE)
    world.gate.clear()
    batch = asyncio.create_task(world.batch(at(ONE, 10)))
    await until(lambda: world.member.busy)
    going = asyncio.create_task(world.member.let_go([ONE]))
    await asyncio.sleep(0.05)
    assert not going.done()
    world.gate.set()
    await asyncio.wait_for(asyncio.gather(batch, going), 5)
    assert world.committed() == {ONE: 11}


async def test_of_a_batch_whose_term_is_over_nothing_is_told_and_its_places_are_found_anew(world: World) -> None:
    lines = configured()
    await world.reading(ONE, TWO, OTHER)
    world.gate.clear()
    world.errors = [TermOverError()]
    batch = asyncio.create_task(world.batch(at(ONE, 10), at(TWO, 10), at(OTHER, 10)))
    await until(lambda: world.member.busy)
    world.member.take(TWO, Held(4, 10))
    world.member.stand_still(OTHER)
    world.gate.set()
    await batch
    assert world.seen == [(ONE, None)], "the others are placed anew, or gone, already"
    assert set(world.client.reads) == {TWO}
    assert max(world.committed().values(), default=0) <= 10
    assert [each["event"] for each in lines()] == ["batch_displaced"]


async def test_what_was_placed_anew_while_it_was_handled_is_not_moved_and_what_was_let_go_is_told(world: World) -> None:
    await world.reading(ONE, TWO, OTHER)
    world.gate.clear()
    batch = asyncio.create_task(world.batch(at(ONE, 10), at(TWO, 10), at(OTHER, 10)))
    await until(lambda: world.member.busy)
    world.member.take(ONE, Held(4, 5))
    world.member.stand_still(TWO)
    world.gate.set()
    await batch
    await world.member.let_go([])
    assert world.member.held[ONE].next_offset == 5
    assert world.committed() == {ONE: 5, TWO: 11, OTHER: 11}


async def test_what_is_unexpected_ends_the_process_and_no_batch_is_handled_after_it(world: World) -> None:
    await world.reading(ONE)
    world.errors = [ValueError("a defect")]
    broken = asyncio.create_task(world.batch(at(ONE, 10)))
    await until(lambda: world.fatal)
    await asyncio.sleep(0.02)
    assert not broken.done(), "FastStream would commit, or go on behind it"
    leaving = asyncio.create_task(world.member.leave())
    with pytest.raises(ValueError, match="a defect"):
        await broken
    await leaving
    world.member.take(ONE, Held(4, 10))
    await world.batch(at(ONE, 10))
    assert (world.handled, str(world.fatal[0]), len(world.fatal)) == ([], "a defect", 1)
    assert max(world.committed().values(), default=0) <= 10
