"""Good requests, one for each operation: the state that a command needs is made by a walk through the API.

What a made-up request meets first is a refusal; what lies behind it is met only by a request that is right in all but
one place. So for each operation there are requests that would be answered with 2xx, and `fuzz.around` spoils them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from deploy.local.places import SERVICES
from fuzz.things import Ids
from fuzz.walk import COUNTRIES, Walk, in_lagos
from tests.support.openapi import Operation
from tests.support.people import (
    ahead,
    german_today,
    new_case,
    new_consent,
    new_file,
    new_session,
    new_signature,
    new_vacancy,
    past,
)
from tests.support.tokens import at_home

Request = dict[str, Any]
"""`path`, `query`, `headers`, `body` if there is one, and beside a cursor the `cursors` of all lists."""
Ready = dict[str, list[Request]]
"""By the operation's method and path. A request is used up by its first 2xx, unless `lasts` is true."""
Recipe = Callable[[Walk], Awaitable[Request]]

SIDE_BY_SIDE = 6
SWITCHES = len(COUNTRIES) // 3
"""Good requests to each of the three commands of the switch per country: each has a country of its own."""
PAGES = ("id", "-updated_at")
"""Orders by which every list can be read: a cursor of each is taken."""


Step = Callable[[Walk], Awaitable[str]]
"""A part of a walk, and the id that it leads to."""
Body = Callable[[], Any]


def _request(body: Any = None, path: Mapping[str, str] | None = None, *, lasts: bool = False) -> Request:
    return {"path": dict(path or {}), "query": {}, "headers": {}, "body": body, "lasts": lasts}


def _new(body: Body) -> Recipe:
    async def make(_walk: Walk) -> Request:
        return _request(body())

    return make


def _registered() -> dict[str, Any]:
    facts = {"country": "NG", "language": "yo", "return_type": "voluntary_assisted", "age_band": "unknown"}
    return {**facts, "household_size": 4, "reason": "misunderstood"}


def _at(name: str, step: Step, body: Body | None = None, *, lasts: bool = False) -> Recipe:
    """To the thing that a walk leads to; `name` is how the path calls it."""

    async def make(walk: Walk) -> Request:
        return _request(body() if body else None, {name: await step(walk)}, lasts=lasts)

    return make


async def _employment(walk: Walk) -> Request:
    return _request({"offer_id": await walk.taken(), "started_on": past().isoformat(), "evidence_type": "contract"})


async def _vacancy(walk: Walk) -> Request:
    return _request(new_vacancy(walk.employer, 3))


async def _candidacy(walk: Walk) -> Request:
    return _request({"vacancy_id": walk.job, "case_id": (await walk.pooled()).case_id})


async def _enrolment(walk: Walk) -> Request:
    return _request({"session_id": walk.session, "case_id": await walk.allowed("training", "provider:TRADE-PAINT")})


async def _switch(walk: Walk) -> Request:
    country = walk.country()
    return _request({"status": "suspended", "reason": "security"}, {"country": country})


async def _answer_to_switch(walk: Walk) -> Request:
    return _request(path={"country": await walk.switch_requested()})


async def _release(walk: Walk) -> Request:
    return _request({"reason": "closed"}, await walk.held())


async def _release_at_centre(walk: Walk) -> Request:
    return _request({"reason": "closed"}, await walk.held_at_centre())


async def _parked_many(walk: Walk) -> Request:
    return _request({"parked_ids": [int(walk.parked_id())], "ticket": "INC-4711"})


async def _dropped_many(walk: Walk) -> Request:
    return _request({"parked_ids": [int(walk.parked_id())], "ticket": "INC-4711", "reason": "sent by a test tool"})


async def _somebody(_walk: Walk) -> Request:
    return _request({"subject": str(uuid4())}, lasts=True)


async def _parked(walk: Walk) -> str:
    return walk.parked_id()


async def _call(walk: Walk) -> Request:
    case_id, call_id = await walk.called()
    return _request({"reason": "wrong_person"}, {"case_id": case_id, "call_id": call_id})


