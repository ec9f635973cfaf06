"""The steps in Germany, and the centre's answer. Each returns when the services that it concerns have seen it."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

from deploy.local.places import StackError
from deploy.local.story import world as seen
from deploy.local.story.api import Answer, Reply, Who
from deploy.local.story.people import Person
from deploy.local.story.world import Course, World, clerk, counsellor, scout

CONSENT_DAYS = 730
UNITS = 24
"""Teaching units of a course: 20 to 25 per person, on average (docs/domain.md: course-units)."""
SEATS = 12
NOT_THERE_YET = frozenset({"case_not_found", "consent_missing"})
"""What training says until the events of the case have reached it."""


async def schedule(w: World, who: Who, isco08: str, seats: int, code: str, admin1: str) -> Course:
    """A provider offers a course of a week, from Monday to Friday."""
    monday = w.day(8) + timedelta(days=-w.day(8).weekday() % 7)
    friday = monday + timedelta(days=4)
    body = {
        "course_code": code, "isco08": isco08, "category": "MARKET_ACCESS", "seats": seats,
        "starts_on": monday.isoformat(), "ends_on": friday.isoformat(),
        "admin1": admin1, "online": False, "language": "de", "units": UNITS,
    }  # fmt: skip
    answer = await w.api.post(who, "training", "/sessions", body)
    w.shared_keys.add(answer["session_id"])
    return Course(answer["session_id"], monday, friday)


async def register(w: World, person: Person) -> None:
    """A case is opened, a departure planned, and the consent for the hand-over recorded."""
    body: Answer = {
        "target_group": "RETURNEE_DE", "country": person.country, "admin1": person.admin1,
        "language": person.language, "return_type": person.return_type, "age_band": person.age_band,
        "household_size": person.household_size, "vulnerability_present": person.vulnerable,
        "profile": {"given_name": person.given_name, "family_name": person.family_name, "notes": w.canary},
    }  # fmt: skip
    if person.birth_date is not None:
        body["profile"]["birth_date"] = person.birth_date.isoformat()
    opened = await w.api.post(scout(person), "referral", "/cases", body)
    person.case_id, person.case_ref = opened["case_id"], opened["case_ref"]
    earliest = departure_day(w, person)
    window = {
        "earliest": earliest.isoformat(),
        "latest": (earliest + timedelta(days=14)).isoformat(),
        "transport": "scheduled_flight",
    }
    await w.api.post(scout(person), "referral", f"/cases/{person.case_id}/journey/plan", window)
    await consent(w, person, "referral", f"country:{person.country}")
    w.count(person, "registered")


def departure_day(w: World, person: Person) -> date:
    """When the travel funding will be there."""
    return w.day(person.weeks * 7)


async def consent(w: World, person: Person, purpose: str, recipient: str, who: Who | None = None) -> None:
    """The person has signed: at the scout's, or at the centre that has them."""
    body = {
        "purpose": purpose, "recipients": [recipient], "text_version": "2026-01", "language": person.language,
        "evidence_ref": str(uuid4()), "granted_on": w.today.isoformat(),
        "valid_until": (w.today + timedelta(days=CONSENT_DAYS)).isoformat(), "guardian": person.minor,
    }  # fmt: skip
    path = f"/cases/{person.case_id}/consents"
    answer = await w.api.post(who or scout(person), "referral", path, body)
    person.consents[purpose] = answer["consent_id"]


def wish(person: Person, to_centre: str | None = None) -> Answer:
    """What a referral of the person asks for."""
    named = {} if to_centre is None else {"to_centre": to_centre}
    priority = "urgent" if person.vulnerable else "normal"
    return {"priority": priority, "needs": list(person.needs), "wishes": ["work_in_trade"], **named}


async def refer(w: World, person: Person, body: Answer | None = None, *, key: str = "") -> None:
    """The person is referred; the region decides to which centre. It is in that centre's inbox, and the scout knows."""
    path = f"/cases/{person.case_id}/referrals"
    answer = await w.api.post(scout(person), "referral", path, body or wish(person), key=key)
    person.referral_id, person.centre = answer["referral_id"], answer["to_centre"]
    await received(w, person)
    w.count(person, "referred")


async def received(w: World, person: Person) -> None:
    """Until the centre has the referral, and the scout its acknowledgement."""
    await w.api.until(
        f"the referral of {person} in the inbox of {person.centre}",
        lambda: seen.inbox_item(w, person),
        lambda item: item["referral_id"] == person.referral_id,
    )
    await w.api.until(
        f"the acknowledgement of {person.centre} at {person.scouts}",
        lambda: seen.referral(w, person),
        lambda referral: referral["status"] == "received",
    )


async def open_the_ways(w: World, person: Person) -> None:
    """Consents to look for work and for a course. The one for training comes last: who knows it, knows the rest.

    Work may be looked for by every desk in the country of return; where there is none, by the centre that stands in.
    """
    desks = person.centre if person.country_status == "no_centre" else f"country:{person.country}"
    await consent(w, person, "matching", desks)
    await consent(w, person, "training", person.provider)


