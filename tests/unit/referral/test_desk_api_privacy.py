"""Personal data at the HTTP edge: what no answer repeats, and who looks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from referral.events import AgeBandChanged
from referral.handlers.deadlines import AGE_BAND
from tests.support.canaries import Canary, traces
from tests.support.keys import memory_vault
from tests.support.loglines import configured, restore_logging  # noqa: F401 - a fixture
from tests.support.memory_api import ISSUING
from tests.support.referral.news import CASE, STRANGER
from tests.support.referral.web import BERLIN, PROFILE, PROGRAMME, SCOUT, Api, calls
from tests.support.referral.world import done
from tests.support.web import ask, problem
from vocabulary.events import SUBJECT


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"birth_date": "1900-01-01"}, "/birth_date"),
        ({"birth_date": "2190-05-17"}, "/birth_date"),
        ({"birth_date": "643939200"}, "/birth_date"),
        ({"birth_date": 643939200}, "/birth_date"),
        ({"phone": "Canary-Phone"}, "/phone"),
        ({"email": "Canary-Email"}, "/email"),
        ({"sex": "Canary-Sex"}, "/sex"),
        ({"given_name": {"Canary": 1}}, "/given_name"),
        ({"notes": "Canary" * 700}, "/notes"),
        ({"Canary nickname": "Canary"}, "/(name withheld)"),
    ],
    ids=str,
)
@pytest.mark.parametrize("within", [False, True], ids=["alone", "with the case"])
def test_a_profile_that_is_refused_is_repeated_neither_in_the_answer_nor_in_the_log(
    api: Api, changes: dict[str, Any], field: str, within: bool
) -> None:
    lines = configured()
    before = api.desk.service.snapshot()
    sent = {**PROFILE, **changes}
    method, path, body = calls(api)["open_case" if within else "set_profile"]
    answer = api.act(method, path, {**(body or {}), "profile": sent} if within else sent)
    document = problem(answer, 422, "request_invalid")
    assert document["errors"][0]["field"] == ("/profile" if within else "") + field
    for value in ("Canary", "4711471", "1988-11-03", "643939200", "1900-01-01", "2190-05"):
        assert value not in answer.text
    lines()
    assert api.desk.service.snapshot() == before


def test_a_body_that_is_too_large_is_refused(api: Api) -> None:
    problem(api.act("PUT", f"/cases/{CASE}/profile", {"notes": "ü" * 40_000}), 413, "body_too_large")


def test_a_change_needs_an_idempotency_key(api: Api) -> None:
    for method, path, body in calls(api).values():
        answer = ask(api.app, method, path, headers=ISSUING.bearer(**SCOUT), json=body)
        problem(answer, 400, "idempotency_key_required")


def test_every_touch_of_a_profile_leaves_a_line_in_the_log_without_a_value(api: Api) -> None:
    lines = configured(SUBJECT)
    assert api.act(*calls(api)["set_profile"]).status_code == 200
    assert api.read(f"/cases/{CASE}/profile").status_code == 200
    assert api.act(*calls(api)["request_destruction"]).status_code == 200
    problem(api.read(f"/cases/{CASE}/profile", BERLIN), 403, "other_organisation")
    told = [line for line in lines() if line["event"].startswith("profile_")]
    assert [line["event"] for line in told] == ["profile_set", "profile_read", "profile_destruction_requested"]
    assert {(line["case_id"], line["role"], line["owner"]) for line in told} == {(str(CASE), "scout", "scouts:bavaria")}


def test_of_a_birth_date_a_band_and_a_month_lie_in_clear_and_no_birthday(api: Api) -> None:
    born_on = "2012-02-27"
    birthdays = [Canary("birthday", f"{year}{born_on[4:]}") for year in (2012, 2030, 2037, 2047, 2062)]
    lines = configured(SUBJECT)
    answer = api.act("PUT", f"/cases/{CASE}/profile", {"birth_date": born_on})
    desk = api.desk.service
    due = desk.deadlines[AGE_BAND, CASE].due_at.isoformat()
    desk.advance(timedelta(days=366 * 5))
    told = [event for event in desk.events if isinstance(event, AgeBandChanged)]
    assert [each.age_band for each in told] == ["under_18", "18_24"]
    assert (
        traces(birthdays, "\n".join([answer.text, due, str(lines()), *(each.model_dump_json() for each in told)])) == []
    )
    events = [each.model_dump_json() for each in told]
    for clear in (answer.text, due, str(lines()), *events, str(desk.snapshot()["states"])):
        assert traces(birthdays, clear) == []
    assert api.read(f"/cases/{CASE}/profile").json()["birth_date"] == born_on


def test_a_profile_that_does_not_open_is_a_matter_for_the_operators(api: Api) -> None:
    lines = configured()
    api.desk.service.vault = memory_vault(number=2)
    document = problem(api.read(f"/cases/{CASE}/profile"), 503, "vault_locked")
    assert "operators" in document["remedy"]
    assert "vault_locked" in [line["event"] for line in lines()]


def test_a_case_without_a_profile_says_so(api: Api) -> None:
    done(api.desk.open(case_id=STRANGER))
    problem(api.read(f"/cases/{STRANGER}/profile"), 404, "profile_not_found")


def test_the_programmes_management_does_not_see_what_tells_of_health(api: Api) -> None:
    done(api.desk.plan(0, 60))
    done(api.desk.depart(0, 1, "medical", "rent"))
    referral = f"/referrals/{api.desk.referrals[0]}"
    for who, needs, codes in (
        (SCOUT, ["employment", "health"], ["medical", "rent"]),
        (PROGRAMME, ["employment", "further_needs"], ["rent"]),
    ):
        case = api.read(f"/cases/{CASE}", who).json()
        assert case["referrals"][0]["needs"] == needs
        assert case["journey"]["assistance_codes"] == codes
        assert api.read(referral, who).json()["needs"] == needs
