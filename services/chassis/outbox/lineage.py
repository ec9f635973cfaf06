"""Whether this database still knows all that it has told the world, and the broker all that it was told.

A database is put back by a restore, a snapshot, a copy or a failover, and then has forgotten its last transactions; its
events are in Kafka all the same. What it is compared with is the topic itself: `lineage` says up to which offset the
database knows the topic, and every record behind that must be one that it knows, too (`stream`, or a waiting row).
Nothing is published before that is seen. Whatever is committed meanwhile waits in the outbox, where a number that was
given a second time is found by its id.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from aiokafka import ConsumerRecord, TopicPartition

from chassis.kafka.kinds import ORDINARY, Kinds
from chassis.kafka.past import Bounds, Past, Reader, Unreadable, opened
from chassis.postgres.database import Connection

_TOLD = "select topic, partition, next_offset, last_id from lineage"
_KNOWN = "select key, sequence from stream where key = any($1::text[])"
_WAITING = "select id, key, tail from outbox_envelope where key = any($1::text[])"
"""A number has at most 19 digits and is the end of its record."""
_ROWS = "select id, event_id from outbox_envelope where id = any($1::bigint[])"
_DIGITS = re.compile(rb"[0-9]+$")
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")


class Told(NamedTuple):
    """Up to where a partition is known: the offset behind the last known record, and the id of that record. Without an
    id whatever stands there is taken for known."""

    next_offset: int
    last_id: str = ""


class Published(NamedTuple):
    """An event as it stands in its topic. Nothing here is personal."""

    topic: str
    partition: int
    offset: int
    key: str
    number: int
    id: str
    type: str
    recorded_at: str


class Loss(NamedTuple):
    """That something told is forgotten, by the `database` or by the `broker`, and where that was seen first."""

    kind: str
    topic: str
    partition: int
    offset: int


class Cut(NamedTuple):
    """A partition that lacks what its broker had acknowledged: it ends before `told`, or has another record there."""

    topic: str
    partition: int
    told: int
    end: int


@dataclass
class Comparison:
    """What a look at the topics has shown."""

    ends: dict[TopicPartition, Told] = field(default_factory=dict)
    examined: int = 0
    foreign: int = 0
    """Records that this service has not written: by their source, because their number follows on nothing, or because
    the outbox can have made no such record."""
    forgotten: list[Published] = field(default_factory=list)
    records: dict[Published, ConsumerRecord[Any, Any]] = field(default_factory=dict)
    """Those of the forgotten ones, as they stand there, whose types were wanted."""
    gone: list[TopicPartition] = field(default_factory=list)
    """Partitions that have records behind what the database knows, but no longer all of them: they are too old."""
    leaderless: list[TopicPartition] = field(default_factory=list)
    """Partitions of which nothing can be known at the moment."""
    forbidden: Collection[str] = ()
    """Topics that may not be seen: nothing can be known of them either."""
    cut: list[Cut] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    """Records that may be own ones and cannot be unpacked: whether they are forgotten cannot be told."""
    numbers: dict[str, int] = field(default_factory=dict)
    """The last number that was published, of each key with something forgotten."""
    topics: dict[str, str] = field(default_factory=dict)
    """The topic of each of these keys."""
    told_already: list[int] = field(default_factory=list)
    """Waiting rows of the outbox that were published, too: a crash came between acknowledgement and delete."""

    @property
    def losses(self) -> list[Loss]:
        """The first place of each kind of loss; empty if nothing is lost."""
        found = [Loss("database", *event[:3]) for event in self.forgotten[:1]]
        found += [Loss("database", *place, 0) for place in self.gone[: not found]]
        lacking = [Loss("broker", each.topic, each.partition, each.end) for each in self.cut]
        lacking += [Loss("broker", *each[:3]) for each in self.unreadable]
        return found + lacking[:1]


async def compare(
    connection: Connection,
    reader: Reader,
    topics: Collection[str],
    kinds: Kinds = ORDINARY,
    *,
    first_only: bool = False,
    wanted: Collection[str] = (),
) -> Comparison:
    """Compares the service's topics with what the database knows of them. Call it while nobody publishes.

    With `first_only` it stops after the first batch of records that shows a loss. `wanted`: types of events of which it
    keeps what stands there. Raises `KafkaError`, `TimeoutError` and what asyncpg raises.
    """
    told = {TopicPartition(row[0], row[1]): Told(row[2], row[3]) for row in await connection.fetch(_TOLD)}
    async with opened(reader) as past:
        bounds = await past.bounds({*topics, *(each.topic for each in told)})
        told = {place: each for place, each in told.items() if place.topic not in past.forbidden}
        judge = _Judge(connection, told, bounds, kinds, wanted)
        judge.found.forbidden = past.forbidden
        await judge.read(past, first_only=first_only)
    return judge.found


class _Judge:
    def __init__(
        self,
        connection: Connection,
        told: Mapping[TopicPartition, Told],
        bounds: Mapping[TopicPartition, Bounds | None],
        kinds: Kinds,
        wanted: Collection[str],
    ) -> None:
        self._connection = connection
        self._wanted = wanted
        self._records: dict[Published, ConsumerRecord[Any, Any]] = {}
        self._kinds = kinds
        self._told = told
        self._bounds = {place: each for place, each in bounds.items() if each is not None}
        self._known: dict[str, int] = {}
        self._last: dict[str, int] = {}
        self._listed: set[tuple[str, int, str]] = set()
        self._loose: list[Published] = []
        self._waiting: dict[str, dict[int, int]] = {}
        self.found = Comparison(leaderless=[place for place, each in bounds.items() if each is None])

    async def read(self, past: Past, *, first_only: bool) -> None:
        found, starts = self.found, {}
        for place, told in self._told.items():
            if place in self.found.leaderless:
                continue  # nothing is known of it, and nothing is sent to it
            end = self._bounds[place].end if place in self._bounds else 0
            if end < told.next_offset:
                found.cut.append(Cut(*place, told.next_offset, end))
        for place, bounds in self._bounds.items():
            told = self._told_of(place)
            if told.next_offset < bounds.beginning:
                found.gone.append(place)
            # One earlier: the record before must be the one that was told.
            starts[place] = max(bounds.beginning, min(told.next_offset, bounds.end) - 1)
            found.ends[place] = Told(bounds.end)
        async for records in past.records(starts, {each: bounds.end for each, bounds in self._bounds.items()}):
            await self._judge(records)
            if first_only and found.losses:
                return
        self._pass_over(past.unreadable)
        for event in sorted(self._loose, key=lambda each: each.number):
            if self._is_next(event):
                self._list(event)
            else:
                found.foreign += 1

    def _pass_over(self, unreadable: Collection[Unreadable]) -> None:
        for each in unreadable:
            if each.next_offset <= self._told_of(TopicPartition(each.topic, each.partition)).next_offset:
                continue  # known
            if each.own:
                self.found.unreadable.append(each)
            else:
                self.found.foreign += each.next_offset - each.offset

    def _told_of(self, place: TopicPartition) -> Told:
        return self._told.get(place, Told(0))

    async def _judge(self, records: Sequence[ConsumerRecord[Any, Any]]) -> None:
        own = [event for record in records if (event := self._own(record)) is not None]
        await self._learn({event.key for event in own})
        rows = [row for event in own if (row := self._waiting.get(event.key, {}).get(event.number)) is not None]
        ids = {row[0]: row[1] for row in await self._connection.fetch(_ROWS, rows)} if rows else {}
        for event in own:
            if self._is_forgotten(event, ids):
                self._list(event)

    def _list(self, event: Published) -> None:
        self._listed.add((event.key, event.number, event.id))
        self._last[event.key] = max(self._last[event.key], event.number)
        self.found.numbers[event.key] = max(self.found.numbers.get(event.key, 0), event.number)
        self.found.topics[event.key] = event.topic
        self.found.forgotten.append(event)
        if event in self._records:
            self.found.records[event] = self._records[event]

    def _is_next(self, event: Published) -> bool:
        return event.number == self._last[event.key] + 1

    def _lacks_numbers(self, event: Published) -> bool:
        """True where records have vanished: every higher number is one that was published."""
        place = TopicPartition(event.topic, event.partition)
        return event.topic in self._kinds.compacted or place in self.found.gone

    def _own(self, record: ConsumerRecord[Any, Any]) -> Published | None:
        """The record as an event of this service that may be forgotten; None if it is told already, or none of ours."""
        place = TopicPartition(record.topic, record.partition)
        id_ = _headers(record).get("ce_id", "")
        bounds, told = self._bounds[place], self._told_of(place)
        if record.offset == bounds.end - 1:  # what was read last need not be the last: some cannot be unpacked
            self.found.ends[place] = Told(bounds.end, id_)
        if record.offset < told.next_offset:
            if told.last_id not in ("", id_) and bounds.end >= told.next_offset:
                self.found.cut.append(Cut(*place, told.next_offset, bounds.end))
            return None
        self.found.examined += 1
        event = event_of(record, self._kinds)
        self.found.foreign += event is None
        if event is not None and event.type in self._wanted:
            self._records[event] = record
        return event

    async def _learn(self, keys: Collection[str]) -> None:
        """First the numbers, then the waiting rows: a row that is committed in between is then found among the rows."""
        new = [key for key in keys if key not in self._known]
        if not new:
            return
        self._known.update(dict.fromkeys(new, 0))
        self._known.update({row[0]: row[1] for row in await self._connection.fetch(_KNOWN, new)})
        self._last.update({key: self._known[key] for key in new})
        for id_, key, tail in await self._connection.fetch(_WAITING, new):
            if digits := _DIGITS.search(tail):
                self._waiting.setdefault(key, {})[int(digits[0])] = id_

    def _is_forgotten(self, event: Published, ids: Mapping[int, str]) -> bool:
        """True, once, for an event that the database does not know. `ids` are those of waiting rows.

        The topic has the numbers of a key in order and without gap, and all up to `stream` stand before or are known.
        So a number that follows on none is no event of this service, unless the numbers before it are still to be
        read: they stand in another partition if the topic was given more of them meanwhile. In a compacted topic those
        before may have vanished: there every higher number is one that was published.
        """
        key, number = event.key, event.number
        is_new = (key, number, event.id) not in self._listed
        if number > self._last[key]:
            if self._is_next(event) or self._lacks_numbers(event):
                return True
            self._loose.append(event)
            return False
        if number > self._known[key]:  # among the forgotten ones: a repeat, or none of ours
            self.found.foreign += is_new
            return False
        row = self._waiting.get(key, {}).get(number)
        if row is None:
            return False  # published and deleted by this very database: nothing goes out before this comparison
        if row not in ids:
            return False  # acknowledged and deleted while it was looked for
        if ids[row] == event.id:
            self.found.told_already.append(row)
            return False
        return is_new


def event_of(record: ConsumerRecord[Any, Any], kinds: Kinds = ORDINARY) -> Published | None:
    """The record as an event of its topic's owner; None if it can be none: it has another source, no key, no number."""
    headers = _headers(record)
    number = headers.get("ce_sequence", "")
    if headers.get("ce_source") != kinds.origin(record.topic) or not record.key or not _NUMBER.fullmatch(number):
        return None
    key = record.key.decode("utf-8", "replace")
    described = (headers.get(f"ce_{name}", "") for name in ("id", "type", "recordedtime"))
    return Published(record.topic, record.partition, record.offset, key, int(number), *described)


def _headers(record: ConsumerRecord[Any, Any]) -> dict[str, str]:
    return {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers}
