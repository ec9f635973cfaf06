"""The training service over HTTP on a real database: routes, views, scopes, and the race for the last seat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.http.app import create_api
from chassis.postgres import migrations
from chassis.postgres.database import open_pool
from chassis.settings import Settings
from tests.integration.training_api import ELEC, PAINT, Api
from tests.support.cluster import Cluster
from tests.support.issuer import AUDIENCE, ISSUER
from training.app import SERVICE


@pytest.fixture(scope="session")
async def training_template(cluster: Cluster) -> str:
    dsn = await cluster.create_database("training_template")
    await migrations.migrate(dsn, "training", SERVICE.migrations)
    return "training_template"


@pytest.fixture
async def training_pool(cluster: Cluster, training_template: str) -> AsyncIterator[asyncpg.Pool]:
    name = f"training_{uuid4().hex}"
    pool = await open_pool(await cluster.create_database(name, training_template), 10, "test")
    yield pool
    pool.terminate()
    await cluster.drop_database(name)


@pytest.fixture
async def api(training_pool: asyncpg.Pool) -> AsyncIterator[Api]:
    api = Api(training_pool)
    yield api
    await api.http.aclose()


async def test_the_last_seats_go_to_exactly_as_many_of_many_concurrent_requests(api: Api) -> None:
    session = await api.scheduled(seats=3)
    answers = await asyncio.gather(*(api.enrolled(session, case) for case in await api.people(25)))
    assert sorted(answer["status"] for answer in answers) == ["confirmed"] * 3 + ["waitlisted"] * 22
    assert sorted(answer["position"] for answer in answers if answer["position"]) == list(range(1, 23))
    detail = await api.get(f"/sessions/{session}")
    assert (detail["status"], detail["free_seats"], detail["waiting"]) == ("full", 0, 22)


async def test_a_departure_that_moves_while_people_are_enrolled_leaves_nobody_in_an_unsuitable_course(api: Api) -> None:
    session = await api.scheduled(seats=5)
    cases = await api.people(20)
    moves = [api.event(case, "DepartureRescheduled", status="booked", earliest=api.day(19)) for case in cases]

    async def request(case: UUID) -> Any:
        return await api.post("/enrolments", {"session_id": session, "case_id": str(case)})

    batches = [api.dispatcher.handle(moves[start : start + 5]) for start in range(0, 20, 5)]
    *answers, _, _, _, _ = await asyncio.gather(*map(request, cases), *batches)
    assert {answer.get("code", "enrolled") for answer in answers} <= {"enrolled", "course_ends_too_late"}
    left = await api.get("/enrolments", "programme_manager", "programme:desk", limit=100)
    assert {item["status"] for item in left["items"]} <= {"cancelled"}
    assert (await api.get(f"/sessions/{session}"))["free_seats"] == 5


async def test_a_day_at_the_provider(api: Api) -> None:
    today = await api.scheduled(starts_on=api.day(0), ends_on=api.day(0))
    first, second = await api.people(2)
    seated, waiting = await api.enrolled(today, first), await api.enrolled(today, second)
    assert (seated["status"], waiting["status"], waiting["position"]) == ("confirmed", "waitlisted", 1)

    cancelled = await api.clerk(f"/enrolments/{seated['enrolment_id']}/cancel")
    assert (cancelled["http"], cancelled["status"], cancelled["cancel_reason"]) == (200, "cancelled", "provider")

    body = {"result": "passed", "units": 18, "finished_on": api.day(0), "skills": ["7131"]}
    completed = await api.clerk(f"/enrolments/{waiting['enrolment_id']}/complete", body)
    assert (completed["http"], completed["status"]) == (200, "completed_passed")

    shown = await api.get(f"/enrolments/{waiting['enrolment_id']}")
    assert shown["completion"] == body
    assert shown["person"] == {
        "language": "ha",
        "age_band": "unknown",
        "target_group": "RETURNEE_DE",
        "country": "NG",
    }
    events = await api.dispatcher.pool.fetch("select from outbox")
    assert len(events) == 1 + 2 + 2 + 1 + 1 + 1


async def test_who_sees_the_people_of_a_session(api: Api) -> None:
    session = await api.scheduled()
    cases = await api.people(2)
    for case in cases:
        await api.enrolled(session, case)
    seen = {
        (role, org): (await api.get(f"/sessions/{session}", role, org))["enrolments"]
        for role, org in (
            ("training_clerk", PAINT),
            ("training_clerk", ELEC),
            ("scout", "scouts:bavaria"),
            ("programme_manager", "programme:desk"),
        )
    }
    own, programme = seen["training_clerk", PAINT], seen["programme_manager", "programme:desk"]
    assert [item["case_id"] for item in own] == [str(case) for case in cases]
    assert [(item["status"], item["position"]) for item in own] == [("confirmed", None), ("waitlisted", 1)]
    assert own[0]["person"] == {"language": "ha", "age_band": "unknown", "target_group": None, "country": None}
    assert programme[0]["person"]["country"] == "NG"
    assert seen["training_clerk", ELEC] is None
    assert seen["scout", "scouts:bavaria"] is None


async def test_enrolments_are_seen_by_who_asked_for_them_and_by_the_provider(api: Api) -> None:
    paint = await api.scheduled(seats=5)
    elec = await api.scheduled(ELEC, isco08="7411", starts_on=api.day(30), ends_on=api.day(31))
    first, second = await api.people(2)
    one = await api.enrolled(paint, first)
    two = await api.enrolled(elec, first)
    three = await api.enrolled(paint, second, "scouts:berlin")
    ids = [each["enrolment_id"] for each in (one, two, three)]

    async def listed(role: str, org: str, **query: Any) -> list[str]:
        page = await api.get("/enrolments", role, org, **query)
        return [item["enrolment_id"] for item in page["items"]]

    assert await listed("scout", "scouts:bavaria") == [ids[1], ids[0]]
    assert await listed("return_counsellor", "scouts:berlin") == [ids[2]]
    assert await listed("training_clerk", PAINT) == [ids[2], ids[0]]
    assert await listed("programme_manager", "programme:desk") == [ids[2], ids[1], ids[0]]
    assert await listed("programme_manager", "programme:desk", case_id=str(first)) == [ids[1], ids[0]]
    assert await listed("programme_manager", "programme:desk", case_id=ids[0]) == []
    assert await listed("scout", "scouts:bavaria", session_id=paint) == [ids[0]]
    await api.post(f"/enrolments/{ids[0]}/cancel")
    assert await listed("scout", "scouts:bavaria", status="cancelled") == [ids[0]]
    assert await listed("scout", "scouts:bavaria", status="waitlisted") == []

    for role, org, status in (
        ("scout", "scouts:bavaria", 200),
        ("scout", "scouts:berlin", 404),
        ("training_clerk", PAINT, 200),
        ("training_clerk", ELEC, 404),
        ("programme_manager", "programme:desk", 200),
        ("centre_counsellor", "centre:NG-LOS", 403),
    ):
        assert (await api.get(f"/enrolments/{ids[0]}", role, org))["http"] == status


async def test_sessions_are_filtered_and_read_page_by_page(api: Api) -> None:
    soon = await api.scheduled()
    late = await api.scheduled(starts_on=api.day(40), ends_on=api.day(44), language="fr", isco08="7132")
    online = await api.scheduled(starts_on=api.day(20), ends_on=api.day(50), online=True)
    full = await api.scheduled(starts_on=api.day(10), ends_on=api.day(11))
    gone = await api.scheduled(starts_on=api.day(12), ends_on=api.day(13))
    await api.enrolled(full, (await api.people(1))[0])
    assert (await api.clerk(f"/sessions/{gone}/cancel", {"reason": "trainer_unavailable"}))["http"] == 200

    async def listed(**query: Any) -> list[str]:
        page = await api.get("/sessions", **query)
        assert page["http"] == 200, page
        return [item["session_id"] for item in page["items"]]

    assert await listed() == [full, gone, soon, online, late]
    assert await listed(open="true") == [soon, online, late]
    assert await listed(language="fr") == [late]
    assert await listed(isco08="7132") == [late]
    assert await listed(provider=ELEC) == []
    assert await listed(since=api.day(45)) == [online]
    assert await listed(before=api.day(32)) == [full, gone, soon, online]
    assert await listed(before=api.day(19), open="true") == [online]

    pages: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = await api.get("/sessions", limit=2, **after)
        pages += [item["session_id"] for item in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert pages == [full, gone, soon, online, late]
    assert [item["cancel_reason"] for item in (await api.get("/sessions"))["items"]][:2] == [
        None,
        "trainer_unavailable",
    ]


async def test_enrolments_are_read_page_by_page(api: Api) -> None:
    session = await api.scheduled(seats=3)
    ids = [(await api.enrolled(session, case))["enrolment_id"] for case in await api.people(5)]
    first = await api.get("/enrolments", limit=3)
    rest = await api.get("/enrolments", limit=3, after=first["next"])
    assert [item["enrolment_id"] for item in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next"] is None


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/sessions", {"before": "1900-01-01"}, "before"),
        ("/sessions", {"before": "2017-01-02"}, "before"),
        ("/sessions", {"isco08": "71"}, "isco08"),
        ("/sessions", {"limit": 101}, "limit"),
        ("/sessions", {"after": "first"}, "after"),
        ("/enrolments", {"status": "gone"}, "status"),
        ("/enrolments", {"case_id": "amina"}, "case_id"),
    ],
)
async def test_a_query_that_cannot_be_answered_is_refused(api: Api, path: str, query: Any, field: str) -> None:
    answer = await api.get(path, **query)
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
async def test_a_session_that_cannot_be_is_refused_with_its_field(api: Api, changes: Any, field: str) -> None:
    answer = await api.clerk("/sessions", api.course(**changes))
    assert (answer["http"], answer["errors"][0]["field"]) == (422, field)
    assert await api.dispatcher.pool.fetchval("select count(*) from course_session") == 0


@pytest.mark.parametrize(
    ("method", "path", "role", "org", "status", "code"),
    [
        ("POST", "/sessions", "scout", "scouts:bavaria", 403, "role_required"),
        ("POST", "/enrolments", "training_clerk", PAINT, 403, "role_required"),
        ("POST", f"/enrolments/{uuid4()}/complete", "scout", "scouts:bavaria", 403, "role_required"),
        ("POST", f"/enrolments/{uuid4()}/cancel", "scout", "scouts:bavaria", 404, "enrolment_unknown"),
        ("GET", f"/enrolments/{uuid4()}", "scout", "scouts:bavaria", 404, "enrolment_unknown"),
        ("GET", f"/sessions/{uuid4()}", "scout", "scouts:bavaria", 404, "session_unknown"),
        ("GET", "/sessions", "employer", "employer:1", 403, "role_required"),
    ],
)
async def test_roles_and_unknown_ids(
    api: Api, method: str, path: str, role: str, org: str, status: int, code: str
) -> None:
    body = {"result": "passed", "units": 1, "finished_on": "2026-01-01"} if "complete" in path else {}
    answer = await (api.get(path, role, org) if method == "GET" else api.post(path, body, role, org))
    assert (answer["http"], answer["code"]) == (status, code)


async def test_a_case_id_is_no_enrolment_id(api: Api) -> None:
    (case,) = await api.people(1)
    await api.enrolled(await api.scheduled(), case)
    assert (await api.get(f"/enrolments/{case}"))["http"] == 404
    assert (await api.post(f"/enrolments/{case}/cancel"))["code"] == "enrolment_unknown"


async def test_a_departure_out_of_any_calendar_is_parked(api: Api) -> None:
    (case,) = await api.people(1)
    await api.dispatcher.handle([api.event(case, "DeparturePlanned", status="planned", earliest="1900-01-01")])
    parked = await api.dispatcher.pool.fetchrow("select failure, detail from parked")
    assert tuple(parked or ()) == (
        "departure_out_of_calendar",
        "There are no working days for the time of this departure.",
    )


def test_every_route_is_documented_with_an_example_and_its_refusals() -> None:
    app = create_api(SERVICE, Settings(auth_issuer=ISSUER, auth_audience=AUDIENCE, auth_jwks="unused"))
    document = app.openapi()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["description"], path
            assert {"401", "403", "422"} <= set(operation["responses"]), path
            if method == "post":
                assert any(p["name"].lower() == "idempotency-key" for p in operation["parameters"]), path
    for name in ("NewSession", "SessionCancellation", "NewEnrolment", "CourseResult"):
        assert document["components"]["schemas"][name]["examples"], name
