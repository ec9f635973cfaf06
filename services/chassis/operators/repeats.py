"""What a restored database has forgotten, and must have the effect of again before its service answers anybody.

A service names those of its own events (`Service.repeats`), such as erasures. What its topics have of them is written
to the table `repeat` in the transaction that lets the service go on. The worker alone decides on it
(`chassis/work/repeater.py`), and the gate stays closed while there is a row. One that no worker can decide on is an
operator's to make good by hand, and then to set aside.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg
from aiokafka import ConsumerRecord
from pydantic import ValidationError

from chassis.outbox.lineage import Comparison, Published
from chassis.postgres.database import Connection
from chassis.pure.messages import Event

_WAITING = "select id, type, occurred_at, body, asked_by from repeat order by id"
_SET_ASIDE = "delete from repeat where id = any($1::bigint[]) returning id, type, occurred_at, body, asked_by"
_DECIDED = "insert into reconciliation (decided_by, reason, report) values ($1, $2, $3)"
_NOTE = "insert into repeat (type, occurred_at, body, asked_by) values ($1, $2, $3, $4)"


class Repeat(NamedTuple):
    """One such event, as it stands in its topic."""

    told: Published
    event: Event
    occurred_at: datetime

    @property
    def kind(self) -> str:
        """The name of the event."""
        return type(self.event).__name__


class Repeats(NamedTuple):
    """All of them, in the order in which they have their effect. `unread`: what is no event of its type."""

    found: tuple[Repeat, ...] = ()
    unread: tuple[Published, ...] = ()

    def counts(self) -> dict[str, int]:
        """How many there are of each kind."""
        return dict(Counter(each.kind for each in self.found))


def repeats_in(comparison: Comparison, events: Sequence[type[Event]]) -> Repeats:
    """What is to be repeated of the forgotten: topic by topic, in the order of their first `events`, and of each key as
    it was told. `comparison` has the records of all these types."""
    topics = list(dict.fromkeys(event.topic for event in events))
    by_type = {event.type: (topics.index(event.topic), event) for event in events}
    found, unread = list[tuple[int, Repeat]](), list[Published]()
    for told, record in comparison.records.items():
        place, event = by_type[told.type]
        repeat = _read(told, record, event)
        if repeat is None:
            unread.append(told)
        else:
            found.append((place, repeat))
    found.sort(key=lambda each: (each[0], each[1].told.key, each[1].told.number))
    return Repeats(tuple(repeat for _, repeat in found), tuple(sorted(unread)))


async def note(connection: asyncpg.Connection, repeats: Repeats, by: str) -> None:
    """Writes down what the worker is to repeat."""
    rows = [(each.told.type, each.occurred_at, each.event.model_dump_json(), by) for each in repeats.found]
    await connection.executemany(_NOTE, rows)


class Waiting(NamedTuple):
    """An event that is still to be repeated. `about`: its body, which like that of every event holds ids and codes."""

    id: int
    type: str
    at: datetime
    about: str
    asked_by: str


async def waiting(connection: Connection) -> list[Waiting]:
    """What is still to be repeated, in its order."""
    return [Waiting(*row) for row in await connection.fetch(_WAITING)]


async def set_aside(connection: Connection, ids: Sequence[int], by: str, reason: str) -> list[Waiting]:
    """Repeats these no more, and writes down who has decided so; returns those that there were."""
    async with connection.transaction():
        found = sorted(Waiting(*row) for row in await connection.fetch(_SET_ASIDE, ids))
        if found:
            report = {"set_aside": [each._asdict() | {"at": each.at.isoformat()} for each in found]}
            await connection.execute(_DECIDED, by, reason, json.dumps(report))
        return found


def _read(told: Published, record: ConsumerRecord[bytes, bytes], event: type[Event]) -> Repeat | None:
    """None unless it is an event of this type: a later version may have told more, which is left out."""
    happened = dict(record.headers).get("ce_time", b"")
    try:
        occurred_at = datetime.fromisoformat(happened.decode())
        message = event.model_validate_json(record.value or b"", extra="ignore")
    except (ValidationError, ValueError):
        return None
    if occurred_at.tzinfo is None or str(message.key) != told.key or event.topic != told.topic:
        return None
    return Repeat(told, message, occurred_at)
