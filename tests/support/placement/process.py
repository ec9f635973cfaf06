"""The placement service on a real database, without Kafka: HTTP in process, records and deadlines by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from chassis.clock import Clock
from placement.app import SERVICE
from tests.support.placement import bodies
from tests.support.placement.api import OFFICER
from tests.support.placement.world import LAGOS, reference
from tests.support.records import record
from tests.support.service_process import ServiceProcess

TODAY = Clock().now().date()
DAY = timedelta(days=1)
FAR = date(TODAY.year + 2, 1, 1)


class Placement(ServiceProcess):
    """One process of the service, what others tell it, and the steps of a desk."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        super().__init__(SERVICE, pool, reference())
        self._offsets = count()
        self._sequences: dict[tuple[str, str], int] = {}

    async def tell(self, source: str, name: str, case_id: UUID | str, **fields: Any) -> None:
        """A record of another service, with the next sequence number of its key."""
        stream = (source, str(case_id))
        sequence = self._sequences[stream] = self._sequences.get(stream, 0) + 1
        body = {"case_id": str(case_id), **fields}
        told = record(
            body,
            type_=f"ph.{source}.{name}.v1",
            key=case_id,
            sequence=sequence,
            offset=next(self._offsets),
            topic=f"ph.{source}.v1",
        )
        await self.dispatcher.handle([told])
        assert await self.pool.fetchval("select count(*) from parked") == 0

    async def get(self, path: str, who: Mapping[str, Any] = OFFICER, **query: Any) -> Any:
        """The body of a read that must succeed."""
        answer = await self.ask("GET", path, who, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(  # type: ignore[override]
        self, path: str, body: Any = None, who: Mapping[str, Any] = OFFICER
    ) -> Any:
        """The body of a command that must succeed."""
        answer = await self.ask("POST", path, who, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def all(self, path: str, who: Mapping[str, Any] = OFFICER, **query: Any) -> list[Any]:
        """Every item of a list, page by page."""
        found: list[Any] = []
        page = await self.get(path, who, **query)
        while True:
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            page = await self.get(path, who, **query, cursor=page["next_cursor"])

    async def refer(self, country: str = "NG", centre: str = LAGOS, **changes: Any) -> UUID:
        """A person whom the scout referred, with a consent for the desks where the centre lies."""
        case_id = uuid4()
        await self.tell("referral", "ReturneeReferred", case_id, **self.referral(country, centre, **changes))
        await self.consent(case_id, "matching", f"country:{centre[7:9]}")
        return case_id

    def referral(self, country: str, centre: str, **changes: Any) -> dict[str, Any]:
        """What a new referral says of a painter."""
        referral_id = str(uuid4())
        fields = {
            "referral_id": referral_id,
            "root_referral_id": referral_id,
            "to_centre": centre,
            "country": country,
            "skills": ["7131"],
            "language": "en",
            "target_group": "RETURNEE_DE",
            "age_band": "25_34",
        }
        return {**fields, **changes}

    async def consent(self, case_id: UUID, purpose: str, *recipients: str, until: date = FAR, **more: Any) -> str:
        """A consent of a person; its id."""
        consent_id = str(uuid4())
        fields = {"recipients": recipients, "valid_until": until.isoformat(), **more}
        await self.tell("referral", "ConsentGranted", case_id, consent_id=consent_id, purpose=purpose, **fields)
        return consent_id

    async def withdraw(self, case_id: UUID) -> None:
        """The person takes every consent back."""
        query = "select each ->> 'id' as id, each ->> 'purpose' as purpose from candidate, lateral "
        query += "jsonb_array_elements(data -> 'consents') as each where candidate.id = $1"
        for row in await self.pool.fetch(query, case_id):
            told = {"consent_id": row["id"], "purpose": row["purpose"]}
            await self.tell("referral", "ConsentWithdrawn", case_id, **told)

    async def arrive(self, case_id: UUID | str, on: date) -> None:
        """The person is in the country."""
        await self.tell("counselling", "ArrivedInCountry", case_id, arrived_on=on.isoformat(), admin1="NG-LA")

    async def employer(self, who: Mapping[str, Any] = OFFICER, **changes: Any) -> str:
        """An employer's id."""
        id_: str = (await self.post("/employers", {**bodies.EMPLOYER, **changes}, who))["employer_id"]
        return id_

    async def vacancy(self, employer_id: str, who: Mapping[str, Any] = OFFICER, **changes: Any) -> str:
        """A vacancy's id."""
        fields = {"expires_on": (TODAY + 60 * DAY).isoformat(), **changes}
        id_: str = (await self.post("/vacancies", bodies.vacancy(employer_id, **fields), who))["vacancy_id"]
        return id_

    async def offer(
        self, employer_id: str, vacancy_id: str, case_id: UUID, who: Mapping[str, Any] = OFFICER, **changes: Any
    ) -> dict[str, Any]:
        """Leads a person to an offer."""
        await self.consent(case_id, "presentation", f"employer:{employer_id}")
        shortlisted = await self.post("/candidacies", bodies.candidacy(vacancy_id, case_id), who)
        path = f"/candidacies/{shortlisted['candidacy_id']}"
        await self.post(f"{path}/present", who=who)
        body = {**bodies.OFFER, "starts_on": (TODAY + 30 * DAY).isoformat(), **changes}
        offer: dict[str, Any] = await self.post(f"{path}/offer", body, who)
        return offer
