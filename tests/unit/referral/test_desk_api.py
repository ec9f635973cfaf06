"""The HTTP edge of the desk: its routes, who may use them, and how a no looks to the caller."""

from __future__ import annotations

from typing import Any

import pytest

from referral import bodies
from referral.events import CaseOpened
from tests.support.referral.news import CASE, LAGOS
from tests.support.referral.web import (
    BERLIN,
    CHANGES,
    CONSENT,
    CONSENTS,
    DAYS,
    PROFILE,
    PROGRAMME,
    READS,
    WINDOW,
    Api,
    calls,
    example,
    reads,
)
from tests.support.web import ask, problem


def test_a_case_goes_from_the_first_talk_to_the_departure(api: Api) -> None:
    opened = api.act(*calls(api)["open_case"])
    assert (opened.status_code, opened.json()["status"]) == (201, "open")
    case = f"/cases/{opened.json()['case_id']}"
    assert api.read(f"{case}/profile").json() == {"case_id": opened.json()["case_id"], **PROFILE}
    consent = api.act("POST", f"{case}/consents", CONSENT)
    assert (consent.status_code, consent.json()["status"]) == (201, "granted")
    referral = api.act("POST", f"{case}/referrals", example(bodies.NewReferral))
    assert (referral.status_code, referral.json()["status"], referral.json()["to_centre"]) == (201, "submitted", LAGOS)
    planned = api.act("POST", f"{case}/journey/plan", WINDOW)
    assert (planned.status_code, planned.json()["status"], planned.json()["latest"]) == (200, "planned", DAYS["later"])
    moved = api.act("POST", f"{case}/journey/reschedule", {**WINDOW, "reason": "person_wish"})
    assert (moved.status_code, moved.json()["status"]) == (200, "planned")
    booked = api.act("POST", f"{case}/journey/book", {"on": DAYS["today"]})
    assert (booked.status_code, booked.json()["status"]) == (200, "booked")
    departed = api.act(*("POST", f"{case}/journey/depart", calls(api)["confirm_departure"][2]))
    assert (departed.status_code, departed.json()["status"]) == (200, "departed")
    view = api.read(case).json()
    assert (view["status"], view["journey"]["status"], view["journey_status"]) == ("referred", "departed", "departed")
    assert (view["overdue"], view["employed"], view["job_offers"]) == (False, False, 0)
    assert (example(bodies.NewCase)["age_band"], view["age_band"]) == ("25_34", "35_49"), "by the birth date"
    kinds = [entry["type"] for entry in api.read(f"{case}/timeline").json()["items"]]
    assert sorted(kinds) == sorted(
        ["AgeBandChanged", "CaseOpened", "ConsentGranted", "DepartureRescheduled", "ReturneeDeparted"]
        + ["DeparturePlanned"] * 2
        + ["ReturneeReferred"]
    )


def test_a_departure_is_put_right(api: Api) -> None:
    departs = calls(api)["confirm_departure"]
    path = departs[1]
    assert api.act(*departs).status_code == 200
    right = {"departed_on": DAYS["today"], "arrival_expected_on": DAYS["today"], "reason": "wrong_day"}
    corrected = api.act("POST", f"{path}/correct", right)
    assert (corrected.status_code, corrected.json()["status"]) == (200, "departed")
    case = path.removesuffix("/journey/depart")
    assert api.read(case).json()["journey"]["arrival_expected_on"] == DAYS["today"]
    voided = api.act("POST", f"{path}/void", {"reason": "wrong_person"})
    assert (voided.status_code, voided.json()["status"]) == (200, "undecided")
    assert api.read(case).json()["journey"]["departed_on"] is None


def test_what_was_registered_wrongly_is_put_right_and_a_case_that_is_none_is_void(api: Api) -> None:
    api.act(*calls(api)["withdraw_referral"])
    right = {"country": "NG", "language": "yo", "return_type": "forced", "age_band": "25_34", "reason": "misunderstood"}
    corrected = api.act("POST", f"/cases/{CASE}/correct", right)
    assert (corrected.status_code, corrected.json()["status"]) == (200, "unserved")
    view = api.read(f"/cases/{CASE}").json()
    assert (view["language"], view["return_type"], view["admin1"], view["household_size"]) == ("yo", "forced", None, 1)
    voided = api.act("POST", f"/cases/{CASE}/void", {"reason": "wrong_person"})
    assert (voided.status_code, voided.json()["status"]) == (200, "void")
    assert {each["status"] for each in api.read(f"/cases/{CASE}").json()["consents"]} == {"withdrawn"}


def test_what_was_handed_over_is_recorded(api: Api) -> None:
    api.desk.tell(api.desk.received(), api.desk.accepted())
    method, path, body = calls(api)["send_handover_package"]
    sent = api.act(method, path, body)
    assert (sent.status_code, sent.json()["to_centre"], sent.json()["items"]) == (200, LAGOS, body["items"])
    view = api.read(path.removesuffix("/handover")).json()
    assert (view["handed_over"], view["handed_over_at"]) == (body["items"], sent.json()["sent_at"])


