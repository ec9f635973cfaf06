"""What lies on the topics, read from Kafka itself; and whether everything that was written has been read."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import asyncpg
import yaml
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from chassis.kafka.kinds import is_compacted
from deploy.local.places import ROOT, SERVICES
from deploy.local.stack import LocalStack

READ_SECONDS = 30.0

Offsets = Mapping[TopicPartition, int]


class Event(NamedTuple):
    """A record by what its envelope says; empty or 0 where it has none."""

    topic: str
    partition: int
    offset: int
    key: str
    type: str
    time: str
    source: str
    sequence: int
    raw: bytes
    """Headers, key and value together."""
    recorded: str = ""
    """Real time. That of `time` is each service's own: they are set one after another."""


@dataclass(frozen=True)
class Numbering:
    """Whether the events of each (topic, key) carry 1..n in the order in which they lie there."""

    streams: int
    repeats: int
    """Records that were published again after a crash: readers drop them."""
    unnumbered: tuple[Event, ...]
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Backlog:
    """What is still on its way."""

    outbox: Mapping[str, int]
    """Rows that are not published, by service."""
    unread: Mapping[str, int]
    """Records behind the end of the topics, by reader."""
    ends: Offsets

    @property
    def empty(self) -> bool:
        """Whether nothing is."""
        return not any(self.outbox.values()) and not any(self.unread.values())


def declared() -> dict[str, dict[str, Any]]:
    """The topics by `schemas/topics.yaml`: partitions, readers and so on of each."""
    document = yaml.safe_load((ROOT / "schemas" / "topics.yaml").read_text(encoding="utf-8"))
    topics: dict[str, dict[str, Any]] = document["topics"]
    return topics


async def ends(stack: LocalStack) -> Offsets:
    """Where each partition ends now."""
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.kafka.bootstrap)
    await consumer.start()
    try:
        return dict(await consumer.end_offsets(_partitions()))
    finally:
        await consumer.stop()


async def read(stack: LocalStack, since: Offsets) -> list[Event]:
    """Every record from there to the present end, in the order of each partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.kafka.bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        until = await consumer.end_offsets(_partitions())
        consumer.assign(list(until))
        for partition in until:
            consumer.seek(partition, since.get(partition, 0))
        events: list[Event] = []
        async with asyncio.timeout(READ_SECONDS):
            while any([await consumer.position(partition) < end for partition, end in until.items()]):
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    events += [_event(record) for record in batch if record.offset < until[_place(record)]]
        return events
    finally:
        await consumer.stop()


async def backlog(stack: LocalStack) -> Backlog:
    """What waits in the outboxes, and behind which reader."""
    outbox = dict(zip(SERVICES, await asyncio.gather(*(_outbox_rows(stack, each) for each in SERVICES)), strict=True))
    present = await ends(stack)
    topics, unread = declared(), dict.fromkeys(SERVICES, 0)
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka.bootstrap)
    await admin.start()
    try:
        for service in SERVICES:
            committed = await admin.list_consumer_group_offsets(service)
            for partition, end in present.items():
                if service in topics[partition.topic]["readers"]:
                    known = committed.get(partition)
                    unread[service] += end - (max(known.offset, 0) if known is not None else 0)
    finally:
        await admin.close()
    return Backlog(outbox, unread, present)


def numbering(events: Iterable[Event]) -> Numbering:
    """Checks the numbers of every (topic, key). In a compacted topic none is missing before another."""
    compacted = {name for name, each in declared().items() if is_compacted(each["config"])}
    last: dict[tuple[str, str], int] = defaultdict(int)
    repeats, unnumbered, faults = 0, [], []
    for event in sorted(events, key=lambda event: (event.topic, event.partition, event.offset)):
        stream = (event.topic, event.key)
        if not event.sequence:
            unnumbered.append(event)
        elif event.sequence <= last[stream]:
            repeats += 1
        else:
            if event.sequence != last[stream] + 1 and event.topic not in compacted:
                faults.append(f"{event.topic}, key {event.key}: {event.sequence} follows {last[stream]}")
            last[stream] = event.sequence
    return Numbering(sum(number > 0 for number in last.values()), repeats, tuple(unnumbered), tuple(faults))


def _partitions() -> list[TopicPartition]:
    return [TopicPartition(topic, number) for topic, each in declared().items() for number in range(each["partitions"])]


async def _outbox_rows(stack: LocalStack, service: str) -> int:
    connection = await asyncpg.connect(
        stack.postgres.url(service, "app"), password=stack.postgres.password(f"{service}_app"), timeout=10
    )
    try:
        return int(await connection.fetchval("select count(*) from outbox"))
    finally:
        await connection.close()


def _place(record: Any) -> TopicPartition:
    return TopicPartition(record.topic, record.partition)


def _event(record: Any) -> Event:
    headers = {name: value.decode(errors="replace") for name, value in record.headers}
    number = headers.get("ce_sequence", "")
    raw = b"\n".join([record.key or b"", record.value or b"", *(value for _, value in record.headers)])
    return Event(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=(record.key or b"").decode(errors="replace"),
        type=headers.get("ce_type", ""),
        time=headers.get("ce_time", ""),
        recorded=headers.get("ce_recordedtime", ""),
        source=headers.get("ce_source", ""),
        sequence=int(number) if number.isdecimal() else 0,
        raw=raw,
    )
