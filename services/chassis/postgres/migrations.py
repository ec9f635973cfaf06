"""Runs numbered `.sql` files, once and in order: the chassis' own first, then the service's, in its database.

Expand and contract: a file may add, later files may take away, so that the code before and the code after a
rollout both work on the same database. So a *newer* database is ready for this code, an older one is not.

Each file runs in a transaction of its own. It waits for a lock at most `LOCK_TIMEOUT_SECONDS`, because others
queue behind a waiting `alter table`; it tries again a few times, then gives up and names who holds locks.
that needs longer than `STATEMENT_TIMEOUT` says `set local statement_timeout` itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import monotonic

import asyncpg

from chassis.postgres.migration_files import (
    Applied,
    Migration,
    files,
    outstanding,
    read,
    sets,
    statements,
)
from chassis.postgres.session import Executor, database
from chassis.trouble import Trouble

ADVISORY_LOCK = 0x5048_4D49_4752
"""`PHMIGR` in ASCII: the advisory lock that one runner per database holds."""
WAIT_SECONDS = 60.0
"""How long a runner waits for another one on the same database."""
LOCK_TIMEOUT_SECONDS = 3.0
LOCK_ATTEMPTS = 5
LOCK_PAUSE_SECONDS = 1.0
"""Before the second try; each further pause is longer by as much."""
STATEMENT_TIMEOUT = "15min"
OWNER = "Run migrations as the role that owns the schema: see <SERVICE>_MIGRATOR_DATABASE_URL."

LEDGER = """
create table schema_migration (
    component  text not null,
    number     int not null,
    name       text not null,
    checksum   text not null,
    applied_at timestamptz not null default clock_timestamp(),
    primary key (component, number)
);
do $$
declare other text;
begin
    for other in select distinct grantee from information_schema.role_table_grants
        where table_schema = current_schema and table_name = 'schema_migration' and grantee <> current_user
    loop
        execute 'revoke all on schema_migration from '
            || case other when 'PUBLIC' then 'public' else quote_ident(other) end;
    end loop;
end $$;
grant select on schema_migration to public;
"""
"""What was applied. Every role reads it, because the services ask it whether they may serve; its owner alone
writes it, whatever privileges new tables get by default."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did: the files that it applied."""

    service: str
    applied: tuple[Migration, ...]


async def applied(connection: Executor, components: Iterable[str]) -> list[Applied]:
    """The ledger's rows of these components; none if the database has no ledger yet."""
    try:
        rows = await connection.fetch(
            "select component, number, name, checksum from schema_migration"
            " where component = any($1) order by component, number",
            list(components),
        )
    except asyncpg.UndefinedTableError:
        return []
    return [Applied(*row) for row in rows]


async def pending(connection: Executor, service: str, directory: Path | None = None) -> tuple[Migration, ...]:
    """The files this database still lacks. Raises `Trouble` if an applied file was changed or renamed."""
    return outstanding(files(service, directory), await applied(connection, sets(service, directory)))


async def schema_version(connection: Executor) -> dict[str, int]:
    """The number each component stands at; empty for a database without ledger. Not inside a transaction."""
    try:
        rows = await connection.fetch("select component, max(number) from schema_migration group by component")
    except asyncpg.UndefinedTableError:
        return {}
    return {row[0]: row[1] for row in rows}


async def is_current(connection: Executor, service: str, directory: Path | None = None) -> bool:
    """Whether the database has at least what this code needs: one SELECT, for readiness.

    A newer database is fine: during a rollout the code before the migration still serves.
    """
    versions = await schema_version(connection)
    return all(versions.get(component, 0) >= number for component, number in _needed(service, directory))


@cache
def _needed(service: str, directory: Path | None) -> tuple[tuple[str, int], ...]:
    """Read once: the files do not change while a process runs."""
    folders = sets(service, directory)
    return tuple((component, len(read(component, folder))) for component, folder in folders.items())


async def check(dsn: str, service: str, directory: Path | None = None) -> tuple[Migration, ...]:
    """What `migrate` would apply. Changes nothing; the role without DDL is enough."""
    async with database(dsn, "ph migrate --check") as connection:
        return await pending(connection, service, directory)


async def migrate(
    dsn: str, service: str, directory: Path | None = None, *, wait_seconds: float = WAIT_SECONDS
) -> Report:
    """Applies what is pending, as the role that owns the schema. Run again or twice at once, it does no more.

    Raises `Trouble` with the remedy; what was applied before the failing file stays applied.
    """
    done: list[Migration] = []
    async with database(dsn, "ph migrate") as connection, _alone(connection, wait_seconds):
        if await connection.fetchval("select to_regclass('schema_migration')") is None:
            await _create_ledger(connection)
        for migration in await pending(connection, service, directory):
            await _apply(connection, migration)
            done.append(migration)
        return Report(service, tuple(done))


