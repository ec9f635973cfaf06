"""A witness inside each database: triggers that write down every row that matters, with transaction and backend.

A look from time to time misses most of what happens between two looks; the witness misses nothing, and because its
rows are part of the transaction that it watches, they tell what was committed, and what together. It belongs to the
superuser and lives in a schema of its own: the services neither see it nor need a right for it.
"""

from __future__ import annotations

import asyncpg

STATE = {"shop": "basket", "till": "till"}
"""The table of each service's only aggregate."""
NOTED = ("till",)
"""Services that note every record that they read."""

_TABLE = """
create schema judge;
create table judge.written (
    place       bigint generated always as identity primary key,
    transaction xid8 not null default pg_current_xact_id(),
    backend     int not null default pg_backend_pid(),
    at          timestamptz not null default clock_timestamp(),
    what        text not null,
    source      text not null,
    key         text not null,
    number      bigint not null,
    detail      text not null
);
"""
_WATCH = """
create function judge.{name}() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into judge.written (what, source, key, number, detail) select '{what}', {columns} from seen {order};
    return null;
end $$;
create trigger judge_{name} after {event} on public.{table} referencing {age} table as seen
for each statement execute function judge.{name}();
"""
_OUTBOX = "topic, key, id, ''"
_POSITION = "source, key, sequence, blocked::text"
_STATE = "'{table}', id::text, version, data::text"
_NOTE = "topic, coalesce(key, ''), record_offset, partition || ' ' || coalesce(fault, '')"
_PARKED = "topic, coalesce(key, ''), record_offset, partition || ' ' || state || ' ' || failure"


def statements(service: str) -> str:
    """What sets the witness up."""
    table = STATE[service]
    state = _STATE.format(table=table)
    watched = [
        ("outbox_in", "outbox", "insert", "new", "outbox+", _OUTBOX, "order by id"),
        ("outbox_out", "outbox", "delete", "old", "outbox-", _OUTBOX, "order by id"),
        ("position_new", "position", "insert", "new", "position", _POSITION, ""),
        ("position_moved", "position", "update", "new", "position", _POSITION, ""),
        ("state_new", table, "insert", "new", "state", state, ""),
        ("state_changed", table, "update", "new", "state", state, ""),
        ("parked_in", "parked", "insert", "new", "parked+", _PARKED, "order by id"),
        ("parked_out", "parked", "delete", "old", "parked-", _PARKED, "order by id"),
        ("parked_changed", "parked", "update", "new", "parked~", _PARKED, "order by id"),
    ]
    if service in NOTED:
        watched += [
            ("note_new", "note", "insert", "new", "note+", _NOTE, "order by topic, partition, record_offset"),
            ("note_changed", "note", "update", "new", "note~", _NOTE, "order by topic, partition, record_offset"),
        ]
    return _TABLE + "".join(
        _WATCH.format(name=name, table=table, event=event, age=age, what=what, columns=columns, order=order)
        for name, table, event, age, what, columns, order in watched
    )


async def install(dsn: str, service: str) -> None:
    """Sets the witness up, before the first process of the service starts. `dsn` is a superuser's."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statements(service))
    finally:
        await connection.close()
