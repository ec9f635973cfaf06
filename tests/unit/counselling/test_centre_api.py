"""The HTTP edge of the centres: who may ask, what bodies must be, and how a no looks to the caller."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from counselling.app import SERVICE
from tests.support.counselling.world import (
    CASE,
    EDO,
    LAGOS,
    REFERRAL,
    SECOND,
    TODAY,
    Desk,
    consent,
    done,
    offered,
    referred,
)
from tests.support.counselling.world import IN_EDO as COUNSELLOR_IN_EDO
from tests.support.memory import NOW
from tests.support.memory_api import MemoryApi
from tests.support.web import problem
from vocabulary.countries import day_at
from vocabulary.switch import CountryStatus, id_of, over

COUNSELLOR = {"roles": ["centre_counsellor"], "org": LAGOS}
IN_EDO = {"roles": ["centre_counsellor"], "org": EDO}
PROGRAMME = {"roles": ["programme_manager"], "org": "programme:desk"}


class Api(MemoryApi):
    """The API over one desk; a counsellor in Lagos asks, unless said otherwise."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(SERVICE, desk.service)
        self.desk = desk

    def read(self, path: str, who: Mapping[str, Any] = COUNSELLOR, **headers: str) -> Any:
        return self.ask("GET", path, who, headers=headers)

    def act(self, path: str, body: Mapping[str, Any], who: Mapping[str, Any] = COUNSELLOR, **headers: str) -> Any:
        return self.post(path, who, body, **headers)


@pytest.fixture
def api() -> Api:
    """A referral waits in Lagos; the clock of the desk stands still."""
    return Api(Desk.with_referral())


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
    (f"/referrals/{REFERRAL}/fail", {"reason": "contact_lost"}),
    (f"/referrals/{REFERRAL}/reopen", {"reason": "need_again"}),
    (
        f"/files/{CASE}/pre-departure-call",
        {"channel": "video", "attempts": 1, "outcome": "prepared", "held_on": DAY},
    ),
    (f"/files/{CASE}/plans", {"measures": ["documents"], "agreed_on": DAY}),
    (f"/files/{CASE}/pre-departure-call/{CASE}/void", {"reason": "wrong_person"}),
    (f"/files/{CASE}/contacts/{CASE}/void", {"reason": "wrong_day"}),
    (f"/files/{CASE}/plan/void", {"reason": "entered_twice"}),
    (f"/files/{CASE}/assessments/{CASE}/void", {"reason": "wrong_person"}),
]


def test_a_case_goes_from_the_inbox_to_its_end(api: Api) -> None:
    appointment = NOW + timedelta(days=3)
    accepted = api.act(CALLS[0][0], {"first_appointment": appointment.isoformat()})
    assert accepted.status_code == 200
    assert (accepted.json()["status"], accepted.json()["file_status"]) == ("accepted", "expected")
    called = api.act(*CALLS[9])
    call_id = called.json()["call_id"]
    told = {"case_id": str(CASE), "status": "expected", "calls": 1, "call_id": call_id}
    assert (called.status_code, called.json()) == (200, told)
    arrived = api.act(*CALLS[4])
    assert (arrived.status_code, arrived.json()["status"]) == (200, "arrived_not_contacted")
    contacted = api.act(*CALLS[5])
    contact_id = contacted.json()["contact_id"]
    told = {"case_id": str(CASE), "status": "in_contact", "contacts": 1, "contact_id": contact_id}
    assert (contacted.status_code, contacted.json()) == (200, told)
    assessed = api.act(*CALLS[6])
    assert (assessed.status_code, assessed.json()["domains_with_needs"]) == (201, 1)
    agreed = api.act(*CALLS[10])
    assert (agreed.status_code, agreed.json()["version"], agreed.json()["status"]) == (201, 1, "assessed")
    view = api.read(f"/files/{CASE}").json()
    assert ([each["outcome"] for each in view["calls"]], view["plan"]["measures"]) == (["prepared"], ["documents"])
    assert ([each["call_id"] for each in view["calls"]], view["contacts"][0]["contact_id"]) == ([call_id], contact_id)
    completed = api.act(*CALLS[3])
    assert (completed.status_code, completed.json()["status"], completed.json()["file_status"]) == (
        200,
        "completed",
        "closed",
    )


