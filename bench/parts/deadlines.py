"""A storm of deadlines: 10,000 limits for the answer to a referral have passed, as after a day without the service.

The shipped counselling service fires them (`storm`). For each it loads a file, notes the level that the referral has
reached, sets the next limit and publishes DeadlineMissed. After each run the part checks that each has done so once. It
compares with the same number of events through the consumer path; the relay waits in both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import asyncpg

from bench.bench import Bench
from bench.child import Task
from bench.measure import (
    Figure,
    Sample,
    absolute,
    cpu,
    in_turn,
    rates,
    ratio,
)

TITLE = "a storm: 10,000 deadlines due at once"
DEADLINES = 10_000
STORM, PATH = "deadlines fired", "events through the consumer path"

PASS = "update deadline set due_at = date_trunc('second', now()) - interval '1 minute'"
FORGET = "truncate outbox"
FIRED = """
select (select count(*) from outbox where position('ph.counselling.DeadlineMissed.v1'::bytea in record) > 0),
       (select count(*) from centre_file where data @> '{"referrals": [{"overdue_level": 1}]}'),
       (select count(*) from deadline where level = 2 and due_at > now())
"""


def steps(repeats: int) -> int:
    """Topics, files with their limits, and every sample."""
    return 2 + 2 * repeats


def run(bench: Bench) -> Iterable[Figure]:
    """Measures. Raises `RuntimeError` if a deadline has not fired exactly once."""
    bench.tick("referrals into topics")
    task = Task(dsn="", bootstrap="", source=bench.topic(DEADLINES, DEADLINES // 2), events=DEADLINES, relay=False)
    once_each = bench.topic(DEADLINES, DEADLINES)
    bench.tick("files and their limits")
    template = bench.database()
    bench.child("ours", replace(task, dsn=template, source=once_each))
    bench.wait(_pass_all_limits(template))

    def storm() -> Sample:
        dsn = bench.database(template=template.rpartition("/")[2])
        try:
            sample = bench.child("storm", replace(task, dsn=dsn))
            if (fired := bench.wait(_fired(dsn))) != [DEADLINES] * 3:
                raise RuntimeError(f"events, files and next limits of {DEADLINES} deadlines: {fired}")
            return sample
        finally:
            bench.drop(dsn)

    samples = in_turn({STORM: storm, PATH: bench.once("ours", task)}, bench.repeats, bench.tick)
    bench.drop(template)
    fired, path = samples[STORM], samples[PATH]
    yield Figure("deadlines fired vs events through the consumer path", ratio(rates(fired), rates(path)), "x", 0.5, 0.8)
    yield Figure("CPU of a deadline vs of an event", ratio(cpu(fired), cpu(path)), "x")
    yield from absolute(samples, "1/s")


async def _pass_all_limits(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in (PASS, FORGET, "vacuum analyze"):
            await connection.execute(statement)
    finally:
        await connection.close()


async def _fired(dsn: str) -> list[int]:
    connection = await asyncpg.connect(dsn)
    try:
        row = await connection.fetchrow(FIRED)
    finally:
        await connection.close()
    assert row is not None
    return list(row)
