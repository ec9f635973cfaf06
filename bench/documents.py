"""The counselling service's documents by hand, for the variants that ours is compared with."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from counselling.contracts import ReturneeReferred


def new_file(key: str) -> dict[str, Any]:
    """A file of which nothing is known."""
    return {
        "id": key,
        "status": "unknown",
        "centre": None,
        "country": None,
        "centres": [],
        "referrals": [],
        "consents": [],
        "departure": None,
        "arrival": None,
        "contacts": [],
        "assessment": None,
        "courses": [],
        "offers": [],
        "employments": [],
    }


def add(file: dict[str, Any], message: ReturneeReferred, occurred: str, due: str) -> None:
    """What a referral makes of a file that nobody has worked on."""
    file["referrals"].append(
        {
            "id": str(message.referral_id),
            "root_id": str(message.root_referral_id),
            "centre": message.to_centre,
            "centre_country": message.to_centre[7:9],
            "preview": {
                "country": message.country,
                "priority": message.priority,
                "needs": message.needs,
                "wishes": message.wishes,
                "skills": message.skills,
                "language": message.language,
                "household_size": message.household_size,
                "vulnerability_present": message.vulnerability_present,
                "return_type": message.return_type,
                "target_group": message.target_group,
                "age_band": message.age_band,
                "admin1": message.admin1,
            },
            "received_at": occurred,
            "answer_due_at": due,
            "status": "received",
            "answered_at": None,
            "ended_at": None,
            "reason": None,
            "overdue_level": 0,
            "first_appointment": None,
            "withdrawal": None,
        }
    )
    if message.departure is not None:
        file["departure"] = {
            "status": "expected",
            "earliest": message.departure.earliest.isoformat(),
            "latest": message.departure.latest.isoformat(),
            "departed_on": None,
            "arrival_expected_on": None,
        }
    first = min(file["referrals"], key=lambda each: (each["received_at"], each["id"]))
    file["status"] = "expected"
    file["centre"], file["country"] = first["centre"], first["preview"]["country"]
    file["centres"] = sorted({each["centre"] for each in file["referrals"]})


def text_of(at: datetime) -> str:
    """RFC 3339, UTC."""
    return at.isoformat().replace("+00:00", "Z")
