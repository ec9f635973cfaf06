"""PostgreSQL as the manifests declare it: one server per service, TLS only, three roles, an own authority."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from deploy.local.authority import Authority
from deploy.local.places import LOCAL
from deploy.local.postgres_tls import SecurePostgres, start

HOSTS = ("localhost", "referral-db-rw")
"""The first one is the name that a process finds without any name server."""


@pytest.fixture(scope="module")
def server() -> Iterator[SecurePostgres]:
    folder = LOCAL / "test" / f"{os.getpid()}-postgres-tls"
    server = start(folder, "referral", HOSTS, Authority(folder / "ca"))
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def connected(server: SecurePostgres, role: str, url: str = "") -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url or server.url(role), password=server.password(role), timeout=10)
    try:
        yield connection
    finally:
        await connection.close()


async def again_and_again(server: SecurePostgres, url: str) -> None:
    """Connects until it is refused: a new certificate is shown a moment after it was asked for."""
    async with asyncio.timeout(10):
        while True:
            async with connected(server, "app", url):
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("role", ["app", "migrator", "operator"])
async def test_each_role_comes_in_by_tls_and_knows_whom_it_talks_to(server: SecurePostgres, role: str) -> None:
    assert "sslmode=verify-full" in server.url(role)
    async with connected(server, role) as connection:
        row = await connection.fetchrow("select ssl, version from pg_stat_ssl where pid = pg_backend_pid()")
    assert row is not None
    assert row["ssl"]
    assert row["version"] in {"TLSv1.2", "TLSv1.3"}


async def test_nobody_comes_in_without_tls_not_even_the_superuser(server: SecurePostgres) -> None:
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match="no encryption"):
        async with connected(server, "app", server.url("app").partition("?")[0] + "?sslmode=disable"):
            pass
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match="no encryption"):
        await asyncpg.connect(
            host=server.address, port=server.port, user="postgres", password=server.password("postgres"), ssl=False
        )


async def test_another_authority_and_another_name_are_refused_by_the_client(
    server: SecurePostgres, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError, match="certificate verify failed"):
        async with connected(server, "app", server.url("app", authority=str(stranger.file))):
            pass
    server.renew_certificate(hosts=["referral-db-rw"])
    try:
        with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
            await again_and_again(server, server.url("app"))
    finally:
        server.renew_certificate(hosts=HOSTS)


async def test_a_wrong_password_is_refused(server: SecurePostgres) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(server.url("app"), password="guess")


async def test_roles_may_do_what_is_declared_and_nothing_else(server: SecurePostgres) -> None:
    async with connected(server, "migrator") as migrator, connected(server, "app") as app:
        await migrator.execute("create table probe (id bigint generated always as identity primary key, word text)")
        await app.execute("insert into probe (word) values ('one')")
        for forbidden in ("create table other (id int)", "truncate probe", "drop table probe"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.execute(forbidden)
        async with connected(server, "operator") as operator:
            for forbidden in (
                "select word from probe",
                "create table other (id int)",
                "truncate probe",
                "alter role referral_app password 'x'",
            ):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await operator.execute(forbidden)
        await migrator.execute("drop table probe")


def test_what_is_made_again_stays_and_its_secrets_are_their_owners(server: SecurePostgres) -> None:
    server.execute("create table kept as select 1", database="referral")
    server.create_database()
    assert server.value("select count(*) from kept", database="referral") == 1
    secrets = [*(server.directory / "secrets").iterdir(), server.directory / "server.key"]
    assert len(secrets) == 5
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}


def test_an_operator_who_saw_what_the_service_sees_does_so_no_more(server: SecurePostgres) -> None:
    server.execute("grant referral_app to referral_operator")
    server.create_database()
    assert not server.value("select pg_has_role('referral_operator', 'referral_app', 'member')")


async def test_another_authority_is_shown_without_a_restart_and_connections_stay(
    server: SecurePostgres, tmp_path: Path
) -> None:
    former = server.url("app")
    async with connected(server, "app") as early:
        server.renew_certificate(Authority(tmp_path))
        with pytest.raises(ssl.SSLCertVerificationError, match="certificate verify failed"):
            await again_and_again(server, former)
        assert await early.fetchval("select 1") == 1
    async with connected(server, "app") as late:
        assert await late.fetchval("select 1") == 1
