"""An operator logs in with their own role and tries every column of every table: what is not named is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest

from chassis.operators import restore, retention
from chassis.outbox import lineage
from chassis.outbox.records import id_in
from chassis.postgres import migrations
from deploy.local.places import SERVICES
from tests.integration.ops import Database, created
from tests.support import outbox
from tests.support.cluster import Cluster
from tests.support.envelopes import told_apart


@pytest.fixture(params=SERVICES)
def migrated(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Database]:
    with created(cluster) as database:
        asyncio.run(migrations.migrate(database.migrator, request.param))
        yield database


def test_an_operator_sees_envelopes_and_nothing_else(migrated: Database) -> None:
    migrated.fetch(
        """insert into parked (topic, partition, record_offset, key, headers, payload, failure, detail, digest)
        values ('ph.training.v1', 0, 0, 'Adaeze Canary', '[["x-note", "Adaeze Canary"]]', 'Adaeze Canary', 'f', '',
                'd')"""
    )

    async def tried(operator: asyncpg.Connection) -> None:
        differences, columns = await told_apart(operator)
        assert differences == set()
        assert columns > 150
        assert "Canary" not in str(await operator.fetch("select * from parked_envelope"))

    migrated.run(tried, of=migrated.operator)


def test_what_an_operator_runs_finds_all_that_it_reads_and_writes(cluster: Cluster) -> None:
    async def all_of_it(operator: asyncpg.Connection) -> tuple[str, list[str]]:
        await operator.fetch(lineage._TOLD)
        await operator.fetch(lineage._KNOWN, [])
        await operator.fetch(lineage._WAITING, [])
        await operator.fetch(lineage._ROWS, [])
        await operator.fetch(restore._PUBLISHED)
        await operator.fetch(restore._PARTITIONS, [])
        assert await restore.decided(operator) == []
        asked = await retention.ask(operator, "INC-4711", "asked for by the programme", datetime.now(UTC))
        run = await retention.run_of(operator, asked)
        return run.asked_by, [each.asked_by for each in await retention.runs(operator, 10)]

    with created(cluster) as database:
        asyncio.run(migrations.migrate(database.migrator, "referral"))
        assert database.run(all_of_it, of=database.operator) == ("INC-4711", ["INC-4711"])


def test_the_id_of_a_waiting_event_is_read_out_of_its_record(cluster: Cluster) -> None:
    ids = [str(uuid4()), "", "x", "0190a0a0-0000-7000-8000-000000000001"]
    with created(cluster) as database:
        asyncio.run(migrations.migrate(database.migrator, "referral"))
        records = [outbox.record("key", b'{"ce_id": 1}', ce_id=each, ce_sequence="12") for each in ids]
        records.append(outbox.record("key", b"{}", ce_sequence="123"))
        for each in records:
            database.fetch("insert into outbox (topic, key, record) values ('t', 'key', $1)", each)
        rows = database.run(
            lambda c: c.fetch("select event_id, tail from outbox_envelope order by id"), of=database.operator
        )
    assert [row["event_id"] for row in rows] == [id_in(each) for each in records] == [*ids, ""]
    assert [row["tail"] for row in rows] == [each[-20:] for each in records]


def test_a_right_too_many_and_one_too_few_are_seen(cluster: Cluster) -> None:
    with created(cluster) as database:
        asyncio.run(migrations.migrate(database.migrator, "referral"))
        role = database.operator.partition("//")[2].partition(":")[0]
        database.fetch(f"grant select (payload), update (blocks) on parked to {role}")
        database.fetch(f"revoke select on stream from {role}")
        differences, _ = database.run(told_apart, of=database.operator)
    assert {
        'may select "payload" from parked limit 1',
        'may update parked set "blocks" = null where false',
        'may not select "sequence" from stream limit 1',
    } <= differences


def test_a_database_without_such_a_role_is_migrated_all_the_same(cluster: Cluster) -> None:
    with created(cluster) as database:
        role = database.operator.partition("//")[2].partition(":")[0]
        asyncio.run(_renamed(cluster, role))
        try:
            asyncio.run(migrations.migrate(database.migrator, "referral"))
        finally:
            asyncio.run(_renamed(cluster, f"{role}_away", role))


async def _renamed(cluster: Cluster, role: str, to: str = "") -> None:
    connection = await asyncpg.connect(cluster.dsn("postgres"))
    try:
        await connection.execute(f"alter role {role} rename to {to or role + '_away'}")
    finally:
        await connection.close()
