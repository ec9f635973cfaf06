"""One connection for an operator's command; its errors are words with a remedy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias
from urllib.parse import urlsplit

import asyncpg

from chassis.trouble import Trouble

CONNECT_TIMEOUT_SECONDS = 10.0

Executor: TypeAlias = "asyncpg.Connection | asyncpg.Pool"
"""A connection, or a pool that lends one: both run a single statement."""


def shown(dsn: str) -> str:
    """An address without its password, for messages."""
    parts = urlsplit(dsn)
    user = f"{parts.username}@" if parts.username else ""
    host = parts.netloc.rpartition("@")[2] or "(socket)"
    return f"{user}{host}{parts.path}"


@asynccontextmanager
async def database(dsn: str, application: str, **settings: str) -> AsyncIterator[asyncpg.Connection]:
    """One connection with these server settings; it is closed afterwards.

    Raises `Trouble` if the database is out of reach, refuses the command, or lacks its tables.
    """
    try:
        connection = await asyncpg.connect(
            dsn,
            timeout=CONNECT_TIMEOUT_SECONDS,
            server_settings={"application_name": application, **settings},
        )
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise _unreachable(dsn, error) from error
    try:
        yield connection
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        trouble = _refused(dsn, error)
        if trouble is None:
            raise
        raise trouble from error
    finally:
        await connection.close(timeout=CONNECT_TIMEOUT_SECONDS)


def _refused(dsn: str, error: Exception) -> Trouble | None:
    """The error in words; None for one that an operator cannot mend."""
    where = f"database {shown(dsn)}"
    if isinstance(error, asyncpg.UndefinedTableError | asyncpg.UndefinedColumnError):
        remedy = "Bring it up to date with `ph migrate`."
        return Trouble(f"the database lacks what this version needs ({error})", where=where, remedy=remedy)
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        remedy = "Use the service's own role, and have its owner grant it what it lacks."
        return Trouble(f"the role may not do this ({error})", where=where, remedy=remedy)
    if isinstance(error, asyncpg.QueryCanceledError | asyncpg.LockNotAvailableError):
        remedy = "A long transaction may hold the rows: wait for it, then try again."
        return Trouble(f"the database gave up waiting ({error})", where=where, remedy=remedy)
    if isinstance(error, OSError | asyncpg.PostgresConnectionError | asyncpg.OperatorInterventionError):
        remedy = "See whether it was done, then try again."
        return Trouble(f"the connection was lost ({error})", where=where, remedy=remedy)
    return None


def _unreachable(dsn: str, error: Exception) -> Trouble:
    where = f"database {shown(dsn)}"
    if isinstance(error, TimeoutError):
        what = f"no answer within {CONNECT_TIMEOUT_SECONDS:g} s"
        remedy = "Check host and port, and that no firewall or network policy drops the connection."
    elif isinstance(error, OSError):
        what = f"cannot be reached ({error.strerror or error})"
        remedy = "Check host and port of the address, and that PostgreSQL runs there."
    elif isinstance(error, asyncpg.InvalidPasswordError):
        what = "the password was refused"
        remedy = "Check the file that ..._DATABASE_PASSWORD_FILE names, or the password in the address."
    elif isinstance(error, asyncpg.InvalidAuthorizationSpecificationError):
        what = f"the server refuses this role ({error})"
        remedy = "Check the address's user, that the role may log in, and the server's pg_hba rules."
    elif isinstance(error, asyncpg.InvalidCatalogNameError):
        what = "there is no such database"
        remedy = "Create it (owned by the migrator's role), or mend the name in the address."
    elif isinstance(error, asyncpg.InsufficientPrivilegeError):
        what = f"the role may not connect ({error})"
        remedy = "Have the database's owner grant this role CONNECT on it."
    elif isinstance(error, asyncpg.ProtocolViolationError):
        what = f"the server or a pooler before it refuses the start of a session ({error})"
        remedy = "Have the pooler ignore these parameters (PgBouncer: ignore_startup_parameters), or name the server."
    elif isinstance(error, asyncpg.PostgresError):
        what = f"the server refuses the connection ({error})"
        remedy = "If the server is starting up or out of connections, try again; else see its log."
    else:
        what = f"the address is not usable ({error})"
        remedy = "It must look like postgresql://user@host:port/name."
    return Trouble(what, where=where, remedy=remedy)
