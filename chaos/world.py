"""The small world of a chaos run: two databases, three topics, proxies, worker processes, and the books about them.

All that model and invariants may rely on are the books (`books`) and the lives of every `Worker`. Times are
`time.time()` everywhere.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from chaos import witness
from chaos.app import MIGRATIONS
from chaos.books import Journal, Ledger
from chaos.logins import Logins
from chaos.till import MORE_TIPS, PRICES, TIPS
from chassis.postgres import migrations
from deploy.local.issuer import AUDIENCES
from deploy.local.places import LOCAL, ROOT, free_port, free_ports
from deploy.local.stack import LocalStack
from tests.support.brokers import Broker
from tests.support.cluster import Cluster
from tests.support.otlp import Collector
from tests.support.proxy import PostgresProxy, Proxy

SERVICES = ("shop", "till")
TOPICS = ("ph.shop.v1", "ph.till.v1", PRICES, TIPS, *MORE_TIPS)
READS = {"shop": ("ph.till.v1",), "till": ("ph.shop.v1", PRICES, TIPS, *MORE_TIPS)}
"""Which topics each service reads in its latest version. Its group is named like the service."""
SESSION_TIMEOUT_MS = 2500
SHUTDOWN_SECONDS = 8
HEADER_SECONDS, BODY_SECONDS, UNREAD_SECONDS, IDLE_SECONDS = 5, 5, 5, 5
"""What a caller may take, and how long an answered connection may rest. Longer than a process is stopped: who was not
read is not late."""
MAX_CONNECTIONS = 200
"""More than the customers ever have at once; fewer than hundreds of slow callers."""
SAMPLED = 0.5
"""Share of traces that the processes sample where nobody else has decided."""
SETTINGS = {
    "LOG_LEVEL": "INFO",
    "SESSION_TIMEOUT_MS": str(SESSION_TIMEOUT_MS),
    "SHUTDOWN_SECONDS": str(SHUTDOWN_SECONDS),
    "PUBLISH_TIMEOUT_SECONDS": "3",
    "DEADLINE_POLL_SECONDS": "0.3",
    "OTEL_TRACES_SAMPLER_ARG": str(SAMPLED),
    "OTEL_BSP_SCHEDULE_DELAY": "500",
    "HEADER_SECONDS": str(HEADER_SECONDS),
    "BODY_SECONDS": str(BODY_SECONDS),
    "UNREAD_SECONDS": str(UNREAD_SECONDS),
    "IDLE_SECONDS": str(IDLE_SECONDS),
    "MAX_CONNECTIONS": str(MAX_CONNECTIONS),
}
"""Over those of the local stack; everything else is as shipped."""
LANES = 3
"""Databases, brokers and the like are started in threads that live as long as the world: Linux ends a program when the
thread that started it ends."""

T = TypeVar("T")


class Lived(NamedTuple):
    """One life of a process. `ended` is None while it runs; `why`: "killed", "exited 0: sigterm", ..."""

    started: float
    ended: float | None = None
    why: str = ""
    not_live_since: float | None = None
    """When the probes began that failed, if it was killed for them."""


@dataclass
class Worker:
    """One process slot, restarted many times."""

    name: str
    """Also its INSTANCE."""
    service: str
    port: int
    log: Path
    """Appended over all its lives, JSON lines."""
    pid: int | None = None
    lives: list[Lived] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    """Over those of all workers, from the next life on."""
    regular: bool = True
    """False for one that comes and goes by a fault's will."""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"


