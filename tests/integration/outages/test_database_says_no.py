"""A database that refuses what it should give: nothing ends, nothing is published in vain, the log says what it is."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.postgres import migrations
from deploy.local.stack import LocalStack
from tests.integration.test_relay import relay_for, running, until_empty
from tests.support import outbox
from tests.support import toy as toy_service
from tests.support.brokers import Broker
from tests.support.cluster import Cluster
from tests.support.past import adopt
from tests.support.shop import Shop
from tests.support.toy import Sell
from tests.support.toy_process import ToyProcess, until, until_async
from tests.support.toy_runtime import ToyRuntime

_OTHERS = "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()"


class Admin(NamedTuple):
    """Who administers the server."""

    connection: asyncpg.Connection

    async def run(self, *statements: str) -> None:
        """One after the other."""
        for statement in statements:
            await self.connection.execute(statement)

    async def cut(self, dsn: str) -> None:
        """Ends all sessions of that database, as a failover does."""
        await self.connection.execute(_OTHERS.replace("$1", f"'{name_of(dsn)}'"))


def name_of(dsn: str) -> str:
    return urlsplit(dsn).path[1:]


@pytest.fixture
async def admin(cluster: Cluster) -> AsyncIterator[Admin]:
    connection = await asyncpg.connect(cluster.dsn("postgres"))
    yield Admin(connection)
    await connection.close()


class Login(NamedTuple):
    """A service's role, with its password in a file."""

    role: str
    address: str
    password_file: Path

    @property
    def settings(self) -> dict[str, str]:
        return {"TILL_DATABASE_PASSWORD_FILE": str(self.password_file)}


@pytest.fixture
async def login(admin: Admin, pool: asyncpg.Pool, dsn: str, tmp_path: Path) -> AsyncIterator[Login]:
    role, file = f"app_{uuid4().hex[:8]}", tmp_path / "password"
    file.write_text("one")
    await admin.run(f"create role {role} login password 'one'")
    await pool.execute(f"grant all on all tables in schema public to {role}")
    await pool.execute(f"grant all on all sequences in schema public to {role}")
    parts = urlsplit(dsn)
    yield Login(role, urlunsplit(parts._replace(netloc=f"{role}@{parts.netloc.rpartition('@')[2]}")), file)
    await cut_role(pool, role)
    await pool.execute(f"drop owned by {role}")
    await admin.run(f"drop role {role}")


# --- read only ------------------------------------------------------------------------------------------------------


async def test_on_a_read_only_database_the_process_lives_and_publishes_nothing_that_it_cannot_delete(
    stack: LocalStack, admin: Admin, dsn: str, broker: Broker, shop: Shop, toy: ToyRuntime
) -> None:
    till = uuid4()
    for _ in range(20):
        await toy.command(Sell(till, 1))
    await admin.run(f"alter database {name_of(dsn)} set default_transaction_read_only = on")
    for _ in range(2):
        await answers_503_and_publishes_nothing(ToyProcess(stack, dsn, shop.source), broker, till)
    process = ToyProcess(stack, dsn, shop.source)
    async with process:
        await until(lambda: bool(process.lines("relay_interrupted")), "the relay to notice")
        await admin.run(f"alter database {name_of(dsn)} reset default_transaction_read_only")
        await admin.cut(dsn)
        await process.until_probe("ready", 200)

        async def all_published() -> bool:
            return len((await broker.sequences("ph.till.v1", {str(till)})).get(str(till), ())) >= 20

        await until_async(all_published, "the waiting events to be published")
        assert (await process.sell(till, 1)).status_code == 201
    assert await broker.sequences("ph.till.v1", {str(till)}) == {str(till): list(range(1, 22))}


