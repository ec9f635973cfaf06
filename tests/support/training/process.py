"""The training service on a real database, without sockets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from tests.support.records import FakeRecord, record
from tests.support.service_process import ServiceProcess
from training.app import SERVICE
from vocabulary.countries import GERMANY, day_at

PAINT, ELEC = "provider:TRADE-PAINT", "provider:TRADE-ELEC"


def clerk(org: str = PAINT) -> Mapping[str, Any]:
    return {"roles": ["training_clerk"], "org": org}


def scout(org: str = "scouts:bavaria") -> Mapping[str, Any]:
    return {"roles": ["scout"], "org": org}


PROGRAMME: Mapping[str, Any] = {"roles": ["programme_manager"], "org": "programme:desk"}


class Process(ServiceProcess):
    """One process of the service: HTTP on one side, records of the referral topic on the other."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        super().__init__(SERVICE, pool)
        self._sequences: dict[UUID, int] = {}
        self._offset = 0

    def day(self, days: int) -> str:
        """A day at a provider in Germany, counted from today."""
        return (day_at(GERMANY, self.clock.now()) + timedelta(days=days)).isoformat()

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
        answer = await self.post("/sessions", clerk(org), **self.course(**changes))
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

    async def people(self, count: int, desk: str = "scouts:bavaria") -> list[UUID]:
        """Cases of a desk that every provider may enrol."""
        cases = [uuid4() for _ in range(count)]
        records = []
        for case in cases:
            person = {"target_group": "RETURNEE_DE", "country": "NG", "language": "ha"}
            records.append(self.event(case, "CaseOpened", **person, opened_by=desk))
            consent = {"purpose": "training", "recipients": ["country:DE"], "valid_until": "2100-01-01"}
            records.append(self.event(case, "ConsentGranted", consent_id=str(uuid4()), **consent))
        await self.dispatcher.handle(records)
        return cases

    async def enrolled(self, session: str, case: UUID, org: str = "scouts:bavaria") -> Any:
        answer = await self.post("/enrolments", scout(org), session_id=session, case_id=str(case))
        assert answer["http"] == 201, answer
        return answer

    async def read_through(self, path: str, who: Mapping[str, Any], id_: str, **query: Any) -> list[str]:
        """The ids of a whole list, page by page."""
        found: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self.get(path, who, **query, **cursor)
            assert page["http"] == 200, page
            found += [item[id_] for item in page["items"]]
            if page["next_cursor"] is None:
                return found
            cursor = {"cursor": page["next_cursor"]}
