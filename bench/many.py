"""A counselling database with very many cases, each as the service itself would have written it.

The service handles some referrals; its rows are then copied under other ids by SQL. Ids look random, as real ones do:
ids in a row would keep every index warm.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Iterator

import asyncpg

from bench import seed
from bench.bench import Bench
from bench.child import Task

SAMPLES = 300
NO_CASES = 10**9
"""More than there are events: every event is a first referral."""

ROOMY = {"maintenance_work_mem": "512MB", "work_mem": "64MB"}
INDEXES = """
select indexdef, indexname from pg_indexes
where tablename in ('centre_file', 'deadline') and indexname not in ('centre_file_pkey', 'deadline_pkey')
"""
KEEP_SAMPLES = """
create unlogged table sample as
select row_number() over (order by id) - 1 as n, id::text as case_id, links[1]::text as referral_id, status, data::text
from centre_file
"""
EMPTY = "truncate centre_file, deadline, stream, position, outbox"
MAKE_IDS = """
create unlogged table made as
select n,
    overlay(overlay(md5('case' || n) placing '4' from 13) placing '8' from 17)::uuid as case_id,
    overlay(overlay(md5('referral' || n) placing '4' from 13) placing '8' from 17)::uuid as referral_id
from generate_series(0, {cases} - 1) as n
"""
FILES = """
insert into centre_file (id, version, status, links, data, updated_at)
select m.case_id, 1, s.status, array[m.referral_id],
    replace(replace(s.data, s.case_id, m.case_id::text), s.referral_id, m.referral_id::text)::jsonb, now()
from made m join sample s on s.n = m.n % (select count(*) from sample)
"""
DEADLINES = """
insert into deadline (name, subject, owner, due_at)
select 'referral_answer', referral_id, case_id, timestamptz '2090-03-05' + n * interval '1 second' from made
"""
STREAMS = "insert into stream (key, topic, sequence) select case_id::text, 'ph.counselling.v1', 1 from made"
POSITIONS = """
insert into position (source, key, sequence)
select ($1::text[])[n % cardinality($1) + 1], case_id::text, 1 from made
"""


def uuid(kind: str, number: int) -> str:
    """The same ids as those made in SQL."""
    digits = hashlib.md5(f"{kind}{number}".encode(), usedforsecurity=False).hexdigest()
    digits = f"{digits[:12]}4{digits[13:16]}8{digits[17:]}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def database(bench: Bench, cases: int, sources: list[str]) -> str:
    """A new database with so many cases; case `n` has come from topic `n % len(sources)`."""
    topic = bench.topic(SAMPLES, SAMPLES)
    dsn = bench.database()
    bench.child("ours", Task(dsn=dsn, bootstrap="", source=topic, events=SAMPLES, relay=False))
    bench.wait(_grow(dsn, cases, sources))
    return dsn


async def _grow(dsn: str, cases: int, sources: list[str]) -> None:
    async with asyncpg.create_pool(dsn, min_size=2, max_size=2, server_settings=ROOMY) as pool:
        indexes = await pool.fetch(INDEXES)
        for _, name in indexes:
            await pool.execute(f"drop index {name}")
        for statement in (KEEP_SAMPLES, EMPTY, MAKE_IDS.format(cases=cases)):
            await pool.execute(statement)
        await asyncio.gather(pool.execute(FILES), _others(pool, sources))
        for definition, _ in indexes:
            await pool.execute(definition)
        for statement in ("drop table sample, made", "vacuum analyze", "checkpoint"):
            await pool.execute(statement)


async def _others(pool: asyncpg.Pool, sources: list[str]) -> None:
    await pool.execute(DEADLINES)
    await pool.execute(STREAMS)
    await pool.execute(POSITIONS, sources)


def referrals(events: int, cases: int, group: int, groups: int) -> Iterator[tuple[str, dict[str, str], bytes]]:
    """Events of one topic, mixed: half are second referrals of known cases of the group, half are of new cases."""
    dice = random.Random(f"{cases} {group}")
    known = dice.sample(range(group, cases, groups), events // 2)
    new = range(cases + group, cases + group + groups * (events - len(known)), groups)
    wanted = [(number, 2) for number in known] + [(number, 1) for number in new]
    dice.shuffle(wanted)
    for number, sequence in wanted:
        key, headers, value = seed.referral(number, NO_CASES)
        case_id, referral_id = uuid("case", number), uuid(f"referral {sequence} ", number)
        named = {name: case_id if text == key else text for name, text in headers.items()}
        value = value.replace(key.encode(), case_id.encode())
        value = value.replace(seed.uuid(0x4EF, number).encode(), referral_id.encode())
        yield case_id, {**named, "ce_sequence": str(sequence)}, value
