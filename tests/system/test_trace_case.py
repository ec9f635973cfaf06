"""Where a case is, what it waits for, since when, and what went wrong on the way: asked of journey over HTTP and by
`ph trace-case`, while all services run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any
from uuid import uuid4

import pytest

from deploy.local.places import ROOT
from deploy.local.run import asking_journey
from tests.support.chain import Chain, until
from tests.support.people import SCOUTS, STAFF, Person, course

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
async def person(chain: Chain) -> Person:
    """Somebody whom a centre has taken on, who is to leave, and has a seat in a course."""
    person = await Person(lambda name: chain.as_(*STAFF[name])).opened(profile={"given_name": "Ada"})
    await person.referred()
    await person.consents("training", "country:DE")
    await person.enrolled(await course(person.staff))
    await person.accepted()
    await person.planned(100, 120)
    await chain.quiet()
    return person


def journey(chain: Chain, role: str = "operator", org: str = "programme:operations", country: str = "") -> Any:
    return chain.as_("journey", role, org, country)


async def traced(chain: Chain, person: Person) -> Any:
    return await journey(chain).get(f"/cases/{person.case_id}")


def ph(chain: Chain, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as an operator gives it."""
    environment = {**os.environ, **chain.stack.environment(), **asking_journey(chain.stack)}
    command = [sys.executable, "-m", "chassis.operators.cli", "trace-case", *arguments]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)


async def test_a_case_is_found_by_its_id_its_reference_and_its_referral(chain: Chain, person: Person) -> None:
    trace = await traced(chain, person)
    reference = trace["case_ref"]
    for asked in (person.referral_id, reference, reference.lower().replace("-", "")):
        again = await journey(chain).get(f"/cases/{asked}")
        assert (again["case_id"], again["case_ref"]) == (person.case_id, reference)


async def test_it_says_where_the_case_is_and_whose_turn_it_is(chain: Chain, person: Person) -> None:
    trace = await traced(chain, person)
    assert (trace["stage"], trace["centre"], trace["country"]) == ("accepted", "centre:NG-LOS", "NG")
    turns = {(each["what"], each["role"], each["org"]) for each in trace["waiting_for"]}
    assert {("departure", "scout", SCOUTS), ("course", "training_clerk", "provider:TRADE-PAINT")} <= turns
    stands = {(each["service"], each["what"], each["status"]) for each in trace["parts"]}
    assert {
        ("referral", "referral", "accepted"),
        ("referral", "departure", "planned"),
        ("training", "enrolment", "confirmed"),
    } <= stands


async def test_the_timeline_has_every_event_of_the_case_with_its_way_from_the_teller_to_here(
    chain: Chain, person: Person
) -> None:
    trace = await traced(chain, person)
    told = [event for name in ("referral", "training", "counselling") for event in await chain.heard(name)]
    expected = sorted(each.id for each in told if each.key == person.case_id)
    shown = [each["event_id"] for each in trace["timeline"] if not each["topic"].endswith(".keys.v1")]
    assert sorted(shown) == expected
    assert [each["at"] for each in trace["timeline"]] == sorted(each["at"] for each in trace["timeline"])
    assert all(each["trace"]["trace_id"] for each in trace["timeline"])
    assert all(
        0 <= each["publishing_seconds"] < 60 and 0 <= each["receiving_seconds"] < 60 for each in trace["timeline"]
    )
    assert {each["fault"] for each in trace["timeline"]} == {None}
    assert [each for each in trace["unknowns"] if "number" in each or "parked" in each] == []


async def test_what_each_reader_did_with_an_event_is_known_once_it_has_reported(chain: Chain, person: Person) -> None:
    async def handled() -> bool:
        trace = await traced(chain, person)
        (opened,) = (each for each in trace["timeline"] if each["type"] == "CaseOpened")
        readers = {each["service"]: each["what"] for each in opened["readers"]}
        return readers == {"training": "handled", "counselling": "handled", "placement": "handled"}

    await until(handled, "all readers to have told that they have handled it", 100)


async def test_nothing_of_the_person_is_in_a_trace(chain: Chain, person: Person) -> None:
    assert "Ada" not in json.dumps(await traced(chain, person))


