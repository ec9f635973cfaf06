"""The operator's side of parked records: look, retry, discard. `consumer.parking` is the worker's side.

The queue of a (topic, key) is its open rows in order of id. Its head is the record at fault; the rows after
it carry the failure `behind`: they wait, and nothing is wrong with them. The worker alone handles records,
always from the head, so nothing done here can change the order of a key:

- retry marks a head. The rows behind follow by themselves once it is gone.
- discard drops exactly the rows that are named, or the head of a key; it may name a row that waits. What
  remains is handled in its order, without the dropped one. That is final: the row stays as audit and cannot
  be retried, because later records of its key may have been handled by then.
- a record without a key, or one that is no event of its key (`blocks` is false), is a queue of its own and holds up
  nobody. Whoever wants one handled that is no event of its key by its number has to name it, by id or failure.
- one decision by filter takes `MOST` records, those first that were touched longest ago, and says how many are left.

Rows are locked while they are changed. One that the worker settles at the same moment is reported as gone. All of it
goes by the view `parked_envelope`, which has what may be shown and no payload: an operator's own role may do it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import NamedTuple, TypeAlias

import asyncpg

from chassis.operators.parked_display import printable
from chassis.postgres.database import Connection
from chassis.postgres.documents import Where
from chassis.postgres.session import Executor
from chassis.pure.paging import Listing, Order

BEHIND = "behind"
OPEN = ("parked", "retry")
BY_NAME = ("fork", "number_too_far", "superseded", BEHIND)
"""Failures that a filter must name. To retry a record that is no event of its key by its number means that an operator
vouches for it. One that has only waited comes to the head of its key when the record before it is dropped: the same
decision made once more must not drop it, too."""
MOST = 1000
"""Records per decision: it locks and writes them in one transaction."""

_COLUMNS = """p.id, p.topic, p.partition, p.record_offset, p.key, p.type, p.sequence, p.failure, p.detail,
    p.attempts, p.state, p.parked_at, p.decided_at, p.decided_by, p.reason, p.blocks, p.head, p.waiting"""
_CHOSEN = """p.state = any($1)
    and ($2::text is null or p.topic = $2) and ($3::text is null or p.key = $3)
    and ($4::text is null or p.failure = $4) and ($5::text is null or p.type = $5)"""
_LIST = f"""select {_COLUMNS} from parked_envelope p
where {_CHOSEN} and (p.failure <> 'behind' or $6) order by p.id limit $7"""  # noqa: S608 - here and below: nothing but constants is filled in
_ONE = f"select {_COLUMNS}, p.headers, p.payload_bytes from parked_envelope p where p.id = $1"  # noqa: S608
_BY_ID = f"select {_COLUMNS} from parked_envelope p where p.id = any($1) order by p.id for update of p"  # noqa: S608
_MATCHING = f"""from parked_envelope p
where {_CHOSEN} and p.head and (p.failure <> all($6) or p.failure = $4)"""
_HEADS = f"""select {_COLUMNS} {_MATCHING} and p.id = any(array(
    select p.id {_MATCHING} order by p.state = 'retry', p.updated_at, p.id limit $7
)) order by p.id for update of p"""
_LEFT = f"select count(*) {_MATCHING} and p.id <> all($7)"
_RETRY = """
update parked_envelope set state = 'retry', decided_at = clock_timestamp(), decided_by = $2,
    updated_at = clock_timestamp()
where id = any($1)
"""
_DISCARD = """
update parked_envelope set state = 'discarded', decided_at = clock_timestamp(), decided_by = $2, reason = $3,
    updated_at = clock_timestamp()
where id = any($1)
"""
_COUNTS = """
select (select count(*) from parked_envelope where state <> 'discarded'),
       (select count(*) from position where blocked),
       (select extract(epoch from clock_timestamp() - min(parked_at))::float8
        from parked_envelope where state <> 'discarded')
"""


@dataclass(frozen=True, slots=True)
class ParkedRow:
    """One parked record without its content. `key` and `type`: their lengths, unless they are short tokens. `blocks`:
    its key waits for it; `waiting` counts the records behind it."""

    id: int
    topic: str
    partition: int
    record_offset: int
    key: str | None
    type: str | None
    sequence: int | None
    failure: str
    detail: str
    attempts: int
    state: str
    parked_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None
    blocks: bool
    head: bool
    waiting: int


class Envelope(NamedTuple):
    """What else may be shown of a parked record: its headers, masked, and how many bytes its value has."""

    headers: list[tuple[str, str]]
    payload_bytes: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a decision did to one row, and if nothing, why."""

    id: int
    changed: bool
    what: str
    row: ParkedRow | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows are meant; None means any."""

    topic: str | None = None
    key: str | None = None
    failure: str | None = None
    type: str | None = None

    @property
    def arguments(self) -> tuple[str | None, ...]:
        """In the order of the statements above."""
        return self.topic, self.key, self.failure, self.type


class Decided(NamedTuple):
    """What a decision did to each of its records, and to how many more that match it did nothing yet."""

    outcomes: list[Outcome]
    left: int = 0


EVERYTHING = Filter()
Chosen: TypeAlias = Sequence[int] | Filter
"""Rows by id, or every head that matches."""


WHO = r"^[A-Za-z0-9][A-Za-z0-9_.:/#-]{1,63}$"
"""A role or a ticket, such as INC-4711: never the name of a person."""
REASON_LENGTHS = range(5, 501)
"""Characters of the reason for a discard, without spaces at its ends: it is all that later readers have."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Open records, blocked keys, and the age of the oldest open record (0 if there is none)."""

    records: int
    keys: int
    oldest_seconds: float


