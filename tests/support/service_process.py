"""One process of a service on a real database, without sockets: its API, its consumer, its deadlines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import uuid4

import asyncpg
import httpx
from opentelemetry.sdk.resources import Resource

from chassis.audit.writer import Auditor
from chassis.clock import Clock
from chassis.consumer.dispatch import Dispatcher
from chassis.http.app import create_api
from chassis.http.auth import Authenticator
from chassis.http.jwks import KeyCache
from chassis.operators.retention import SWEPT, runs
from chassis.postgres import migrations
from chassis.postgres.database import open_pool
from chassis.pure.retention import agreed
from chassis.pure.sealing import NO_VAULT
from chassis.service import Service
from chassis.settings import Settings
from chassis.telemetry.metrics import Metrics
from chassis.telemetry.tracing import Tracer
from chassis.vault.vault import KeyVault
from chassis.work.calendar import Calendar
from chassis.work.command_bus import CommandBus
from chassis.work.deadline_runner import DeadlineRunner
from chassis.work.retention import Retention
from chassis.work.sealer import Sealer
from chassis.work.standing import Standing
from chassis.work.workshop import Workshop
from tests.support import outbox
from tests.support.canaries import Canary, traces
from tests.support.cluster import Cluster
from tests.support.issuer import AUDIENCE, ISSUER, Issuer
from tests.support.keys import memory_vault
from tests.support.once import routers_of, storage_of
from tests.support.records import nothing_kept
from tests.support.web import UNHURRIED

ISSUING = Issuer()
P = TypeVar("P", bound="ServiceProcess")


class ServiceProcess:
    """`get`, `post` ... give the body of the answer, with its status as `http`."""

    def __init__(
        self, service: Service, pool: asyncpg.Pool, reference: Any = None, vault: KeyVault | None = None
    ) -> None:
        vault = memory_vault() if vault is None and service.seals else vault
        settings = Settings(auth_issuer=ISSUER, auth_jwks="unused", **UNHURRIED)
        self.service = service
        self.pool, self.clock, self.metrics = pool, Clock(), Metrics(service.name)
        storage = storage_of(service)
        lists = service.load_reference(settings.reference_dir) if reference is None else reference
        self.standing = Standing(lists, storage, service.standing)
        self.workshop = Workshop(
            service.actor,
            pool,
            storage,
            self.standing,
            self.clock,
            Tracer(Resource.create({"service.name": service.name}), subject=service.subject),
            self.metrics,
            lambda: None,
            b"a secret of this service",
            calendar=Calendar.of(service.working_days, settings.reference_dir),
            vault=NO_VAULT if vault is None else vault,
        )
        self.sealer = Sealer(self.workshop, service.unsealed)
        self.agreed = agreed(service.name, (*service.keeps, *SWEPT), settings.reference_dir)
        self.retention = Retention(self.workshop, self.agreed, vault, service.name)
        self.app = create_api(service, settings, own=routers_of(service), marks=None if vault is None else vault.marks)
        self.app.state.clock, self.app.state.workshop = self.clock, self.workshop
        self.app.state.bus = CommandBus(self.workshop, service.commands)
        self.app.state.auditor = Auditor(pool)
        self.app.state.authenticator = Authenticator(ISSUER, AUDIENCE, "unused", keys=KeyCache(ISSUING.jwks))
        self.dispatcher = Dispatcher(
            self.workshop, service.consumers, nothing_kept, notes=service.notes, subject=service.subject
        )
        self.deadlines = DeadlineRunner(self.workshop, service.deadlines)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=f"http://{service.name}.test")

    @property
    def today(self) -> str:
        """The day in UTC, in ISO form."""
        return self.clock.now().date().isoformat()

    async def ask(self, method: str, path: str, who: Mapping[str, Any], **request: Any) -> httpx.Response:
        """The answer to a request with a token of these claims; a change gets a key of its own unless it has one."""
        headers = {**ISSUING.bearer(**who), **request.pop("headers", {})}
        if method != "GET":
            headers.setdefault("Idempotency-Key", str(uuid4()))
        return await self.http.request(method, path, headers=headers, **request)

    async def get(self, path: str, who: Mapping[str, Any], **query: Any) -> Any:
        """GET with these parameters."""
        answer = await self.ask("GET", path, who, params=query)
        return answer.json() | {"http": answer.status_code}

    async def post(self, path: str, who: Mapping[str, Any], **body: Any) -> Any:
        """POST with this body; without one it has none."""
        answer = await self.ask("POST", path, who, json=body or None)
        return answer.json() | {"http": answer.status_code}

    async def run_of_the_day(self) -> dict[str, int]:
        """What ends by its term now, per kind."""
        while await self.retention.step():
            pass
        async with self.pool.acquire() as connection:
            return (await runs(connection, 1))[0].report

    async def holding(self, *words: str) -> list[str]:
        """The tables that hold one of these words, in whatever column."""
        found = []
        for table in await self.pool.fetch("select tablename as name from pg_tables where schemaname = 'public'"):
            rows = await self.pool.fetch(f'select * from "{table["name"]}"')
            values = [each if isinstance(each, bytes) else str(each).encode() for row in rows for each in row]
            if any(traces([Canary(word, word) for word in words], value) for value in values):
                found.append(table["name"])
        return found

    async def published(self, key: Any) -> list[str]:
        """The names of the events that wait in the outbox under a key, in order."""
        rows = await self.pool.fetch("select record from outbox where key = $1 order by id", str(key))
        return [outbox.read(row["record"]).headers["ce_type"].split(".")[2] for row in rows]


async def migrated(cluster: Cluster, service: Service) -> str:
    """Makes the database that each test of a service gets a copy of; tells its name."""
    name = f"{service.name}_template"
    await migrations.migrate(await cluster.create_database(name), service.name, service.migrations)
    return name


@asynccontextmanager
async def on_a_copy(cluster: Cluster, template: str, process: Callable[[asyncpg.Pool], P]) -> AsyncIterator[P]:
    """A process on a database of its own, which goes with it."""
    name = f"{template}_{uuid4().hex}"
    pool = await open_pool(await cluster.create_database(name, template), 10, "test")
    try:
        running = process(pool)
        yield running
        await running.http.aclose()
    finally:
        pool.terminate()
        await cluster.drop_database(name)
