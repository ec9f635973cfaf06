"""The HTTP edge of the centres: who may ask, what bodies must be, and how a no looks to the caller."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI

from chassis.clock import Clock
from chassis.http.app import create_api
from chassis.http.auth import Authenticator
from chassis.http.jwks import KeyCache
from chassis.pure.decision import Actor, Refused
from chassis.settings import Settings
from chassis.work.command_bus import Done, IdempotencyKey
from counselling import views
from counselling.app import SERVICE
from counselling.domain.centre_file import CentreFile
from tests.support.counselling import CASE, EDO, LAGOS, REFERRAL, SECOND, TODAY, Desk, consent, done, referred
from tests.support.issuer import AUDIENCE, ISSUER, Issuer
from tests.support.memory import NOW
from tests.support.web import ask, problem

ISSUING = Issuer()
COUNSELLOR = {"roles": ["centre_counsellor"], "org": LAGOS}
IN_EDO = {"roles": ["centre_counsellor"], "org": EDO}
PROGRAMME = {"roles": ["programme_manager"], "org": "programme:desk"}


class Bus:
    """Runs commands on the desk in memory."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def execute(self, command: Any, actor: Actor, _key: IdempotencyKey) -> Done | Refused:
        outcome = self.desk.service.command(command, actor)
        return outcome if isinstance(outcome, Refused) else Done(outcome.answer)


