"""The five services as processes on the stack of the test run, and all that can be seen of them from outside."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, NamedTuple
from uuid import uuid4

import asyncpg
import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from chassis.pure.audit import chain_of
from chassis.pure.operations import reader_of
from deploy.local.places import SERVICES
from deploy.local.stack import LocalStack
from deploy.local.story.topics import declared
from tests.support.brokers import Broker
from tests.support.cluster import Cluster
from tests.support.otlp import Collector

WITHIN = 40
"""Seconds after which a test gives up waiting."""

TELLING = tuple(service for service in SERVICES if service != "journey")
"""Services that tell of their operation."""
READS = {
    service: tuple(
        name.removeprefix("ph.").removesuffix(".v1")
        for name, topic in declared().items()
        if service in topic["readers"]
    )
    for service in SERVICES
}
"""Which topics each service reads, by schemas/topics.yaml: `reference` for `ph.reference.v1`."""
TOPICS = (*SERVICES, "reference", "referral.keys", *(f"{service}.operations" for service in TELLING))
"""Every topic: one per service, what referral tells besides, and what each tells of its operation."""


BESIDE = {"audit", "audit_seal", "report", "parked_change", "reader", "handled", "mishap"}
CHAINS = [str(key_of(service)) for service in SERVICES for key_of in (chain_of, reader_of)]
"""Keys of the events that tell up to where an audit is sealed, and how far a service has come."""
BY_KEY = {"stream", "outbox", "position", "ledger"}


class Heard(NamedTuple):
    """One event as it stands in a topic; `again` if its sequence stood there before."""

    topic: str
    key: str
    sequence: int
    type: str
    id: str
    body: Any
    headers: dict[str, str]
    again: bool


class Caller:
    """Somebody with a token who asks one service. A command gets a new Idempotency-Key unless one is given."""

    def __init__(self, url: str, token: str) -> None:
        self.http = httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30)

    async def get(self, path: str, **query: Any) -> Any:
        """The answer, which must be good."""
        answer = await self.http.get(path, params=query)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def send(self, path: str, body: Any = None, *, key: str = "", method: str = "POST") -> httpx.Response:
        """One command, whatever comes of it."""
        headers = {"Idempotency-Key": key or str(uuid4())}
        return await self.http.request(method, path, json=body, headers=headers)

    async def do(self, path: str, body: Any = None, *, key: str = "", method: str = "POST") -> Any:
        """One command, which must succeed; it waits for news that is still on its way from another service."""
        key = key or str(uuid4())
        until = time.monotonic() + WITHIN
        while True:
            answer = await self.send(path, body, key=key, method=method)
            if answer.status_code < 300:
                return answer.json()
            if answer.json().get("code") not in ON_ITS_WAY or time.monotonic() > until:
                raise AssertionError(f"{method} {path}: {answer.status_code} {answer.text}")
            await asyncio.sleep(0.05)


ON_ITS_WAY = {
    "referral_not_found",
    "file_not_found",
    "case_not_found",
    "candidate_not_found",
    "consent_missing",
    "no_open_referral",
    "other_organisation",
}
"""Refusals that end once an event has arrived."""


class Chain:
    """Starts, kills and questions the services. One per test run."""

    def __init__(self, stack: LocalStack, collector: Collector) -> None:
        self.stack = stack
        self.collector = collector
        self.broker = Broker(stack.kafka.bootstrap)
        self.settings = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint,
            "OTEL_BSP_SCHEDULE_DELAY": "500",
            "DEADLINE_POLL_SECONDS": "0.5",
        }
        self._cluster = Cluster(stack.postgres.admin_dsn)
        self._callers: dict[tuple[str, str, str, str], Caller] = {}

    def start(self, *services: str) -> None:
        """Starts these services, or all; returns once they are ready."""
        for service in services or SERVICES:
            self.stack.start_service(service, **self.settings)
        for service in services or SERVICES:
            self.stack.wait_ready(service)

    def kill(self, service: str) -> None:
        """Without any warning."""
        program = self.stack.services[service]
        program.process.kill()
        program.process.wait(10)

    async def forget(self, service: str) -> None:
        """Deletes the database of a service that does not run, and makes it anew, as on the first day."""
        await self._cluster.drop_database(f"ph_{service}")
        self.stack.postgres.create_databases()
        self.stack.ph("migrate", "--service", service)

    def real_time_again(self, service: str) -> None:
        """After the service's clock was advanced, which moves forward only: a new process has a new one."""
        self.stack.services[service].stop(25)
        self.start(service)

    def as_(self, service: str, role: str, org: str, country: str = "", subject: str = "local") -> Caller:
        """Somebody with this role at this organisation; another `subject` is another person."""
        who = (service, role, org, country, subject)
        if who not in self._callers:
            token = self.stack.issuer.token(role, org, country, subject=subject)
            self._callers[who] = Caller(self.stack.urls()[service], token)
        return self._callers[who]

    async def destroyed(self, case_id: str) -> None:
        """Two people of the desk in Bavaria destroy the keys of a case, and the days pass until `real_time_again`."""
        path = f"/cases/{case_id}/profile/destruction"
        first, second = (self.as_("referral", "scout", "scouts:bavaria", "DE", who) for who in ("local", "second"))
        await first.do(f"{path}/request", {"reason": "person_asked"})
        await second.do(f"{path}/confirm")
        await self.as_("referral", "operator", "programme:desk").do("/local/clock", {"advance_hours": 73})

        async def gone() -> bool:
            return (await first.http.get(f"/cases/{case_id}/profile")).status_code == 404

        await until(gone, "the keys of the case to be destroyed")

    async def close(self) -> None:
        """Ends the clients."""
        for caller in self._callers.values():
            await caller.http.aclose()

    # --- what lies in the databases ----------------------------------------------------------------------------------

    @asynccontextmanager
    async def database(self, service: str) -> AsyncIterator[asyncpg.Connection]:
        """A superuser's connection to a service's database."""
        connection = await asyncpg.connect(self._cluster.dsn(f"ph_{service}"))
        try:
            yield connection
        finally:
            await connection.close()

    async def rows(self, service: str, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        async with self.database(service) as connection:
            return [tuple(row) for row in await connection.fetch(query, *arguments)]

    async def tables(self, service: str) -> list[str]:
        """Every table of a service."""
        query = "select tablename from pg_tables where schemaname = 'public' order by 1"
        return [name for (name,) in await self.rows(service, query)]

    async def dump(self, service: str) -> str:
        """Everything that a service keeps, as text; bytes as text too, as far as they are text."""
        parts = []
        tables = await self.tables(service)
        async with self.database(service) as connection:
            for table in tables:
                for row in await connection.fetch(f'select * from "{table}"'):
                    parts.append(f"{table}: " + " | ".join(_as_text(value) for value in row))
        return "\n".join(parts)

    async def counts(self) -> dict[str, int]:
        """How many rows each table of each service has, and the versions of its documents; what a refusal leaves. The
        audit grows with every request, and its events and those of operation come when it is time: none is counted."""
        found = {}
        for service in SERVICES:
            tables = [table for table in await self.tables(service) if table not in BESIDE]
            async with self.database(service) as connection:
                for table in tables:
                    query = f'select count(*) from "{table}"'
                    if table in BY_KEY:
                        query = f"{query} where (key is null or key <> all($1))"
                    arguments = (CHAINS,) if table in BY_KEY else ()
                    found[f"{service}.{table}"] = int(await connection.fetchval(query, *arguments))
                query = "select coalesce(sum(sequence), 0) from stream where key <> all($1)"
                last = await connection.fetchval(query, CHAINS)
            found[f"{service} events"] = int(last)
        return found

    async def snapshot(self) -> dict[str, list[str]]:
        """All that lasts of every service, comparable; how far it has read, and how far its own topic reaches, moves
        with every record and is left out, and so do the audit, what is told of the operation, and journey's row of each
        record."""
        return {
            service: sorted(
                line
                for line in (await self.dump(service)).split("\n")
                if line.partition(":")[0] not in {"progress", "lineage", "ledger", *BESIDE}
                and not any(chain in line for chain in CHAINS)
            )
            for service in SERVICES
        }

    # --- what stands in the topics -----------------------------------------------------------------------------------

    async def heard(self, name: str) -> list[Heard]:
        """Every well-formed event of a topic, by partition and offset."""
        topic, seen, found = f"ph.{name}.v1", set(), []
        for record in await self.broker.read(topic):
            headers = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers}
            key = (record.key or b"").decode("utf-8", "replace")
            number = headers.get("ce_sequence", "")
            if not number.isdigit():
                continue
            place = (key, int(number))
            type_ = headers["ce_type"].split(".")[-2]
            body = json.loads(record.value)
            found.append(Heard(topic, *place, type_, headers["ce_id"], body, headers, place in seen))
            seen.add(place)
        return found

    async def say_it_all_again(self) -> int:
        """Puts every record of every topic there once more, and waits until every reader has read the copies."""
        count = 0
        async with AIOKafkaProducer(bootstrap_servers=self.broker.bootstrap, max_request_size=20_000_000) as producer:
            for name in TOPICS:
                for each in await self.broker.read(f"ph.{name}.v1"):
                    await producer.send(each.topic, each.value, each.key, each.partition, headers=list(each.headers))
                    count += 1
        async with AIOKafkaConsumer(bootstrap_servers=self.broker.bootstrap) as reader:
            for service in READS:
                await until(partial(self._has_read_all, reader, service), f"{service} to read it all again")
        return count

    async def _has_read_all(self, reader: AIOKafkaConsumer, service: str) -> bool:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.broker.bootstrap)
        await admin.start()
        try:
            committed = await admin.list_consumer_group_offsets(service)
        finally:
            await admin.close()
        ends = await reader.end_offsets(list(committed))
        return all(at.offset >= ends[place] for place, at in committed.items())

    async def quiet(self) -> None:
        """Waits until every event is published and every reader has it behind it; says what is missing if not."""
        deadline, calm = time.monotonic() + WITHIN, 0
        while calm < 2:  # what was read first may have moved on while the rest was read
            missing = await self._missing()
            calm = 0 if missing else calm + 1
            if missing and time.monotonic() > deadline:
                raise AssertionError(f"the chain has not come to rest in {WITHIN} s: {missing}")
            if missing:
                await asyncio.sleep(0.1)

    async def _missing(self) -> str:
        streams: dict[str, dict[str, int]] = {name: {} for name in TOPICS}
        for service in SERVICES:
            if waiting := await self.rows(service, "select topic, key, id from outbox limit 5"):
                return f"not published by {service}: {waiting}"
            for topic, key, sequence in await self.rows(service, "select topic, key, sequence from stream"):
                streams[topic.removeprefix("ph.").removesuffix(".v1")][key] = sequence
        for reader, sources in READS.items():
            known: dict[str, dict[str, int]] = {source: {} for source in sources}
            topics = [f"ph.{source}.v1" for source in sources]
            query = "select source, key, sequence from position where source = any($1::text[])"
            for topic, key, sequence in await self.rows(reader, query, topics):
                known[topic.removeprefix("ph.").removesuffix(".v1")][key] = sequence
            for source in sources:
                behind = [
                    f"{key}: {known[source].get(key, 0)} of {sequence}"
                    for key, sequence in streams[source].items()
                    if known[source].get(key, 0) < sequence
                ]
                if behind:
                    return f"{reader} has not read of {source} {behind[:5]}"
        return ""


async def until(condition: Callable[[], Awaitable[bool]], what: str, seconds: float = WITHIN) -> None:
    """Waits; says what for if it takes too long."""
    deadline = time.monotonic() + seconds
    while not await condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what}")
        await asyncio.sleep(0.1)


def _as_text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").replace("\n", "\\n")
    return str(value)


def sequences(events: list[Heard]) -> Mapping[str, list[int]]:
    """Per key the sequences of first occurrences, in order."""
    found: dict[str, list[int]] = {}
    for event in events:
        if not event.again:
            found.setdefault(event.key, []).append(event.sequence)
    return found
