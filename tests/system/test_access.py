"""What every organisation sees of a person, by the state of the person's consents: `tests/access/objects.md`.

Pairwise: every organisation with every object, either with every state of consent. `ACCESS=all` (`make access`) asks
for every combination.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.access.tables import KINDS_OF_ROLES, rows
from tests.support.chain import Chain, until
from tests.support.openapi import operations
from tests.support.people import (
    CENTRE,
    OTHER_CENTRE,
    PROVIDER,
    STAFF,
    Person,
    course,
    new_employer,
    new_file,
    vacancy,
)
from tests.support.tokens import token

STATES = ("named", "country", "withdrawn")
ORGANISATIONS: Mapping[str, str] = {
    "desk": "scouts:bavaria",
    "other desk": "scouts:hamburg",
    "provider": PROVIDER,
    "other provider": "provider:TRADE-METAL",
    "Lagos": CENTRE,
    "Edo": OTHER_CENTRE,
    "Accra": "centre:GH-ACC",
    "programme": "programme:desk",
    "employer": "employer:00000000-0000-4000-8000-000000000000",
}
OF_NOBODY = {
    "GET /employers",
    "GET /vacancies",
    "GET /sessions",
    "GET /summary",
    "GET /figures",
    "GET /figures/{figure}",
    "GET /countries",
    "GET /countries/{country}",
    "GET /adoptions",
    "GET /audit",
    "GET /break-glass",
    "GET /code-lists",
    "GET /code-lists/{name}",
    "GET /operations/parked",
    "GET /operations/parked/{parked_id}",
    "GET /health/live",
    "GET /health/ready",
    "GET /metrics",
}
"""Exempt: they show nothing of a person."""
Judge = Callable[[Any, Mapping[str, str]], str]


@dataclass(frozen=True)
class Object:
    """What can be read of a person: where, and what an answer shows of them."""

    service: str
    path: str
    shows: Judge
    query: Mapping[str, str] = field(default_factory=dict)
    by: str = "case_id"
    """What stands for the case where a path takes any name of it."""


def whole(*there: str) -> Judge:
    """All, and it has these fields."""
    return lambda answer, _ids: "all" if set(there) <= answer.keys() else f"without {there}"


def line(id_: str) -> Judge:
    """Whether the list has a line with this id."""

    def judge(answer: Any, ids: Mapping[str, str]) -> str:
        lines = [str(each) for each in answer["items"] if ids[id_] in str(each)]
        assert answer["next_cursor"] is None, "the list goes on"
        return "listed" if lines else "no"

    return judge


def file_shows(answer: Any, _ids: Mapping[str, str]) -> str:
    if answer["arrival"] and answer["assessment"] and answer["courses"] and answer["offers"]:
        return "all"
    told = ("arrival", "correction", "corrections", "contacts", "assessment", "courses", "offers", "employments")
    later = (*told, "calls", "plan", "voided")
    assert not any(answer[name] for name in later), answer
    return "preview" if answer["referrals"][0]["preview"] else "ids"


def session_shows(answer: Any, ids: Mapping[str, str]) -> str:
    if answer["enrolments"] is None:
        assert ids["case_id"] not in str(answer)
        return "thing"
    [mine] = [each for each in answer["enrolments"] if each["case_id"] == ids["case_id"]]
    return enrolment_shows(mine, ids)


def enrolment_shows(answer: Any, _ids: Mapping[str, str]) -> str:
    assert answer["must_end_by"] is None or answer["person"] is not None
    return "ids" if answer["person"] is None else "all"


def vacancy_shows(answer: Any, ids: Mapping[str, str]) -> str:
    return "all" if any(each["case_id"] == ids["case_id"] for each in answer["candidacies"]) else "thing"


def candidate_shows(answer: Any, _ids: Mapping[str, str]) -> str:
    if answer["skills"] and answer["readiness"] and answer["arrived_on"]:
        return "all"
    told = {name for name, value in answer.items() if value} - {"case_id", "status", "candidacies"}
    assert (answer["status"], told) == ("unknown", set()), answer
    return "ids"


def walk_ins_file_shows(answer: Any, _ids: Mapping[str, str]) -> str:
    if answer["assessment"] and answer["offers"] and answer["referrals"][0]["preview"]:
        return "all"
    assert not any(answer[name] for name in ("assessment", "offers", "contacts", "country")), answer
    return "ids"


def walk_ins_candidate_shows(answer: Any, _ids: Mapping[str, str]) -> str:
    if answer["skills"] and answer["readiness"] and answer["status"] == "active":
        return "all"
    told = {name for name, value in answer.items() if value} - {"case_id", "status", "candidacies"}
    assert (answer["status"], told) == ("unknown", set()), answer
    return "ids"


def trace_shows(answer: Any, _ids: Mapping[str, str]) -> str:
    services = {each["service"] for each in answer["parts"]}
    if answer["target_group"] and answer["stage"] and {"counselling", "placement"} <= services:
        return "all"
    assert not answer["target_group"], answer
    assert answer["stage"] or services <= {"training", "placement"}, answer
    return "part"


OBJECTS: Mapping[str, Object] = {
    "case": Object("referral", "/cases/{case_id}", whole("age_band", "referrals", "journey")),
    "timeline": Object("referral", "/cases/{case_id}/timeline", whole("items")),
    "profile": Object("referral", "/cases/{case_id}/profile", whole("given_name")),
    "consents": Object("referral", "/cases/{case_id}/consents", whole("consents")),
    "referral": Object("referral", "/referrals/{referral_id}", whole("chain")),
    "list of cases": Object("referral", "/cases", line("case_id"), {"sort": "-updated_at", "limit": "100"}),
    "list of referrals": Object("referral", "/referrals", line("case_id"), {"sort": "-updated_at", "limit": "100"}),
    "retention": Object("referral", "/cases/{case_id}/retention", whole("ended", "holds")),
    "list of keys owed": Object("referral", "/profile-keys", line("case_id"), {"limit": "100"}),
    "enrolment": Object("training", "/enrolments/{enrolment_id}", enrolment_shows),
    "profile of an enrolment": Object("training", "/enrolments/{enrolment_id}/profile", whole("given_name", "parts")),
    "session": Object("training", "/sessions/{session_id}", session_shows),
    "list of enrolments": Object("training", "/enrolments", line("case_id"), {"case_id": "{case_id}"}),
    "file": Object("counselling", "/files/{case_id}", file_shows),
    "assessments": Object("counselling", "/files/{case_id}/assessments", whole("items")),
    "list of files": Object("counselling", "/files", line("case_id"), {"limit": "100"}),
    "files by change": Object("counselling", "/files", line("case_id"), {"sort": "-updated_at", "limit": "100"}),
    "inbox": Object("counselling", "/inbox", line("case_id"), {"sort": "-updated_at", "limit": "100"}),
    "duties of a desk": Object("referral", "/deadlines", line("case_id"), {"sort": "-updated_at", "limit": "100"}),
    "duties of a centre": Object("counselling", "/deadlines", line("case_id"), {"sort": "-updated_at", "limit": "100"}),
    "duties of a placement desk": Object(
        "placement", "/deadlines", line("case_id"), {"sort": "-updated_at", "limit": "100"}
    ),
    "candidate": Object("placement", "/candidates/{case_id}", candidate_shows),
    "candidacy": Object("placement", "/candidacies/{candidacy_id}", whole("offer")),
    "profile of a candidacy": Object("placement", "/candidacies/{candidacy_id}/profile", whole("given_name", "parts")),
    "declined candidacy": Object("placement", "/candidacies/{declined_id}", whole("offer")),
    "vacancy": Object("placement", "/vacancies/{vacancy_id}", vacancy_shows),
    "list of candidates": Object("placement", "/candidates", line("case_id"), {"sort": "-updated_at", "limit": "100"}),
    "file of a walk-in": Object("counselling", "/files/{walked_id}", walk_ins_file_shows),
    "profile of a walk-in": Object("counselling", "/files/{walked_id}/profile", whole("given_name")),
    "destruction of a walk-in": Object(
        "counselling", "/files/{walked_id}/profile/destruction", whole("profile", "destruction")
    ),
    "retention of a walk-in": Object("counselling", "/files/{walked_id}/retention", whole("ended", "holds")),
    "consents of a walk-in": Object("counselling", "/files/{walked_id}/consents", whole("items")),
    "walk-in as candidate": Object("placement", "/candidates/{walked_id}", walk_ins_candidate_shows),
    "list of offers": Object("placement", "/offers", line("case_id"), {"case_id": "{case_id}"}),
    "trace": Object("journey", "/cases/{case}", trace_shows),
    "trace by reference": Object("journey", "/cases/{case}", trace_shows, by="case_ref"),
    "trace by referral": Object("journey", "/cases/{case}", trace_shows, by="referral_id"),
    "trace of a walk-in": Object("journey", "/cases/{case}", trace_shows, by="walked_id"),
    "list of envelopes": Object("journey", "/ledger/{case_id}", line("case_id"), {"limit": "100"}),
    "list of stuck cases": Object("journey", "/stuck", line("case_id"), {"limit": "100"}),
    "list of lost people": Object("journey", "/lost", line("case_id"), {"limit": "100"}),
    "list of who waits": Object("journey", "/figures/k1/waiting", line("case_id"), {"limit": "100"}),
}
"""The column *Object* of the page."""


def table() -> dict[tuple[str, str], dict[str, str]]:
    """What the page says per object and organisation; what it does not name is `no`."""
    nothing = dict.fromkeys(STATES, "no")
    found = {(thing, who): dict(nothing) for thing in OBJECTS for who in ORGANISATIONS}
    for _, (thing, who, *seen) in rows("objects.md"):
        assert (thing, who) in found, f"{thing}, {who}: no such object or organisation"
        assert found[thing, who] == nothing, f"{thing}, {who} stands there twice"
        found[thing, who] = dict(zip(STATES, seen[: len(STATES)], strict=True))
    return found


def chosen() -> list[tuple[str, str, str]]:
    """Which combinations are asked: an orthogonal array of three states, or all of them."""
    everything = os.environ.get("ACCESS") == "all"
    return [
        (thing, who, state)
        for row, thing in enumerate(OBJECTS)
        for column, who in enumerate(ORGANISATIONS)
        for number, state in enumerate(STATES)
        if everything or (row + column) % len(STATES) == number
    ]


@pytest.fixture(scope="module")
async def worlds(chain: Chain) -> dict[str, dict[str, str]]:
    """A person per state of consent; the ids of all there is about them."""
    found = {}
    for state in STATES:
        found[state] = await person_in(chain, state)
    await chain.quiet()
    for ids in found.values():
        await unanswered(chain, ids["case_id"])
        await stuck(chain, ids["case_id"])
    return found


async def person_in(chain: Chain, state: str) -> dict[str, str]:
    """Somebody who has come far, with consents of this kind."""
    staff = lambda name: chain.as_(*STAFF[name])  # noqa: E731
    scout, officer, wide = staff("scout"), staff("officer"), state != "named"
    person = await Person(staff).opened(profile={"given_name": "Ada"})
    consents = [
        await person.consents("referral", "country:NG" if wide else CENTRE),
        await person.consents("matching", "country:NG" if wide else CENTRE),
        await person.consents("training", "country:DE" if wide else PROVIDER),
    ]
    asked = {"priority": "normal", "needs": ["employment"], "wishes": [], "skills": ["7131"], "to_centre": CENTRE}
    referral = await scout.do(f"/cases/{person.case_id}/referrals", asked)
    person.referral_id = referral["referral_id"]
    if wide:
        asked |= {"needs": ["housing"], "to_centre": OTHER_CENTRE}
        await scout.do(f"/cases/{person.case_id}/referrals", asked)
    session = await course(staff, online=True)  # so the seat stays theirs when they arrive
    answer = await staff("course_scout").do("/enrolments", {"session_id": session, "case_id": person.case_id})
    await person.accepted()
    await person.arrived()
    await person.assessed()
    employer = await new_employer(staff)
    job = await vacancy(staff, employer, openings=3)
    consents.append(await person.consents("presentation", f"employer:{employer}"))
    candidacies = []
    for decline in (True, False):
        await person.shortlisted(job)
        await officer.do(f"/candidacies/{person.candidacy_id}/present")
        await person.offered()
        candidacies.append(person.candidacy_id)
        if decline:
            await officer.do(f"/offers/{person.offer_id}/decline", {"reason": "distance"})
    if state == "withdrawn":
        await chain.quiet()
        for consent in consents:
            await scout.do(f"/consents/{consent}/withdraw")
    return {
        "case_id": person.case_id,
        "case_ref": (await scout.get(f"/cases/{person.case_id}"))["case_ref"],
        "referral_id": person.referral_id,
        "enrolment_id": answer["enrolment_id"],
        "session_id": session,
        "vacancy_id": job,
        "declined_id": candidacies[0],
        "walked_id": await walk_in(chain, state, job, employer),
        "candidacy_id": candidacies[1],
    }


async def unanswered(chain: Chain, case_id: str) -> None:
    """As if Lagos had been asked eight days ago to destroy a key, and had been silent since."""
    asked = {"revoked_at": (datetime.now(UTC) - timedelta(days=8)).isoformat(), "destroyed_at": None}
    query = """
    update case_file set data = jsonb_set(data, '{shares,0}', data #> '{shares,0}' || $2::jsonb)
    where id = $1 and data #> '{shares,0}' is not null returning 1
    """
    assert await chain.rows("referral", query, UUID(case_id), json.dumps(asked)) == [(1,)]


async def stuck(chain: Chain, case_id: str) -> None:
    """As if what the case waits for had been late since yesterday, and nobody had seen the person."""
    late = datetime.now(UTC) - timedelta(days=1)
    query = "update journey_wait set late_at = $2, lost_at = $2 where case_id = $1 returning 1"

    async def waits() -> bool:
        return bool(await chain.rows("journey", query, UUID(case_id), late))

    await until(waits, "journey to have read what the case waits for", 90)


async def walk_in(chain: Chain, state: str, job: str, employer: str) -> str:
    """Somebody whom nobody referred, with an offer, and consents of this kind."""
    staff = lambda name: chain.as_(*STAFF[name])  # noqa: E731
    counsellor, officer = staff("counsellor"), staff("officer")
    person = Person(staff)
    opened = await counsellor.do("/files", new_file(profile={"given_name": "Ama"}))
    person.case_id = opened["case_id"]
    desks = CENTRE if state == "named" else "country:NG"
    signed = [opened["consent_id"], await person.signs("matching", desks)]
    signed.append(await person.signs("presentation", f"employer:{employer}"))
    await person.assessed()
    await chain.quiet()
    await person.shortlisted(job)
    await officer.do(f"/candidacies/{person.candidacy_id}/present")
    await person.offered()
    if state == "withdrawn":
        await chain.quiet()
        for consent in signed:
            await counsellor.do(f"/files/{person.case_id}/consents/{consent}/withdraw")
    return person.case_id


async def test_every_organisation_sees_of_a_person_what_the_page_says(
    chain: Chain, worlds: dict[str, dict[str, str]]
) -> None:
    expected, found, urls = table(), {}, chain.stack.urls()
    asked = chosen()
    async with httpx.AsyncClient(timeout=30) as http:
        for thing, who, state in asked:
            what, ids, org = OBJECTS[thing], worlds[state], ORGANISATIONS[who]
            bearer = token(chain.stack, roles=KINDS_OF_ROLES.get(org.partition(":")[0], ["scout"]), org=org)
            answer = await http.get(
                urls[what.service] + what.path.format(**ids, case=ids[what.by]),
                params={name: value.format(**ids) for name, value in what.query.items()},
                headers={"Authorization": f"Bearer {bearer}"},
            )
            if answer.status_code == 200:
                found[thing, who, state] = what.shows(answer.json(), ids)
            else:
                assert answer.status_code in {403, 404}, f"{thing} as {who}: {answer.text}"
                found[thing, who, state] = "no"
    wanted = {(thing, who, state): expected[thing, who][state] for thing, who, state in asked}
    assert {each: (found[each], wanted[each]) for each in asked if found[each] != wanted[each]} == {}
    assert len(asked) >= len(OBJECTS) * len(ORGANISATIONS)


async def test_every_operation_that_shows_something_of_a_person_is_asked(chain: Chain) -> None:
    same = {"declined_id": "candidacy_id", "walked_id": "case_id"}
    paths = {(each.service, each.path) for each in OBJECTS.values()}
    for name, called in same.items():
        paths = {(service, path.replace(name, called)) for service, path in paths}
    asked = {(service, f"GET {path}") for service, path in paths}
    there = set()
    for service, url in chain.stack.urls().items():
        async with httpx.AsyncClient(base_url=url) as http:
            document = (await http.get("/openapi.json")).json()
        there |= {(service, f"GET {each.path}") for each in operations(service, document) if not each.changes}
    assert {each for each in there if each[1] not in OF_NOBODY} == asked
    assert {name for _, name in there} >= OF_NOBODY


def test_the_pairs_are_all_there() -> None:
    everything = {(thing, who, state) for thing in OBJECTS for who in ORGANISATIONS for state in STATES}
    for left, right in ((0, 1), (0, 2), (1, 2)):
        assert {(each[left], each[right]) for each in chosen()} == {(each[left], each[right]) for each in everything}


async def test_what_a_process_has_beside_its_api_asks_for_whom_the_page_says(chain: Chain) -> None:
    for url in chain.stack.urls().values():
        async with httpx.AsyncClient(base_url=url, timeout=30) as http:
            for path in ("/health/live", "/health/ready", "/metrics"):
                assert (await http.get(path)).status_code == 200
            for kind, roles in KINDS_OF_ROLES.items():
                bearer = token(chain.stack, roles=[each for each in roles if each != "operator"], org=f"{kind}:desk")
                headers = {"Authorization": f"Bearer {bearer}"}
                answer = await http.post("/local/clock", json={"advance_hours": 0}, headers=headers)
                assert (answer.status_code, answer.json()["code"]) == (403, "role_required")
            bearer = token(chain.stack, roles=["operator"], org="scouts:bavaria")
            headers = {"Authorization": f"Bearer {bearer}"}
            answer = await http.post("/local/clock", json={"advance_hours": 0}, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "role_elsewhere")
