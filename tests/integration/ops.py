"""What tests of the operators' tools need: a PostgreSQL database with its three roles, and the command `ph`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from chassis.operators.cli import app
from tests.support.cluster import Cluster

T = TypeVar("T")


@dataclass(frozen=True)
class Database:
    """A database as a deployment sets it up: the migrator owns it, the application may not change it."""

    migrator: str
    application: str
    operator: str

    def run(
        self, work: Callable[[asyncpg.Connection], Awaitable[T]], *, as_application: bool = False, of: str = ""
    ) -> T:
        """The result of `work` on a connection of its own; `of`: the address of one of the roles."""

        async def connected() -> T:
            connection = await asyncpg.connect(of or (self.application if as_application else self.migrator))
            try:
                return await work(connection)
            finally:
                await connection.close()

        return asyncio.run(connected())

    def fetch(self, query: str, *arguments: Any, as_application: bool = False) -> list[tuple[Any, ...]]:
        """The rows of one statement."""
        rows = self.run(lambda c: c.fetch(query, *arguments), as_application=as_application)
        return [tuple(row) for row in rows]


@contextmanager
def created(cluster: Cluster) -> Iterator[Database]:
    """An empty database with its roles, gone afterwards."""
    server = cluster.dsn("postgres")
    name = f"ops_{uuid4().hex[:12]}"
    migrator, application, operator = f"{name}_migrator", f"{name}_app", f"{name}_operator"

    async def administer(*statements: str, database: str = "") -> None:
        connection = await asyncpg.connect(_address(server, database=database))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(
        administer(
            f"create role {migrator} login password 'm'",
            f"create role {application} login password 'a'",
            f"create role {operator} login password 'o'",
            f"create database {name} owner {migrator}",
        )
    )
    asyncio.run(
        administer(
            f"alter default privileges for role {migrator} grant all on tables to {application}",
            f"alter default privileges for role {migrator} grant usage, select on sequences to {application}",
            database=name,
        )
    )
    yield Database(
        _address(server, user=f"{migrator}:m", database=name),
        _address(server, user=f"{application}:a", database=name),
        _address(server, user=f"{operator}:o", database=name),
    )
    roles = (f"drop role {each}" for each in (migrator, application, operator))
    asyncio.run(administer(f"drop database {name} with (force)", *roles))


def command(database: Database, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`ph`, with the service `referral` at this database."""
    monkeypatch.setenv("REFERRAL_DATABASE_URL", database.application)
    monkeypatch.setenv("REFERRAL_MIGRATOR_DATABASE_URL", database.migrator)
    monkeypatch.setenv("REFERRAL_OPERATOR_DATABASE_URL", database.operator)
    monkeypatch.delenv("REFERRAL_DATABASE_PASSWORD_FILE", raising=False)
    monkeypatch.delenv("REFERRAL_MIGRATOR_DATABASE_PASSWORD_FILE", raising=False)
    monkeypatch.delenv("REFERRAL_OPERATOR_DATABASE_PASSWORD_FILE", raising=False)
    monkeypatch.delenv("PH_OPERATOR", raising=False)
    monkeypatch.delenv("REFERRAL_API_URL", raising=False)
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def _address(dsn: str, *, user: str = "", database: str = "") -> str:
    parts = urlsplit(dsn)
    credentials, _, host = parts.netloc.rpartition("@")
    path = f"/{database}" if database else parts.path
    return urlunsplit(parts._replace(netloc=f"{user or credentials}@{host}", path=path))
