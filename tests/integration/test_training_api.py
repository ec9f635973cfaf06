"""The training service over HTTP on a real database: routes, views, scopes, and the race for the last seat."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.http.app import create_api
from chassis.settings import Settings
from tests.support.issuer import ISSUER
from tests.support.training.process import ELEC, PROGRAMME, Process, clerk, scout
from training.app import SERVICE

NOBODY = UUID("00000000-0000-4000-8000-000000000000")


async def test_the_last_seats_go_to_exactly_as_many_of_many_concurrent_requests(training: Process) -> None:
    session = await training.scheduled(seats=3)
    answers = await asyncio.gather(*(training.enrolled(session, case) for case in await training.people(25)))
    assert sorted(answer["status"] for answer in answers) == ["confirmed"] * 3 + ["waitlisted"] * 22
    assert sorted(answer["position"] for answer in answers if answer["position"]) == list(range(1, 23))
    detail = await training.get(f"/sessions/{session}", scout())
    assert (detail["status"], detail["free_seats"], detail["waiting"]) == ("full", 0, 22)


async def test_a_departure_that_moves_while_people_are_enrolled_leaves_nobody_in_an_unsuitable_course(
    training: Process,
) -> None:
    session = await training.scheduled(seats=5)
    cases = await training.people(20)
    moves = [training.event(case, "DepartureRescheduled", status="booked", earliest=training.day(19)) for case in cases]

    async def request(case: UUID) -> Any:
        return await training.post("/enrolments", scout(), session_id=session, case_id=str(case))

    batches = [training.dispatcher.handle(moves[start : start + 5]) for start in range(0, 20, 5)]
    *answers, _, _, _, _ = await asyncio.gather(*map(request, cases), *batches)
    assert {answer.get("code", "enrolled") for answer in answers} <= {"enrolled", "course_ends_too_late"}
    left = await training.get("/enrolments", PROGRAMME, limit=100)
    assert {item["status"] for item in left["items"]} <= {"cancelled"}
    assert (await training.get(f"/sessions/{session}", scout()))["free_seats"] == 5


async def test_a_day_at_the_provider(training: Process) -> None:
    today = await training.scheduled(starts_on=training.day(0), ends_on=training.day(0))
    first, second = await training.people(2)
    seated, waiting = await training.enrolled(today, first), await training.enrolled(today, second)
    assert (seated["status"], waiting["status"], waiting["position"]) == ("confirmed", "waitlisted", 1)

    cancelled = await training.post(f"/enrolments/{seated['enrolment_id']}/cancel", clerk())
    assert (cancelled["http"], cancelled["status"], cancelled["cancel_reason"]) == (200, "cancelled", "provider")

    body = {"result": "passed", "units": 18, "finished_on": training.day(0), "skills": ["7131"]}
    completed = await training.post(f"/enrolments/{waiting['enrolment_id']}/complete", clerk(), **body)
    assert (completed["http"], completed["status"]) == (200, "completed_passed")

    shown = await training.get(f"/enrolments/{waiting['enrolment_id']}", scout())
    assert shown["completion"] == body
    assert shown["person"] == {
        "case_ref": None,
        "language": "ha",
        "age_band": "unknown",
        "target_group": "RETURNEE_DE",
        "country": "NG",
    }
    events = await training.pool.fetch("select from outbox")
    assert len(events) == 1 + 2 + 2 + 1 + 1 + 1


async def test_who_sees_the_people_of_a_session(training: Process) -> None:
    session = await training.scheduled()
    cases = await training.people(2)
    for case in cases:
        await training.enrolled(session, case)
    readers = {"own": clerk(), "other": clerk(ELEC), "scout": scout(), "programme": PROGRAMME}
    seen = {name: (await training.get(f"/sessions/{session}", who))["enrolments"] for name, who in readers.items()}
    own, programme = seen["own"], seen["programme"]
    assert [item["case_id"] for item in own] == [str(case) for case in cases]
    assert [(item["status"], item["position"]) for item in own] == [("confirmed", None), ("waitlisted", 1)]
    person = {"case_ref": None, "language": "ha", "age_band": "unknown", "target_group": None, "country": None}
    assert own[0]["person"] == person
    assert programme[0]["person"]["country"] == "NG"
    assert seen["other"] is None
    assert seen["scout"] is None


async def test_enrolments_are_seen_by_who_asked_for_them_and_by_the_provider(training: Process) -> None:
    paint = await training.scheduled(seats=5)
    elec = await training.scheduled(ELEC, isco08="7411", starts_on=training.day(30), ends_on=training.day(31))
    (first,), (second,) = await training.people(1), await training.people(1, "scouts:berlin")
    one = await training.enrolled(paint, first)
    two = await training.enrolled(elec, first)
    three = await training.enrolled(paint, second, "scouts:berlin")
    ids = [each["enrolment_id"] for each in (one, two, three)]

    async def listed(who: Mapping[str, Any], **query: Any) -> list[str]:
        page = await training.get("/enrolments", who, **query)
        return [item["enrolment_id"] for item in page["items"]]

    assert await listed(scout()) == [ids[0], ids[1]]
    assert await listed({"roles": ["return_counsellor"], "org": "scouts:berlin"}) == [ids[2]]
    assert await listed(clerk()) == [ids[0], ids[2]]
    assert await listed(PROGRAMME) == ids
    assert await listed(PROGRAMME, case_id=str(first)) == [ids[0], ids[1]]
    assert await listed(PROGRAMME, case_id=ids[0]) == []
    assert await listed(scout(), session_id=paint) == [ids[0]]
    await training.post(f"/enrolments/{ids[0]}/cancel", scout())
    assert await listed(scout(), status="cancelled") == [ids[0]]
    assert await listed(scout(), status="waitlisted") == []

    for who, status, code in (
        (scout(), 200, None),
        (scout("scouts:berlin"), 403, "other_organisation"),
        (clerk(), 200, None),
        (clerk(ELEC), 403, "other_organisation"),
        (PROGRAMME, 200, None),
        ({"roles": ["centre_counsellor"], "org": "centre:NG-LOS"}, 403, "role_required"),
    ):
        answer = await training.get(f"/enrolments/{ids[0]}", who)
        assert (answer["http"], answer.get("code")) == (status, code)


async def test_sessions_are_filtered_and_read_page_by_page(training: Process) -> None:
    soon = await training.scheduled()
    late = await training.scheduled(starts_on=training.day(40), ends_on=training.day(44), language="fr", isco08="7132")
    online = await training.scheduled(starts_on=training.day(20), ends_on=training.day(50), online=True)
    full = await training.scheduled(starts_on=training.day(10), ends_on=training.day(11))
    gone = await training.scheduled(starts_on=training.day(12), ends_on=training.day(13))
    await training.enrolled(full, (await training.people(1))[0])
    cancelled = await training.post(f"/sessions/{gone}/cancel", clerk(), reason="trainer_unavailable")
    assert cancelled["http"] == 200

    async def listed(**query: Any) -> list[str]:
        page = await training.get("/sessions", scout(), **query)
        assert page["http"] == 200, page
        return [item["session_id"] for item in page["items"]]

    assert await listed() == [full, gone, soon, online, late]
    assert await listed(open="true") == [soon, online, late]
    assert await listed(language="fr") == [late]
    assert await listed(isco08="7132") == [late]
    assert await listed(provider=ELEC) == []
    assert await listed(since=training.day(45)) == [online]
    assert await listed(before=training.day(32)) == [full, gone, soon, online]
    assert await listed(before=training.day(19), open="true") == [online]

    everything = await training.read_through("/sessions", scout(), "session_id", limit=2)
    assert everything == [full, gone, soon, online, late]
    assert [item["cancel_reason"] for item in (await training.get("/sessions", scout()))["items"]][:2] == [
        None,
        "trainer_unavailable",
    ]


async def test_enrolments_are_read_page_by_page(training: Process) -> None:
    session = await training.scheduled(seats=3)
    ids = [(await training.enrolled(session, case))["enrolment_id"] for case in await training.people(5)]
    first = await training.get("/enrolments", scout(), limit=3)
    rest = await training.get("/enrolments", scout(), limit=3, cursor=first["next_cursor"])
    assert [item["enrolment_id"] for item in first["items"] + rest["items"]] == ids
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/sessions", {"before": "1900-01-01"}, "before"),
        ("/sessions", {"before": "2017-01-02"}, "before"),
        ("/sessions", {"isco08": "71"}, "isco08"),
        ("/sessions", {"limit": 101}, "limit"),
        ("/sessions", {"sort": "units"}, "sort"),
        ("/enrolments", {"updated_since": "2026-03-02"}, "updated_since"),
        ("/enrolments", {"status": "gone"}, "status"),
        ("/enrolments", {"case_id": "amina"}, "case_id"),
    ],
)
async def test_a_query_that_cannot_be_answered_is_refused(training: Process, path: str, query: Any, field: str) -> None:
    answer = await training.get(path, scout(), **query)
    assert answer["http"] == 422
    assert field in answer["errors"][0]["field"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"seats": 0}, "/seats"),
        ({"seats": "8"}, "/seats"),
        ({"seats": 201}, "/seats"),
        ({"category": "LEISURE"}, "/category"),
        ({"starts_on": "1900-01-01"}, "/starts_on"),
        ({"ends_on": "2031-02-30"}, "/ends_on"),
        ({"admin1": "NG-ED"}, "/admin1"),
        ({"online": "no"}, "/online"),
        ({"units": 0}, "/units"),
        ({"language": "English"}, "/language"),
        ({"course_code": "paint basics"}, "/course_code"),
        ({"isco08": "7141"}, "/isco08"),
        ({"trainer": "somebody"}, "/trainer"),
    ],
)
async def test_a_session_that_cannot_be_is_refused_with_its_field(training: Process, changes: Any, field: str) -> None:
    answer = await training.post("/sessions", clerk(), **training.course(**changes))
    assert (answer["http"], answer["errors"][0]["field"]) == (422, field)
    assert await training.pool.fetchval("select count(*) from course_session") == 0


@pytest.mark.parametrize(
    ("method", "path", "who", "status", "code"),
    [
        ("POST", "/sessions", scout(), 403, "role_required"),
        ("POST", "/enrolments", clerk(), 403, "role_required"),
        ("POST", f"/enrolments/{NOBODY}/complete", scout(), 403, "role_required"),
        ("POST", f"/enrolments/{NOBODY}/cancel", scout(), 404, "enrolment_not_found"),
        ("GET", f"/enrolments/{NOBODY}", scout(), 404, "enrolment_not_found"),
        ("GET", f"/sessions/{NOBODY}", scout(), 404, "session_not_found"),
        ("GET", "/sessions", {"roles": ["employer"], "org": "employer:1"}, 403, "role_required"),
    ],
)
async def test_roles_and_unknown_ids(
    training: Process, method: str, path: str, who: Mapping[str, Any], status: int, code: str
) -> None:
    body = {"result": "passed", "units": 1, "finished_on": "2026-01-01"} if "complete" in path else {}
    answer = (await training.ask(method, path, who, **({"json": body} if method == "POST" else {}))).json()
    assert (answer["status"], answer["code"]) == (status, code)


async def test_a_case_id_is_no_enrolment_id(training: Process) -> None:
    (case,) = await training.people(1)
    await training.enrolled(await training.scheduled(), case)
    assert (await training.get(f"/enrolments/{case}", scout()))["http"] == 404
    assert (await training.post(f"/enrolments/{case}/cancel", scout()))["code"] == "enrolment_not_found"


async def test_a_departure_out_of_any_calendar_is_parked(training: Process) -> None:
    (case,) = await training.people(1)
    await training.dispatcher.handle(
        [training.event(case, "DeparturePlanned", status="planned", earliest="1900-01-01")]
    )
    assert await training.pool.fetchval("select failure from parked") == "calendar_unknown"


async def test_a_repeat_with_a_stale_tag_gets_the_stored_answer(training: Process) -> None:
    session = await training.scheduled(seats=2)
    (case,) = await training.people(1)
    enrolment = (await training.enrolled(session, case))["enrolment_id"]
    tag = (await training.ask("GET", f"/enrolments/{enrolment}", scout())).headers["ETag"]
    headers = {"If-Match": tag, "Idempotency-Key": str(uuid4())}
    path = f"/enrolments/{enrolment}/cancel"
    first = await training.ask("POST", path, scout(), headers=headers)
    assert (first.status_code, first.json()["status"]) == (200, "cancelled")
    again = await training.ask("POST", path, scout(), headers=headers)
    assert (again.status_code, again.text) == (200, first.text)
    assert again.headers["Idempotency-Replayed"] == "true"
    stale = await training.ask("POST", path, scout(), headers={"If-Match": tag})
    assert (stale.status_code, stale.json()["code"]) == (412, "changed_meanwhile")
    assert "this has changed: status, cancel_reason." in stale.json()["detail"]


async def test_who_decides_on_what_is_no_longer_true_is_told_what_has_changed(training: Process) -> None:
    session = await training.scheduled(seats=5)
    *cases, late = await training.people(4)
    for case in cases:
        await training.enrolled(session, case)
    path, body = f"/sessions/{session}", {"reason": "too_few_participants"}
    tag = (await training.ask("GET", path, clerk())).headers["ETag"]
    await training.enrolled(session, late)
    stale = await training.ask("POST", f"{path}/cancel", clerk(), json=body, headers={"If-Match": tag})
    assert stale.status_code == 412
    assert "this has changed: free_seats, enrolments." in stale.json()["detail"]
    tag = (await training.ask("GET", path, clerk())).headers["ETag"]
    done = await training.ask("POST", f"{path}/cancel", clerk(), json=body, headers={"If-Match": tag})
    assert (done.status_code, done.json()["status"]) == (200, "cancelled")


def test_every_route_is_documented_with_an_example_and_its_refusals() -> None:
    app = create_api(SERVICE, Settings(auth_issuer=ISSUER, auth_jwks="unused"))
    document = app.openapi()
    own = {
        path: methods
        for path, methods in document["paths"].items()
        if not path.startswith(("/audit", "/code-lists", "/operations"))
    }
    assert own
    for path, methods in own.items():
        for method, operation in methods.items():
            assert operation["description"], path
            assert {"401", "403", "422"} <= set(operation["responses"]), path
            about_one = "{" in path
            held = method == "post" and (about_one or path == "/enrolments")
            assert ("412" in operation["responses"]) == held, path
            tagged = "headers" in operation["responses"].get("200", {})
            assert tagged == (method == "get" and about_one), path
            if method == "post":
                assert any(p["name"].lower() == "idempotency-key" for p in operation["parameters"]), path
    for name in ("NewSession", "SessionCancellation", "NewEnrolment", "CourseResult"):
        assert document["components"]["schemas"][name]["examples"], name