def test_what_is_void_stays_in_the_file_with_its_reason(api: Api) -> None:
    for call in (0, 9, 4, 5, 10):
        assert api.act(*CALLS[call]).status_code < 300
    view = api.read(f"/files/{CASE}").json()
    [call], [contact] = view["calls"], view["contacts"]
    problem(api.act(*CALLS[11]), 404, "call_not_found")
    problem(api.act(*CALLS[12]), 404, "contact_not_found")
    problem(api.act(f"/files/{CASE}/contacts/{contact['contact_id']}/void", CALLS[12][1]), 409, "later_recorded")
    for path in (f"pre-departure-call/{call['call_id']}", "plan", f"contacts/{contact['contact_id']}"):
        answer = api.act(f"/files/{CASE}/{path}/void", {"reason": "wrong_person"})
        assert answer.status_code == 200, answer.text
    view = api.read(f"/files/{CASE}").json()
    assert (view["calls"], view["contacts"], view["plan"], view["status"]) == ([], [], None, "arrived_not_contacted")
    names = ("call_id", "plan_id", "contact_id")
    kept = [([name for name in names if name in each["record"]], each["reason"]) for each in view["voided"]]
    assert kept == [([name], "wrong_person") for name in names]


def test_a_redirection_answers_with_the_child(api: Api) -> None:
    answer = api.act(*CALLS[2])
    assert answer.status_code == 200
    body = answer.json()
    assert (body["status"], body["to_centre"], body["file_status"]) == ("referred_onward", EDO, "expected")
    assert api.act(f"/referrals/{body['child_referral_id']}/accept", {}, IN_EDO).status_code == 200


def test_what_a_scout_has_told_of_a_person_no_centre_puts_right(api: Api) -> None:
    right = {"target_group": "LOCAL", "language": "en", "age_band": "25_34", "reason": "misunderstood"}
    for what, body in (("correct", right), ("void", {"reason": "wrong_person"})):
        path = f"/files/{CASE}/intake/{what}"
        problem(api.act(path, body), 409, "kept_by_the_desk")
        problem(api.act(path, body, IN_EDO), 404, "file_not_found")
        problem(api.act(path, {**body, "given_name": "Ada"}), 422, "request_invalid")


@pytest.mark.parametrize(("path", "body"), CALLS, ids=lambda value: str(value)[-12:])
@pytest.mark.parametrize("role", ["scout", "programme_manager", "placement_officer", "training_clerk", "operator"])
def test_only_staff_of_a_centre_act(api: Api, path: str, body: dict[str, Any], role: str) -> None:
    of_the_programme = role == "programme_manager" and path.endswith("/fail")
    code = "role_elsewhere" if of_the_programme else "role_required"
    problem(api.act(path, body, {"roles": [role], "org": LAGOS}), 403, code)


@pytest.mark.parametrize(("path", "body"), CALLS, ids=lambda value: str(value)[-12:])
def test_staff_of_another_centre_do_not(api: Api, path: str, body: dict[str, Any]) -> None:
    problem(api.act(path, body, IN_EDO), 403, "other_organisation")


@pytest.mark.parametrize(("path", "body"), CALLS, ids=lambda value: str(value)[-12:])
def test_a_field_that_the_api_does_not_know_is_refused(api: Api, path: str, body: dict[str, Any]) -> None:
    document = problem(api.act(path, {**body, "remark": "x"}), 422, "request_invalid")
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
    document = problem(api.act(path, {**body, **changes}), 422, "request_invalid")
    assert document["errors"][0]["field"] == field
    assert api.desk.service.snapshot() == before


def test_a_refusal_of_a_rule_becomes_a_problem_that_names_the_field(api: Api) -> None:
    document = problem(api.act(CALLS[1][0], {"reason": "bad_mood"}), 422, "unknown_code")
    assert document["errors"][0]["field"] == "/reason"
    problem(api.act(*CALLS[3]), 409, "wrong_state")


@pytest.mark.parametrize("act", ["accept", "reject", "redirect", "complete", "fail", "reopen"])
def test_an_unknown_referral_is_not_found(api: Api, act: str) -> None:
    body = next(body for path, body in CALLS if path.endswith(act))
    problem(api.act(f"/referrals/{SECOND}/{act}", body), 404, "referral_not_found")


@pytest.mark.parametrize("path", ["/referrals/4711/accept", "/files/4711/arrival"])
def test_an_id_that_is_none_is_refused(api: Api, path: str) -> None:
    body = CALLS[0][1] if "accept" in path else CALLS[4][1]
    problem(api.act(path, body), 422, "request_invalid")