class Api:
    """The API over one desk."""

    def __init__(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        self.desk = desk
        self.app: FastAPI = create_api(SERVICE, Settings(auth_issuer=ISSUER, auth_jwks="unused"))
        keys = KeyCache(ISSUING.jwks)
        self.app.state.authenticator = Authenticator(ISSUER, AUDIENCE, "unused", keys=keys)
        self.app.state.clock = Clock()
        self.app.state.bus = Bus(desk)
        self.app.state.pool = object()

        async def case_of(_database: object, referral_id: UUID) -> UUID | None:
            files = desk.service.all(CentreFile)
            return next((file.id for file in files if file.referral(referral_id) is not None), None)

        async def file_of(_database: object, case_id: UUID) -> CentreFile | None:
            return next((file for file in desk.service.all(CentreFile) if file.id == case_id), None)

        monkeypatch.setattr(views, "case_of", case_of)
        monkeypatch.setattr(views, "file_of", file_of)

    def get(self, path: str, who: Mapping[str, Any] = COUNSELLOR) -> Any:
        return ask(self.app, "GET", path, headers=ISSUING.bearer(**who))

    def post(self, path: str, body: Mapping[str, Any], who: Mapping[str, Any] = COUNSELLOR) -> Any:
        headers = {**ISSUING.bearer(**who), "Idempotency-Key": str(uuid4())}
        return ask(self.app, "POST", path, json=body, headers=headers)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    """A referral waits in Lagos; the clock of the desk stands still."""
    return Api(Desk.with_referral(), monkeypatch)


DAY = TODAY.isoformat()
CALLS: list[tuple[str, dict[str, Any]]] = [
    (f"/referrals/{REFERRAL}/accept", {}),
    (f"/referrals/{REFERRAL}/reject", {"reason": "no_capacity"}),
    (f"/referrals/{REFERRAL}/redirect", {"to_centre": EDO, "reason": "no_capacity"}),
    (f"/referrals/{REFERRAL}/complete", {"outcome_code": "employment_found"}),
    (f"/files/{CASE}/arrival", {"arrived_on": DAY, "method": "seen"}),
    (f"/files/{CASE}/contacts", {"channel": "phone", "attempts": 1, "contacted_on": DAY}),
    (
        f"/files/{CASE}/assessments",
        {"readiness": "now", "priority": "normal", "levels": {"economic": 1}, "assessed_on": DAY},
    ),
]


def test_a_case_goes_from_the_inbox_to_its_end(api: Api) -> None:
    appointment = NOW + timedelta(days=3)
    accepted = api.post(CALLS[0][0], {"first_appointment": appointment.isoformat()})
    assert accepted.status_code == 200
    assert (accepted.json()["status"], accepted.json()["file_status"]) == ("accepted", "expected")
    arrived = api.post(*CALLS[4])
    assert (arrived.status_code, arrived.json()["status"]) == (201, "arrived_not_contacted")
    contacted = api.post(*CALLS[5])
    assert (contacted.status_code, contacted.json()) == (
        201,
        {"case_id": str(CASE), "status": "in_contact", "contacts": 1},
    )
    assessed = api.post(*CALLS[6])
    assert (assessed.status_code, assessed.json()["domains_with_needs"]) == (201, 1)
    completed = api.post(*CALLS[3])
    assert (completed.status_code, completed.json()["status"], completed.json()["file_status"]) == (
        200,
        "completed",
        "closed",
    )


def test_a_redirection_answers_with_the_child(api: Api) -> None:
    answer = api.post(*CALLS[2])
    assert answer.status_code == 200
    body = answer.json()
    assert (body["status"], body["to_centre"], body["file_status"]) == ("referred_onward", EDO, "expected")
    assert api.post(f"/referrals/{body['child_referral_id']}/accept", {}, IN_EDO).status_code == 200


@pytest.mark.parametrize(("path", "body"), CALLS, ids=lambda value: str(value)[-12:])
@pytest.mark.parametrize("role", ["scout", "programme_manager", "placement_officer", "training_clerk", "operator"])
def test_only_staff_of_a_centre_act(api: Api, path: str, body: dict[str, Any], role: str) -> None:
    problem(api.post(path, body, {"roles": [role], "org": LAGOS}), 403, "role_required")


@pytest.mark.parametrize(("path", "body"), CALLS, ids=lambda value: str(value)[-12:])
def test_staff_of_another_centre_do_not(api: Api, path: str, body: dict[str, Any]) -> None:
    problem(api.post(path, body, IN_EDO), 403, "not_your_centre")


@pytest.mark.parametrize(("path", "body"), CALLS, ids=lambda value: str(value)[-12:])
def test_a_field_that_the_api_does_not_know_is_refused(api: Api, path: str, body: dict[str, Any]) -> None:
    document = problem(api.post(path, {**body, "remark": "x"}), 422, "request_invalid")
    assert document["errors"][0]["field"] == "/remark"


@pytest.mark.parametrize(
    ("call", "changes", "field"),
    [
        (0, {"first_appointment": "2026-03-12"}, "/first_appointment"),
        (0, {"first_appointment": "2026-03-12T09:30:00"}, "/first_appointment"),
        (1, {"reason": "Not our mandate"}, "/reason"),
        (1, {"reason": None}, "/reason"),
        (2, {"to_centre": "NG-EDO"}, "/to_centre"),
        (2, {"to_centre": "provider:NG-EDO"}, "/to_centre"),
        (3, {"outcome_code": ""}, "/outcome_code"),
        (4, {"arrived_on": "1900-01-01"}, "/arrived_on"),
        (4, {"arrived_on": "02.03.2026"}, "/arrived_on"),
        (4, {"method": "rumour"}, "/method"),
        (4, {"admin1": "Lagos"}, "/admin1"),
        (5, {"attempts": 0}, "/attempts"),
        (5, {"attempts": "1"}, "/attempts"),
        (5, {"attempts": 101}, "/attempts"),
        (5, {"channel": "letter"}, "/channel"),
        (6, {"levels": {}}, "/levels"),
        (6, {"levels": {"economic": 4}}, "/levels/economic"),
        (6, {"levels": {"economic": True}}, "/levels/economic"),
        (6, {"levels": {"economic": 1.5}}, "/levels/economic"),
        (6, {"levels": [["economic", 1]]}, "/levels"),
        (6, {"readiness": "soon"}, "/readiness"),
    ],
)
def test_a_field_that_is_not_as_it_must_be_is_named(api: Api, call: int, changes: dict[str, Any], field: str) -> None:
    path, body = CALLS[call]
    before = api.desk.service.snapshot()
    document = problem(api.post(path, {**body, **changes}), 422, "request_invalid")
    assert document["errors"][0]["field"] == field
    assert api.desk.service.snapshot() == before


def test_a_refusal_of_a_rule_becomes_a_problem_that_names_the_field(api: Api) -> None:
    document = problem(api.post(CALLS[1][0], {"reason": "bad_mood"}), 422, "unknown_code")
    assert document["errors"][0]["field"] == "/reason"
    problem(api.post(*CALLS[3]), 409, "referral_not_in_progress")


@pytest.mark.parametrize("act", ["accept", "reject", "redirect", "complete"])
def test_an_unknown_referral_is_not_found(api: Api, act: str) -> None:
    body = next(body for path, body in CALLS if path.endswith(act))
    problem(api.post(f"/referrals/{SECOND}/{act}", body), 404, "referral_not_found")


@pytest.mark.parametrize("path", ["/referrals/4711/accept", "/files/4711/arrival"])
def test_an_id_that_is_none_is_refused(api: Api, path: str) -> None:
    body = CALLS[0][1] if "accept" in path else CALLS[4][1]
    problem(api.post(path, body), 422, "request_invalid")


def test_before_the_acceptance_a_file_shows_no_more_than_was_referred(api: Api) -> None:
    file = api.get(f"/files/{CASE}").json()
    assert (file["status"], file["centre"], file["country"]) == ("expected", LAGOS, "NG")
    assert file["referrals"][0]["referral_id"] == str(REFERRAL)
    assert file["referrals"][0]["preview"]["needs"] == ["employment", "housing"]
    assert [file[name] for name in ("assessment", "courses", "offers", "employments")] == [None] * 4
    done(api.desk.accept())
    assert api.get(f"/files/{CASE}").json()["courses"] == []


def test_the_programme_management_reads_every_file(api: Api) -> None:
    file = api.get(f"/files/{CASE}", PROGRAMME).json()
    assert (file["status"], file["courses"]) == ("expected", [])


def test_nobody_else_reads_a_file(api: Api) -> None:
    problem(api.get(f"/files/{CASE}", IN_EDO), 403, "not_your_centre")
    problem(api.get(f"/files/{CASE}", {"roles": ["scout"]}), 403, "role_required")
    problem(api.get(f"/files/{SECOND}"), 404, "file_not_found")


def test_a_centre_that_was_asked_for_something_else_sees_the_file_but_no_result(api: Api) -> None:
    done(api.desk.accept())
    done(api.desk.arrive())
    done(api.desk.contact())
    done(api.desk.assess())
    api.desk.tell(referred(referral_id=SECOND, to_centre=EDO))
    file = api.get(f"/files/{CASE}", IN_EDO).json()
    assert (file["status"], file["assessment"]) == ("assessed", None)
    problem(api.get(f"/files/{CASE}/assessments", IN_EDO), 403, "not_your_centre")
    problem(api.get(f"/files/{CASE}/assessments", PROGRAMME), 403, "role_required")


def test_a_file_that_waits_for_its_referral_is_seen_by_the_programme_management_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    desk.tell(consent())
    api = Api(desk, monkeypatch)
    problem(api.get(f"/files/{CASE}"), 404, "file_not_found")
    assert api.get(f"/files/{CASE}", PROGRAMME).json()["status"] == "unknown"


@pytest.mark.parametrize("path", ["/inbox", "/files"])
def test_staff_list_their_own_centre_only(api: Api, path: str) -> None:
    problem(api.get(f"{path}?centre={EDO}"), 403, "not_your_centre")


@pytest.mark.parametrize(
    "query",
    [
        "/inbox?limit=0",
        "/inbox?limit=101",
        "/inbox?cursor=next",
        "/inbox?cursor=999999999999999999_00000000-0000-4000-8000-000000000000",
        "/inbox?centre=NG-LOS",
        "/files?status=open",
        "/files?cursor=4711",
        "/files?limit=many",
    ],
)
def test_a_query_that_is_not_as_it_must_be_is_refused(api: Api, query: str) -> None:
    problem(api.get(query), 422, "request_invalid")


def test_every_route_documents_what_it_answers(api: Api) -> None:
    paths = ask(api.app, "GET", "/openapi.json").json()["paths"]
    assert set(paths) == {
        "/inbox",
        "/files",
        "/files/{case_id}",
        "/files/{case_id}/arrival",
        "/files/{case_id}/contacts",
        "/files/{case_id}/assessments",
        *(f"/referrals/{{referral_id}}/{act}" for act in ("accept", "reject", "redirect", "complete")),
    }
    for path, operations in paths.items():
        for method, operation in operations.items():
            expected = {"401", "403"} | ({"404", "409"} if method == "post" else set())
            assert expected <= set(operation["responses"]), path
