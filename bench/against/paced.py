"""Referrals at a steady rate, and the events that follow: `python -m bench.against.paced` reads a `Pace` as JSON.

Referrals are HTTP requests if there are any, else events put into the referral service's topic. Whoever is late counts
from when it was due. Latency is taken by one clock, in this process, whose own processor time counts for nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import quantiles
from typing import Any

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from bench.load import Caller, request
from bench.machine import cpu_seconds
from bench.measure import Sample
from bench.seed import PARTITIONS, referral
from chassis.outbox.partitions import partition_of
from deploy.local.places import ROOT

SOURCE, TARGET = "ph.referral.v1", "ph.counselling.v1"
FOLLOWS = b"ph.counselling.ReferralReceived.v1"
CONNECTIONS = 32
ARRIVAL_SECONDS = 30
SPARE_SECONDS = 60
NO_SECOND_REFERRAL = 10**9
"""More cases than there are events: every event is a first referral."""

Send = Callable[[int], None]


@dataclass(frozen=True)
class Pace:
    """How many per second, how many that warm up, how many that count, and whose processor time counts."""

    bootstrap: str
    rate: float
    warm_up: int
    measured: int
    counted: list[int]
    port: int = 0
    token: str = ""
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    """Case, path and body."""


def run(pace: Pace) -> Sample:
    """Runs it in a process of its own. Raises `RuntimeError` with its words if it fails."""
    seconds = (pace.warm_up + pace.measured) / pace.rate + ARRIVAL_SECONDS + SPARE_SECONDS
    done = subprocess.run(
        [sys.executable, "-m", "bench.against.paced"],
        cwd=ROOT,
        input=json.dumps(asdict(pace)).encode(),
        capture_output=True,
        check=False,
        timeout=seconds,
    )
    if done.returncode:
        raise RuntimeError(f"the paced load failed:\n{done.stderr.decode()[-4000:]}")
    result = json.loads(done.stdout)
    return Sample(result.pop("events"), result.pop("seconds"), result.pop("cpu_seconds"), result)


class Followed:
    """When each case's event has come."""

    def __init__(self, wanted: set[str]) -> None:
        self._wanted = wanted
        self.at: dict[str, float] = {}
        self.all = asyncio.Event()

    async def read(self, consumer: AIOKafkaConsumer) -> None:
        """Until cancelled."""
        while True:
            batches: Mapping[Any, Sequence[Any]] = await consumer.getmany(timeout_ms=1000)
            now = time.monotonic()
            for records in batches.values():
                for record in records:
                    if ("ce_type", FOLLOWS) in record.headers:
                        self.at.setdefault(record.key.decode(), now)
            if not self.all.is_set() and self._wanted <= self.at.keys():
                self.all.set()


@contextlib.asynccontextmanager
async def _followed(bootstrap: str, wanted: set[str]) -> AsyncIterator[Followed]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, fetch_max_wait_ms=1000)
    await consumer.start()
    places = [TopicPartition(TARGET, number) for number in range(PARTITIONS)]
    consumer.assign(places)
    await consumer.seek_to_end(*places)
    followed = Followed(wanted)
    reading = asyncio.create_task(followed.read(consumer))
    try:
        yield followed
    finally:
        reading.cancel()
        await asyncio.wait((reading,))
        await consumer.stop()


@contextlib.asynccontextmanager
async def _over_http(pace: Pace) -> AsyncIterator[tuple[list[str], Send]]:
    """Requests go out on the connection that has been free for longest, or as soon as one is free: a service closes
    connections that nobody uses."""
    requests = [request(pace.port, pace.token, path, body) for _, path, body in pace.requests]
    free: deque[Caller] = deque()
    waiting: list[bytes] = []

    def answered(caller: Caller, _body: bytes) -> None:
        if waiting:
            caller.send(waiting.pop(0))
        else:
            free.append(caller)

    def send(number: int) -> None:
        while free and free[0].done.done():
            free.popleft()
        if free:
            free.popleft().send(requests[number])
        else:
            waiting.append(requests[number])

    loop = asyncio.get_running_loop()
    callers = []
    for _ in range(CONNECTIONS):
        _, caller = await loop.create_connection(lambda: Caller(answered), "127.0.0.1", pace.port)
        callers.append(caller)
    free += callers
    try:
        yield [case for case, _, _ in pace.requests], send
    except TimeoutError:
        for caller in callers:
            if caller.done.done():
                caller.done.result()  # it was refused, which says more
        raise
    for caller in callers:
        caller.close()
    await asyncio.gather(*(caller.done for caller in callers))


@contextlib.asynccontextmanager
async def _into_topic(pace: Pace) -> AsyncIterator[tuple[list[str], Send]]:
    events = [referral(number, NO_SECOND_REFERRAL) for number in range(pace.warm_up + pace.measured)]
    producer = AIOKafkaProducer(bootstrap_servers=pace.bootstrap)
    await producer.start()
    sending: list[asyncio.Task[Any]] = []

    async def put(key: str, headers: dict[str, str], value: bytes) -> None:
        partition = partition_of(key, PARTITIONS)
        lines = [(name, text.encode()) for name, text in headers.items()]
        await producer.send(SOURCE, value, key=key.encode(), partition=partition, headers=lines)

    try:
        yield [key for key, _, _ in events], lambda number: sending.append(asyncio.create_task(put(*events[number])))
        await asyncio.gather(*sending)
    finally:
        await producer.stop()


async def measure(pace: Pace) -> dict[str, float]:
    """Sends at the pace and waits for what follows. Raises `TimeoutError` if something does not come."""
    async with (_over_http if pace.requests else _into_topic)(pace) as (cases, send):
        async with _followed(pace.bootstrap, set(cases)) as followed:
            due, late, used, begun = {}, [], 0.0, time.monotonic()
            for number, case in enumerate(cases):
                due[case] = begun + number / pace.rate
                await asyncio.sleep(max(0, due[case] - time.monotonic()))
                if number == pace.warm_up:
                    used = cpu_seconds(*pace.counted)
                late.append(time.monotonic() - due[case])
                send(number)
            try:
                await asyncio.wait_for(followed.all.wait(), ARRIVAL_SECONDS)
            except TimeoutError:
                raise TimeoutError(f"{len(followed.at)} of {len(cases)} events have come") from None
            used = cpu_seconds(*pace.counted) - used
    took = [(followed.at[case] - due[case]) * 1000 for case in cases[pace.warm_up :]]
    cuts = quantiles(took, n=100)
    return {
        "events": pace.measured,
        "seconds": max(followed.at.values()) - due[cases[pace.warm_up]],
        "cpu_seconds": used,
        "p50": cuts[49],
        "p99": cuts[98],
        "late": quantiles(late[pace.warm_up :], n=100)[98] * 1000,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(uvloop.run(measure(Pace(**json.load(sys.stdin))))) + "\n")
