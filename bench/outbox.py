"""Outboxes full of events that wait for a relay: `ReferralReceived`, two per case, as a hop leaves them.

The same events in either table: `outbox` has records as they go on the wire; `plain_outbox`, of the variants that ours
is compared with, has headers and payload side by side.
"""

from __future__ import annotations

from typing import Any

import asyncpg
from pydantic_core import from_json

from bench.bare import SCHEMA, TOPIC, TYPE
from bench.bench import Bench
from tests.support.outbox import record

OURS, PLAIN = "outbox", "plain_outbox"
COLUMNS = {OURS: "topic, key, record", PLAIN: "topic, key, headers, payload"}
MADE = 100_000
"""More than these are copies: nothing depends on their being different."""
SPARE = 5_000
MAKE = f"""
select '{TOPIC}' as topic, key, format(
    '{{"content-type":"application/json","ce_specversion":"1.0","ce_id":"%s","ce_type":"{TYPE}",'
    '"ce_source":"/ph/counselling","ce_subject":"%s","ce_time":"%s","ce_recordedtime":"%s",'
    '"ce_dataschema":"{SCHEMA}","ce_sequence":"%s","ce_sequencetype":"Integer","ce_partitionkey":"%s",'
    '"ce_correlationid":"%s","ce_traceparent":"00-%s-%s-01","ce_actorrole":"system",'
    '"ce_actororg":"programme:counselling","ce_dataclass":"pseudonymous","ce_causationid":"%s","ce_country":"NG"}}',
    id, key, at, at, n / $2 + 1, key, key, md5(n::text), left(md5(key), 16), id)::json as headers, convert_to(format(
    '{{"case_id":"%s","centre":"centre:NG-LOS","country":"NG","referral_id":"%s","root_referral_id":"%s",'
    '"received_at":"%s","answer_due_at":"%s"}}', key, id, id, at, at), 'UTF8') as payload
from generate_series(0, $1::int - 1) n,
    lateral (select '0000ca5e-0000-4000-8000-' || lpad(to_hex(n % $2::int), 12, '0') as key,
        '000000e0-0000-4000-8000-' || lpad(to_hex(n), 12, '0') as id, '2090-03-02T09:00:00.000000Z' as at) as made
order by n
"""


async def put(connection: asyncpg.Connection, table: str, rows: int) -> None:
    """So many more, at most `SPARE`, in one statement of the server's own."""
    columns = COLUMNS[table]
    await connection.execute(f"insert into {table} ({columns}) select {columns} from spare limit $1", rows)


async def fill(dsn: str, table: str, rows: int) -> None:
    """Brings the outbox to that many rows and the table into the state that autovacuum keeps it in."""
    connection = await asyncpg.connect(dsn, command_timeout=120)
    columns = COLUMNS[table]
    try:
        there = await connection.fetchval(f"select count(*) from {table}")
        if there == 0:
            there = min(rows, MADE)
            await _make(connection, table, there)
        while there < rows:
            more = min(there, rows - there)
            again = f"insert into {table} ({columns}) select {columns} from {table} order by id limit $1"
            await connection.execute(again, more)
            there += more
        await connection.execute(f"vacuum (analyze) {table}")
        await connection.execute("checkpoint")
    finally:
        await connection.close()


def full(bench: Bench, rows: int, table: str = OURS) -> str:
    """A new database with an outbox of that many rows, and a few spare ones beside it: its address."""
    dsn = bench.database()
    bench.wait(fill(dsn, table, rows))
    return dsn


async def _make(connection: asyncpg.Connection, table: str, rows: int) -> None:
    made: list[tuple[Any, ...]] = [tuple(row) for row in await connection.fetch(MAKE, rows, max(1, rows // 2))]
    if table == OURS:
        made = [(topic, key, record(key, payload, **from_json(headers))) for topic, key, headers, payload in made]
    await connection.copy_records_to_table(table, records=made, columns=COLUMNS[table].split(", "))
    await connection.execute(f"create table if not exists spare as select * from {table} order by id limit {SPARE}")
