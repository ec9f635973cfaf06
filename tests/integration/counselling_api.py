"""The counselling service on a real database, without sockets."""

from __future__ import annotations

from collections.abc import Mapping
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
from chassis.work.timers import Timers
from counselling.app import SERVICE
from tests.support import outbox
from tests.support.issuer import AUDIENCE, ISSUER, Issuer
from tests.support.records import FakeRecord, record

ISSUING = Issuer()
LAGOS, EDO, ACCRA = "centre:NG-LOS", "centre:NG-EDO", "centre:GH-ACC"
PROGRAMME = {"roles": ["programme_manager"], "org": "programme:desk"}


def staff(centre: str) -> Mapping[str, Any]:
    return {"roles": ["centre_counsellor"], "org": centre}


class Process:
    """One process of the service, without sockets."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        config = Settings(auth_issuer=ISSUER, auth_audience=AUDIENCE, auth_jwks="unused")
        storage, metrics = Storage(SERVICE.kinds), Metrics(SERVICE.name)
        tracer = Tracer(Resource.create({"service.name": SERVICE.name}))
        self.pool, self.clock = pool, Clock()
        reference = SERVICE.load_reference(config.reference_dir)
        shared: tuple[Any, ...] = (reference, self.clock, tracer, metrics, lambda: None)
        app = create_api(SERVICE, config)
        app.state.pool, app.state.clock, app.state.reference = pool, self.clock, reference
        app.state.bus = CommandBus(pool, storage, SERVICE.commands, *shared)
        app.state.authenticator = Authenticator(ISSUER, AUDIENCE, "unused", keys=KeyCache(ISSUING.jwks))
        self.dispatcher = Dispatcher(SERVICE.actor, pool, storage, SERVICE.consumers, *shared)
        self.timers = Timers(SERVICE.actor, pool, storage, SERVICE.deadlines, *shared)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://counselling.test")
        self._sequences: dict[UUID, int] = {}
        self._offset = 0

    @property
    def today(self) -> str:
        return self.clock.now().date().isoformat()

    async def get(self, path: str, who: Mapping[str, Any], **query: Any) -> Any:
        answer = await self.http.get(path, params=query, headers=ISSUING.bearer(**who))
        return answer.json() | {"http": answer.status_code}

    async def post(self, path: str, centre: str, **body: Any) -> Any:
        headers = ISSUING.bearer(**staff(centre)) | {"Idempotency-Key": str(uuid4())}
        answer = await self.http.post(path, headers=headers, json=body or None)
        return answer.json() | {"http": answer.status_code}

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

    async def refer(self, case: UUID, to_centre: str = LAGOS, priority: str = "normal", days_ago: int = 0) -> str:
        """A consent for Nigeria and a referral; returns the referral's id."""
        referral_id = str(uuid4())
        consent = {"consent_id": str(uuid4()), "purpose": "referral", "recipients": ["country:NG"]}
        referral = {
            "referral_id": referral_id,
            "root_referral_id": referral_id,
            "to_centre": to_centre,
            "country": to_centre[7:9],
            "priority": priority,
            "needs": ["employment"],
            "language": "en",
            "target_group": "RETURNEE_DE",
            "return_type": "voluntary_assisted",
            "age_band": "25_34",
            "household_size": 1,
            "vulnerability_present": False,
            "referred_at": (datetime.now(UTC) - timedelta(days=days_ago)).isoformat(),
        }
        records = [
            self.event(case, "ConsentGranted", valid_until="2100-01-01", **consent),
            self.event(case, "ReturneeReferred", **referral),
        ]
        await self.dispatcher.handle(records)
        return referral_id

    async def published(self, case: UUID) -> list[str]:
        """The types that wait in the outbox for a case, in order."""
        rows = await self.pool.fetch("select record from outbox where key = $1 order by id", str(case))
        return [outbox.read(row["record"]).headers["ce_type"].split(".")[2] for row in rows]
