"""Migrations on a real PostgreSQL, with the two roles of a deployment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from typer.testing import Result

from chassis.postgres import migrations
from chassis.postgres.migration_files import files
from chassis.trouble import Trouble
from tests.integration.ops import Database, command, created
from tests.support.cluster import Cluster


@pytest.fixture
def ops_database(cluster: Cluster) -> Iterator[Database]:
    with created(cluster) as database:
        yield database


@pytest.fixture
def ph(ops_database: Database, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    return command(ops_database, monkeypatch)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_shop.sql").write_text("create table shop (id int primary key, name text);\n")
    return tmp_path


def migrate(database: Database, folder: Path, wait_seconds: float = 5) -> list[str]:
    report = asyncio.run(migrations.migrate(database.migrator, "toy", folder, wait_seconds=wait_seconds))
    return [str(migration) for migration in report.applied]


def is_current(database: Database, folder: Path) -> bool:
    migrations._needed.cache_clear()  # in life the files do not change while a process runs
    return database.run(lambda c: migrations.is_current(c, "toy", folder), as_application=True)


def tables(database: Database) -> set[str]:
    rows = database.fetch("select tablename from pg_tables where schemaname = 'public'")
    return {name for (name,) in rows}


def test_an_empty_database_gets_the_chassis_then_the_service_and_once_only(
    ops_database: Database, folder: Path
) -> None:
    applied = migrate(ops_database, folder)
    assert applied[0] == "chassis/0001_chassis"
    assert applied[-1] == "toy/0001_shop"
    assert {"schema_migration", "outbox", "position", "parked", "shop"} <= tables(ops_database)
    assert migrate(ops_database, folder) == []


def test_only_what_is_new_is_applied(ops_database: Database, folder: Path) -> None:
    migrate(ops_database, folder)
    (folder / "0002_price.sql").write_text("alter table shop add column price int;\n")
    assert migrate(ops_database, folder) == ["toy/0002_price"]


def test_a_failing_file_leaves_nothing_behind_and_keeps_what_came_before(ops_database: Database, folder: Path) -> None:
    (folder / "0002_broken.sql").write_text("create table half ();\n\nselect * from nowhere;\n")
    with pytest.raises(Trouble, match='toy/0002_broken failed: relation "nowhere" does not exist') as raised:
        migrate(ops_database, folder)
    assert raised.value.where.endswith("0002_broken.sql:3")
    assert "shop" in tables(ops_database)
    assert "half" not in tables(ops_database)
    (folder / "0002_broken.sql").write_text("create table half ();\n")
    assert migrate(ops_database, folder) == ["toy/0002_broken"]


def test_a_message_of_the_server_does_not_quote_rows(ops_database: Database, folder: Path) -> None:
    migrate(ops_database, folder)
    ops_database.run(lambda c: c.execute("insert into shop values (1, 'Canary'), (2, 'Canary')"))
    (folder / "0002_unique.sql").write_text("alter table shop add unique (name);\n")
    with pytest.raises(Trouble, match="toy/0002_unique failed") as raised:
        migrate(ops_database, folder)
    assert "Canary" not in str(raised.value)


def test_a_changed_file_stops_everything_before_anything_is_applied(ops_database: Database, folder: Path) -> None:
    migrate(ops_database, folder)
    (folder / "0001_shop.sql").write_text("create table shop (id bigint primary key);\n")
    (folder / "0002_more.sql").write_text("create table more ();\n")
    with pytest.raises(Trouble, match="toy/0001_shop was changed after it was applied"):
        migrate(ops_database, folder)
    assert "more" not in tables(ops_database)


def test_two_runners_at_once_apply_each_file_once(ops_database: Database, folder: Path) -> None:
    (folder / "0002_slow.sql").write_text("create table slow (); select pg_sleep(0.5);\n")

    async def both() -> tuple[migrations.Report, migrations.Report]:
        one = migrations.migrate(ops_database.migrator, "toy", folder)
        other = migrations.migrate(ops_database.migrator, "toy", folder)
        return await asyncio.gather(one, other)

    reports = asyncio.run(both())
    assert sorted(len(report.applied) for report in reports) == [0, len(files("toy", folder))]


def test_a_runner_waits_for_another_only_so_long_and_names_it(ops_database: Database, folder: Path) -> None:
    async def held(connection: asyncpg.Connection) -> str:
        await connection.execute("set application_name = 'stuck runner'")
        await connection.execute("select pg_advisory_lock($1)", migrations.ADVISORY_LOCK)
        with pytest.raises(Trouble, match="another runner has held the migration lock") as raised:
            await migrations.migrate(ops_database.migrator, "toy", folder, wait_seconds=0.3)
        return str(raised.value)

    assert "stuck runner" in ops_database.run(held)
    assert migrate(ops_database, folder)


def test_a_migration_behind_a_long_transaction_gives_up_and_names_it(
    ops_database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "LOCK_TIMEOUT_SECONDS", 0.2)
    monkeypatch.setattr(migrations, "LOCK_ATTEMPTS", 2)
    monkeypatch.setattr(migrations, "LOCK_PAUSE_SECONDS", 0.01)
    migrate(ops_database, folder)
    (folder / "0002_price.sql").write_text("alter table shop add column price int;\n")

    async def reporting(connection: asyncpg.Connection) -> str:
        await connection.execute("set application_name = 'long report'")
        async with connection.transaction():
            await connection.fetch("select * from shop")
            with pytest.raises(Trouble, match="toy/0002_price did not get its lock in 2 tries") as raised:
                await migrations.migrate(ops_database.migrator, "toy", folder)
        return str(raised.value)

    assert "long report" in ops_database.run(reporting)
    assert migrate(ops_database, folder) == ["toy/0002_price"]


def test_a_migration_gets_its_lock_as_soon_as_the_long_transaction_ends(
    ops_database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "LOCK_TIMEOUT_SECONDS", 0.1)
    monkeypatch.setattr(migrations, "LOCK_PAUSE_SECONDS", 0.1)
    migrate(ops_database, folder)
    (folder / "0002_price.sql").write_text("alter table shop add column price int;\n")

    async def reporting(connection: asyncpg.Connection) -> migrations.Report:
        async with connection.transaction():
            await connection.fetch("select * from shop")
            running = asyncio.create_task(migrations.migrate(ops_database.migrator, "toy", folder))
            await asyncio.sleep(0.3)
        return await running

    assert [str(m) for m in ops_database.run(reporting).applied] == ["toy/0002_price"]


def test_the_application_works_with_the_tables_but_may_change_neither_schema_nor_ledger(
    ops_database: Database, folder: Path
) -> None:
    ops_database.run(lambda c: c.execute("alter default privileges grant all on tables to public"))
    migrate(ops_database, folder)
    assert ops_database.fetch("insert into shop values (1, 'a') returning id", as_application=True) == [(1,)]
    assert ops_database.fetch("select last_value from outbox_id_seq", as_application=True)
    for forbidden in (
        "create table mine ()",
        "alter table shop add column mine int",
        "delete from schema_migration",
        "update schema_migration set checksum = ''",
        "insert into schema_migration values ('toy', 9, 'x', 'x')",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            ops_database.fetch(forbidden, as_application=True)


def test_migrating_as_the_application_is_refused_with_the_setting_to_use(ops_database: Database, folder: Path) -> None:
    with pytest.raises(Trouble, match="may not create tables") as raised:
        asyncio.run(migrations.migrate(ops_database.application, "toy", folder))
    assert "MIGRATOR_DATABASE_URL" in raised.value.remedy
    migrate(ops_database, folder)
    (folder / "0002_price.sql").write_text("alter table shop add column price int;\n")
    with pytest.raises(Trouble, match="must be owner") as raised:
        asyncio.run(migrations.migrate(ops_database.application, "toy", folder))
    assert "MIGRATOR_DATABASE_URL" in raised.value.remedy


def test_a_service_is_ready_when_its_database_has_all_that_its_code_needs(ops_database: Database, folder: Path) -> None:
    assert not is_current(ops_database, folder)
    migrate(ops_database, folder)
    assert is_current(ops_database, folder)
    (folder / "0002_price.sql").write_text("alter table shop add column price int;\n")
    assert not is_current(ops_database, folder)


def test_old_code_stays_ready_on_a_newer_database_during_a_rollout(ops_database: Database, folder: Path) -> None:
    (folder / "0002_price.sql").write_text("alter table shop add column price int;\n")
    migrate(ops_database, folder)
    (folder / "0002_price.sql").unlink()
    assert is_current(ops_database, folder)
    assert migrate(ops_database, folder) == []


def test_readiness_costs_one_statement(ops_database: Database, folder: Path) -> None:
    migrate(ops_database, folder)

    async def counted(connection: asyncpg.Connection) -> list[str]:
        queries: list[str] = []
        with connection.query_logger(lambda record: queries.append(record.query)):
            await migrations.is_current(connection, "toy", folder)
        return queries

    assert len(ops_database.run(counted, as_application=True)) == 1


def test_the_command_tells_what_is_pending_applies_it_and_then_is_content(
    ops_database: Database, ph: Callable[..., Result]
) -> None:
    before = ph("migrate", "--check", "--service", "referral", "--json")
    assert before.exit_code == 1
    assert '"migration": "chassis/0001_chassis"' in before.stdout
    assert '"state": "pending"' in before.stdout
    assert tables(ops_database) == set()

    applied = ph("migrate", "--service", "referral")
    assert applied.exit_code == 0, applied.output
    assert "referral\tchassis/0001_chassis\tapplied\n" in applied.stdout

    after = ph("migrate", "--check", "--service", "referral")
    assert (after.exit_code, after.stdout) == (0, "up to date: referral\n")


@pytest.mark.parametrize(
    ("credentials", "said"),
    [("{role}:wrong", "the password was refused"), ("{role}:a", "there is no such database")],
)
def test_a_wrong_password_and_a_missing_database_are_told_apart(
    ops_database: Database,
    ph: Callable[..., Result],
    monkeypatch: pytest.MonkeyPatch,
    credentials: str,
    said: str,
) -> None:
    role = ops_database.application.split("//")[1].split(":")[0]
    address = ops_database.application.split("@")[1]
    if "wrong" not in credentials:
        address = address.rpartition("/")[0] + "/nowhere"
    monkeypatch.setenv("REFERRAL_DATABASE_URL", f"postgresql://{credentials.format(role=role)}@{address}")
    result = ph("migrate", "--check", "--service", "referral")
    assert result.exit_code == 1
    assert said in result.stderr
