"""One connection beside the pool, for what must not wait behind commands: the readiness probe."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from chassis.postgres.database import Password


class OwnConnection:
    """Opened when it is first used, and anew after whatever went wrong on it; one user at a time."""

    def __init__(self, dsn: str, application: str, password: Password = None) -> None:
        self._dsn = dsn
        self._application = application
        self._password = password
        self._lock = asyncio.Lock()
        self._connection: asyncpg.Connection | None = None

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[asyncpg.Connection]:
        """The connection. A user that fails, or is cancelled on a silent one, leaves none behind that hangs."""
        async with self._lock:
            if self._connection is None or self._connection.is_closed():
                self._connection = await asyncpg.connect(
                    self._dsn,
                    password=self._password,
                    timeout=10,
                    command_timeout=10,
                    server_settings={"application_name": self._application, "statement_timeout": "5000"},
                )
            try:
                yield self._connection
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """At once."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
