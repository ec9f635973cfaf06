"""Bodies that the placement API takes, good and bad."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.support.placement.world import CASE, DAY, LAST_DAY, TODAY

EMPLOYER: dict[str, Any] = {"name": "Lekki Paint Works Ltd", "isic": "F"}
CHANGE: dict[str, Any] = {
    "skills": [],
    "admin1": None,
    "openings": 1,
    "wage_band": "unknown",
    "formal": False,
    "expires_on": LAST_DAY.isoformat(),
}
"""Of a vacancy."""
INTERVIEW: dict[str, Any] = {"at": "2026-03-05T09:30:00Z", "mode": "in_person"}
OFFER: dict[str, Any] = {
    "hours_per_week": 40,
    "starts_on": (TODAY + 30 * DAY).isoformat(),
    "formal": True,
    "subsidised": False,
}


def vacancy(employer_id: Any, **changes: Any) -> dict[str, Any]:
    """A painter's vacancy in Lagos."""
    fields = {
        "employer_id": str(employer_id),
        "isco08": "7131",
        "skills": ["7132"],
        "admin1": "NG-LA",
        "openings": 1,
        "employment_type": "full_time",
        "formal": True,
        "expires_on": LAST_DAY.isoformat(),
    }
    return {**fields, **changes}


def candidacy(vacancy_id: Any, case_id: UUID = CASE) -> dict[str, Any]:
    """A pick."""
    return {"vacancy_id": str(vacancy_id), "case_id": str(case_id)}


def employment(offer_id: Any, **changes: Any) -> dict[str, Any]:
    """A first day of work."""
    return {"offer_id": str(offer_id), "started_on": TODAY.isoformat(), "evidence_type": "contract", **changes}
