"""The referral service on a real database, without sockets: its people, and what other services tell it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from chassis.vault.vault import KeyVault
from referral.app import SERVICE
from tests.support.keys import memory_vault
from tests.support.records import record, recorded, rfc3339
from tests.support.referral.web import BERLIN, PROGRAMME
from tests.support.referral.web import SCOUT as BAVARIA
from tests.support.service_process import ServiceProcess
from vocabulary.destruction import DELAY

__all__ = ["BAVARIA", "BERLIN", "LOS", "PROGRAMME", "Process", "ids"]

LOS = "centre:NG-LOS"


class Process(ServiceProcess):
    """One process of the service: HTTP on one side, records of the other services' topics on the other."""

    def __init__(self, pool: asyncpg.Pool, vault: KeyVault | None = None) -> None:
        super().__init__(SERVICE, pool, vault=vault or memory_vault())
        self._sequences: dict[tuple[str, str], int] = {}
        self._offset = 0

    def day(self, days: int) -> str:
        """A day counted from today, in ISO form."""
        return (date.fromisoformat(self.today) + timedelta(days=days)).isoformat()

    async def read(self, path: str, who: Mapping[str, Any] = BAVARIA, **query: Any) -> Any:
        """GET, by a scout in Bavaria unless said otherwise."""
        return await self.get(path, who, **query)

    async def tag(self, path: str, who: Mapping[str, Any] = BAVARIA) -> str:
        """The `ETag` of what the caller is shown."""
        tag: str = (await self.ask("GET", path, who)).headers["ETag"]
        return tag

    async def act(
        self, method: str, path: str, body: Any = None, who: Mapping[str, Any] = BAVARIA, **headers: str
    ) -> Any:
        """A change, by a scout in Bavaria unless said otherwise."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self.ask(method, path, who, headers=sent, **({} if body is None else {"json": body}))
        return answer.json() | {"http": answer.status_code}

    async def opened(self, who: Mapping[str, Any] = BAVARIA, **changes: Any) -> str:
        """A case with a consent for Nigeria."""
        person = {"target_group": "RETURNEE_DE", "country": "NG", "language": "en"}
        more = {"return_type": "voluntary_assisted", "age_band": "25_34", **changes}
        case = await self.act("POST", "/cases", person | more, who)
        assert case["http"] == 201, case
        paper = {"purpose": "referral", "recipients": ["country:NG"], "text_version": "2026-01", "language": "en"}
        dates = {"evidence_ref": str(uuid4()), "granted_on": self.day(-1), "valid_until": self.day(400)}
        consent = await self.act("POST", f"/cases/{case['case_id']}/consents", paper | dates, who)
        assert consent["http"] == 201, consent
        return str(case["case_id"])

    async def refer(self, case: str, *needs: str, who: Mapping[str, Any] = BAVARIA) -> Any:
        """What the desk is answered that refers for these needs."""
        return await self.act("POST", f"/cases/{case}/referrals", {"priority": "normal", "needs": list(needs)}, who)

    async def referred(self, case: str, *needs: str, who: Mapping[str, Any] = BAVARIA) -> str:
        """The id of a referral for these needs."""
        answer = await self.refer(case, *needs, who=who)
        assert answer["http"] == 201, answer
        return str(answer["referral_id"])

    async def tell(self, source: str, name: str, case: str, *, now: bool = False, **body: Any) -> None:
        """Delivers an event of another service; one that has happened `now`, or at the time of all tests."""
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
        happened = recorded(told, ce_time=rfc3339(self.clock.now()).encode()) if now else told
        await self.dispatcher.handle([happened])

    async def destroyed(self, case: str) -> None:
        """Two people of the desk destroy the keys of a case, and the days pass."""
        path = f"/cases/{case}/profile/destruction"
        asked = await self.act("POST", f"{path}/request", {"reason": "person_asked"}, {**BAVARIA, "sub": "ada"})
        assert asked["destruction"]["confirmed_at"] is None, asked
        again = await self.act("POST", f"{path}/confirm", None, {**BAVARIA, "sub": "ada"})
        assert (again["http"], again["code"]) == (403, "same_person")
        confirmed = await self.act("POST", f"{path}/confirm", None, {**BAVARIA, "sub": "bob"})
        assert confirmed["destruction"]["destroyed_at"], confirmed
        assert (await self.read(f"/cases/{case}/profile"))["http"] == 200
        self.clock.advance(DELAY)
        assert await self.deadlines.fire_due() >= 1

    async def received(self, case: str, referral: str, due_in: int = 7) -> None:
        """The referral is in the centre's inbox; the answer is due in so many days."""
        now = self.clock.now()
        due = {"received_at": now.isoformat(), "answer_due_at": (now + timedelta(days=due_in)).isoformat()}
        await self.tell("counselling", "ReferralReceived", case, centre=LOS, referral_id=referral, **due)

    async def late(self, case: str, referral: str) -> None:
        """The centre's answer is overdue."""
        missed = {"deadline_type": "referral_answer", "subject_id": referral, "level": 1}
        await self.tell("counselling", "DeadlineMissed", case, centre=LOS, **missed)


def ids(page: Any) -> list[str]:
    """The ids of a page's items, in order."""
    assert page["http"] == 200, page
    return [item.get("referral_id", item["case_id"]) for item in page["items"]]
