"""After the faults: operators settle the parked records, everything drains, and then every group reads it all again."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from chaos import http, operators, reading
from chaos.supervisor import Supervisor
from chaos.world import (
    READS,
    SERVICES,
    World,
)

DRAIN_SECONDS = 90
ADVANCE_HOURS = 1000.0
"""Beyond every deadline, those included that were set by a clock that had jumped."""
_STATE = """
select (select count(*) from outbox), (select count(*) from deadline),
       (select count(*) from parked where state <> 'discarded'), (select count(*) from position where blocked)
"""
TROUBLES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that broke in the middle of a question
    OSError,
    KafkaError,
    TimeoutError,
)


class NotDrainedError(Exception):
    """Something is left that should have gone."""


@dataclass(frozen=True)
class Left:
    """What has not been dealt with yet, in one service."""

    outbox: int
    deadlines: int
    parked: int
    blocked: int
    lag: int

    def told(self) -> str:
        """Those that are not 0."""
        return ", ".join(f"{name} {count}" for name, count in vars(self).items() if count)


async def left(world: World, service: str) -> Left:
    """What is still to be done."""
    committed = await reading.committed(world.bootstrap, service)
    ends = await reading.ends(world.bootstrap, READS[service])
    lag = sum(max(0, end - committed.get(place, 0)) for place, end in ends.items())  # a topic made anew is shorter
    return Left(*(await world.rows(service, _STATE))[0], lag)


async def until(world: World, what: str, done: Callable[[Left], bool], seconds: float = DRAIN_SECONDS) -> None:
    """Waits until `done` holds for every service, twice in a row. Raises `NotDrainedError` that says what is left."""
    deadline, in_a_row, told = time.monotonic() + seconds, 0, "nothing could be read"
    while in_a_row < 2:
        if time.monotonic() > deadline:
            raise NotDrainedError(f"{what}: waited {seconds:.0f} s. Left: {told}")
        with suppress(*TROUBLES):
            state = {service: await left(world, service) for service in SERVICES}
            told = "; ".join(f"{service}: {each.told()}" for service, each in state.items())
            in_a_row = in_a_row + 1 if all(done(each) for each in state.values()) else 0
        await asyncio.sleep(0.3)


async def settle(world: World, supervisor: Supervisor, dice: random.Random, patience: float = DRAIN_SECONDS) -> None:
    """Lets everything come to rest: what was sent is read and published within `patience`. Raises `NotDrainedError`."""
    if missing := await supervisor.until_ready(60):
        raise NotDrainedError(f"not ready: {', '.join(missing)}")
    await until(world, "read and published", lambda it: it.lag == 0 and it.outbox == 0, patience)
    world.lower_flag("shut")
    for service in SERVICES:
        await operators.look(world, service, dice, discard=1)
        await operators.get_rid_of_all(world, service, DRAIN_SECONDS)
    await until(world, "parked records settled", lambda it: it.parked == 0 and it.blocked == 0)
    await ring_all(world, supervisor)
    await until(world, "drained", lambda it: not it.told())


async def ring_all(world: World, supervisor: Supervisor) -> None:
    """Moves the clock of the shop's processes beyond every deadline."""
    headers = {"Authorization": f"Bearer {world.stack.issuer.token('operator', 'programme:desk')}"}
    for worker in supervisor.running("shop"):
        await http.post(worker.port, "/local/clock", {"advance_hours": ADVANCE_HOURS}, headers, seconds=10)


# --- everything once more --------------------------------------------------------------------------------------------


async def read_again(world: World, supervisor: Supervisor) -> int:
    """Stops everybody, forgets how far every service has read, and reads it all again. Returns how much."""
    await supervisor.retire_all()
    total = 0
    for service in SERVICES:
        await world.rows(service, "delete from progress")
        total += await _set_back(world, service)
    supervisor.keep_all()
    if missing := await supervisor.until_ready(60):
        raise NotDrainedError(f"not ready for the second pass: {', '.join(missing)}")
    await until(world, "read a second time", lambda it: it.lag == 0 and it.outbox == 0)
    await asyncio.sleep(2)  # whoever did something for it has had the time
    return total


async def _set_back(world: World, service: str) -> int:
    ends = await reading.ends(world.bootstrap, READS[service])
    consumer = AIOKafkaConsumer(bootstrap_servers=world.bootstrap, group_id=service, enable_auto_commit=False)
    await consumer.start()
    try:
        places = [TopicPartition(topic, partition) for topic, partition in ends]
        consumer.assign(places)
        async with asyncio.timeout(30):
            while True:
                try:
                    await consumer.commit(dict.fromkeys(places, 0))
                    break
                except KafkaError:  # the group still has members
                    await asyncio.sleep(0.5)
    finally:
        await consumer.stop()
    return sum(ends.values())
