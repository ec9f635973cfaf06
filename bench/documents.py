"""The counselling service's documents by hand, for the variants that ours is compared with."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chassis.pure.calendar import WorkingDays
from chassis.settings import ROOT
from chassis.work.calendar import Calendar
from counselling.contracts import ReturneeReferred
from counselling.reference import Reference
from vocabulary import limits
from vocabulary.countries import WORKING_DAYS
from vocabulary.reference import Centre


def calendars() -> WorkingDays:
    """The calendars as a service has them."""
    days = Calendar.of(WORKING_DAYS, ROOT / "schemas" / "reference").days
    days.prepare(datetime.now().astimezone().year)
    return days


def centre_of(reference: Reference, message: ReturneeReferred) -> Centre:
    """The centre that a referral names."""
    centre: Centre | None = reference.centres.get(message.to_centre)
    if centre is None:
        raise ValueError(f"{message.to_centre} is no centre")
    return centre


def due_at(reference: Reference, message: ReturneeReferred, days: WorkingDays) -> datetime:
    """Until when the centre owes its answer."""
    centre = centre_of(reference, message)
    limit = reference.limit(message.priority, 1)
    return limits.due(limit.amount, limit.unit, centre.place, message.referred_at, days).at


def new_file(key: str) -> dict[str, Any]:
    """A file of which nothing is known."""
    return {
        "id": key,
        "status": "unknown",
        "centre": None,
        "country": None,
        "centres": [],
        "taken_on": {},
        "case_over": None,
        "referrals": [],
        "consents": [],
        "departure": None,
        "arrival": None,
        "correction": None,
        "corrections": [],
        "contacts": [],
        "assessment": None,
        "courses": [],
        "offers": [],
        "employments": [],
        "assessments": 0,
        "care_keys": {},
        "journey_told_at": None,
        "withdrawn_early": [],
        "early": {"cancelled": [], "offers": [], "voided": []},
        "age": None,
        "arrival_missed": None,
        "acts": {},
        "signed_at": None,
        "glasses": [],
        "preparation": {"calls": [], "call_missed": None},
        "packages": {},
        "plan": None,
        "plan_missed": None,
        "ended": None,
        "case_ref": None,
    }


def add(file: dict[str, Any], message: ReturneeReferred, occurred: str, due: str, region: str | None) -> None:
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
                "age_told_at": occurred,
            },
            "received_at": occurred,
            "answer_due_at": due,
            "answer_owed_from": occurred,
            "status": "received",
            "answered_at": None,
            "ended_at": None,
            "reason": None,
            "overdue_level": 0,
            "first_appointment": None,
            "withdrawal": None,
            "changed_at": occurred,
            "centre_region": region,
            "ends_case": False,
            "reopened_at": None,
            "renewal": None,
            "expiry_missed": None,
            "walk_in": False,
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