class World:
    """Everything that a run has started. Use it as an asynchronous context manager."""

    def __init__(self, seed: int, *, processes: dict[str, int], defect: str = "", say: Callable[[str], None]) -> None:
        self.seed = seed
        self.defect = defect
        self.say = say
        self.directory = LOCAL / "chaos" / str(os.getpid())
        self.flags = self.directory / "flags"
        """Files by which the harness speaks to handlers and crash points; see `app`."""
        self.stack = LocalStack(self.directory, free_ports(), durable=False)
        self.logins = Logins(self.stack, SERVICES)
        self._taken = set(vars(self.stack.ports).values())
        self.bootstrap = self.stack.kafka.bootstrap
        """The harness's own way to the broker, past every door."""
        self.broker = Broker(self.bootstrap)
        self.dsn: dict[str, str] = {}
        """Direct addresses, not through a proxy."""
        self.database: dict[str, PostgresProxy] = {}
        """The way of each service's workers to their database."""
        self.doors = [Proxy(self._port()), Proxy(self._port())]
        """Their ways to the broker. They know both; only the first, which is `door`, answers."""
        self.more: list[str] = []
        """Topics that the version deployed by now reads, and the one before did not."""
        self.journal = Journal(listener=say)
        self.ledger = Ledger()
        self.otlp = Collector()
        self.otlp_proxy = Proxy(urlsplit(self.otlp.endpoint).port or 0)
        self.workers: list[Worker] = []
        for service, count in processes.items():
            for number in range(1, count + 1):
                self.add_worker(service, f"{service}-{number}")
        self._threads = ThreadPoolExecutor(LANES, thread_name_prefix="servers")

    def add_worker(self, service: str, name: str, *, regular: bool = True) -> Worker:
        """A new slot; nothing runs in it yet."""
        worker = Worker(name, service, self._port(), self.directory / "log" / f"{name}.log", regular=regular)
        self.workers.append(worker)
        return worker

    def of(self, service: str) -> list[Worker]:
        """The slots of a service."""
        return [worker for worker in self.workers if worker.service == service]

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Starts or stops a server without holding up the rest of the world."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def __aenter__(self) -> World:
        _sweep(self.directory.parent)
        self.flags.mkdir(parents=True)
        try:
            self.say("PostgreSQL and Kafka: starting")
            await self._make_doors()
            await self.in_thread(self.stack.start_servers)
            await self.in_thread(self.logins.make_users)
            for topic in TOPICS:
                await self.broker.create_topic(topic)
            await self.otlp_proxy.open()
            for service in SERVICES:
                await self._make_database(service)
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    async def _make_doors(self) -> None:
        """Each way to the broker has a listener that sends its clients through it. The second is shut."""
        for door in self.doors:
            door.port = self._port()
        await self.door.open()
        self.stack.kafka.proxied = [(door.target, door.port) for door in self.doors]

    @property
    def door(self) -> Proxy:
        """The way to the broker that is open."""
        return self.doors[0]

    async def move_broker(self, *, silent: bool) -> None:
        """Its other address answers from now on. The old one refuses, or takes connections and says nothing."""
        old, new = self.doors
        if silent:
            old.hold()
        else:
            old.shut()
        new.shut()
        new.release()
        await new.open()
        self.doors = [new, old]

    async def _make_database(self, service: str) -> None:
        cluster = Cluster(self.stack.postgres.admin_dsn)
        name = f"chaos_{service}"
        dsn = self.dsn[service] = await cluster.create_database(name)
        await migrations.migrate(dsn, service, MIGRATIONS[service])
        await witness.install(dsn, service)
        await self.logins.make_role(service, dsn)
        connection = await asyncpg.connect(self.stack.postgres.admin_dsn)
        try:
            # A crash of PostgreSQL must not lose what was committed; without fsync that holds while the kernel runs.
            await connection.execute(f"alter database {name} set synchronous_commit = on")
        finally:
            await connection.close()
        proxy = self.database[service] = PostgresProxy(self.stack.ports.postgres)
        await proxy.open()

    def environment(self, worker: Worker) -> dict[str, str]:
        """What a worker's process is told."""
        shipped = {name: value for name, value in self.stack.environment().items() if "DATABASE" not in name}
        return {
            **shipped,
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": f"{ROOT / 'services'}:{ROOT}",
            "PYTHONDONTWRITEBYTECODE": "1",
            **self.logins.settings(worker.service),
            "KAFKA_BOOTSTRAP_SERVERS": ",".join(sorted(f"127.0.0.1:{door.port}" for door in self.doors)),
            f"{worker.service.upper()}_DATABASE_URL": self.through_proxy(worker.service),
            f"{worker.service.upper()}_AUTH_AUDIENCE": AUDIENCES["referral"],
            "INSTANCE": worker.name,
            "PORT": str(worker.port),
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self.otlp_proxy.port}",
            "CHAOS_FLAGS": str(self.flags),
            "CHAOS_MORE": " ".join(self.more),
            **({"CHAOS_DEFECT": self.defect} if self.defect else {}),
            **SETTINGS,
            **worker.settings,
        }

    def command(self, worker: Worker) -> list[str]:
        """The program of a worker."""
        return [sys.executable, "-m", "chaos.app", worker.service]

    def through_proxy(self, service: str) -> str:
        """The address of a database as its service knows it; the password is in a file."""
        address = f"{self.logins.role(service)}@127.0.0.1:{self.database[service].port}"
        return urlunsplit(urlsplit(self.dsn[service])._replace(netloc=address))

    # --- flags -------------------------------------------------------------------------------------------------------

    def raise_flag(self, name: str, text: str = "") -> None:
        """From now on handlers and crash points see it."""
        draft = self.flags / f".{name}"
        draft.write_text(text)
        draft.replace(self.flags / name)

    def lower_flag(self, name: str) -> None:
        """No longer."""
        (self.flags / name).unlink(missing_ok=True)

    # --- look --------------------------------------------------------------------------------------------------------

    async def rows(self, service: str, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """Rows of a service's database, asked directly."""
        connection = await asyncpg.connect(self.dsn[service], timeout=5, server_settings={"application_name": "chaos"})
        try:
            return await connection.fetch(query, *arguments, timeout=10)
        finally:
            await connection.close(timeout=2)

    async def value(self, service: str, query: str, *arguments: Any) -> Any:
        """The first value of the first row."""
        return (await self.rows(service, query, *arguments))[0][0]

    # --- end ---------------------------------------------------------------------------------------------------------

    async def _close(self) -> None:
        for proxy in (*self.database.values(), *self.doors, self.otlp_proxy):
            await proxy.close()
        await self.in_thread(self.stack.stop)
        self._threads.shutdown()
        self.otlp.close()
        for data in ("postgres", "kafka", "secrets"):
            shutil.rmtree(self.directory / data, ignore_errors=True)

    def forget(self) -> None:
        """Removes the logs too; otherwise they stay until the next run."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def _port(self) -> int:
        while (port := free_port()) in self._taken:
            pass
        self._taken.add(port)
        return port


def _sweep(directory: Path) -> None:
    """Removes what earlier runs have left behind: folders named by processes that are gone."""
    for left in directory.glob("*"):
        if left.name.isdecimal() and not Path(f"/proc/{left.name}").exists():
            shutil.rmtree(left, ignore_errors=True)