async def _contact(walk: Walk) -> Request:
    case_id, contact_id = await walk.spoken_with()
    return _request({"reason": "wrong_day"}, {"case_id": case_id, "contact_id": contact_id})


async def _assessment(walk: Walk) -> Request:
    case_id, assessment_ref = await walk.judged()
    return _request({"reason": "wrong_person"}, {"case_id": case_id, "assessment_ref": assessment_ref})


async def _signed(walk: Walk) -> Request:
    case_id, consent_id = await walk.signed()
    return _request(path={"case_id": case_id, "consent_id": consent_id})


async def _link(walk: Walk) -> Request:
    case_id, same_as = await walk.of_one_person()
    return _request({"same_as": same_as, "reason": "person_told"}, {"case_id": case_id})


async def _answer_to_link(walk: Walk) -> Request:
    case_id, same_as = await walk.link_asked()
    return _request(path={"case_id": case_id, "same_as": same_as})


async def _adoption(walk: Walk) -> Request:
    _case, reference = await walk.adoptable()
    return _request({"case_ref": reference})


async def _undone_link(walk: Walk) -> Request:
    case_id, same_as = await walk.linked()
    return _request({"reason": "wrong_person"}, {"case_id": case_id, "same_as": same_as})


def _today() -> str:
    return past().isoformat()


OPERATIONS: Mapping[str, Recipe] = {
    "GET /operations/parked/{parked_id}": _at("parked_id", _parked),
    "POST /operations/parked/{parked_id}/retry": _at("parked_id", _parked, lambda: {"ticket": "INC-4711"}),
    "POST /operations/parked/{parked_id}/discard": _at(
        "parked_id", _parked, lambda: {"ticket": "INC-4711", "reason": "sent by a test tool"}
    ),
    "POST /operations/parked/many/retry": _parked_many,
    "POST /operations/parked/many/discard": _dropped_many,
    "POST /audit/search": _somebody,
}
"""What each service answers by the chassis's routes."""