async def answers_503_and_publishes_nothing(process: ToyProcess, broker: Broker, till: UUID) -> None:
    async with process:
        await until(lambda: bool(process.lines("relay_interrupted")), "the relay to notice")
        await until(lambda: bool(process.lines("service_started")), "the start")
        assert await process.metric("ph_outage_retries_total", where="relay", reason="25006") >= 1
        answer = await process.sell(uuid4(), 1)
        assert (answer.status_code, answer.json()["code"]) == (503, "temporarily_unavailable")
        assert answer.headers["retry-after"]
        await asyncio.sleep(1)
        assert await process.probe("live") == 200
        assert await broker.sequences("ph.till.v1", {str(till)}) == {}
    line = process.lines("relay_interrupted")[-1]
    assert (line["reason"], line["says"].partition("in a ")[2]) == ("25006", "read-only transaction")
    assert "standby" in line["remedy"]


async def test_a_leader_notices_that_its_session_has_become_read_only(
    admin: Admin, dsn: str, pool: asyncpg.Pool, broker: Broker, toy: ToyRuntime
) -> None:
    till = uuid4()
    await toy.command(Sell(till, 1))
    async with running(relay_for(broker, dsn)):
        await until_empty(pool)
        await toy.command(Sell(till, 1))
        await until_empty(pool)
        async with writable(pool) as writer:
            try:
                await admin.run("alter system set default_transaction_read_only = on", "select pg_reload_conf()")
                await asyncio.sleep(0.5)
                await writer.executemany(
                    "insert into outbox (topic, key, record) values ('ph.till.v1', $1, $2)",
                    [(str(till), outbox.record(str(till), b"x", ce_sequence=str(number))) for number in (3, 4, 5)],
                )
                await asyncio.sleep(1.5)
                assert await broker.sequences("ph.till.v1", {str(till)}) == {str(till): [1, 2]}
            finally:
                await admin.run("set default_transaction_read_only = off")
                await admin.run("alter system reset default_transaction_read_only", "select pg_reload_conf()")
            await until_empty(pool)
    assert await broker.sequences("ph.till.v1", {str(till)}) == {str(till): [1, 2, 3, 4, 5]}


@asynccontextmanager
async def writable(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Connection]:
    """A session that writes whatever the server's default is."""
    async with pool.acquire() as connection:
        await connection.execute("set default_transaction_read_only = off")
        yield connection
        await connection.execute("reset default_transaction_read_only")


# --- passwords ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["api", "all"])
async def test_a_rotated_password_is_read_from_its_file_without_a_restart(
    stack: LocalStack, admin: Admin, dsn: str, pool: asyncpg.Pool, broker: Broker, shop: Shop, login: Login, role: str
) -> None:
    till = uuid4()
    async with ToyProcess(stack, login.address, shop.source, ROLE=role, **login.settings) as process:
        await process.until_probe("ready", 200)
        assert (await process.sell(till, 1)).status_code == 201
        if role == "all":
            await until_empty(pool)

        await admin.run(f"alter role {login.role} password 'two'")
        await cut_role(pool, login.role)
        answer = await process.sell(till, 1)
        assert (answer.status_code, answer.json()["code"]) == (503, "temporarily_unavailable"), "the file is still old"
        assert answer.headers["retry-after"]
        assert "_DATABASE_PASSWORD_FILE" in process.lines("request_unavailable")[-1]["remedy"]

        login.password_file.unlink()
        assert (await process.sell(till, 1)).status_code == 503
        assert await process.probe("live") == 200

        login.password_file.write_text("two")
        await process.until_probe("ready", 200)
        assert (await process.sell(till, 1)).status_code == 201
        if role == "all":
            await until_empty(pool)
            assert await broker.sequences("ph.till.v1", {str(till)}) == {str(till): [1, 2]}


async def cut_role(pool: asyncpg.Pool, role: str) -> None:
    await pool.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = $1", role)


# --- not there yet --------------------------------------------------------------------------------------------------