async def list_parked(
    connection: Executor,
    chosen: Filter = EVERYTHING,
    *,
    behind: bool = False,
    discarded: bool = False,
    limit: int = 100,
) -> list[ParkedRow]:
    """Records at fault, oldest first; with `behind` those that wait, too; or the `discarded` ones."""
    states = ["discarded"] if discarded else list(OPEN)
    rows = await connection.fetch(_LIST, states, *chosen.arguments, behind or discarded, limit)
    return [ParkedRow(*row) for row in rows]


async def show(connection: Connection, id_: int) -> tuple[ParkedRow, Envelope] | None:
    """One record with its envelope, in whatever state; None if it is not there (any more)."""
    row = await connection.fetchrow(_ONE, id_)
    if row is None:
        return None
    *described, headers, payload_bytes = row
    told = [(printable(name), text) for name, text in json.loads(headers)]
    return ParkedRow(*described), Envelope(told, payload_bytes)


async def retry(connection: Connection, chosen: Chosen, by: str) -> Decided:
    """Lets the worker handle these records again."""
    async with connection.transaction():
        outcomes = await _decide(connection, chosen, _against_retry, "will be retried")
        await connection.execute(_RETRY, [outcome.id for outcome in outcomes if outcome.changed], by)
        return Decided(outcomes, await _left(connection, chosen, ["parked"], outcomes))


async def discard(connection: Connection, chosen: Chosen, by: str, reason: str) -> Decided:
    """Drops these records for good; who, when and why stay with them."""
    async with connection.transaction():
        outcomes = await _decide(connection, chosen, _against_discard, "discarded")
        await connection.execute(_DISCARD, [outcome.id for outcome in outcomes if outcome.changed], by, reason)
        return Decided(outcomes, await _left(connection, chosen, OPEN, outcomes))


LISTING = Listing(
    source="parked_envelope p",
    id="p.id",
    columns=_COLUMNS,
    updated_at="p.updated_at",
    orders={"parked_at": Order("p.parked_at", "timestamptz")},
    id_type="bigint",
)


def listed(chosen: Filter, *, state: str | None, behind: bool) -> Where:
    """The conditions of a list: open records at fault, unless more or others are asked for."""
    where = Where()
    for column, value in zip(("topic", "key", "failure", "type"), chosen.arguments, strict=True):
        where.add(f"p.{column} = {{}}", value)
    where.add("p.state = {}", state)
    discarded = state == "discarded"
    if not discarded:
        where.add("p.state <> 'discarded'")
    if not (behind or discarded or chosen.failure):
        where.add(f"p.failure <> '{BEHIND}'")
    return where


def described(row: asyncpg.Record) -> ParkedRow:
    """The record of a row that has more columns, too."""
    return ParkedRow(**{each.name: row[each.name] for each in fields(ParkedRow)})


async def counts(connection: Executor) -> Counts:
    """How much waits for an operator: one statement."""
    ((records, keys, oldest),) = await connection.fetch(_COUNTS)
    return Counts(records, keys, oldest or 0.0)


async def _decide(
    connection: Connection,
    chosen: Chosen,
    objection: Callable[[ParkedRow], str | None],
    done: str,
) -> list[Outcome]:
    """Locks the rows, in order of id, and asks for an objection to each."""
    if isinstance(chosen, Filter):
        rows = await connection.fetch(_HEADS, OPEN, *chosen.arguments, BY_NAME, MOST)
        asked = [row["id"] for row in rows]
    else:
        asked = sorted(set(chosen))
        rows = await connection.fetch(_BY_ID, asked)
    found = {row["id"]: ParkedRow(*row) for row in rows}
    outcomes = []
    for id_ in asked:
        row = found.get(id_)
        if row is None:
            gone = "there is no such record: settled in the meantime, or a wrong id"
            outcomes.append(Outcome(id_, changed=False, what=gone))
        else:
            against = objection(row)
            outcomes.append(Outcome(id_, changed=against is None, what=against or done, row=row))
    return outcomes


async def _left(connection: Connection, chosen: Chosen, states: Sequence[str], decided: Sequence[Outcome]) -> int:
    """How many records that match are in one of these states, beside those decided on."""
    if not isinstance(chosen, Filter):
        return 0
    left: int = await connection.fetchval(
        _LEFT, states, *chosen.arguments, BY_NAME, [outcome.id for outcome in decided]
    )
    return left


def _against_retry(row: ParkedRow) -> str | None:
    if row.state == "discarded":
        return f"was discarded by {row.decided_by}: that is final"
    if row.state == "retry":
        return "is set to be retried already"
    if row.failure == BEHIND and row.head:
        return "needs no retry: its turn has come"
    if not row.head:
        return "waits behind another record of its key: retry or discard that one"
    return None


def _against_discard(row: ParkedRow) -> str | None:
    return f"was discarded already, by {row.decided_by}" if row.state == "discarded" else None
