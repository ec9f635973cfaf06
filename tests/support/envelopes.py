"""What an operator's own role may do in a service's database, by name; and who tries everything else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import asyncpg

SEES: Mapping[str, str] = {
    "parked_envelope": "id topic partition record_offset key type sequence failure detail attempts state parked_at"
    " decided_at decided_by reason updated_at blocks head waiting headers payload_bytes",
    "outbox_envelope": "id topic key created_at event_id tail",
    "stream": "key topic sequence recorded_at",
    "lineage": "topic partition next_offset last_id",
    "halt": "kind since detail",
    "reconciliation": "id decided_at decided_by reason report",
    "progress": "topic partition lease term next_offset last_id topic_id reread_to",
    "missed": "topic partition first_offset next_offset noticed_at",
    "position": "source key sequence open last_recorded blocked",
    "deadline": "name role org due_at approaches_at level missed changed_at",
    "deadline_kind": "name looks looked_at",
    "retention_run": "id asked_at asked_by reason kind ended_at report",
    "schema_migration": "component number name checksum applied_at",
}
"""Columns that may be read, by table or view; everybody may know what was migrated."""
CHANGES: Mapping[str, str] = {"parked_envelope": "state decided_at decided_by reason updated_at"}
ADDS: Mapping[str, str] = {"retention_run": "asked_at asked_by reason"}

_COLUMNS = """
select c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
from pg_attribute a join pg_class c on c.oid = a.attrelid
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm') and a.attnum > 0
  and not a.attisdropped
order by 1, a.attnum
"""


async def told_apart(operator: asyncpg.Connection) -> tuple[set[str], int]:
    """Where what this role may do differs from what is named here, and how many columns there were. All is tried, and
    nothing has an effect."""
    columns = await operator.fetch(_COLUMNS)
    found = {
        f"{'may' if not should else 'may not'} {statement}"
        for table, column, kind in columns
        for statement, should in _of_column(table, column, kind)
        if await _may(operator, statement) != should
    }
    tables = {row[0] for row in columns}
    for table in tables:
        for statement in (f"delete from {table} where false", f"truncate {table}", f"drop table {table}"):
            if await _may(operator, statement):
                found.add(f"may {statement}")
        if table not in CHANGES and await _may(operator, f"select from {table} for update"):
            found.add(f"may lock {table}")
    found |= {f"there is no {table}" for table in {*SEES, *CHANGES, *ADDS} - tables}
    return found, len(columns)


def _of_column(table: str, column: str, kind: str) -> Iterator[tuple[str, bool]]:
    """What can be done with a column, and whether it may be."""
    yield f'select "{column}" from {table} limit 1', column in SEES.get(table, "").split()
    yield f'update {table} set "{column}" = null where false', column in CHANGES.get(table, "").split()
    inserted = f'insert into {table} ("{column}") overriding system value select null::{kind} where false'
    yield inserted, column in ADDS.get(table, "").split()


async def _may(connection: Any, statement: str) -> bool:
    try:
        await connection.execute(statement)
    except asyncpg.PostgresError:
        return False
    return True