RECIPES: Mapping[str, Mapping[str, Recipe]] = {
    "referral": {
        "POST /cases": _new(lambda: new_case(profile={"given_name": "Ada", "birth_date": "1990-05-17"})),
        "POST /cases/{case_id}/consents": _at(
            "case_id", Walk.opened, lambda: new_consent("matching", "country:NG"), lasts=True
        ),
        "POST /consents/{consent_id}/withdraw": _at("consent_id", Walk.consent),
        "POST /cases/{case_id}/referrals": _at(
            "case_id",
            lambda walk: walk.allowed("referral", "country:NG"),
            lambda: {"priority": "normal", "needs": ["employment"], "wishes": [], "skills": ["7131"]},
        ),
        "POST /referrals/{referral_id}/withdraw": _at(
            "referral_id", Walk.referral, lambda: {"reason": "person_declined"}
        ),
        "POST /referrals/{referral_id}/handover": _at(
            "referral_id",
            Walk.taken_on,
            lambda: {"items": ["care", "contact_on_arrival", "documents", "travel"]},
            lasts=True,
        ),
        "POST /referrals/{referral_id}/handover/void": _at(
            "referral_id", Walk.handed_over, lambda: {"reason": "entered_twice"}
        ),
        "POST /cases/{case_id}/journey/plan": _at(
            "case_id",
            Walk.opened,
            lambda: {"earliest": ahead(20), "latest": ahead(60), "transport": "scheduled_flight"},
        ),
        "POST /cases/{case_id}/journey/book": _at(
            "case_id", Walk.planned, lambda: {"on": ahead(30), "transport": "scheduled_flight", "arrival_point": "LOS"}
        ),
        "POST /cases/{case_id}/journey/reschedule": _at(
            "case_id",
            Walk.planned,
            lambda: {"earliest": ahead(40), "latest": ahead(70), "reason": "carrier_changed"},
        ),
        "POST /cases/{case_id}/journey/cancel": _at("case_id", Walk.planned, lambda: {"reason": "country_changed"}),
        "POST /cases/{case_id}/correct": _at("case_id", Walk.opened, _registered),
        "POST /cases/{case_id}/void": _at("case_id", Walk.opened, lambda: {"reason": "entered_twice"}),
        "POST /cases/{case_id}/journey/depart": _at(
            "case_id",
            Walk.planned,
            lambda: {"departed_on": _today(), "arrival_expected_on": _today(), "assistance_codes": []},
        ),
        "POST /cases/{case_id}/journey/depart/correct": _at(
            "case_id",
            Walk.departed,
            lambda: {"departed_on": _today(), "arrival_expected_on": ahead(3), "reason": "wrong_day"},
        ),
        "POST /cases/{case_id}/journey/depart/void": _at("case_id", Walk.departed, lambda: {"reason": "wrong_person"}),
        "POST /cases/{case_id}/journey/miss": _at(
            "case_id", Walk.planned, lambda: {"missed_on": german_today().isoformat(), "reason": "too_late"}
        ),
        "POST /cases/{case_id}/journey/divert": _at(
            "case_id",
            Walk.departed,
            lambda: {"diverted_on": german_today().isoformat(), "to_country": "TR", "reason": "stayed_in_transit"},
        ),
        "POST /adoptions": _adoption,
        "PUT /cases/{case_id}/profile": _at(
            "case_id", Walk.opened, lambda: {"given_name": "Ada", "birth_date": "1990-05-17", "notes": "-"}, lasts=True
        ),
        "POST /cases/search": _new(lambda: {"name": "Ada", "birth_date": "1990-05-17"}),
        "GET /cases/{case_id}/retention": _at("case_id", Walk.opened, lasts=True),
        "POST /cases/{case_id}/holds": _at("case_id", Walk.opened, lambda: {"reason": "complaint"}),
        "POST /cases/{case_id}/holds/{hold_id}/release": _release,
        "GET /cases/{case_id}/profile": _at("case_id", Walk.opened, lasts=True),
        "POST /cases/{case_id}/profile/destruction/request": _at(
            "case_id", Walk.opened, lambda: {"reason": "person_asked"}
        ),
        "POST /cases/{case_id}/profile/destruction/confirm": _at("case_id", Walk.unwanted),
        "POST /cases/{case_id}/profile/destruction/reject": _at("case_id", Walk.unwanted),
        "POST /countries/{country}/status/request": _switch,
        "POST /countries/{country}/status/confirm": _answer_to_switch,
        "POST /countries/{country}/status/reject": _answer_to_switch,
    },
    "training": {
        "POST /sessions": _new(new_session),
        "POST /sessions/{session_id}/cancel": _at(
            "session_id", Walk.course, lambda: {"reason": "too_few_participants"}
        ),
        "POST /enrolments": _enrolment,
        "GET /enrolments/{enrolment_id}/profile": _at("enrolment_id", Walk.known_to_provider, lasts=True),
        "POST /enrolments/{enrolment_id}/cancel": _at("enrolment_id", Walk.enrolment),
        "POST /enrolments/{enrolment_id}/complete": _at(
            "enrolment_id",
            Walk.enrolment,
            lambda: {"result": "passed", "units": 20, "finished_on": german_today().isoformat(), "skills": ["7131"]},
        ),
        "POST /enrolments/{enrolment_id}/complete/correct": _at(
            "enrolment_id",
            Walk.course_ended,
            lambda: {
                "result": "attended",
                "units": 12,
                "finished_on": german_today().isoformat(),
                "skills": [],
                "reason": "misunderstood",
            },
        ),
        "POST /enrolments/{enrolment_id}/complete/void": _at(
            "enrolment_id", Walk.course_ended, lambda: {"reason": "wrong_person"}
        ),
    },
    "counselling": {
        "POST /referrals/{referral_id}/accept": _at(
            "referral_id", Walk.received, lambda: {"first_appointment": f"{ahead(3)}T09:30:00Z"}
        ),
        "POST /referrals/{referral_id}/reject": _at("referral_id", Walk.received, lambda: {"reason": "no_capacity"}),
        "POST /referrals/{referral_id}/redirect": _at(
            "referral_id", Walk.received, lambda: {"to_centre": "centre:NG-EDO", "reason": "other_catchment"}
        ),
        "POST /referrals/{referral_id}/complete": _at(
            "referral_id", Walk.in_progress, lambda: {"outcome_code": "employment_found"}
        ),
        "POST /referrals/{referral_id}/fail": _at("referral_id", Walk.in_progress, lambda: {"reason": "contact_lost"}),
        "POST /referrals/{referral_id}/reopen": _at("referral_id", Walk.completed, lambda: {"reason": "need_again"}),
        "POST /files/{case_id}/never-arrived": _at("case_id", Walk.accepted),
        "POST /files/{case_id}/pre-departure-call": _at(
            "case_id",
            Walk.accepted,
            lambda: {"channel": "video", "attempts": 1, "outcome": "prepared", "held_on": in_lagos()},
        ),
        "POST /files/{case_id}/pre-departure-call/{call_id}/void": _call,
        "POST /files/{case_id}/contacts/{contact_id}/void": _contact,
        "POST /files/{case_id}/assessments/{assessment_ref}/void": _assessment,
        "POST /files/{case_id}/plan/void": _at("case_id", Walk.agreed, lambda: {"reason": "entered_twice"}),
        "POST /files/{case_id}/plans": _at(
            "case_id", Walk.contacted, lambda: {"measures": ["documents", "job_placement"], "agreed_on": in_lagos()}
        ),
        "POST /files/{case_id}/arrival": _at(
            "case_id", Walk.accepted, lambda: {"arrived_on": _today(), "method": "seen", "admin1": "NG-LA"}
        ),
        "POST /files/{case_id}/arrival/correct": _at(
            "case_id",
            Walk.arrived,
            lambda: {
                "arrived_on": (past() - timedelta(days=2)).isoformat(),
                "method": "phone",
                "admin1": "NG-LA",
                "reason": "wrong_day",
            },
        ),
        "POST /files/{case_id}/arrival/void": _at("case_id", Walk.arrived, lambda: {"reason": "wrong_person"}),
        "POST /files/{case_id}/correction/confirm": _at("case_id", Walk.corrected),
        "POST /files/{case_id}/correction/reject": _at("case_id", Walk.corrected),
        "POST /files/{case_id}/contacts": _at(
            "case_id", Walk.arrived, lambda: {"channel": "phone", "attempts": 1, "contacted_on": _today()}
        ),
        "POST /files/{case_id}/assessments": _at(
            "case_id",
            Walk.contacted,
            lambda: {
                "readiness": "now",
                "priority": "normal",
                "levels": {"economic": 2, "social": 0, "health": 1},
                "assessed_on": _today(),
            },
        ),
        "GET /files/{case_id}/assessments": _at("case_id", Walk.assessed, lasts=True),
        "POST /files": _new(
            lambda: new_file(age_band="unknown", profile={"given_name": "Ada", "birth_date": "1990-05-17"})
        ),
        "POST /files/search": _new(lambda: {"name": "Ada", "phone": "+234 800 0000000"}),
        "PUT /files/{case_id}/profile": _at(
            "case_id", Walk.walked_in, lambda: {"given_name": "Ada", "birth_date": "1990-05-17"}, lasts=True
        ),
        "GET /files/{case_id}/profile": _at("case_id", Walk.walked_in, lasts=True),
        "GET /files/{case_id}/profile/destruction": _at("case_id", Walk.walked_in, lasts=True),
        "POST /files/{case_id}/profile/destruction/request": _at(
            "case_id", Walk.walked_in, lambda: {"reason": "person_asked"}
        ),
        "POST /files/{case_id}/profile/destruction/confirm": _at("case_id", Walk.unwanted_there),
        "POST /files/{case_id}/profile/destruction/reject": _at("case_id", Walk.unwanted_there),
        "POST /files/{case_id}/links": _link,
        "POST /files/{case_id}/links/{same_as}/confirm": _answer_to_link,
        "POST /files/{case_id}/links/{same_as}/reject": _answer_to_link,
        "POST /files/{case_id}/links/{same_as}/undo": _undone_link,
        "POST /files/{case_id}/adoption/confirm": _at("case_id", Walk.adoption_asked),
        "POST /files/{case_id}/intake/correct": _at(
            "case_id",
            Walk.walked_in,
            lambda: {"target_group": "LOCAL", "language": "fr", "age_band": "unknown", "reason": "misunderstood"},
        ),
        "POST /files/{case_id}/intake/void": _at("case_id", Walk.walked_in, lambda: {"reason": "wrong_person"}),
        "POST /files/{case_id}/adoption/decline": _at(
            "case_id", Walk.adoption_asked, lambda: {"reason": "not_this_person"}
        ),
        "POST /files/{case_id}/break-glass": _at("case_id", Walk.taken_back, lambda: {"reason": "danger_to_life"}),
        "POST /break-glass/{break_glass_id}/review": _at(
            "break_glass_id", Walk.opened_without_consent, lambda: {"verdict": "justified"}
        ),
        "GET /files/{case_id}/retention": _at("case_id", Walk.walked_in, lasts=True),
        "POST /files/{case_id}/holds": _at("case_id", Walk.walked_in, lambda: {"reason": "complaint"}),
        "POST /files/{case_id}/holds/{hold_id}/release": _release_at_centre,
        "GET /files/{case_id}/consents": _at("case_id", Walk.walked_in, lasts=True),
        "POST /files/{case_id}/consents": _at("case_id", Walk.walked_in, lambda: new_signature("matching"), lasts=True),
        "POST /files/{case_id}/consents/{consent_id}/withdraw": _signed,
        "DELETE /files/{case_id}/assessments": _at("case_id", Walk.assessed),
    },
    "placement": {
        "POST /employers": _new(lambda: {"name": f"Works {uuid4().hex[:8]} Ltd", "isic": "F", "country": "NG"}),
        "POST /vacancies": _vacancy,
        "POST /vacancies/{vacancy_id}/update": _at(
            "vacancy_id",
            Walk.vacancy,
            lambda: {
                "skills": ["7131", "7132"],
                "admin1": "NG-LA",
                "openings": 3,
                "wage_band": "minimum_to_median",
                "formal": True,
                "expires_on": ahead(60),
            },
        ),
        "POST /vacancies/{vacancy_id}/close": _at("vacancy_id", Walk.vacancy),
        "POST /candidacies": _candidacy,
        "GET /candidacies/{candidacy_id}/profile": _at("candidacy_id", Walk.known_to_desk, lasts=True),
        "POST /candidacies/{candidacy_id}/present": _at("candidacy_id", Walk.shortlisted),
        "POST /candidacies/{candidacy_id}/interview": _at(
            "candidacy_id", Walk.presented, lambda: {"at": f"{ahead(5)}T09:30:00Z", "mode": "video"}
        ),
        "POST /candidacies/{candidacy_id}/interview/held": _at(
            "candidacy_id", Walk.invited, lambda: {"held_on": in_lagos(), "outcome": "held"}
        ),
        "POST /candidacies/{candidacy_id}/interview/held/correct": _at(
            "candidacy_id",
            Walk.interviewed,
            lambda: {"held_on": in_lagos(), "outcome": "person_absent", "reason": "misunderstood"},
        ),
        "POST /candidacies/{candidacy_id}/interview/held/void": _at(
            "candidacy_id", Walk.interviewed, lambda: {"reason": "wrong_person"}
        ),
        "POST /candidacies/{candidacy_id}/offer": _at(
            "candidacy_id",
            Walk.presented,
            lambda: {
                "employment_type": "full_time",
                "hours_per_week": 40,
                "wage_band": "minimum_to_median",
                "starts_on": ahead(2),
                "expires_at": f"{ahead(20)}T12:00:00Z",
                "formal": True,
                "subsidised": False,
            },
        ),
        "POST /candidacies/{candidacy_id}/close": _at(
            "candidacy_id", Walk.presented, lambda: {"reason": "employer_declined", "by": "employer"}
        ),
        "POST /offers/{offer_id}/accept": _at("offer_id", Walk.offer),
        "POST /offers/{offer_id}/decline": _at("offer_id", Walk.offer, lambda: {"reason": "wage"}),
        "POST /employments": _employment,
        "POST /candidacies/{candidacy_id}/offer/correct": _at(
            "candidacy_id",
            Walk.offered,
            lambda: {
                "offered_on": (past() - timedelta(days=2)).isoformat(),
                "employment_type": "full_time",
                "reason": "wrong_day",
            },
        ),
        "POST /candidacies/{candidacy_id}/offer/void": _at(
            "candidacy_id", Walk.offered, lambda: {"reason": "wrong_person"}
        ),
        "POST /candidacies/{candidacy_id}/employment/correct": _at(
            "candidacy_id",
            Walk.employed,
            lambda: {
                "started_on": (past() - timedelta(days=2)).isoformat(),
                "evidence_type": "contract",
                "reason": "wrong_day",
            },
        ),
        "POST /candidacies/{candidacy_id}/employment/void": _at(
            "candidacy_id", Walk.employed, lambda: {"reason": "wrong_person"}
        ),
        "POST /candidacies/{candidacy_id}/correction/confirm": _at("candidacy_id", Walk.disputed),
        "POST /candidacies/{candidacy_id}/correction/reject": _at("candidacy_id", Walk.disputed),
    },
    "journey": {},
}
"""How each command's state is made."""

