"""The referral service on a real database, without sockets."""

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
from referral.app import service
from tests.support.issuer import AUDIENCE, ISSUER, Issuer
from tests.support.records import record

BAVARIA, BERLIN, PROGRAMME = "scouts:bavaria", "scouts:berlin", "programme:desk"
LOS, EDO = "centre:NG-LOS", "centre:NG-EDO"
ISSUING = Issuer()
KEY = bytes(range(32))


class Api:
    """One process of the service: HTTP on one side, records of the other services' topics on the other."""

    def __init__(self, pool: asyncpg.Pool, key: bytes = KEY) -> None:
        referral = service(key)
        settings = Settings(auth_issuer=ISSUER, auth_audience=AUDIENCE, auth_jwks="unused")
        storage, clock, metrics = Storage(referral.kinds), Clock(), Metrics("referral")
        tracer = Tracer(Resource.create({"service.name": "referral"}))
        reference = referral.load_reference(settings.reference_dir)
        shared: tuple[Any, ...] = (reference, clock, tracer, metrics, lambda: None)
        app = create_api(referral, settings)
        app.state.pool, app.state.clock, app.state.reference = pool, clock, reference
        app.state.bus = CommandBus(pool, storage, referral.commands, *shared)
        app.state.authenticator = Authenticator(ISSUER, AUDIENCE, "unused", keys=KeyCache(ISSUING.jwks))
        self.pool = pool
        self.dispatcher = Dispatcher(referral.actor, pool, storage, referral.consumers, *shared)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://referral.test")
        self.today = datetime.now(UTC).date()
        self._sequences: dict[tuple[str, str], int] = {}
        self._offset = 0

    def day(self, days: int) -> str:
        return (self.today + timedelta(days=days)).isoformat()

    async def get(self, path: str, by: str = BAVARIA, role: str = "scout", **query: Any) -> Any:
        answer = await self.http.get(path, params=query, headers=ISSUING.bearer(roles=[role], org=by))
        return answer.json() | {"http": answer.status_code}

    async def all_programme(self, path: str, **query: Any) -> Any:
        return await self.get(path, PROGRAMME, "programme_manager", **query)

    async def send(self, method: str, path: str, body: Any = None, org: str = BAVARIA, key: str = "") -> Any:
        headers = ISSUING.bearer(roles=["scout"], org=org) | {"Idempotency-Key": key or str(uuid4())}
        answer = await self.http.request(method, path, headers=headers, **({} if body is None else {"json": body}))
        return answer.json() | {"http": answer.status_code}

    async def post(self, path: str, body: Any = None, org: str = BAVARIA) -> Any:
        return await self.send("POST", path, body, org)

    async def opened(self, org: str = BAVARIA, **changes: Any) -> str:
        """A case with a consent for Nigeria."""
        person = {"target_group": "RETURNEE_DE", "country": "NG", "language": "en"}
        more = {"return_type": "voluntary_assisted", "age_band": "25_34", **changes}
        case = await self.post("/cases", person | more, org)
        assert case["http"] == 201, case
        paper = {"purpose": "referral", "recipients": ["country:NG"], "text_version": "2026-01", "language": "en"}
        dates = {"evidence_ref": str(uuid4()), "granted_on": self.day(-1), "valid_until": self.day(400)}
        consent = await self.post(f"/cases/{case['case_id']}/consents", paper | dates, org)
        assert consent["http"] == 201, consent
        return str(case["case_id"])

    async def refer(self, case: str, *needs: str, org: str = BAVARIA) -> Any:
        return await self.post(f"/cases/{case}/referrals", {"priority": "normal", "needs": list(needs)}, org)

    async def referred(self, case: str, *needs: str, org: str = BAVARIA) -> str:
        answer = await self.refer(case, *needs, org=org)
        assert answer["http"] == 201, answer
        return str(answer["referral_id"])

    async def tell(self, source: str, name: str, case: str, **body: Any) -> None:
        """Delivers an event of another service."""
        self._offset += 1
        sequence = self._sequences[source, case] = self._sequences.get((source, case), 0) + 1
        told = record(
            {"case_id": case, **body},
            type_=f"ph.{source}.{name}.v1",
            key=UUID(case),
            sequence=sequence,
            offset=self._offset,
            topic=f"ph.{source}.v1",
        )
        await self.dispatcher.handle([told])

    async def received(self, case: str, referral: str) -> None:
        now = datetime.now(UTC)
        due = {"received_at": now.isoformat(), "answer_due_at": (now + timedelta(days=7)).isoformat()}
        await self.tell("counselling", "ReferralReceived", case, centre=LOS, referral_id=referral, **due)

    async def late(self, case: str, referral: str) -> None:
        missed = {"deadline_type": "referral_answer", "subject_id": referral, "level": 1}
        await self.tell("counselling", "DeadlineMissed", case, centre=LOS, **missed)
