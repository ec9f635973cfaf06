"""What a member does once it has let go, left or stopped. Client, broker and dispatcher are stand-ins."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka.errors import KafkaConnectionError

from chassis.consumer import outages, transport
from chassis.consumer.held import Held
from tests.support.membering import ONE, TWO, World, at


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


async def test_after_partitions_were_let_go_the_next_outage_is_waited_for(world: World) -> None:
    await world.reading(ONE, TWO)
    await world.member.let_go([TWO])
    world.errors = [ConnectionRefusedError()]
    await world.batch(at(ONE, 10))
    assert world.handled == [(ONE, 10)]


async def test_who_tells_an_offset_before_its_first_batch_is_not_seen_to_hang(world: World) -> None:
    async with world.member._batch:
        assert world.member.busy
        assert 0 <= world.member.busy_seconds() < 5
        assert 0 <= transport.monotonic() - world.member.last_progress < 5


async def test_who_tells_an_offset_long_after_its_last_batch_is_not_seen_to_hang(world: World) -> None:
    asked, answered = asyncio.Event(), asyncio.Event()

    async def slow(_offsets: object) -> None:
        asked.set()
        await answered.wait()

    await world.reading(ONE)
    world.client.commit = slow  # type: ignore[method-assign, assignment]
    world.member._last_progress = -1e9  # of a batch long ago
    await asyncio.wait_for(asked.wait(), 5)
    assert world.member.busy
    assert 0 <= transport.monotonic() - world.member.last_progress < 5
    answered.set()


async def test_each_pause_of_an_outage_is_twice_as_long_and_a_new_outage_begins_with_the_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def passes(_event: object, seconds: float) -> bool:
        pauses.append(seconds)
        return False

    monkeypatch.setattr(transport, "is_set_within", passes)
    monkeypatch.setattr(outages.random, "uniform", lambda _least, most: most)
    await world.reading(ONE)
    world.errors = [ConnectionRefusedError() for _ in range(3)]
    await world.batch(at(ONE, 10))
    world.errors = [ConnectionRefusedError()]
    await world.batch(at(ONE, 11))
    assert pauses == [0.04, 0.08, 0.16, 0.04]


async def test_who_has_left_neither_waits_for_an_outage_nor_tries_again(world: World) -> None:
    async def silent(_offsets: object) -> None:
        raise KafkaConnectionError

    await world.reading(ONE)
    await world.member._offsets._later  # type: ignore[misc]
    world.client.commit = silent  # type: ignore[method-assign, assignment]
    world.member._offsets.note(ONE, 11)
    await world.member.leave()
    assert world.member._offsets._later is None
    world.member.take(ONE, Held(4, 10))
    world.errors = [ConnectionRefusedError()]
    await world.batch(at(ONE, 10))
    assert world.handled == []


async def test_who_has_stopped_tells_nothing_later(world: World) -> None:
    await world.reading(ONE)
    later = world.member._offsets._later
    assert later is not None
    await world.member.stop()
    await asyncio.wait({later}, timeout=0.1)
    assert later.cancelled()