async def test_a_database_that_does_not_exist_yet_is_waited_for(
    stack: LocalStack, cluster: Cluster, shop: Shop
) -> None:
    name = f"later_{uuid4().hex[:8]}"
    async with ToyProcess(stack, cluster.dsn(name), shop.source) as process:
        await until(lambda: len(process.lines("waiting")) >= 2, "the process to wait")
        line = process.lines("waiting")[0]
        assert (line["what"], line["reason"]) == ("database", "3D000")
        assert line["says"] == f'database "{name}" does not exist'
        assert "Create the database" in line["remedy"]
        assert await process.probe("live") == 200
        await migrations.migrate(await cluster.create_database(name), "till", toy_service.MIGRATIONS)
        await adopt(cluster.dsn(name), stack.kafka.bootstrap, "ph.till.v1")
        await process.until_probe("ready", 200)
    await cluster.drop_database(name)


@pytest.mark.parametrize(
    ("lack", "mend", "reason", "says"),
    [
        ("revoke connect on database {database} from public", "grant connect on database {database} to public",
         "42501", "permission denied for database"),
        ("alter role {role} nologin", "alter role {role} login", "28000", "is not permitted to log in"),
        ("alter role {role} password 'another'", "alter role {role} password 'one'",
         "28P01", "password authentication failed for user"),
    ],
    ids=["no right to connect", "no login", "another password"],
)  # fmt: skip
async def test_a_login_that_is_not_given_yet_is_waited_for(
    stack: LocalStack, admin: Admin, shop: Shop, login: Login, lack: str, mend: str, reason: str, says: str
) -> None:
    names = {"database": name_of(login.address), "role": login.role}
    await admin.run(lack.format(**names))
    async with ToyProcess(stack, login.address, shop.source, **login.settings) as process:
        await until(lambda: len(process.lines("waiting")) >= 2, "the process to wait")
        line = process.lines("waiting")[0]
        assert (line["what"], line["reason"]) == ("database", reason)
        assert says in line["says"]
        assert line["remedy"]
        assert await process.metric("ph_outage_retries_total", where="database", reason=reason) >= 2
        assert await process.probe("live") == 200
        await admin.run(mend.format(**names))
        await process.until_probe("ready", 200)


@pytest.mark.parametrize("table", ["schema_migration", "tag_key", "outbox", "deadline"])
async def test_a_right_on_a_table_that_is_not_granted_yet_is_waited_for(
    stack: LocalStack, pool: asyncpg.Pool, shop: Shop, login: Login, table: str
) -> None:
    await pool.execute(f"revoke all on {table} from {login.role}, public")
    async with ToyProcess(stack, login.address, shop.source, **login.settings) as process:
        told = ("waiting", "relay_interrupted", "loop_interrupted")

        def lacks() -> bool:
            words = f"permission denied for table {table}"
            return any(line["event"] in told and line.get("says") == words for line in process.lines())

        await until(lacks, "the log to say what is missing")
        await asyncio.sleep(1)
        assert await process.probe("live") == 200
        await pool.execute(f"grant all on {table} to {login.role}")
        await process.until_probe("ready", 200)
        assert (await process.sell(uuid4(), 1)).status_code == 201
        await until_empty(pool)


@asynccontextmanager
async def pooler_that_refuses_parameters() -> AsyncIterator[int]:
    """As PgBouncer refuses a start-up parameter that it does not know. Gives its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            length, code = struct.unpack("!ii", await reader.readexactly(8))
            if code == 80877103:  # SSLRequest
                writer.write(b"N")
                (length,) = struct.unpack("!i", await reader.readexactly(4))
                await reader.readexactly(length - 4)
            fields = b"SFATAL\0C08P01\0Munsupported startup parameter: statement_timeout\0\0"
            writer.write(b"E" + struct.pack("!i", len(fields) + 4) + fields)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_a_pooler_that_refuses_startup_parameters_is_quoted(stack: LocalStack, shop: Shop) -> None:
    async with pooler_that_refuses_parameters() as port:
        dsn = f"postgresql://somebody@127.0.0.1:{port}/somewhere"
        async with ToyProcess(stack, dsn, shop.source) as process:
            await until(lambda: bool(process.lines("waiting")), "the process to wait")
            line = process.lines("waiting")[0]
            assert line["says"] == "unsupported startup parameter: statement_timeout"
            assert "ignore_startup_parameters" in line["remedy"]
            assert await process.probe("live") == 200
