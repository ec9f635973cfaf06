"""Somebody who may do everything, but elsewhere: nothing of anybody else's changes."""

from __future__ import annotations

import re

import pytest

from tests.support.chain import Chain
from tests.support.changes import Everything
from tests.support.people import STAFF, Person, ahead, course, new_employer, new_file, vacancy
from tests.support.tokens import token
from tests.support.web import problem

STRANGERS = {
    "referral": {"org": "scouts:hamburg", "country": "DE"},
    "training": {"org": "provider:TRADE-METAL", "country": "DE"},
    "counselling": {"org": "centre:GH-ACC", "country": "GH"},
    "placement": {"org": "centre:GH-ACC", "country": "GH"},
    "journey": {"org": "centre:GH-ACC", "country": "GH"},
}
"""With every role, but elsewhere. What they see is in `tests/access/objects.md`; here they try to change something."""


@pytest.fixture(scope="module")
async def ids(chain: Chain) -> dict[str, str]:
    """A person who has come far, and everything around, by the names of path parameters and fields."""
    staff = lambda name: chain.as_(*STAFF[name])  # noqa: E731
    person = await Person(staff).opened(profile={"given_name": "Ada"})
    await person.referred()
    consent = await person.consents("matching", "country:NG")
    session = await course(staff)
    await person.enrolled(session)
    await person.accepted()
    await person.planned(20)
    employer = await new_employer(staff)
    job = await vacancy(staff, employer, openings=3)
    await person.shortlisted(job)
    await person.presented(employer)
    await person.offered()
    counsellor = staff("counsellor")
    opened = await counsellor.do("/files", new_file())
    await counsellor.do(f"/files/{opened['case_id']}/consents/{opened['consent_id']}/withdraw")
    glass = await counsellor.do(f"/files/{opened['case_id']}/break-glass", {"reason": "danger_to_life"})
    return {
        "break_glass_id": glass["break_glass_id"],
        "case_id": person.case_id,
        "consent_id": consent,
        "hold_id": await person.held(),
        "referral_id": person.referral_id,
        "session_id": session,
        "enrolment_id": person.enrolment_id,
        "employer_id": employer,
        "vacancy_id": job,
        "candidacy_id": person.candidacy_id,
        "offer_id": person.offer_id,
    }


async def test_a_stranger_changes_nothing_of_anybody_elses(
    chain: Chain, everything: Everything, ids: dict[str, str]
) -> None:
    await chain.quiet()
    before, met = await chain.counts(), 0
    for operation in everything.own:
        body = operation.example()
        about = set(re.findall(r"\{([^}]+)\}", operation.path)) | (set(body or {}) & set(ids))
        if not about or operation.path.startswith("/operations/"):  # a parked record is nobody's but the operators'
            continue
        if body is not None:
            body |= {name: ids[name] for name in about & set(body)}
            body |= {
                name: ahead(30) for name in ("expires_on", "starts_on", "earliest", "latest", "on") if name in body
            }
            body |= {name: ahead(0) for name in body if name.endswith("ed_on")}
        url = re.sub(r"\{([^}]+)\}", lambda match: (ids | {"country": "NG"})[match[1]], operation.path)
        for role in (None, "scout"):
            stranger = STRANGERS[operation.service] | ({"org": "scouts:hamburg"} if role else {})
            bearer = token(chain.stack, **stranger, **({"roles": [role]} if role else {}))
            answer = await everything.send(operation, url=url, json=body, token=bearer)
            assert answer.status_code in {403, 404}, f"{operation} as {role or 'all'}: {answer.text}"
            problem(answer, answer.status_code, answer.json()["code"])
            met += 1
    assert met > 40
    await chain.quiet()
    assert await chain.counts() == before