def test_what_was_begun_is_taken_back(api: Api) -> None:
    case_of = calls(api)
    withdrawn = api.act(*case_of["withdraw_referral"])
    assert (withdrawn.status_code, withdrawn.json()["status"], withdrawn.json()["case_status"]) == (
        200,
        "withdrawn",
        "unserved",
    )
    assert api.act(*case_of["withdraw_consent"]).json()["status"] == "withdrawn"
    assert api.act(*case_of["plan_departure"]).status_code == 200
    assert api.act(*case_of["cancel_departure"]).json()["status"] == "cancelled"
    api.desk.destroy()
    problem(api.read(f"/cases/{CASE}/profile"), 404, "profile_destroyed")


# --- who may ask ---


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("role", ["programme_manager", "training_clerk", "operator", "centre_counsellor"])
def test_only_the_desk_changes_cases_and_centres_only_consents(api: Api, name: str, role: str) -> None:
    before = api.desk.service.snapshot()
    code = "other_organisation" if role == "centre_counsellor" and name in CONSENTS else "role_required"
    problem(api.act(*calls(api)[name], who={"roles": [role], "org": LAGOS}), 403, code)
    assert api.desk.service.snapshot() == before


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("role", ["centre_counsellor", "placement_officer", "training_clerk", "operator"])
def test_only_the_desk_and_the_programmes_management_read(api: Api, name: str, role: str) -> None:
    problem(api.read(reads(api)[name], {"roles": [role], "org": LAGOS}), 403, "role_required")


@pytest.mark.parametrize("name", [name for name in CHANGES if name != "open_case"])
def test_another_desk_changes_nothing(api: Api, name: str) -> None:
    problem(api.act(*calls(api)[name], who=BERLIN), 403, "other_organisation")


@pytest.mark.parametrize("name", ["read_case", "read_timeline", "read_profile", "read_referral"])
def test_another_desk_reads_nothing(api: Api, name: str) -> None:
    problem(api.read(reads(api)[name], BERLIN), 403, "other_organisation")


def test_the_programmes_management_reads_every_case_and_no_profile(api: Api) -> None:
    assert api.read(f"/cases/{CASE}", PROGRAMME).json()["opened_by"] == "scouts:bavaria"
    assert api.read(f"/cases/{CASE}/timeline", PROGRAMME).status_code == 200
    problem(api.read(f"/cases/{CASE}/profile", PROGRAMME), 403, "role_required")


# --- the document ---


def test_every_body_has_an_example_and_every_field_of_a_profile_is_optional(api: Api) -> None:
    schemas = ask(api.app, "GET", "/openapi.json").json()["components"]["schemas"]
    for name in ("NewCase", "NewConsent", "NewReferral", "Plan", "Booking", "Rescheduling", "DepartureReport"):
        assert schemas[name]["examples"]
        assert schemas[name]["additionalProperties"] is False
    assert "required" not in schemas["ProfileBody"]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, None),
        ({"sex": "female"}, "female"),
        ({"profile": {"sex": "male"}}, "male"),
        ({"profile": {"sex": "diverse"}}, None),
        ({"profile": {"sex": "unknown"}}, None),
    ],
)
def test_the_sex_code_is_told_as_the_body_or_the_profile_says_if_it_points_to_nobody(
    api: Api, more: dict[str, Any], told: str | None
) -> None:
    assert api.act("POST", "/cases", {**example(bodies.NewCase), **more}).status_code == 201
    opened = [event for event in api.desk.service.events if isinstance(event, CaseOpened)]
    assert opened[-1].sex == told


@pytest.mark.parametrize("said", ["diverse", "unknown"])
def test_a_sex_that_few_people_have_is_refused_where_it_would_be_told_in_clear(api: Api, said: str) -> None:
    told = len(api.desk.service.events)
    for path, body in (("/cases", bodies.NewCase), (f"/cases/{CASE}/correct", bodies.CaseCorrection)):
        refused = problem(api.act("POST", path, {**example(body), "sex": said}), 422, "request_invalid")
        assert [each["field"] for each in refused["errors"]] == ["/sex"]
    assert len(api.desk.service.events) == told


def test_a_sex_that_few_people_have_rests_sealed_and_nowhere_else(api: Api) -> None:
    body = {**example(bodies.NewCase), "profile": {**PROFILE, "sex": "diverse"}}
    case = f"/cases/{api.act('POST', '/cases', body).json()['case_id']}"
    assert api.read(f"{case}/profile").json()["sex"] == "diverse"
    assert api.read(case).json()["sex"] is None
    service = api.desk.service
    assert "diverse" not in f"{service.events}{service.rows}"
