"""Which failures of the database are tried again, which park a record, and which end the process."""

from __future__ import annotations

import asyncpg
import pytest

from chassis.postgres.database import ConcurrentUpdateError, is_bad_data, is_outage

OUTAGES = [
    asyncpg.ConnectionDoesNotExistError(),
    asyncpg.SerializationError(),
    asyncpg.DeadlockDetectedError(),
    asyncpg.DiskFullError(),
    asyncpg.TooManyConnectionsError(),
    asyncpg.LockNotAvailableError(),
    asyncpg.AdminShutdownError(),
    asyncpg.CrashShutdownError(),
    asyncpg.QueryCanceledError(),
    asyncpg.PostgresIOError(),
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress"),
    ConcurrentUpdateError(),
    ConnectionResetError(),
    TimeoutError(),
]
BAD_DATA = [
    asyncpg.StringDataRightTruncationError(),
    asyncpg.NumericValueOutOfRangeError(),
    asyncpg.CheckViolationError(),
    asyncpg.UniqueViolationError(),
    asyncpg.exceptions.DataError("invalid input for query argument"),
]
BUG = [asyncpg.UndefinedTableError(), asyncpg.PostgresSyntaxError(), asyncpg.InsufficientPrivilegeError(), KeyError()]


@pytest.mark.parametrize("error", OUTAGES, ids=lambda error: type(error).__name__)
def test_the_same_work_may_succeed_later(error: Exception) -> None:
    assert (is_outage(error), is_bad_data(error)) == (True, False)


@pytest.mark.parametrize("error", BAD_DATA, ids=lambda error: type(error).__name__)
def test_the_data_are_bad(error: Exception) -> None:
    assert (is_outage(error), is_bad_data(error)) == (False, True)


@pytest.mark.parametrize("error", BUG, ids=lambda error: type(error).__name__)
def test_nobody_foresaw_it(error: Exception) -> None:
    assert (is_outage(error), is_bad_data(error)) == (False, False)
