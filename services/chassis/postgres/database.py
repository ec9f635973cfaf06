"""Connections, and what an error of PostgreSQL means for the work at hand: an outage or bad data."""

from __future__ import annotations

from typing import Any, Protocol

import asyncpg

_OUTAGE_CLASSES = ("08", "40", "53", "55", "57", "58")
"""55: a lock that was not free in time, a database that takes no connections for now."""
_BAD_DATA_CLASSES = ("22", "23")


LENT_WITHIN = 5.0
"""Seconds that a caller waits for a free connection; then the service is overloaded."""


class ConcurrentUpdateError(Exception):
    """Another transaction wrote an aggregate or a position first; the caller does the work again on fresh state."""


class Connection(Protocol):
    """The part of asyncpg's connection that the hot path uses."""

    async def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]:
        """All rows."""

    async def fetchrow(self, query: str, *args: Any) -> asyncpg.Record | None:
        """The first row."""

    async def fetchval(self, query: str, *args: Any) -> Any:
        """The first value of the first row."""

    async def execute(self, query: str, *args: Any) -> str:
        """The command tag."""

    def transaction(self) -> Any:
        """A context manager that commits or rolls back."""


def is_outage(error: BaseException) -> bool:
    """True if the same work may succeed later: the database or the network does not answer, gives up, or is overloaded,
    or another transaction was in the way. Nothing is wrong with the data."""
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "").startswith(_OUTAGE_CLASSES)
    if isinstance(error, asyncpg.InterfaceError):
        return not isinstance(error, ValueError)
    # asyncpg raises InternalClientError if the server ends a session in the middle of a statement (its issue 1069).
    return isinstance(error, ConcurrentUpdateError | asyncpg.InternalClientError | OSError | TimeoutError)


def is_bad_data(error: BaseException) -> bool:
    """True if PostgreSQL refuses the data (SQLSTATE 22, 23) or asyncpg cannot encode it: a second try cannot help."""
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "").startswith(_BAD_DATA_CLASSES)
    return isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)


def reason_of(error: BaseException) -> str:
    """A label without values: SQLSTATE or type."""
    return str(getattr(error, "sqlstate", None) or type(error).__name__)


async def _keep(_connection: asyncpg.Connection) -> None:
    """Resets nothing between two uses: nobody sets session state. asyncpg's own reset costs one more round trip."""


async def open_pool(dsn: str, size: int, application: str) -> asyncpg.Pool:
    """A pool whose statements cannot hang for ever."""
    pool: asyncpg.Pool = await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        command_timeout=30,
        timeout=10,
        max_inactive_connection_lifetime=300,
        reset=_keep,
        server_settings={
            "application_name": application,
            "statement_timeout": "20000",
            "lock_timeout": "10000",
            "idle_in_transaction_session_timeout": "60000",
            "jit": "off",
            # Every hot statement has an index. PostgreSQL would keep a plan that it made while a table was nearly
            # empty, and would scan the grown table once per key.
            "enable_seqscan": "off",
        },
    )
    return pool