def test_before_the_acceptance_a_file_shows_no_more_than_was_referred(api: Api) -> None:
    file = api.read(f"/files/{CASE}").json()
    assert (file["status"], file["centre"], file["country"]) == ("expected", LAGOS, "NG")
    assert file["referrals"][0]["referral_id"] == str(REFERRAL)
    assert file["referrals"][0]["preview"]["needs"] == ["employment", "housing"]
    assert [file[name] for name in ("assessment", "courses", "offers", "employments")] == [None] * 4
    done(api.desk.accept())
    assert api.read(f"/files/{CASE}").json()["courses"] == []


def test_the_programme_management_reads_every_file(api: Api) -> None:
    file = api.read(f"/files/{CASE}", PROGRAMME).json()
    assert (file["status"], file["courses"]) == ("expected", [])


def test_nobody_else_reads_a_file(api: Api) -> None:
    problem(api.read(f"/files/{CASE}", IN_EDO), 403, "other_organisation")
    problem(api.read(f"/files/{CASE}", {"roles": ["scout"]}), 403, "role_required")
    problem(api.read(f"/files/{SECOND}"), 404, "file_not_found")


def test_a_centre_that_was_asked_for_something_else_sees_the_file_but_no_result(api: Api) -> None:
    done(api.desk.accept())
    done(api.desk.arrive())
    done(api.desk.contact())
    done(api.desk.assess())
    api.desk.tell(referred(referral_id=SECOND, to_centre=EDO))
    file = api.read(f"/files/{CASE}", IN_EDO).json()
    assert (file["status"], file["assessment"]) == ("expected", None)
    problem(api.read(f"/files/{CASE}/assessments", IN_EDO), 403, "not_taken_on")
    problem(api.read(f"/files/{CASE}/assessments", PROGRAMME), 403, "role_required")


def test_a_file_that_waits_for_its_referral_is_seen_by_the_programme_management_only() -> None:
    desk = Desk()
    desk.tell(consent())
    api = Api(desk)
    problem(api.read(f"/files/{CASE}"), 404, "file_not_found")
    assert api.read(f"/files/{CASE}", PROGRAMME).json()["status"] == "unknown"


@pytest.mark.parametrize("path", ["/inbox", "/files"])
def test_staff_list_their_own_centre_only(api: Api, path: str) -> None:
    problem(api.read(f"{path}?centre={EDO}"), 403, "other_organisation")


@pytest.mark.parametrize(
    "query",
    [
        "/inbox?limit=0",
        "/inbox?limit=101",
        "/inbox?sort=colour",
        "/inbox?updated_since=yesterday",
        "/inbox?count=perhaps",
        "/inbox?centre=NG-LOS",
        "/files?status=open",
        "/files?limit=many",
    ],
)
def test_a_query_that_is_not_as_it_must_be_is_refused(api: Api, query: str) -> None:
    problem(api.read(query), 422, "request_invalid")


@pytest.mark.parametrize("cursor", ["next", "4711", "WyJpZCIsMSwyXQ", "WyJpZCIsICJ4IiwgInkiXQ", "bnVsbA"])
def test_a_cursor_that_no_page_has_given_is_refused(api: Api, cursor: str) -> None:
    problem(api.read(f"/inbox?cursor={cursor}"), 422, "cursor_invalid")


def test_a_command_holds_to_what_its_caller_has_seen(api: Api) -> None:
    tag = api.read(f"/files/{CASE}").headers["etag"]
    done(api.desk.accept())
    document = problem(api.act(*CALLS[4], **{"If-Match": tag}), 412, "changed_meanwhile")
    assert document["errors"][0]["field"] == "If-Match"
    assert "referrals" in document["detail"]
    assert api.desk.file.arrival is None
    fresh = api.read(f"/files/{CASE}").headers["etag"]
    assert api.act(*CALLS[4], **{"If-Match": f'"other", {fresh}'}).status_code == 200


def test_a_tag_changes_only_with_what_its_caller_is_shown(api: Api) -> None:
    before = api.read(f"/files/{CASE}").headers["etag"]
    seen_by_all = api.read(f"/files/{CASE}", PROGRAMME).headers["etag"]
    api.desk.tell(offered())
    assert api.read(f"/files/{CASE}").headers["etag"] == before, "offers are not shown before the acceptance"
    assert api.read(f"/files/{CASE}", PROGRAMME).headers["etag"] != seen_by_all
    assert api.act(*CALLS[0], **{"If-Match": before}).status_code == 200


