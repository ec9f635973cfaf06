"""Where two builds meet: one PostgreSQL, one Kafka, and for each build its own databases and service processes."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from bench.against.api import GRANT_CONSENT, OPEN_CASE, Api, case_id
from bench.against.builds import Build
from bench.load import Load, sent
from bench.machine import cpu_seconds
from chassis.kafka.kinds import kinds
from deploy.local import processes
from deploy.local.issuer import AUDIENCES
from deploy.local.places import LOCAL, StackError, free_port, free_ports
from deploy.local.postgres import ADMIN, write_secret
from deploy.local.processes import Program
from deploy.local.stack import LocalStack
from tests.support.cluster import Cluster
from tests.support.past import adopt

T = TypeVar("T")

READY_SECONDS = 60
STOP_SECONDS = 25
CALLERS = 16
SCOUT = ("scout", "scouts:bavaria", "DE")
INHERITED = ("PATH", "HOME", "LANG", "TZ", "TMPDIR")


def inherited() -> dict[str, str]:
    """What a build's programs get of this environment."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ}


@dataclass(frozen=True)
class Service:
    """A running service of a build."""

    program: Program
    port: int

    @property
    def pid(self) -> int:
        """Of its process."""
        return self.program.pid

    def document(self) -> Mapping[str, Any]:
        """Its OpenAPI document."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/openapi.json", timeout=10) as answer:
            document: Mapping[str, Any] = json.load(answer)
        return document

    def wait_ready(self) -> None:
        """Until /health/ready says so. Raises `StackError` if the process ends or time is up."""
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            self.program.require_alive()
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=2):
                return
            time.sleep(0.05)
        raise StackError(f"{self.program.name} is not ready after {READY_SECONDS} s; see {self.program.log}")


@dataclass(frozen=True)
class Desk:
    """A referral service's database with cases that can be referred, and what the build wants to hear for it."""

    template: str
    cases: list[str]
    api: Api


