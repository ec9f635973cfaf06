"""The counselling service as it is shipped, with a meter at its seams."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from opentelemetry.sdk.trace import SpanProcessor

from bench.child import (
    Meter,
    Task,
    processor,
    resource,
)
from bench.seed import PARTITIONS
from chassis.consumer.dispatch import Dispatcher
from chassis.consumer.inbound import Record
from chassis.consumer.progress import NO_TERMS, Terms
from chassis.outbox.relay import LOCK, Relay
from chassis.runtime.process import Runtime
from chassis.service import Service
from chassis.settings import Settings
from chassis.telemetry.tracing import Tracer
from counselling.app import SERVICE


@dataclass(frozen=True)
class Reading(Service):
    """The service, reading the topic of this benchmark instead of its own three."""

    source: str = ""

    @property
    def topics(self) -> tuple[str, ...]:
        """One topic."""
        return (self.source,)


def service(source: str) -> Reading:
    """The shipped service on that topic, which passes for the owner's own."""
    for contract in SERVICE.consumers:
        contract.topic = source
    return Reading(**{each.name: getattr(SERVICE, each.name) for each in fields(SERVICE)}, source=source)


def wired(service: Service, dsn: str, bootstrap: str, tracer: Tracer) -> Runtime:
    """The service as its own `main` runs it, as a worker. It has no key file: nothing that is measured is sealed."""
    os.environ |= {
        f"{service.name.upper()}_DATABASE_URL": dsn,
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
        "AUTH_ISSUER": "bench",
        "AUTH_JWKS": "bench.json",
        "ROLE": "worker",
        "PORT": "0",
        "LOG_LEVEL": "ERROR",
    }
    runtime = Runtime(replace(service, seals=False, unsealed=()), Settings())
    runtime.tracer = tracer
    return runtime


async def run(task: Task) -> Mapping[str, float]:
    """One run of the whole process: HTTP probes, deadlines, gauges and all."""
    meter = Meter(task)
    spans = processor(task)
    runtime = wired(
        service(task.source), task.dsn, task.bootstrap, Tracer(resource(), spans, task.ratio, SERVICE.subject)
    )
    measure(meter)
    if not task.consume:
        await until_done(runtime._relay().run(), meter)
        return meter.result
    if not task.relay:
        await keep_the_relay_out(task.dsn)
    await _rewind(task)
    await serve(runtime, meter, spans)
    return meter.result


async def serve(runtime: Runtime, meter: Meter, spans: SpanProcessor | None) -> None:
    """Runs the service until all is done, then stops it."""
    running = asyncio.create_task(runtime.run())
    waiting = asyncio.create_task(meter.wait())
    await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
    if not waiting.done():
        raise RuntimeError("the service has ended")
    await waiting
    await meter.flush(spans)
    runtime._stop.set()
    await running


async def until_done(work: Coroutine[Any, Any, None], meter: Meter) -> None:
    """The relay alone, wired as the service wires it. It is stopped when all is done: a million more rows may wait."""
    running = asyncio.create_task(work)
    waiting = asyncio.create_task(meter.wait())
    await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
    if not waiting.done():
        raise RuntimeError("the relay has ended")
    running.cancel()
    await asyncio.wait((running,))
    await waiting


def measure(meter: Meter) -> None:
    handle, publish = Dispatcher.handle, Relay._publish

    async def measured_handle(self: Dispatcher, records: Sequence[Record], terms: Terms = NO_TERMS) -> None:
        meter.begin()
        await handle(self, records, terms)
        meter.count(handled=len(records))

    async def measured_publish(self: Relay, connection: Any, rows: list[Any]) -> list[int]:
        meter.begin()
        done = await publish(self, connection, rows)
        meter.count(published=len(done))
        return done

    Dispatcher.handle, Relay._publish = measured_handle, measured_publish  # type: ignore[method-assign]


async def _rewind(task: Task) -> None:
    """An earlier run has read this topic: begin again."""
    if not task.source:
        return
    consumer = AIOKafkaConsumer(bootstrap_servers=task.bootstrap, group_id=SERVICE.name, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(task.source, number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.commit(dict.fromkeys(partitions, 0))
    finally:
        await consumer.stop()


async def keep_the_relay_out(dsn: str) -> None:
    """Takes the leader's lock in another session, so that this process's relay stands by."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("select pg_advisory_lock($1)", LOCK)
    _held.append(connection)


_held: list[Any] = []