async def accept(w: World, person: Person) -> None:
    """The centre takes the person on and sees who they are; the scout learns of it, and placement has the person in its
    pool."""
    if await seen.profile(w, person) is not None:
        raise StackError(f"{person.centre} sees who {person} is before it has accepted")
    body = {"first_appointment": (w.clocks.now + timedelta(days=3)).isoformat()}
    await w.api.post(counsellor(person), "counselling", f"/referrals/{person.referral_id}/accept", body)
    await w.api.until(
        f"the acceptance by {person.centre} at {person.scouts}",
        lambda: seen.referral(w, person),
        lambda referral: referral["status"] == "accepted",
    )
    await w.api.until(
        f"who {person} is, at {person.centre}",
        lambda: seen.profile(w, person),
        lambda profile: (profile["given_name"], profile["family_name"]) == (person.given_name, person.family_name),
    )
    await w.api.until(
        f"{person} in the pool of the placement desks",
        lambda: seen.candidate(w, person),
        lambda candidate: candidate["status"] == "pooled",
    )
    await prepare(w, person)
    w.count(person, "accepted")


async def prepare(w: World, person: Person) -> None:
    """The departure is prepared from both ends: the centre has spoken with the person, and the desk has handed over to
    it what it needs to know."""
    call = {"channel": "video", "attempts": 1, "outcome": "prepared", "held_on": w.today.isoformat()}
    await w.api.post(counsellor(person), "counselling", f"/files/{person.case_id}/pre-departure-call", call)
    package = {"items": ["care", "contact_on_arrival", "documents", "travel"]}
    await w.api.post(scout(person), "referral", f"/referrals/{person.referral_id}/handover", package)
    await w.api.until(
        f"the package of {person} at {person.centre}",
        lambda: seen.centre_file(w, person),
        lambda file: any(each["package"] for each in file["referrals"]),
    )


async def reject(w: World, person: Person) -> None:
    """The centre does not take the person on; the scout learns why."""
    body = {"reason": "no_capacity"}
    await w.api.post(counsellor(person), "counselling", f"/referrals/{person.referral_id}/reject", body)
    await w.api.until(
        f"the rejection by {person.centre} at {person.scouts}",
        lambda: seen.referral(w, person),
        lambda referral: (referral["status"], referral["reason"]) == ("rejected", "no_capacity"),
    )
    w.count(person, "rejected")


async def enrol(w: World, person: Person, course: Course | None = None) -> str:
    """A seat is asked for; the answer is `confirmed` or `waitlisted`. Asks again until training knows the case."""
    body = {"session_id": (course or w.courses[person.provider]).session_id, "case_id": person.case_id}

    async def ask() -> Reply | None:
        reply = await w.api.send(scout(person), "training", "/enrolments", body)
        return None if reply.code in NOT_THERE_YET else reply

    reply = await w.api.until(f"{person} known to training", ask, lambda _: True)
    if reply.code:
        raise StackError(f"{person}: the enrolment was refused: {reply.code}: {reply.body.get('detail')}")
    person.enrolment_id = reply.body["enrolment_id"]
    w.count(person, "enrolled")
    return str(reply.body["status"])


async def enrolment_seen(w: World, person: Person) -> None:
    """Until scout and centre know of the seat."""
    await w.api.until(
        f"the seat of {person} in the timeline of {person.scouts}",
        lambda: seen.timeline(w, person),
        lambda entries: seen.mentions(entries, "EnrolmentConfirmed", person.enrolment_id),
    )
    await w.api.until(
        f"the seat of {person} in the file of {person.centre}",
        lambda: seen.centre_file(w, person),
        lambda file: seen.course_of(file, person).get("status") == "confirmed",
    )


async def complete(w: World, person: Person, result: str) -> None:
    """The provider says how the course ended; the placement desk has the skills, verified if examined."""
    body = {
        "result": result,
        "units": UNITS,
        "finished_on": min(w.today, w.courses[person.provider].ends_on).isoformat(),
    }
    body["skills"] = list(person.isco08)
    path = f"/enrolments/{person.enrolment_id}/complete"
    await w.api.post(clerk(person), "training", path, body)
    kind = "verified_skills" if result == "passed" else "skills"
    await w.api.until(
        f"the skills of {person} at the placement desk",
        lambda: seen.candidate(w, person),
        lambda candidate: set(person.isco08) <= set(candidate[kind]),
    )
    await w.api.until(
        f"the completed course of {person} in the file of {person.centre}",
        lambda: seen.centre_file(w, person),
        lambda file: seen.course_of(file, person).get("status") == f"completed_{result}",
    )
    w.count(person, "trained")


async def depart(w: World, person: Person, on: date) -> None:
    """The person has left Germany; the centre knows when to expect them."""
    body = {
        "departed_on": on.isoformat(),
        "arrival_expected_on": (on + timedelta(days=1)).isoformat(),
        "assistance_codes": ["airport_pickup"],
    }
    await w.api.post(scout(person), "referral", f"/cases/{person.case_id}/journey/depart", body)
    await w.api.until(
        f"the departure of {person} in the file of {person.centre}",
        lambda: seen.centre_file(w, person),
        lambda file: (file["departure"] or {}).get("status") == "departed",
    )
    w.count(person, "departed")
