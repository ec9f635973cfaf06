"""Which failures of the database are tried again, which park a record, and which end the process."""

from __future__ import annotations

import asyncpg
import pytest

from chassis.postgres.database import is_bad_data, is_outage, told
from chassis.pure.states import ConcurrentUpdateError
from chassis.settings import SecretError

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
    asyncpg.ReadOnlySQLTransactionError(),
    asyncpg.InvalidPasswordError(),
    asyncpg.InvalidAuthorizationSpecificationError(),
    asyncpg.InvalidCatalogNameError(),
    asyncpg.InsufficientPrivilegeError(),
    SecretError("secret file /run/password cannot be read"),
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
BUG = [asyncpg.UndefinedTableError(), asyncpg.PostgresSyntaxError(), KeyError()]


@pytest.mark.parametrize("error", OUTAGES, ids=lambda error: type(error).__name__)
def test_the_same_work_may_succeed_later(error: Exception) -> None:
    assert (is_outage(error), is_bad_data(error)) == (True, False)


@pytest.mark.parametrize("error", BAD_DATA, ids=lambda error: type(error).__name__)
def test_the_data_are_bad(error: Exception) -> None:
    assert (is_outage(error), is_bad_data(error)) == (False, True)


@pytest.mark.parametrize("error", BUG, ids=lambda error: type(error).__name__)
def test_nobody_foresaw_it(error: Exception) -> None:
    assert (is_outage(error), is_bad_data(error)) == (False, False)


def test_a_log_line_has_the_servers_message_without_its_details_and_the_remedy() -> None:
    error = asyncpg.PostgresError.new(
        {"C": "42501", "M": "permission denied for table outbox", "D": "Failing row contains (Amina Okafor)."}
    )
    assert told(error) == {
        "reason": "42501",
        "says": "permission denied for table outbox",
        "remedy": "Have the owner grant the service's role this right; it is tried again.",
    }


def test_of_an_error_that_nobody_foresaw_nothing_is_quoted() -> None:
    error = asyncpg.PostgresError.new({"C": "42601", "M": 'syntax error at or near "Okafor"'})
    assert told(error) == {"reason": "42601"}


def test_a_secret_that_cannot_be_read_is_named() -> None:
    error = SecretError("secret file /run/password cannot be read (No such file or directory)")
    assert told(error)["says"] == str(error)
