"""For how long partitions stand still while processes of one service come, go and die.

Workers of the counselling service as it is shipped read referrals, which come evenly to all six partitions. Beside
them, the table `progress` is looked at every few milliseconds: a partition stands still from one commit that moves it
to the next. What is told is the longest such time, from the event until nothing is out of place any more: of the
partitions that the process held that goes, of those that somebody hands over to the one that comes, and of the others.
`nothing happens` is the yardstick: what the machine, the batches and the looking make of a steady stream. A process
that starts takes a core for its first seconds, from everybody.

The bounds are those of the loss of a process: 1.5 times the 1.1 s that a static member of a group cost, and 250 ms.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer

from bench import seed
from bench.bench import Bench
from bench.measure import Figure, Spread
from bench.offsets import skip_to_end
from chassis.consumer import leases
from chassis.outbox.partitions import partition_of
from deploy.local.places import free_port
from deploy.local.postgres import ADMIN
from deploy.local.processes import Program

TITLE = "pauses of partitions while processes come and go"
TOPIC = "ph.referral.v1"
READS = (TOPIC, "ph.training.v1", "ph.placement.v1")
PACE = 50
"""Records a second, per partition."""
NO_CASES = 10**9
"""More than there are events: every event is a first referral."""
LOOK_SECONDS = 0.005
QUIET_SECONDS = 5.0
"""How long nothing happens, and how long somebody may be missing."""
SETTLED_SECONDS = 1.5
"""What is looked at after everything is in its place again."""
WITHIN = 60

_OWNERS = f"""
select p.partition, a.application_name
from pg_locks l join pg_stat_activity a using (pid) join progress p on p.lease = l.objid::bigint
where l.locktype = 'advisory' and l.classid::int = {leases.PARTITIONS} and l.granted and a.datname = current_database()
    and p.topic = $1
