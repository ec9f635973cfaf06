"""People on their way along the chain, moved by the staff of four services through the HTTP APIs alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4
from zoneinfo import ZoneInfo

SCOUTS, CENTRE, OTHER_CENTRE, PROVIDER = "scouts:bavaria", "centre:NG-LOS", "centre:NG-EDO", "provider:TRADE-PAINT"
STAFF: Mapping[str, tuple[str, str, str, str]] = {
    "scout": ("referral", "scout", SCOUTS, "DE"),
    "course_scout": ("training", "scout", SCOUTS, "DE"),
    "clerk": ("training", "training_clerk", PROVIDER, "DE"),
    "counsellor": ("counselling", "centre_counsellor", CENTRE, "NG"),
    "other_counsellor": ("counselling", "centre_counsellor", OTHER_CENTRE, "NG"),
    "officer": ("placement", "placement_officer", CENTRE, "NG"),
    "protection": ("referral", "data_protection_officer", "programme:protection", ""),
    "protection_at_centres": ("counselling", "data_protection_officer", "programme:protection", ""),
    "manager_of_referral": ("referral", "programme_manager", "programme:desk", ""),
    "manager_of_training": ("training", "programme_manager", "programme:desk", ""),
    "manager_of_counselling": ("counselling", "programme_manager", "programme:desk", ""),
    "manager_of_placement": ("placement", "programme_manager", "programme:desk", ""),
}
"""Who asks which service, with which role, for which organisation."""


class Asks(Protocol):
    """Somebody who sends commands."""

    async def do(self, path: str, body: Any = None, *, key: str = "", method: str = "POST") -> Any:
        """One command, which must succeed; its answer."""


Staff = Callable[[str], Asks]


def past() -> date:
    """A day that has begun wherever the chain works."""
    return datetime.now(UTC).date()


def german_today() -> date:
    """The day in Germany."""
    return datetime.now(ZoneInfo("Europe/Berlin")).date()


def ahead(days: int) -> str:
    """A day to come."""
    return (past() + timedelta(days=days)).isoformat()


def new_case(**changes: Any) -> dict[str, Any]:
    """The body of `POST /cases`: somebody from Lagos."""
    return {
        "target_group": "RETURNEE_DE",
        "country": "NG",
        "admin1": "NG-LA",
        "language": "en",
        "return_type": "voluntary_assisted",
        "age_band": "25_34",
        "household_size": 1,
        "vulnerability_present": False,
        **changes,
    }


def new_consent(purpose: str, *recipients: str) -> dict[str, Any]:
    """The body of `POST /cases/{id}/consents`."""
    return {
        "purpose": purpose,
        "recipients": recipients,
        "text_version": "2026-01",
        "language": "en",
        "evidence_ref": str(uuid4()),
        "granted_on": past().isoformat(),
        "valid_until": ahead(400),
    }


def new_signature(purpose: str | None = None) -> dict[str, Any]:
    """What somebody signs at a centre; with a purpose, the body of `POST /files/{id}/consents`."""
    sheet = {
        "text_version": "centre-2026-01",
        "language": "en",
        "evidence_ref": str(uuid4()),
        "granted_on": past().isoformat(),
        "valid_until": ahead(400),
    }
    return sheet if purpose is None else {"purpose": purpose, **sheet}


def new_file(**changes: Any) -> dict[str, Any]:
    """The body of `POST /files`: a local of Lagos, who has walked in there."""
    return {
        "target_group": "LOCAL",
        "admin1": "NG-LA",
        "language": "en",
        "age_band": "25_34",
        "sex": "female",
        "needs": ["employment"],
        "skills": ["7131"],
        "consent": new_signature(),
        **changes,
    }


def new_session(seats: int = 8, **changes: Any) -> dict[str, Any]:
    """The body of `POST /sessions`: a course that begins in Germany today."""
    return {
        "course_code": "PAINT-BASICS",
        "isco08": "7131",
        "category": "MARKET_ACCESS",
        "seats": seats,
        "starts_on": german_today().isoformat(),
        "ends_on": (german_today() + timedelta(days=4)).isoformat(),
        "admin1": "DE-BY",
        "online": False,
        "language": "en",
        "units": 20,
        **changes,
    }


def new_vacancy(employer_id: str, openings: int = 1, **changes: Any) -> dict[str, Any]:
    """The body of `POST /vacancies`."""
    return {
        "employer_id": employer_id,
        "isco08": "7131",
        "skills": ["7131"],
        "admin1": "NG-LA",
        "openings": openings,
        "employment_type": "full_time",
        "wage_band": "minimum_to_median",
        "formal": True,
        "expires_on": ahead(60),
        **changes,
    }


@dataclass
class Person:
    """One case. Each step waits for the answer and keeps the ids that later steps need."""

    staff: Staff
    case_id: str = ""
    referral_id: str = ""
    enrolment_id: str = ""
    candidacy_id: str = ""
    offer_id: str = ""
    statuses: dict[str, str] = field(default_factory=dict)

    async def opened(self, **changes: Any) -> Person:
        """Registered in Germany."""
        answer = await self.staff("scout").do("/cases", new_case(**changes))
        self.case_id = answer["case_id"]
        return self

    async def consents(self, purpose: str, *recipients: str) -> str:
        """Allows something; the consent's id."""
        body = new_consent(purpose, *recipients)
        answer = await self.staff("scout").do(f"/cases/{self.case_id}/consents", body)
        return str(answer["consent_id"])

    async def referred(self, **changes: Any) -> Person:
        """To the centre in Lagos, which may see the case."""
        await self.consents("referral", "country:NG")
        body = {"priority": "normal", "needs": ["employment"], "wishes": [], "skills": ["7131"], **changes}
        answer = await self.staff("scout").do(f"/cases/{self.case_id}/referrals", body)
        self.referral_id = answer["referral_id"]
        return self

    async def held(self) -> str:
        """Records that nothing may end for now; the hold's id."""
        answer = await self.staff("protection").do(f"/cases/{self.case_id}/holds", {"reason": "complaint"})
        return str(answer["hold_id"])

    async def held_at_centre(self) -> str:
        """The same of somebody who has walked in."""
        answer = await self.staff("protection_at_centres").do(f"/files/{self.case_id}/holds", {"reason": "complaint"})
        return str(answer["hold_id"])

    async def withdrawn(self) -> Person:
        """Does not want it any more."""
        path = f"/referrals/{self.referral_id}/withdraw"
        await self.staff("scout").do(path, {"reason": "person_declined"})
        return self

    async def walked_in(self, by: str = "counsellor", **changes: Any) -> Person:
        """Has come to the centre in Lagos, referred by nobody, and may be suggested for work by its placement desk."""
        answer = await self.staff(by).do("/files", new_file(**changes))
        self.case_id, self.referral_id = answer["case_id"], answer["referral_id"]
        await self.signs("matching")
        return self

    async def signs(self, purpose: str, *recipients: str) -> str:
        """Allows something, at the centre; the consent's id."""
        body = {**new_signature(purpose), "recipients": recipients}
        answer = await self.staff("counsellor").do(f"/files/{self.case_id}/consents", body)
        return str(answer["consent_id"])

    async def planned(self, earliest: int = 0, latest: int = 60) -> Person:
        """Leaves within so many days."""
        body = {"earliest": ahead(earliest), "latest": ahead(latest), "transport": "scheduled_flight"}
        await self.staff("scout").do(f"/cases/{self.case_id}/journey/plan", body)
        return self

    async def departed(self, **changes: Any) -> Person:
        """Has left Germany."""
        body = {"departed_on": past().isoformat(), "arrival_expected_on": past().isoformat(), **changes}
        await self.staff("scout").do(f"/cases/{self.case_id}/journey/depart", body)
        return self

    async def enrolled(self, session_id: str) -> Person:
        """Has a seat in a course, or waits for one."""
        await self.consents("training", PROVIDER)
        body = {"session_id": session_id, "case_id": self.case_id}
        answer = await self.staff("course_scout").do("/enrolments", body)
        self.enrolment_id = answer["enrolment_id"]
        self.statuses["enrolment"] = answer["status"]
        return self

    async def seat_given_back(self) -> Person:
        """Does not take the course."""
        await self.staff("course_scout").do(f"/enrolments/{self.enrolment_id}/cancel")
        return self

    async def trained(self) -> Person:
        """Has taken the course to its end."""
        body = {"result": "passed", "units": 20, "finished_on": german_today().isoformat(), "skills": ["7131"]}
        await self.staff("clerk").do(f"/enrolments/{self.enrolment_id}/complete", body)
        return self

    async def accepted(self, by: str = "counsellor") -> Person:
        """By the centre."""
        await self.staff(by).do(f"/referrals/{self.referral_id}/accept", {})
        return self

    async def rejected(self) -> Person:
        """By the centre."""
        await self.staff("counsellor").do(f"/referrals/{self.referral_id}/reject", {"reason": "no_capacity"})
        return self

    async def redirected(self) -> Person:
        """From Lagos to Edo."""
        body = {"to_centre": OTHER_CENTRE, "reason": "other_catchment"}
        answer = await self.staff("counsellor").do(f"/referrals/{self.referral_id}/redirect", body)
        self.referral_id = answer["child_referral_id"]
        return self

    async def arrived(self, by: str = "counsellor") -> Person:
        """In the country."""
        body = {"arrived_on": past().isoformat(), "method": "seen", "admin1": "NG-LA"}
        await self.staff(by).do(f"/files/{self.case_id}/arrival", body)
        return self

    async def assessed(self, by: str = "counsellor", **changes: Any) -> Person:
        """The centre has spoken with the person, and assessed the needs."""
        contact = {"channel": "phone", "attempts": 1, "contacted_on": past().isoformat()}
        await self.staff(by).do(f"/files/{self.case_id}/contacts", contact)
        body = {
            "readiness": "now",
            "priority": "normal",
            "levels": {"economic": 2, "social": 0},
            "assessed_on": past().isoformat(),
            **changes,
        }
        await self.staff(by).do(f"/files/{self.case_id}/assessments", body)
        return self

    async def completed(self, by: str = "counsellor") -> Person:
        """The referral has come to its end."""
        body = {"outcome_code": "employment_found"}
        await self.staff(by).do(f"/referrals/{self.referral_id}/complete", body)
        return self

    async def shortlisted(self, vacancy_id: str) -> Person:
        """For a vacancy."""
        body = {"vacancy_id": vacancy_id, "case_id": self.case_id}
        answer = await self.staff("officer").do("/candidacies", body)
        self.candidacy_id = answer["candidacy_id"]
        return self

    async def presented(self, employer_id: str) -> Person:
        """To the employer, with a consent for exactly this one."""
        await self.consents("presentation", f"employer:{employer_id}")
        await self.staff("officer").do(f"/candidacies/{self.candidacy_id}/present")
        return self

    async def offered(self) -> Person:
        """Work."""
        body = {"hours_per_week": 40, "starts_on": ahead(2), "formal": True, "subsidised": False}
        answer = await self.staff("officer").do(f"/candidacies/{self.candidacy_id}/offer", body)
        self.offer_id = answer["offer"]["offer_id"] if isinstance(answer.get("offer"), dict) else answer["offer_id"]
        return self

    async def employed(self) -> Person:
        """Has taken the offer and begun to work."""
        await self.staff("officer").do(f"/offers/{self.offer_id}/accept")
        body = {"offer_id": self.offer_id, "started_on": past().isoformat(), "evidence_type": "contract"}
        await self.staff("officer").do("/employments", body)
        return self


async def new_employer(staff: Staff) -> str:
    """An employer in Lagos; its id."""
    answer = await staff("officer").do("/employers", {"name": f"Works {uuid4().hex[:8]} Ltd", "isic": "F"})
    return str(answer["employer_id"])


async def course(staff: Staff, **changes: Any) -> str:
    """A course session; its id."""
    answer = await staff("clerk").do("/sessions", new_session(**changes))
    return str(answer["session_id"])


async def vacancy(staff: Staff, employer_id: str, openings: int = 1) -> str:
    """A vacancy; its id."""
    answer = await staff("officer").do("/vacancies", new_vacancy(employer_id, openings))
    return str(answer["vacancy_id"])