@dataclass
class Field:
    """The servers of this run. `tick` moves the progress bar and says what comes next."""

    stack: LocalStack
    cluster: Cluster
    builds: tuple[Build, Build]
    repeats: int
    tick: Callable[[str], None] = lambda _text: None
    published: dict[str, int] = field(default_factory=dict)
    """How many events each build publishes for all referrals, once somebody has found it out."""
    _runner: asyncio.Runner = field(default_factory=asyncio.Runner)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _templates: dict[tuple[str, str], str] = field(default_factory=dict)
    _desks: dict[str, Desk] = field(default_factory=dict)

    @property
    def bootstrap(self) -> str:
        """The broker."""
        return self.stack.kafka.bootstrap

    @property
    def servers(self) -> dict[str, int]:
        """Process ids, by name: their processor time counts for both builds alike."""
        return {"postgres": self.stack.postgres.program.pid, "kafka": self.stack.kafka.program.pid}

    def cpu(self, *pids: int) -> float:
        """Seconds of processor time so far: these processes and both servers."""
        return cpu_seconds(*pids, *self.servers.values())

    def token(self) -> str:
        """Of a scout; one issuer for both builds."""
        return self.stack.issuer.token(*SCOUT)

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine to its end, always in the same loop: connections live from one to the next."""
        return self._runner.run(work)

    def close(self) -> None:
        """Ends the loop."""
        self._runner.close()

    # --- databases ---------------------------------------------------------------------------------------------------

    def template(self, build: Build, service: str) -> str:
        """The name of a database with the build's tables of a service, and nothing in them."""
        key = (build.label, service)
        if key not in self._templates:
            name = f"{service}_{build.label}"
            self.wait(self.cluster.create_database(name))
            self.ph(build, name, service, "migrate", "--service", service)
            self._templates[key] = name
        return self._templates[key]

    @contextmanager
    def copied(self, template: str) -> Iterator[str]:
        """The name of a copy of that database, which begins with its service; dropped in the end."""
        name = f"{template}_{next(self._numbers)}"
        dsn = self.wait(self.cluster.create_database(name, template=template))
        # Its service's topics are shared with other databases of this run.
        self.wait(adopt(dsn, self.bootstrap, *kinds().written_by(template.partition("_")[0])))
        try:
            yield name
        finally:
            self.wait(self.cluster.drop_database(name))

    # --- a build's programs ------------------------------------------------------------------------------------------

    def environment(self, build: Build, service: str, database: str, **settings: str) -> dict[str, str]:
        """The settings of a build's service on that database."""
        prefix = service.upper()
        url = f"postgresql://{ADMIN}@127.0.0.1:{self.stack.ports.postgres}/{database}"
        password = str(self.stack.postgres.password_file(ADMIN))
        return {
            **inherited(),
            **self.stack.environment(),
            "AUTH_AUDIENCE": AUDIENCES[service],  # builds whose services had one audience together
            "PROFILE_KEY_FILE": str(self._profile_key()),  # builds from before there were generations of keys
            "PYTHONPATH": build.python_path,
            "INSTANCE": "",  # no static membership: a service leaves its group when it ends
            f"{prefix}_DATABASE_URL": url,
            f"{prefix}_DATABASE_PASSWORD_FILE": password,
            f"{prefix}_MIGRATOR_DATABASE_URL": url,
            f"{prefix}_MIGRATOR_DATABASE_PASSWORD_FILE": password,
            **settings,
        }

    def _profile_key(self) -> Path:
        file = self.stack.secrets / "profile-of-old-builds.key"
        if not file.exists():
            write_secret(file, base64.b64encode(bytes(32)).decode())
        return file

    def ph(self, build: Build, database: str, service: str, *arguments: str) -> None:
        """The build's own operators' command. Raises `StackError` with its words."""
        done = subprocess.run(
            [str(build.ph), *arguments],
            cwd=build.root,
            env={**self.environment(build, service, database), "PH_OPERATOR": "bench"},
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode:
            words = (done.stdout + done.stderr).decode(errors="replace")
            raise StackError(f"ph {' '.join(arguments)} of {build.short} failed:\n{words}")

    @contextmanager
    def started(self, build: Build, service: str, database: str, role: str, **settings: str) -> Iterator[Service]:
        """A service process of a build, as it is shipped; not yet ready. Ended in order."""
        port, name = free_port(), f"{service}-{role}-{build.label}"
        program = processes.start(
            name,
            [build.python, "-m", f"{service}.app"],
            log=self.stack.logs / f"{name}.log",
            environment=self.environment(build, service, database, ROLE=role, PORT=str(port), **settings),
            directory=build.root,
        )
        try:
            yield Service(program, port)
        finally:
            program.stop(STOP_SECONDS)

    # --- what the load stands on -------------------------------------------------------------------------------------

    def desk(self, build: Build, cases: int) -> Desk:
        """A referral database of the build with at least so many cases with a consent, registered over its own API."""
        desk = self._desks.get(build.label)
        if desk is None or len(desk.cases) < cases:
            desk = self._desks[build.label] = self._desk(build, cases)
        return desk

    def _desk(self, build: Build, cases: int) -> Desk:
        name = f"referral_{build.label}_{next(self._numbers)}"
        self.wait(self.cluster.create_database(name, template=self.template(build, "referral")))
        with self.started(build, "referral", name, "api") as service:
            service.wait_ready()
            api, token = Api(build.short, service.document()), self.token()

            def send(requests: list[tuple[str, str]]) -> list[Mapping[str, Any]]:
                answers: list[Mapping[str, Any]] = sent(Load(service.port, token, requests, CALLERS, keep=True))[
                    "answers"
                ]
                return answers

            opened = send([(api.path(OPEN_CASE), json.dumps(api.body(OPEN_CASE)))] * cases)
            ids = [case_id(answer) for answer in opened]
            consent, body = api.path(GRANT_CONSENT), json.dumps(api.body(GRANT_CONSENT))
            send([(consent.format(case), body) for case in ids])
        self.wait(execute(self.cluster.dsn(name), "vacuum analyze", "checkpoint"))
        return Desk(name, ids, api)


async def execute(dsn: str, *statements: str) -> None:
    """Runs statements, each in a transaction of its own."""
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@contextmanager
def opened(builds: tuple[Build, Build], repeats: int) -> Iterator[Field]:
    """Starts the servers as `make bench` wants them, with commit times kept, and ends them."""
    directory = LOCAL / "bench" / str(os.getpid())
    stack = LocalStack(directory, free_ports(), kafka_profile="bench")
    try:
        stack.start_servers()
        cluster = Cluster(stack.postgres.admin_dsn)
        asyncio.run(execute(stack.postgres.admin_dsn, "alter system set track_commit_timestamp = on"))
        stack.postgres.stop()
        stack.postgres.start()
        with closing(Field(stack, cluster, builds, repeats)) as field:
            for build in reversed(builds):
                field.ph(build, "postgres", "referral", "topics", "apply", "--replication", "1")
            yield field
    finally:
        stack.stop()
        shutil.rmtree(directory, ignore_errors=True)