AUDIT = "/audit"
"""The one list that must be told whose it is to be."""
KNOWN = {"country": "NG", "name": "needs", "figure": "k1"}
"""What a path of a GET may hold that no walk makes."""


async def ready(walk: Walk, service: str, operations: Iterable[Operation], ids: Ids, copies: int) -> Ready:
    """Good requests to a service: as many of each command as `copies` says, and one or more of each GET.

    Raises LookupError if a recipe is for an operation that is not there.
    """
    known = list(operations)
    asked = {f"{each.method} {each.path}": each for each in known}
    if unknown := set(RECIPES[service]) - set(asked):
        raise LookupError(f"{service} has no {', '.join(sorted(unknown))}: mend the table of recipes")
    recipes = {**RECIPES[service], **OPERATIONS}
    await walk.park(service, copies * len(OPERATIONS))
    gate = asyncio.Semaphore(SIDE_BY_SIDE)

    async def make(name: str) -> Request:
        async with gate:
            made = await recipes[name](walk)
        return _authorised(made, walk, asked[name])

    found: Ready = {name: [] for name in asked}
    most = {name: SWITCHES for name in recipes if "/countries/" in name}
    names = [name for name in recipes if name in asked for _ in range(min(copies, most.get(name, copies)))]
    for name, made in zip(names, await asyncio.gather(*map(make, names)), strict=True):
        if not (made["lasts"] and found[name]):
            found[name].append(made)
    for name, operation in asked.items():
        if operation.method == "GET" and name not in recipes:
            found[name] = await _gets(walk, operation, ids)
    cursors = sorted({made["query"]["cursor"] for name in found for made in found[name] if "cursor" in made["query"]})
    for made in (made for name in found for made in found[name] if "cursor" in made["query"]):
        made["cursors"] = cursors
    return found


def _authorised(made: Request, walk: Walk, operation: Operation) -> Request:
    made["lasts"] = made["lasts"] or operation.method == "GET"
    if operation.secured:
        bearer = at_home(walk.chain.stack, operation.service, operation.path, sub="everything")
        made["headers"] = {"Authorization": f"Bearer {bearer}"}
    return made


async def _gets(walk: Walk, operation: Operation, ids: Ids) -> list[Request]:
    """Of a list the first page and, for some orders, the one after it; of a thing, one that exists."""
    parts = {part: KNOWN.get(part) or ids[part][-1] for part in operation.parts}
    first = _authorised(_request(path=parts, lasts=True), walk, operation)
    if operation.path == AUDIT:
        first["query"] = {"case": str(uuid4()) if "case_id" not in ids else ids["case_id"][-1]}
    found = [first]
    if "cursor" in operation.queries:
        for order in PAGES:
            query = {**first["query"], "sort": order, "limit": 1}
            page = await walk.page(operation.service, operation.path.format(**parts), first["headers"], query)
            if page["next_cursor"]:
                found.append({**first, "query": {**query, "cursor": page["next_cursor"], "count": "true"}})
    return found


assert set(RECIPES) == set(SERVICES)
