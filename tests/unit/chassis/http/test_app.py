"""The app that the edge makes of a service: its documentation, its silence, its local clock."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chassis.http.routes import new_router
from tests.support.notes import ISSUING, make_app, settings
from tests.support.web import ask, problem

APP = make_app()


# --- documentation and telemetry ---


def test_openapi_has_the_service_its_function_names_and_problem_answers() -> None:
    document = ask(APP, "GET", "/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert document["info"]["title"] == "Notes"
    post_notes = document["paths"]["/notes"]["post"]
    assert post_notes["operationId"] == "add_note"
    assert set(post_notes["responses"]) == {*("201", "400", "401", "408", "413", "415", "422", "429", "431", "503")}
    assert "/local/clock" not in document["paths"]


def test_an_address_that_is_a_path_of_its_own_is_no_part_of_another_one() -> None:
    answer = ask(APP, "GET", "/notes/search")
    problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"
    assert ask(APP, "POST", "/notes/search", json={"text": "a"}).json() == ["a"]
    assert ask(APP, "GET", "/notes/a").json() == ["a", ""]


def test_openapi_follows_routes_that_are_added_later() -> None:
    app = make_app()
    app.openapi()
    more = new_router()

    @more.get("/more")
    async def more_notes() -> int:
        return 1

    app.include_router(more)
    responses = app.openapi()["paths"]["/more"]["get"]["responses"]
    assert set(responses) == {"200", "400", "408", "422", "431", "503"}
    assert "Problem" in app.openapi()["components"]["schemas"]


def test_the_telemetry_of_fastapi_stays_off_even_with_a_global_tracer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    assert ask(make_app(), "GET", "/notes/a").status_code == 200
    assert spans.get_finished_spans() == ()


# --- the local clock ---


LOCAL = make_app(clock_control=True, environment="local")
OPERATOR = ISSUING.bearer(roles=["operator"], org="programme:desk")


def move(**body: Any) -> Any:
    return ask(LOCAL, "POST", "/local/clock", json=body, headers=OPERATOR)


def test_the_clock_moves_by_hours_and_to_an_instant() -> None:
    before = LOCAL.state.clock.now()
    answer = move(advance_hours=80)
    assert answer.status_code == 200
    assert (LOCAL.state.clock.now() - before).total_seconds() >= 80 * 3600
    later = LOCAL.state.clock.now().replace(microsecond=0, year=LOCAL.state.clock.now().year + 1)
    assert move(to=later.isoformat()).json()["now"] >= later.isoformat()[:19]


def test_the_clock_never_moves_back() -> None:
    problem(move(to="2020-01-01T00:00:00Z"), 409, "clock_step_refused")


def test_the_clock_does_not_jump_by_decades() -> None:
    problem(move(to="2099-01-01T00:00:00Z"), 409, "clock_step_refused")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"advance_hours": 1, "to": "2030-01-01T00:00:00Z"},
        {"advance_hours": -1},
        {"advance_hours": "1"},
        {"advance_hours": None},
        {"advance_hours": 1e300},
        {"to": "tomorrow"},
        {"to": "2030-01-01T00:00:00"},
        {"days": 1},
    ],
)
def test_a_clock_request_that_is_not_as_expected_is_refused(body: dict[str, Any]) -> None:
    before = LOCAL.state.clock.now()
    problem(move(**body), 422, "request_invalid")
    assert (LOCAL.state.clock.now() - before).total_seconds() < 60


def test_only_an_operator_moves_the_clock() -> None:
    answer = ask(LOCAL, "POST", "/local/clock", json={"advance_hours": 1}, headers=ISSUING.bearer())
    problem(answer, 403, "role_required")


def test_there_is_no_clock_to_move_unless_a_setting_allows_it() -> None:
    problem(ask(APP, "POST", "/local/clock", json={"advance_hours": 1}, headers=OPERATOR), 404, "no_such_resource")


def test_the_setting_is_refused_outside_of_the_local_stack() -> None:
    with pytest.raises(ValueError, match="only in the local stack"):
        settings(clock_control=True)
