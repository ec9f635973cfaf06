"""A journey that has heard a million events: the ledger, the journeys and the outcomes of 30,000 cases.

1,000 cases are heard event by event, by the rules of the shipped service; the others are these once more under ids of
their own. For the page of a case, one among many, that is as good. Figures that count people who are alike as one row
find more of them here than among as many people who were all heard, so the number of rows stands beside their times.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg

from bench import journeys
from bench.bench import Bench
from bench.seed import PARTITIONS
from chassis.outbox.partitions import partition_of
from chassis.postgres import migrations
from chassis.pure.messages import origin_of, topic_of
from chassis.pure.states import Codec
from journey import contracts
from journey.app import SERVICE
from journey.handlers import KINDS
from journey.handlers.incoming import DOCUMENTS

CASES = 1000
TIMES = 30
"""So often each of them is there."""
CONTRACTS = {each.type: each for each in contracts.ALL}
LEDGER = (
    *("topic", "partition", "record_offset", "mark", "key", "case_id", "type", "source", "sequence", "event_id"),
    *("occurred_at", "recorded_at", "published_at", "actor_role", "actor_org", "verdict"),
)
OTHER = "md5({column}::text || copy)::uuid"
"""An id of another case, and of what belongs to it."""
COPIES = f"""
insert into ledger ({", ".join(LEDGER)})
select topic, partition, record_offset + copy * 10000000, mark, {OTHER.format(column="case_id")}::text,
       {OTHER.format(column="case_id")}, type, source, sequence, {OTHER.format(column="event_id")},
       occurred_at, recorded_at, published_at, actor_role, actor_org, verdict
from ledger, generate_series(1, $1) as copy
"""
LARGE = ("ledger", "outcome", "journey_wait", "journey")
"""A table that is logged refers to none that is not, so the waits come before the journeys."""
INDEXES = "select indexname, indexdef from pg_indexes where tablename = 'ledger' and indexname <> 'ledger_pkey'"
DOCUMENT_COPIES = """
insert into {table} (id, version, status, data, updated_at)
select md5(id::text || copy)::uuid, version, status, data || '{{}}', updated_at
from {table}, generate_series(1, $1) as copy
"""
"""`||`: else each generated column would fetch the document anew from where long values lie."""


async def fill(dsn: str, cases: int = CASES, times: int = TIMES) -> list[UUID]:
    """Hears so many cases, and copies each until it is there so often. The ids of those that were heard.

    Nothing of it outlives the benchmark: so what is large is not logged, and the ledger has its
    indexes once it is full.
    """
    connection = await asyncpg.connect(dsn)
    try:
        events = list(journeys.told(range(cases)))
        indexes = await connection.fetch(INDEXES)
        for table in LARGE:
            await connection.execute(f"alter table {table} set unlogged")
        for name, _ in indexes:
            await connection.execute(f"drop index {name}")
        await connection.copy_records_to_table("ledger", records=_noted(events), columns=LEDGER)
        await connection.execute(COPIES, times - 1)
        for _, definition in indexes:
            await connection.execute(definition)
        for state, documents in _heard(events).items():
            kind = next(kind for kind in KINDS if kind.state is state)
            codec, columns = Codec(kind), ["id", "version", "status", "data", "updated_at"]
            rows = [(each.id, 1, each.status, codec.dump(each), datetime.now(UTC)) for each in documents.values()]
            await connection.copy_records_to_table(kind.table, records=rows, columns=columns)
            await connection.execute(DOCUMENT_COPIES.format(table=kind.table), times - 1)
        await connection.execute("vacuum analyze")
        await connection.execute("checkpoint")
    finally:
        await connection.close()
    return sorted({UUID(event.key) for event in events})


def database(bench: Bench) -> tuple[str, list[UUID]]:
    """A new database of the journey that has heard a million events, and cases in it."""
    dsn = bench.wait(bench.cluster.create_database(bench.name("journey")))
    bench.wait(migrations.migrate(dsn, SERVICE.name, SERVICE.migrations))
    return dsn, bench.wait(fill(dsn))


def _heard(events: Sequence[journeys.Event]) -> dict[type[Any], dict[str, Any]]:
    known: dict[type[Any], dict[str, Any]] = {state: {} for state in DOCUMENTS}
    for event in events:
        contract = CONTRACTS[event.type]
        told = contract.model_validate_json(event.body)
        for state, folds in DOCUMENTS.items():
            if contract in folds:
                was = known[state].get(event.key) or state(UUID(event.key))
                known[state][event.key] = folds[contract](was, told, event.at)
    return known


def _noted(events: Sequence[journeys.Event]) -> Iterator[tuple[object, ...]]:
    offsets: dict[tuple[str, int], int] = {}
    for event in events:
        place = (topic_of(event.source), partition_of(event.key, PARTITIONS))
        offsets[place] = offset = offsets.get(place, -1) + 1
        yield (
            *place,
            offset,
            offset.to_bytes(8, "big"),
            event.key,
            UUID(event.key),
            event.type,
            origin_of(event.source),
            event.sequence,
            UUID(event.headers["ce_id"]),
            *(event.at,) * 3,
            "system",
            f"programme:{event.source}",
            "next",
        )
