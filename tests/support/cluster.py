"""The PostgreSQL server that a test run shares."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

import asyncpg


class Cluster:
    """Creates and drops databases. `admin_dsn` is a superuser's address of any database of the server."""

    def __init__(self, admin_dsn: str) -> None:
        self._admin_dsn = admin_dsn

    def dsn(self, name: str) -> str:
        """The superuser's address of a database."""
        return urlunsplit(urlsplit(self._admin_dsn)._replace(path=f"/{name}"))

    async def create_database(self, name: str, template: str = "template1") -> str:
        """A new database and its address. Copied as files: to log every page costs three times the work."""
        await self._execute(f'create database "{name}" template "{template}" strategy file_copy')
        return self.dsn(name)

    async def drop_database(self, name: str) -> None:
        """Drops a database, whoever is connected."""
        await self._execute(f'drop database if exists "{name}" with (force)')

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self._admin_dsn)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()