def test_any_tag_of_a_file_that_is_there_will_do_if_the_caller_says_so(api: Api) -> None:
    assert api.act(*CALLS[0], **{"If-Match": "*"}).status_code == 200


@pytest.mark.parametrize("tag", ["4711", '"a" "b"', "", '"a" W/', ","])
def test_what_is_no_tag_is_refused(api: Api, tag: str) -> None:
    document = problem(api.act(*CALLS[0], **{"If-Match": tag}), 422, "request_invalid")
    assert document["errors"][0]["field"] == "If-Match"


def test_a_tag_of_something_else_is_told_from_a_stale_one(api: Api) -> None:
    problem(api.act(*CALLS[0], **{"If-Match": '"of-something-else"'}), 412, "if_match_foreign")
    problem(api.act(*CALLS[0], **{"If-Match": 'W/"weak", "of-something-else"'}), 412, "if_match_foreign")


def test_weak_tags_are_told_from_stale_ones(api: Api) -> None:
    document = problem(api.act(*CALLS[0], **{"If-Match": 'W/"weak"'}), 412, "if_match_weak")
    assert document["errors"][0]["field"] == "If-Match"


EID = datetime(2027, 3, 4, 9, tzinfo=UTC)
"""A Thursday; the Eid of Wednesday and Thursday after is not announced yet."""


@pytest.mark.parametrize(("sent", "estimated"), [(NOW, False), (EID, True)])
@pytest.mark.parametrize(("priority", "counted"), [("normal", True), ("urgent", False)])
def test_what_is_due_by_an_estimated_day_says_so(sent: datetime, estimated: bool, priority: str, counted: bool) -> None:
    desk = Desk()
    desk.service.now = sent
    desk.tell(consent(), referred(referred_at=sent, priority=priority))
    api = Api(desk)
    [referral] = api.read(f"/files/{CASE}").json()["referrals"]
    assert referral["answer_due_estimated"] is (estimated and counted)
    done(desk.accept())
    [referral] = api.read(f"/files/{CASE}").json()["referrals"]
    assert referral["answer_due_estimated"] is False, "nothing is owed any more"
    outcome = done(desk.arrive(day_at("NG", sent))).answer
    arrival = api.read(f"/files/{CASE}").json()["arrival"]
    assert arrival["first_contact_due_estimated"] is outcome.first_contact_due_estimated is estimated


def test_a_contact_that_is_owed_from_an_acceptance_rests_on_no_day_before_it() -> None:
    """The person arrived before the Eid that nobody has announced; another centre takes them on a month after it."""
    desk = Desk()
    desk.service.now = datetime(2026, 5, 20, 9, tzinfo=UTC)
    desk.tell(consent("country:NG"), referred(referred_at=desk.service.now))
    done(desk.accept())
    done(desk.arrive(date(2026, 5, 20)))
    assert Api(desk).read(f"/files/{CASE}").json()["arrival"]["first_contact_due_estimated"] is True
    done(desk.complete())
    desk.service.now = datetime(2026, 7, 6, 9, tzinfo=UTC)
    desk.tell(referred(referral_id=SECOND, to_centre=EDO, needs=("housing",), referred_at=desk.service.now))
    done(desk.accept(COUNSELLOR_IN_EDO, SECOND))
    arrival = Api(desk).read(f"/files/{CASE}", IN_EDO).json()["arrival"]
    assert arrival["first_contact_due_at"] == "2026-07-13T22:59:59Z"
    assert arrival["first_contact_due_estimated"] is False


def test_a_child_of_a_redirection_says_so_too() -> None:
    desk = Desk()
    desk.service.now = EID
    desk.tell(consent(), referred(referred_at=EID))
    assert done(desk.redirect()).answer.answer_due_estimated


def test_whoever_may_read_nothing_learns_nothing_by_a_tag(api: Api) -> None:
    """Offices of a suspended country report contacts still; what became of the person is not for them."""
    service, path = api.desk.service, f"/files/{CASE}"
    for call in (CALLS[0], CALLS[4]):
        assert api.act(*call).status_code == 200
    seen = api.read(path).headers["ETag"]
    service.reference = over(service.reference, [CountryStatus(id_of("NG"), "NG", "suspended", "security", NOW)])
    problem(api.read(path), 403, "access_suspended")
    for tag in (seen, "*", '"of-something-else"'):
        problem(api.act(*CALLS[5], **{"If-Match": tag}), 400, "if_match_unusable")
    assert api.act(*CALLS[5]).status_code == 200
