"""The training service on a real database, without sockets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
from opentelemetry.sdk.resources import Resource

from chassis.clock import Clock
from chassis.consumer.dispatch import Dispatcher
from chassis.http.app import create_api
from chassis.http.auth import Authenticator
from chassis.http.jwks import KeyCache
from chassis.postgres.storage import Storage
from chassis.settings import Settings
from chassis.telemetry.metrics import Metrics
from chassis.telemetry.tracing import Tracer
from chassis.work.command_bus import CommandBus
from tests.support.issuer import AUDIENCE, ISSUER, Issuer
from tests.support.records import FakeRecord, record
from training.app import SERVICE
from training.reference import Reference

PAINT, ELEC = "provider:TRADE-PAINT", "provider:TRADE-ELEC"
ISSUING = Issuer()


class Api:
    """One process of the service, without sockets: HTTP on one side, records of the referral topic on the other."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        settings = Settings(auth_issuer=ISSUER, auth_audience=AUDIENCE, auth_jwks="unused")
        storage, clock, metrics = Storage(SERVICE.kinds), Clock(), Metrics("training")
        tracer = Tracer(Resource.create({"service.name": "training"}))
        reference: Reference = SERVICE.load_reference(settings.reference_dir)
        shared: tuple[Any, ...] = (reference, clock, tracer, metrics, lambda: None)
        app = create_api(SERVICE, settings)
        app.state.pool, app.state.clock, app.state.reference = pool, clock, reference
        app.state.bus = CommandBus(pool, storage, SERVICE.commands, *shared)
        app.state.authenticator = Authenticator(ISSUER, AUDIENCE, "unused", keys=KeyCache(ISSUING.jwks))
        self.dispatcher = Dispatcher(SERVICE.actor, pool, storage, SERVICE.consumers, *shared)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://training.test")
        self.today = datetime.now(UTC).date()
        self._sequences: dict[UUID, int] = {}
        self._offset = 0

    def day(self, days: int) -> str:
        return (self.today + timedelta(days=days)).isoformat()

    async def get(self, path: str, role: str = "scout", org: str = "scouts:bavaria", **query: Any) -> Any:
        answer = await self.http.get(path, params=query, headers=ISSUING.bearer(roles=[role], org=org))
        return answer.json() | {"http": answer.status_code}

    async def post(self, path: str, body: Any = None, role: str = "scout", org: str = "scouts:bavaria") -> Any:
        headers = ISSUING.bearer(roles=[role], org=org) | {"Idempotency-Key": str(uuid4())}
        answer = await self.http.post(path, headers=headers, **({} if body is None else {"json": body}))
        return answer.json() | {"http": answer.status_code}

    async def clerk(self, path: str, body: Any = None, org: str = PAINT) -> Any:
        return await self.post(path, body, "training_clerk", org)

    def course(self, **changes: Any) -> dict[str, Any]:
        """The body of a one-week painting course in two weeks, with one seat."""
        return {
            "course_code": "PAINT-BASICS",
            "isco08": "7131",
            "category": "MARKET_ACCESS",
            "seats": 1,
            "starts_on": self.day(14),
            "ends_on": self.day(18),
            "admin1": "DE-BY",
            "online": False,
            "language": "en",
            "units": 20,
            **changes,
        }

    async def scheduled(self, org: str = PAINT, **changes: Any) -> str:
        """A session that exists."""
        answer = await self.clerk("/sessions", self.course(**changes), org)
        assert answer["http"] == 201, answer
        return str(answer["session_id"])

    def event(self, case: UUID, name: str, **body: Any) -> FakeRecord:
        self._offset += 1
        sequence = self._sequences[case] = self._sequences.get(case, 0) + 1
        return record(
            {"case_id": str(case), **body},
            type_=f"ph.referral.{name}.v1",
            key=case,
            sequence=sequence,
            offset=self._offset,
            topic="ph.referral.v1",
        )

    async def people(self, count: int) -> list[UUID]:
        """Cases that every provider may enrol."""
        cases = [uuid4() for _ in range(count)]
        records = []
        for case in cases:
            person = {"target_group": "RETURNEE_DE", "country": "NG", "language": "ha"}
            records.append(self.event(case, "CaseOpened", **person))
            consent = {"purpose": "training", "recipients": ["country:DE"], "valid_until": "2100-01-01"}
            records.append(self.event(case, "ConsentGranted", consent_id=str(uuid4()), **consent))
        await self.dispatcher.handle(records)
        return cases

    async def enrolled(self, session: str, case: UUID, org: str = "scouts:bavaria") -> Any:
        answer = await self.post("/enrolments", {"session_id": session, "case_id": str(case)}, org=org)
        assert answer["http"] == 201, answer
        return answer