"""
_END_SESSION = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1"

Pauses = Mapping[int, float]
"""The longest pause of each partition, in seconds."""


class Input:
    """Referrals for every partition, evenly."""

    def __init__(self) -> None:
        self._numbers = count()
        self._ready: dict[int, list[tuple[str, dict[str, str], bytes]]] = defaultdict(list)

    async def send(self, bootstrap: str) -> None:
        """Until cancelled."""
        async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
            due = time.monotonic()
            while True:
                for partition in range(seed.PARTITIONS):
                    key, headers, value = self._next(partition)
                    encoded = [(name, text.encode()) for name, text in headers.items()]
                    await producer.send(TOPIC, value, key=key.encode(), partition=partition, headers=encoded)
                due += 1 / PACE
                await asyncio.sleep(due - time.monotonic())

    def _next(self, partition: int) -> tuple[str, dict[str, str], bytes]:
        while not self._ready[partition]:
            event = seed.referral(next(self._numbers), NO_CASES)
            self._ready[partition_of(event[0], seed.PARTITIONS)].append(event)
        return self._ready[partition].pop()


class Watch:
    """Sees when each partition moves."""

    def __init__(self) -> None:
        self._moves: dict[int, list[float]] = defaultdict(list)

    async def look(self, dsn: str) -> None:
        """Until cancelled."""
        connection = await asyncpg.connect(dsn)
        before: dict[int, int] = {}
        try:
            while True:
                rows = await connection.fetch("select partition, next_offset from progress where topic = $1", TOPIC)
                now = time.monotonic()
                for partition, place in rows:
                    if place is not None and place != before.get(partition):
                        before[partition] = place
                        self._moves[partition].append(now)
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            connection.terminate()

    def all_moved_since(self, then: float) -> bool:
        """True once every partition has."""
        return len(self._moves) == seed.PARTITIONS and all(moves[-1] > then for moves in self._moves.values())

    def pauses(self, begun: float, ended: float) -> Pauses:
        """The longest of each partition that overlap this time."""
        return {
            partition: max(after - before for before, after in _pairs(moves, ended) if after > begun and before < ended)
            for partition, moves in self._moves.items()
        }


def _pairs(moves: list[float], ended: float) -> Iterator[tuple[float, float]]:
    yield from zip(moves, [*moves[1:], max(ended, moves[-1])], strict=True)


class Workers:
    """The processes, the oldest first."""

    def __init__(self, bench: Bench, dsn: str, connection: asyncpg.Connection) -> None:
        self._bench = bench
        self._dsn = dsn
        self._connection = connection
        self._numbers = count(1)
        self._ports: dict[str, int] = {}
        self.running: dict[str, Program] = {}

    def start(self) -> str:
        """One more; its name."""
        stack, port, name = self._bench.stack, free_port(), f"worker_{next(self._numbers)}"
        self._ports[name] = port
        self.running[name] = stack.start_service(
            "counselling",
            name=name,
            INSTANCE=name,
            ROLE="worker",
            PORT=str(port),
            COUNSELLING_DATABASE_URL=f"postgresql://{ADMIN}@127.0.0.1:{stack.ports.postgres}/{self._database}",
            COUNSELLING_DATABASE_PASSWORD_FILE=str(stack.postgres.password_file(ADMIN)),
        )
        return name

    async def ready(self, name: str) -> None:
        """Waits until it is."""
        await asyncio.to_thread(self._bench.stack.wait_ready, "counselling", name=name, port=self._ports[name])

    def kill(self) -> str:
        """Ends the oldest without a chance to clean up; its name."""
        name, program = next(iter(self.running.items()))
        program.process.send_signal(signal.SIGKILL)
        self._forget(name)
        return name

    async def stop(self) -> str:
        """Asks the oldest to end, and waits; its name."""
        name, program = next(iter(self.running.items()))
        await asyncio.to_thread(program.stop, 20)
        self._forget(name)
        return name

    async def cut(self) -> str:
        """Ends the session by which the oldest holds its partitions; its name."""
        name = next(iter(self.running))
        await self._connection.execute(_END_SESSION, f"{name}-reader")
        return name

    async def owners(self) -> dict[int, str]:
        """Who reads each partition now."""
        rows = await self._connection.fetch(_OWNERS, TOPIC)
        return {partition: application.removesuffix("-reader") for partition, application in rows}

    async def settled(self, watch: Watch) -> None:
        """Waits until every process reads its share, every partition has moved since, and a moment longer."""
        async with asyncio.timeout(WITHIN):
            while not self._even(list((await self.owners()).values())):
                await asyncio.sleep(0.1)
            even = time.monotonic()
            while not watch.all_moved_since(even):
                await asyncio.sleep(0.1)
        await asyncio.sleep(SETTLED_SECONDS)

    def stop_all(self) -> None:
        """At the end."""
        for name, program in list(self.running.items()):
            program.stop(20)
            self._forget(name)

    def _even(self, owners: list[str]) -> bool:
        shares = [owners.count(name) for name in self.running]
        return len(owners) == sum(shares) == seed.PARTITIONS and max(shares) - min(shares) <= 1

    def _forget(self, name: str) -> None:
        del self.running[name], self._bench.stack.services[name]

    @property
    def _database(self) -> str:
        return self._dsn.rpartition("/")[2]


# --- what happens: each tells the names of those that go -------------------------------------------------------------


async def nothing(_workers: Workers) -> set[str]:
    """The yardstick."""
    await asyncio.sleep(QUIET_SECONDS)
    return set()


async def session_lost(workers: Workers) -> set[str]:
    """A process loses its leases and joins again."""
    return {await workers.cut()}


async def killed(workers: Workers) -> set[str]:
    """Nobody takes its place."""
    gone = workers.kill()
    await asyncio.sleep(QUIET_SECONDS)
    return {gone}


async def one_more(workers: Workers) -> set[str]:
    """From one process to two."""
    await workers.ready(workers.start())
    return set()


async def killed_and_started(workers: Workers) -> set[str]:
    """As a supervisor does it."""
    gone = workers.kill()
    await workers.ready(workers.start())
    return {gone}


async def restarted(workers: Workers) -> set[str]:
    """SIGTERM, and a new one when it has ended."""
    gone = await workers.stop()
    await workers.ready(workers.start())
    return {gone}


async def rolled_out(workers: Workers) -> set[str]:
    """One after the other: the new one first."""
    gone = set()
    for _ in range(len(workers.running)):
        await workers.ready(workers.start())
        gone.add(await workers.stop())
    return gone


EVENTS: Mapping[str, Callable[[Workers], Coroutine[Any, Any, set[str]]]] = {
    "nothing happens": nothing,
    "lease session lost": session_lost,
    "kill -9": killed,
    "scale-out by one": one_more,
    "kill -9, start": killed_and_started,
    "restart (SIGTERM, start)": restarted,
    "rollout": rolled_out,
}
"""In this order: the fourth starts what the third has killed."""
BOUNDED = {"kill -9", "kill -9, start"}
OWN, HANDED, OTHERS = "partitions of who goes", "handed over to who comes", "the others"
BOUNDS = {OWN: 1650, HANDED: 250, OTHERS: 250}


def steps(repeats: int) -> int:
    """The start, and every event."""
    return 1 + len(EVENTS) * repeats


def run(bench: Bench) -> Iterable[Figure]:
    """Measures."""
    bench.tick("two workers start")
    dsn = bench.database()
    try:
        found = bench.wait(_measured(bench, dsn))
    finally:
        bench.drop(dsn)
    for (event, whose), pauses in sorted(found.items(), key=lambda each: [*EVENTS].index(each[0][0])):
        must = BOUNDS[whose] if event in BOUNDED else None
        yield Figure(f"{event}: {whose}", Spread.of([each * 1000 for each in pauses]), "ms", must, at_most=True)


async def _measured(bench: Bench, dsn: str) -> Mapping[tuple[str, str], list[float]]:
    await skip_to_end(bench.bootstrap, dsn, READS)
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    async with _workers(bench, dsn) as (workers, watch):
        for _ in range(bench.repeats):
            for event, happens in EVENTS.items():
                bench.tick(event)
                owners, begun = await workers.owners(), time.monotonic()
                gone = await happens(workers)
                await workers.settled(watch)
                pauses, now = watch.pauses(begun, time.monotonic()), await workers.owners()
                parts: dict[str, list[float]] = defaultdict(list)
                for partition, owner in owners.items():
                    whose = OWN if owner in gone else OTHERS if owner == now[partition] else HANDED
                    parts[whose].append(pauses[partition])
                for whose, of_them in parts.items():
                    found[event, whose].append(max(of_them))
    return found


@asynccontextmanager
async def _workers(bench: Bench, dsn: str) -> AsyncIterator[tuple[Workers, Watch]]:
    """Two of them, in the middle of their work."""
    watch, connection = Watch(), await asyncpg.connect(dsn)
    workers = Workers(bench, dsn, connection)
    try:
        async with asyncio.TaskGroup() as tasks:
            beside = [tasks.create_task(Input().send(bench.bootstrap)), tasks.create_task(watch.look(dsn))]
            for name in (workers.start(), workers.start()):
                await workers.ready(name)
            await workers.settled(watch)
            yield workers, watch
            for each in beside:
                each.cancel()
    finally:
        workers.stop_all()
        await connection.close()