async def _create_ledger(connection: asyncpg.Connection) -> None:
    try:
        async with connection.transaction():
            await connection.execute(LEDGER)
    except asyncpg.InsufficientPrivilegeError as error:
        what = f"this role may not create tables ({error})"
        raise Trouble(what, where="migrations", remedy=OWNER) from error


@asynccontextmanager
async def _alone(connection: asyncpg.Connection, wait_seconds: float) -> AsyncIterator[None]:
    """Holds the advisory lock. Asks again and again: waiting inside one statement would keep a snapshot open
    for as long, and hold back vacuum."""
    give_up = monotonic() + wait_seconds
    while not await connection.fetchval("select pg_try_advisory_lock($1)", ADVISORY_LOCK):
        if monotonic() > give_up:
            raise Trouble(
                f"another runner has held the migration lock of this database for {wait_seconds:g} s: "
                + await _lock_holder(connection),
                where="migrations",
                remedy="Wait for it and run again; if it hangs, end its session with pg_terminate_backend.",
            )
        await asyncio.sleep(0.2)
    yield
    # Not after a fault: then the connection closes, which releases the lock.
    await connection.execute("select pg_advisory_unlock($1)", ADVISORY_LOCK)


async def _apply(connection: asyncpg.Connection, migration: Migration) -> None:
    """Runs one file, again if it did not get a lock in time. Raises `Trouble`; then nothing of it is kept."""
    sql = statements(migration)
    for attempt in range(1, LOCK_ATTEMPTS + 1):
        try:
            await _run(connection, migration, sql)
            return
        except asyncpg.LockNotAvailableError as error:
            if attempt == LOCK_ATTEMPTS:
                raise Trouble(
                    f"{migration} did not get its lock in {LOCK_ATTEMPTS} tries of"
                    f" {LOCK_TIMEOUT_SECONDS:g} s; tables are held by {await _table_holders(connection)}",
                    where=str(migration.path),
                    remedy="End the long transaction or wait for it, then run again. Nothing was kept.",
                ) from error
            await asyncio.sleep(attempt * LOCK_PAUSE_SECONDS)
        except asyncpg.PostgresError as error:
            raise _failed(migration, sql, error) from error


async def _run(connection: asyncpg.Connection, migration: Migration, sql: str) -> None:
    async with connection.transaction():
        await connection.execute(
            f"set local lock_timeout = {int(LOCK_TIMEOUT_SECONDS * 1000)};"
            f" set local statement_timeout = '{STATEMENT_TIMEOUT}'"
        )
        await connection.execute(sql)
        await connection.execute(
            "insert into schema_migration (component, number, name, checksum) values ($1, $2, $3, $4)",
            *(migration.component, migration.number, migration.name, migration.checksum),
        )


def _failed(migration: Migration, sql: str, error: asyncpg.PostgresError) -> Trouble:
    """The server's message with its line; not its DETAIL, which quotes values of rows."""
    position = getattr(error, "position", None)
    line = f":{sql[: int(position) - 1].count(chr(10)) + 1}" if position else ""
    denied = isinstance(error, asyncpg.InsufficientPrivilegeError)
    mend = "Nothing of this file was kept. Mend the file, as it is not applied yet, or the data."
    return Trouble(
        f"{migration} failed: {getattr(error, 'message', error)}",
        where=f"{migration.path}{line}",
        remedy=OWNER if denied else mend,
    )


async def _lock_holder(connection: asyncpg.Connection) -> str:
    condition = "l.locktype = 'advisory' and (l.classid::bigint << 32) | l.objid::bigint = $1"
    return await _sessions(connection, condition, ADVISORY_LOCK)


async def _table_holders(connection: asyncpg.Connection) -> str:
    condition = """l.locktype = 'relation' and l.pid <> $1 and l.relation in (
        select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%')"""
    return await _sessions(connection, condition, connection.get_server_pid())


async def _sessions(connection: asyncpg.Connection, condition: str, argument: int) -> str:
    """Who holds locks, in words. Uses what every role may see of others: no queries."""
    rows = await connection.fetch(
        f"""select distinct a.pid, a.usename, a.application_name
        from pg_locks l join pg_stat_activity a using (pid) join pg_database d on d.oid = l.database
        where l.granted and d.datname = current_database() and {condition}""",  # noqa: S608 - a constant
        argument,
    )
    return ", ".join(f"pid {pid} ({role}, {name or 'unnamed'})" for pid, role, name in rows) or "nobody any more"
