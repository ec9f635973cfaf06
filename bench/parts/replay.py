"""Reading a topic again from its start, and building the tables anew from it.

`replay`: the service has handled the whole topic before; its offsets are lost, so every event is a repeat. Checked:
not one row of any table differs afterwards. `rebuild`: all tables are emptied, and made again from the topic. Checked:
documents, deadlines, numbers, positions and events to publish are the same as before. Both against the consumer path of
the same service on the same topic; the relay is kept waiting in all three.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import replace
from typing import Any

import asyncpg

from bench.bench import Bench
from bench.child import Task
from bench.measure import (
    Figure,
    Sample,
    absolute,
    in_turn,
    rates,
    ratio,
)
from tests.support.outbox import read

TITLE = "replay from the start of a topic, and rebuild"
EVENTS = 30_000
TABLES = ("centre_file", "assessment", "deadline", "stream", "position", "outbox", "parked", "idempotency")
UNREAD = "delete from progress"
"""Whoever reads next begins where the topic does."""
EMPTY = f"truncate {', '.join(TABLES)}, progress restart identity"
PATH, REPLAY, REBUILD = "consumer path", "replay, every event a repeat", "rebuild of emptied tables"

EXACT = "select md5(string_agg(md5(t::text), '' order by md5(t::text))) from {table} t"
FILES = """
select md5(string_agg(md5(row(id, status, lasting, array(select unnest(links) order by 1))::text), '' order by id))
from centre_file, regexp_replace(data::text, '"changed_at": "[^"]*"', '', 'g') as lasting
"""
DEADLINES = "select md5(string_agg(md5((to_jsonb(t) - 'changed_at')::text), '' order by subject, name)) from deadline t"
STREAMS = "select md5(string_agg(row(key, topic, sequence)::text, '' order by key)) from stream"
POSITIONS = """
select md5(string_agg(row(source, key, sequence, open, recent, blocked)::text, '' order by source, key)) from position
"""
MADE_AGAIN = (FILES, DEADLINES, STREAMS, POSITIONS)
"""What the topic alone determines; not how often a file was written, nor when anything was."""
WAITING = "select topic, record from outbox order by key, id"
OF_A_RUN = ("ce_id", "ce_time", "ce_recordedtime", "ce_traceparent")

Seen = Sequence[Any]


def steps(repeats: int) -> int:
    """Topic, first reading, and every sample."""
    return 2 + 3 * repeats


def run(bench: Bench) -> Iterable[Figure]:
    """Measures. Raises `RuntimeError` if a replay changes anything or a rebuild makes something else."""
    bench.tick("referrals into a topic")
    task = Task(dsn="", bootstrap="", source=bench.topic(EVENTS, EVENTS // 2), events=EVENTS, relay=False)
    bench.tick("the topic is read for the first time")
    template = bench.database()
    bench.child("ours", replace(task, dsn=template))
    exact = bench.wait(_exact(template))
    made = bench.wait(_made(template))

    def again(
        variant: str, prepare: Sequence[str], look: Callable[[str], Coroutine[Any, Any, Seen]], wanted: Seen
    ) -> Callable[[], Sample]:
        def sample() -> Sample:
            dsn = bench.database(template=template.rpartition("/")[2])
            try:
                bench.wait(_execute(dsn, prepare))
                result = bench.child("ours", replace(task, dsn=dsn))
                if bench.wait(look(dsn)) != wanted:
                    raise RuntimeError(f"{variant}: the tables are not what they were")
                return result
            finally:
                bench.drop(dsn)

        return sample

    samples = in_turn(
        {
            PATH: bench.once("ours", task),
            REPLAY: again(REPLAY, (UNREAD,), _exact, exact),
            REBUILD: again(REBUILD, (EMPTY,), _made, made),
        },
        bench.repeats,
        bench.tick,
    )
    bench.drop(template)
    path = rates(samples[PATH])
    yield Figure(f"{REPLAY}, vs the consumer path", ratio(rates(samples[REPLAY]), path), "x", 0.8, 1.0)
    # The same work as the consumer path on tables that were full before: near 1 unless those leave something behind.
    yield Figure(f"{REBUILD}, vs the consumer path", ratio(rates(samples[REBUILD]), path), "x", 0.8, 1.0)
    yield from absolute(samples)


async def _execute(dsn: str, statements: Sequence[str]) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _exact(dsn: str) -> Seen:
    """Every row of every table."""
    connection = await asyncpg.connect(dsn)
    try:
        return [await connection.fetchval(EXACT.format(table=table)) for table in TABLES]
    finally:
        await connection.close()


async def _made(dsn: str) -> Seen:
    """What a second reading must make again: tables, and per key the events to publish, in order."""
    connection = await asyncpg.connect(dsn)
    try:
        digests = [await connection.fetchval(query) for query in MADE_AGAIN]
        waiting = [(topic, read(record)) for topic, record in await connection.fetch(WAITING)]
    finally:
        await connection.close()
    stable = [
        (topic, key, value, {name: text for name, text in headers.items() if name not in OF_A_RUN})
        for topic, (key, value, headers) in waiting
    ]
    return [*digests, stable]