async def test_organisations_see_what_is_their_own_and_nobody_else_sees_anything(chain: Chain, person: Person) -> None:
    path = f"/cases/{person.case_id}"
    desk = await journey(chain, "scout", SCOUTS, "DE").get(path)
    centre = await journey(chain, "centre_counsellor", "centre:NG-LOS", "NG").get(path)
    assert len(desk["timeline"]) == len(centre["timeline"]) > 5
    provider = await journey(chain, "training_clerk", "provider:TRADE-PAINT", "DE").get(path)
    assert {each["service"] for each in provider["timeline"]} == {"training"}
    strangers = (
        ("scout", "scouts:berlin", "DE"),
        ("centre_counsellor", "centre:NG-EDO", "NG"),
        ("placement_officer", "centre:NG-LOS", "NG"),
    )
    for stranger in strangers:
        answer = await journey(chain, *stranger).http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "case_not_found")
    management = await journey(chain, "programme_manager", "programme:desk").http.get(path)
    assert (management.status_code, management.json()["code"]) == (403, "role_required")


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ("5c1e2f8a-9b74-4d36-8a0f-3e6d7c2b1a90", 404, "case_not_found"),
        ("PH-7K3M9QX-F", 404, "case_not_found"),
        ("PH-7K3M9QX-G", 422, "case_unreadable"),
        ("not-an-id", 422, "case_unreadable"),
        ("1" * 65, 422, "request_invalid"),
    ],
)
async def test_what_names_no_case_is_answered_clearly(chain: Chain, asked: str, status: int, code: str) -> None:
    answer = await journey(chain).http.get(f"/cases/{asked}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["remedy"]


async def test_an_id_of_another_kind_names_no_case(chain: Chain, person: Person) -> None:
    answer = await journey(chain).http.get(f"/cases/{person.enrolment_id}")
    assert (answer.status_code, answer.json()["code"]) == (404, "case_not_found")
    assert "names no case" in answer.json()["remedy"]


async def test_ph_shows_it_on_a_terminal_and_as_json(chain: Chain, person: Person) -> None:
    shown = ph(chain, person.case_id)
    assert shown.returncode == 0, shown.stderr
    assert "the turn of scout at scouts:bavaria" in shown.stdout
    assert "the centre takes the person on" in shown.stdout
    trace = json.loads(ph(chain, person.referral_id, "--json").stdout)
    assert trace["case_id"] == person.case_id
    unknown = ph(chain, str(uuid4()))
    assert (unknown.returncode, "remedy:" in unknown.stderr) == (1, True)


async def test_whoever_waits_for_too_long_is_stuck_and_whoever_is_not_seen_is_lost(
    chain: Chain, person: Person
) -> None:
    """The clock of journey alone is moved: by it the rest of the chain is silent for a year."""
    asked = {"country": "NG", "centre": "centre:NG-LOS", "limit": 100}
    management = journey(chain, "programme_manager", "programme:desk")
    before = await management.get("/stuck", **asked)
    assert person.case_id not in {each["case_id"] for each in before["items"]}
    try:
        await journey(chain).do("/local/clock", {"advance_hours": 24 * 200})
        stuck = await management.get("/stuck", **asked, hours=24 * 100, sort="since")
        assert {each["what"] for each in stuck["items"] if each["case_id"] == person.case_id} >= {"departure", "course"}
        lost = await management.get("/lost", **asked)
        (found,) = (each for each in lost["items"] if each["case_id"] == person.case_id)
        assert (found["what"], found["dated"], found["role"]) == ("departure", True, "scout")
        assert (await management.get("/lost", country="GH"))["items"] == []
        listed = json.loads(ph(chain, "--lost", "--country", "NG", "--json").stdout)
        assert person.case_id in {each["case_id"] for each in listed}
        first = await management.get("/stuck", limit=1)
        foreign = await management.http.get("/lost", params={"cursor": first["next_cursor"] or "x"})
        assert (foreign.status_code, foreign.json()["code"]) == (422, "cursor_invalid")
    finally:
        chain.real_time_again("journey")
