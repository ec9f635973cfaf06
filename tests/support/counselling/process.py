"""The counselling service on a real database, without sockets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from chassis.vault.vault import KeyVault
from counselling.app import SERVICE
from tests.support.keys import memory_vault
from tests.support.records import FakeRecord, record
from tests.support.service_process import ServiceProcess
from vocabulary.case_ref import case_ref
from vocabulary.destruction import DELAY

LAGOS, EDO, ACCRA = "centre:NG-LOS", "centre:NG-EDO", "centre:GH-ACC"
PROGRAMME = {"roles": ["programme_manager"], "org": "programme:desk"}


def staff(centre: str) -> Mapping[str, Any]:
    return {"roles": ["centre_counsellor"], "org": centre}


class Process(ServiceProcess):
    """One process of the service, and what the scout's desk tells it."""

    def __init__(self, pool: asyncpg.Pool, vault: KeyVault | None = None) -> None:
        super().__init__(SERVICE, pool, vault=vault or memory_vault())
        self._sequences: dict[UUID, int] = {}
        self._offset = 0

    async def post(self, path: str, centre: str, **body: Any) -> Any:  # type: ignore[override]
        return await super().post(path, staff(centre), **body)

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

    async def destroyed(self, case: str) -> None:
        """Two people of the centre destroy the keys of a walk-in's profile, and the days pass."""
        path = f"/files/{case}/profile/destruction"
        ada, bob = {**staff(LAGOS), "sub": "ada"}, {**staff(LAGOS), "sub": "bob"}
        asked = await ServiceProcess.post(self, f"{path}/request", ada, reason="person_asked")
        assert asked["destruction"]["confirmed_at"] is None, asked
        again = await ServiceProcess.post(self, f"{path}/confirm", ada)
        assert (again["http"], again["code"]) == (403, "same_person")
        confirmed = await ServiceProcess.post(self, f"{path}/confirm", bob)
        assert confirmed["destruction"]["destroyed_at"], confirmed
        self.clock.advance(DELAY)
        assert await self.deadlines.fire_due() >= 1
        assert (await self.get(path, bob))["profile"] == "destroyed"

    async def refer(
        self,
        case: UUID,
        to_centre: str = LAGOS,
        priority: str = "normal",
        days_ago: int = 0,
        recipients: Sequence[str] = ("country:NG",),
        valid_until: str = "2100-01-01",
    ) -> str:
        """A consent, for Nigeria unless others are named, and a referral; returns the referral's id."""
        referral_id = str(uuid4())
        consent = {"consent_id": str(uuid4()), "purpose": "referral", "recipients": list(recipients)}
        referral = {
            "case_ref": case_ref(case),
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
            self.event(case, "ConsentGranted", valid_until=valid_until, **consent),
            self.event(case, "ReturneeReferred", **referral),
        ]
        await self.dispatcher.handle(records)
        return referral_id
