"""Connections, and what an error of PostgreSQL means for the work at hand: an outage or bad data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

import asyncpg

from chassis.pure.states import ConcurrentUpdateError
from chassis.settings import SecretError

_OUTAGES = ("08", "25006", "28", "3D", "40", "42501", "53", "55", "57", "58")
"""SQLSTATEs and their classes. 25006: read-only for now. 28: a password or role that the server does not take yet.
3D: no such database yet. 42501: a right that is not granted yet. 55: a lock that was not free in time, a database that
takes no connections for now."""
_BAD_DATA_CLASSES = ("22", "23")


LENT_WITHIN = 5.0
"""Seconds that a caller waits for a free connection; then the service is overloaded."""
LENT_TO_BACKGROUND_WITHIN = 10.0
"""The same for what no caller waits for: records, deadlines, sealing. Who gives up begins the whole batch again, which
costs more than to wait for those who were before it."""
_REMEDIES = {
    "08P01": "A pooler may refuse parameters of a session's start: have it ignore them (PgBouncer: "
    "ignore_startup_parameters), or name PostgreSQL itself in <SERVICE>_DATABASE_URL.",
    "25006": "The database takes no writes: see whether it is a standby or its disk is full; it is tried again.",
    "28000": "Check the role in <SERVICE>_DATABASE_URL, its right to log in, and the server's pg_hba rules.",
    "28P01": "Write the password to the file of <SERVICE>_DATABASE_PASSWORD_FILE: each connection reads it anew.",
    "3D000": "Create the database, owned by the migrator's role, or mend the name in <SERVICE>_DATABASE_URL.",
    "42501": "Have the owner grant the service's role this right; it is tried again.",
}

Password: TypeAlias = Callable[[], str] | None
"""Reads the role's password anew for each connection; None where the address has it, or none is needed."""


MAY_BE_OUTAGES: tuple[type[Exception], ...] = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    ConcurrentUpdateError,
    OSError,
)
"""What an outage is raised as. asyncpg raises InternalClientError if the server ends a session in the middle of a
statement (its issue 1069); a TimeoutError is an OSError."""


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
    """True if the same work may succeed later: the database or the network does not answer, gives up, is overloaded, or
    lacks what an operator still has to give; or another transaction was in the way. Nothing is wrong with the data."""
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "").startswith(_OUTAGES)
    if isinstance(error, asyncpg.InterfaceError):
        return not isinstance(error, ValueError)
    return isinstance(error, MAY_BE_OUTAGES)


def is_bad_data(error: BaseException) -> bool:
    """True if PostgreSQL refuses the data (SQLSTATE 22, 23) or asyncpg cannot encode it: a second try cannot help."""
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "").startswith(_BAD_DATA_CLASSES)
    return isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)


def reason_of(error: BaseException) -> str:
    """A label without values: SQLSTATE or type."""
    return str(getattr(error, "sqlstate", None) or type(error).__name__)


def told(error: BaseException) -> dict[str, str]:
    """What a log line tells of an outage: its reason, the server's own words, and the remedy if there is one to name.

    `says` has the server's message and never its DETAIL, which may quote values; of a secret, the file at fault.
    """
    fields = {"reason": reason_of(error)}
    says = str(error) if isinstance(error, SecretError) else getattr(error, "message", None)
    if isinstance(says, str) and is_outage(error):
        fields["says"] = says
    if (remedy := _REMEDIES.get(fields["reason"])) is not None:
        fields["remedy"] = remedy
    return fields


async def _keep(_connection: asyncpg.Connection) -> None:
    """Resets nothing between two uses: nobody sets session state. asyncpg's own reset costs one more round trip."""


async def open_pool(dsn: str, size: int, application: str, password: Password = None) -> asyncpg.Pool:
    """A pool whose statements cannot hang for ever."""
    pool: asyncpg.Pool = await asyncpg.create_pool(
        dsn,
        password=password,
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
