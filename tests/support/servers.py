"""PostgreSQL servers of a test's own, to be put back, to crash, and to be followed by a standby."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import asyncpg

from chassis.postgres import migrations
from deploy.local import processes
from deploy.local.places import free_port
from deploy.local.postgres import Postgres, _binaries
from tests.support import toy as toy_service
from tests.support.restores import value


class Server:
    """One durable server with the toy service's database; a standby of it, or a copy, has the same password."""

    def __init__(self, directory: Path, name: str = "primary", *, port: int = 0) -> None:
        self.directory = directory
        self.data = directory / name
        self._postgres = Postgres(self.data, directory / "secrets", directory / f"{name}.log", port or free_port())

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._postgres.port

    @property
    def dsn(self) -> str:
        """The superuser's address of the toy service's database."""
        return f"{self._postgres.admin_dsn.rpartition('/')[0]}/till"

    def start(self) -> None:
        """Starts it, or starts it again, with whatever its data directory holds."""
        self._postgres.start()

    def stop(self) -> None:
        """In order."""
        self._postgres.stop()

    def crash(self) -> None:
        """At once, as if the machine were switched off but for what it had written: the next start recovers."""
        self._postgres.program.process.send_signal(signal.SIGQUIT)
        self._postgres.program.process.wait(20)

    async def prepare(self, *settings: str) -> None:
        """Makes the database with its tables; then takes these settings over by a restart."""
        admin = await asyncpg.connect(self._postgres.admin_dsn)
        await admin.execute("create database till")
        for setting in settings:
            await admin.execute(f"alter system set {setting}")
        await admin.close()
        await migrations.migrate(self.dsn, "till", toy_service.MIGRATIONS)
        self.stop()
        self.start()

    def copied(self, name: str) -> Path:
        """A copy of the data directory of a server that is stopped: a snapshot of the volume."""
        copy = self.directory / name
        shutil.copytree(self.data, copy)
        return copy

    def put_back(self, copy: Path) -> None:
        """The copy in the place of what is there."""
        shutil.rmtree(self.data)
        shutil.copytree(copy, self.data)

    def backed_up(self, name: str, *options: str) -> Path:
        """A base backup of the running server."""
        copy = self.directory / name
        run("pg_basebackup", "--pgdata", copy, "--checkpoint=fast", *options, "--dbname", self._postgres.admin_dsn)
        return copy

    def standby(self) -> Server:
        """A server that follows this one, started."""
        self.backed_up("standby", "--write-recovery-conf")
        standby = Server(self.directory, "standby")
        standby.start()
        return standby

    async def promoted(self) -> None:
        """Makes the standby a primary."""
        await value(self.dsn, "select pg_promote()")


def run(program: str, *arguments: str | Path) -> None:
    """One of PostgreSQL's programs, to its end."""
    processes.run_unprivileged([_binaries() / program, *arguments])
