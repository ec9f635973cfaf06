"""Each role of each service tries every table of every database, on servers with the roles, rights and doors of
`deploy/k8s/platform/postgres/`, and with the tables that the migrations make: what is not declared is refused."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml

from chassis.postgres.migrations import migrate
from deploy.local.authority import Authority
from deploy.local.places import LOCAL, ROOT, SERVICES
from deploy.local.postgres import ADMIN
from deploy.local.postgres_tls import SecurePostgres
from tests.k8s.figures import tell
from tests.support.envelopes import told_apart

POSTGRES = ROOT / "deploy" / "k8s" / "platform" / "postgres"
HOST = "localhost"
ROLES = ("app", "operator", "migrator")
WITH_TABLES = ("app", "migrator")
"""Those that have rights on whole tables."""
ROWS = {
    "read": "select 1 from {table} limit 0",
    "insert": "insert into {table} ({column}) select {column} from {table} limit 0",
    "change": "update {table} set {column} = {column} where false",
    "delete": "delete from {table} where false",
}
"""What `app` may do with every table of its service; a right is looked at before the rows are. What `operator` may is
named column by column in `tests/support/envelopes.py`."""
LEDGER = "schema_migration"
"""What was migrated: everybody reads it, its owner alone writes it."""
LEFT_TO_THE_APP = {
    LEDGER: {"read"},
    **{table: {"read", "insert"} for table in ("audit", "audit_seal", "audit_told")},
    "audit_cut": {"read"},
}
"""Of tables that it may do less with: nobody who is not the owner changes who did or saw what."""
OWNERS = {
    "empty": "truncate {table} cascade",
    "widen": "alter table {table} add column tried int",
    "index": "create index tried on {table} ({column})",
    "drop": "drop table {table} cascade",
}
"""What its owner alone may do with a table: `migrator`."""
TRIES = ROWS | OWNERS
MAKES = {"make a table": "create table tried (id int)", "make a schema": "create schema tried"}
"""What `migrator` may do in the database besides."""
NOBODYS = {
    "make a temporary table": "create temporary table tried (id int)",
    "become the owner": "set role {service}_migrator",
    "become the superuser": "set role {admin}",
    "make a role": "create role tried",
    "take all rights": "alter role {service}_app superuser",
    "change another's password": "alter role {service}_{other} password 'tried'",
    "make a database": "create database tried",
    "run a program": "copy (select 1) to program 'true'",
    "read a file": "select pg_read_file('/etc/passwd')",
    "read the passwords": "select rolpassword from pg_authid",
    "load a library": "load 'auto_explain'",
    "change a setting of the server": "alter system set fsync = off",
    "end another's session": "select pg_terminate_backend(pid) from pg_stat_activity where usename = '{admin}'",
}
"""What no role of a service may; `MAY` names who may nevertheless."""
MAY = {
    ("migrator", "make a temporary table"): "owns the database",
    ("migrator", "become the owner"): "is the owner",
}
REFUSED = (asyncpg.InsufficientPrivilegeError, asyncpg.InvalidAuthorizationSpecificationError)
NOT_IN_A_TRANSACTION = {"make a database", "change a setting of the server"}


class Databases:
    """A server per service, as its Cluster declares it."""

    def __init__(self, folder: Path) -> None:
        authority = Authority(folder / "ca")
        self.servers = {
            service: SecurePostgres(folder / service, service, [HOST], authority, settings={"fsync": "off"})
            for service in SERVICES
        }

    async def make(self) -> None:
        """Roles, rights, doors, and the tables of this release."""
        for server in self.servers.values():
            server.launch()
        for service, server in self.servers.items():
            server.wait()
            server.create_database(_document(f"rights/{service}.yaml", "ConfigMap")["data"]["rights.sql"])
            self._open_declared_doors(service, server)
            address = server.url("migrator").replace("@", f":{server.password('migrator')}@", 1)
            await migrate(address, service)

    def _open_declared_doors(self, service: str, server: SecurePostgres) -> None:
        """The lines of the Cluster; CloudNativePG puts its own before them, and here it is the tests that look on."""
        lines = _document(f"{service}/cluster.yaml", "Cluster")["spec"]["postgresql"]["pg_hba"]
        ours = f"hostssl all {ADMIN} all scram-sha-256"
        (server.data / "pg_hba.conf").write_text("\n".join([ours, *lines, ""]))
        server.program.process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """All of them."""
        for server in self.servers.values():
            server.stop()

    @asynccontextmanager
    async def connected(self, service: str, role: str, database: str = "") -> AsyncIterator[asyncpg.Connection]:
        """A role in a database of its own server."""
        server = self.servers[service]
        url = server.url(role).replace(f"/{service}?", f"/{database or service}?")
        connection = await asyncpg.connect(url, password=server.password(role), timeout=10)
        try:
            yield connection
        finally:
            await connection.close()

    async def tables(self, service: str) -> dict[str, str]:
        """Every table with one of its columns that can be written."""
        query = """
        select c.relname, (
            select quote_ident(a.attname) from pg_attribute a
            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
              and a.attgenerated = '' and a.attidentity = ''
            order by a.attnum limit 1
        )
        from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
        """
        connection = await self.servers[service].connect(service)
        try:
            return dict(await connection.fetch(query))
        finally:
            await connection.close()


def _document(file: str, kind: str) -> dict[str, Any]:
    documents = yaml.safe_load_all((POSTGRES / file).read_text(encoding="utf-8"))
    found: dict[str, Any] = next(each for each in documents if each["kind"] == kind)
    return found


async def may(connection: asyncpg.Connection, statement: str, *, alone: bool = False) -> bool:
    """Whether it is let through. What it does is undone."""
    try:
        if alone:
            await connection.execute(statement)
            return True
        transaction = connection.transaction()
        await transaction.start()
        try:
            await connection.execute(statement)
        finally:
            await transaction.rollback()
    except REFUSED:
        return False
    return True


@pytest.fixture(scope="module")
async def databases() -> AsyncIterator[Databases]:
    folder = LOCAL / "test" / f"{os.getpid()}-roles"
    databases = Databases(folder)
    try:
        await databases.make()
        tables = sum([len(await databases.tables(service)) for service in SERVICES])
        tell(
            f"rights in PostgreSQL: {len(ROLES)} roles, {tables} tables of {len(SERVICES)} services, {len(TRIES)} tries"
        )
        yield databases
    finally:
        databases.stop()
        shutil.rmtree(folder, ignore_errors=True)


EACH = [(service, role) for service in SERVICES for role in ROLES]


async def differs(databases: Databases, service: str, role: str) -> set[str]:
    """What a role may do with a table and should not, or should and may not; all is tried."""
    found = set()
    async with databases.connected(service, role) as connection:
        for table, column in (await databases.tables(service)).items():
            for what, statement in TRIES.items():
                should = role == "migrator" or what in LEFT_TO_THE_APP.get(table, ROWS)
                if await may(connection, statement.format(table=table, column=column)) != should:
                    found.add(f"{role} {'may not' if should else 'may'} {what} {table}")
    return found


@pytest.mark.parametrize(("service", "role"), [each for each in EACH if each[1] in WITH_TABLES])
async def test_a_role_may_do_with_its_tables_what_is_declared_and_nothing_else(
    databases: Databases, service: str, role: str
) -> None:
    assert len(await databases.tables(service)) > 10
    assert await differs(databases, service, role) == set()


@pytest.mark.parametrize("service", SERVICES)
async def test_an_operator_sees_envelopes_and_nothing_else(databases: Databases, service: str) -> None:
    async with databases.connected(service, "operator") as connection:
        differences, columns = await told_apart(connection)
    assert columns > 100
    assert differences == set()


@pytest.mark.parametrize(("service", "role"), EACH)
async def test_a_role_may_nothing_that_is_the_servers(databases: Databases, service: str, role: str) -> None:
    wrong = []
    async with databases.connected(service, role) as connection:
        for what, statement in (MAKES | NOBODYS).items():
            should = (role, what) in MAY or (role == "migrator" and what in MAKES)
            other = "app" if role == "operator" else "operator"
            said = statement.format(service=service, other=other, admin=ADMIN)
            if await may(connection, said, alone=what in NOT_IN_A_TRANSACTION) != should:
                wrong.append(f"{role} {'may not' if should else 'may'} {what}")
    assert wrong == []


@pytest.mark.parametrize(("service", "role"), EACH)
async def test_no_door_leads_elsewhere(databases: Databases, service: str, role: str) -> None:
    """Not into another database of the own server, and not into another service's."""
    for database in ("postgres", "template1"):
        with pytest.raises(REFUSED):
            async with databases.connected(service, role, database):
                pass
    password = databases.servers[service].password(role)
    for other in set(SERVICES) - {service}:
        server = databases.servers[other]
        for user in (f"{service}_{role}", f"{other}_{role}"):
            url = server.url(role).replace(f"{other}_{role}@", f"{user}@")
            with pytest.raises((*REFUSED, asyncpg.InvalidPasswordError)):
                await asyncpg.connect(url, password=password, timeout=10)


@pytest.fixture
def widened(databases: Databases) -> Iterator[SecurePostgres]:
    server = databases.servers["training"]
    server.execute("grant truncate on schema_migration to training_app", database="training")
    server.execute("revoke select on outbox from training_app", database="training")
    yield server
    server.execute("revoke truncate on schema_migration from training_app", database="training")
    server.execute("grant select on outbox to training_app", database="training")


async def test_a_right_too_many_and_one_too_few_are_seen(databases: Databases, widened: SecurePostgres) -> None:
    expected = {"app may empty schema_migration", "app may not read outbox"}
    assert await differs(databases, "training", "app") >= expected
