"""`ph trace-case`: what it asks journey, what it shows, and what it says when something is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from click.testing import Result
from typer.testing import CliRunner

from chassis.operators.cli import app, service_api
from journey import cli
from journey.views.shapes import Handled, Happening, SamePerson, Trace
from journey.views.trace import trace_of
from tests.support.journey.telling import CASE, Telling
from tests.support.memory import NOW
from tests.unit.journey.test_trace import row

Answer = Callable[[httpx.Request], httpx.Response]
TOLD = Telling().opened().referred().received(due_in=timedelta(days=5))
TRACE = trace_of(TOLD.journey, [row("ph.referral.CaseOpened.v1")], TOLD.at + timedelta(days=6))
ITEM = {
    "case_id": str(CASE),
    "case_ref": "PH-7K3M9QX-F",
    "stage": "referred",
    "what": "answer",
    "title": "the centre's answer to the referral",
    "role": "centre_counsellor",
    "org": "centre:NG-LOS",
    "since": "2026-03-02T09:00:00Z",
    "late_at": "2026-03-09T09:00:00Z",
    "lost_at": None,
    "dated": True,
    "country": "NG",
    "centre": "centre:NG-LOS",
    "deadline_type": "referral_answer",
    "level": 0,
}
NOT_FOUND = {"detail": "No case is known by this.", "remedy": "Check it.", "errors": []}


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., tuple[Result, list[httpx.Request]]]:
    """Runs the command against a journey that answers so; also every request that came."""

    def ask(*arguments: str, answer: Answer, url: str | None = "http://journey.test") -> tuple[Result, list[Any]]:
        requests: list[httpx.Request] = []

        def answered(request: httpx.Request) -> httpx.Response:
            requests.append(request)
            return answer(request)

        client = httpx.Client
        monkeypatch.setattr(
            httpx, "Client", lambda **options: client(transport=httpx.MockTransport(answered), **options)
        )
        monkeypatch.setattr(service_api, "PAUSE_SECONDS", 0.0)
        (tmp_path / "token").write_text("a-token")
        environment = {"PH_TOKEN_FILE": str(tmp_path / "token"), "JOURNEY_API_URL": url}
        return CliRunner().invoke(app, ["trace-case", *arguments], env=environment), requests

    return ask


def shows(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=json.loads(TRACE.model_dump_json()))


def test_it_is_a_command_of_ph_and_stands_in_its_help() -> None:
    assert "trace-case" in CliRunner().invoke(app, ["--help"]).output


def test_one_case_is_asked_for_with_the_token_and_shown(asking: Any) -> None:
    result, (request,) = asking("PH-7K3M9QX-F", answer=shows)
    assert (request.url.path, request.headers["Authorization"]) == ("/cases/PH-7K3M9QX-F", "Bearer a-token")
    assert result.exit_code == 0
    assert "the turn of centre_counsellor at centre:NG-LOS" in result.output
    assert "a desk has registered the person" in result.output


def test_the_persons_other_case_is_shown_below_it(asking: Any) -> None:
    there = UUID(int=50)
    beside = SamePerson(case_id=there, case_ref="PH-HZ9PEJ0-W", stage="in_contact")

    def both(request: httpx.Request) -> httpx.Response:
        other = {"case_id": there, "case_ref": beside.case_ref, "same_person": ()}
        one = TRACE.model_copy(update=other if str(there) in request.url.path else {"same_person": (beside,)})
        return httpx.Response(200, json=json.loads(one.model_dump_json()))

    result, requests = asking("PH-7K3M9QX-F", answer=both)
    assert [each.url.path for each in requests] == ["/cases/PH-7K3M9QX-F", f"/cases/{there}"]
    assert f"The same person's: case PH-HZ9PEJ0-W  {there}, stage in_contact" in result.output
    assert f"Case PH-HZ9PEJ0-W  {there}" in result.output


def test_as_json_the_persons_other_case_is_named_and_not_asked_for(asking: Any) -> None:
    beside = SamePerson(case_id=UUID(int=50), case_ref="PH-HZ9PEJ0-W", stage="in_contact")
    one = json.loads(TRACE.model_copy(update={"same_person": (beside,)}).model_dump_json())
    result, (_,) = asking("PH-7K3M9QX-F", "--json", answer=lambda _: httpx.Response(200, json=one))
    assert json.loads(result.output) == one


def test_as_json_it_is_what_the_api_says(asking: Any) -> None:
    result, _ = asking(str(CASE), "--json", answer=shows)
    assert json.loads(result.output) == json.loads(TRACE.model_dump_json())


def test_a_list_is_read_to_its_end_with_its_filters(asking: Any) -> None:
    pages = iter(({"items": [ITEM], "next_cursor": "more"}, {"items": [ITEM], "next_cursor": None}))
    narrowed = ("--since", "7d", "--country", "NG", "--type", "referral_answer")
    result, requests = asking("--stuck", *narrowed, answer=lambda _: httpx.Response(200, json=next(pages)))
    assert result.exit_code == 0
    assert [dict(each.url.params) for each in requests] == [
        {"hours": "168", "country": "NG", "type": "referral_answer", "limit": "100"},
        {"hours": "168", "country": "NG", "type": "referral_answer", "limit": "100", "cursor": "more"},
    ]
    assert result.output.count("PH-7K3M9QX-F") == 2


def test_who_is_lost_is_a_list_of_its_own(asking: Any) -> None:
    page = {"items": [ITEM], "next_cursor": None}
    result, (request,) = asking("--lost", "--json", answer=lambda _: httpx.Response(200, json=page))
    assert request.url.path == "/lost"
    assert [each["case_ref"] for each in json.loads(result.output)] == ["PH-7K3M9QX-F"]


def test_following_shows_what_comes_and_whose_turn_it_is_then(asking: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    later = Telling().opened().referred().received().accepted()
    rows = [row("ph.referral.CaseOpened.v1"), row("ph.counselling.ReferralAccepted.v1", later.at)]
    traces = iter((TRACE, trace_of(later.journey, rows, later.at)))

    def answer(_request: httpx.Request) -> httpx.Response:
        try:
            return httpx.Response(200, json=json.loads(next(traces).model_dump_json()))
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr(cli, "FOLLOW_SECONDS", 0.0)
    result, _ = asking("PH-7K3M9QX-F", "--follow", answer=answer)
    assert "the centre takes the person on" in result.output
    assert "now it waits for: the departure from Germany, or word of it (scout at scouts:bavaria)" in result.output


def fate(*happenings: Happening, **reader: Any) -> Trace:
    """The trace in which a reader has come so far with its one event."""
    (entry,) = TRACE.timeline
    handled = Handled.model_validate({"service": "placement", "what": "not_yet", "at": TOLD.at, **reader})
    return TRACE.model_copy(
        update={"timeline": (entry.model_copy(update={"readers": (handled,), "happenings": happenings}),)}
    )


def following(asking: Any, monkeypatch: pytest.MonkeyPatch, *answers: httpx.Response) -> tuple[Result, list[Any]]:
    """What is shown while journey answers so, until Ctrl-C."""
    left = iter(answers)

    def answer(_request: httpx.Request) -> httpx.Response:
        try:
            return next(left)
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr(cli, "FOLLOW_SECONDS", 0.0)
    found: tuple[Result, list[Any]] = asking("PH-7K3M9QX-F", "--follow", answer=answer)
    return found


def told(trace: Trace) -> httpx.Response:
    return httpx.Response(200, json=json.loads(trace.model_dump_json()))


def test_following_shows_what_becomes_of_an_event_that_was_shown(asking: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    parked = Happening(at=TOLD.at, service="placement", what="parked", failure="unknown_code", attempt=1)
    later = TOLD.at + timedelta(minutes=5)
    discarded = Happening(at=later, service="placement", what="discarded", failure=None, attempt=1)
    answers = (
        fate(),
        fate(at=later),
        fate(parked, what="parked"),
        fate(parked, discarded, what="discarded"),
    )
    result, _ = following(asking, monkeypatch, *map(told, answers))
    assert result.output.count("a desk has registered the person") == 3, "that a reader has come no further is no news"
    shown = " ".join(result.output.split())
    assert "parked at placement (unknown_code), attempt 1" in shown
    assert "discarded at placement, attempt 1" in shown


def test_following_outlasts_a_journey_that_is_away_and_says_so_once(
    asking: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = [httpx.Response(503, json=NOT_FOUND)] * service_api.ATTEMPTS
    answers = (told(fate()), *away, httpx.Response(502), told(fate(what="handled")))
    result, _ = following(asking, monkeypatch, *answers)
    assert result.output.count("asking again") == 1
    assert "placement handled at" in result.output
    assert "followed until here" in result.output


def test_following_ends_once_the_case_is_not_to_be_seen_any_more(asking: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    result, _ = following(asking, monkeypatch, told(fate()), httpx.Response(404, json=NOT_FOUND))
    assert result.exit_code == 1
    assert "error: No case is known by this." in result.output


@pytest.mark.parametrize(
    ("reader", "says"),
    [
        ({"what": "not_yet", "at": NOW}, "placement not yet as of 09:00"),
        ({"what": "parked", "at": NOW + timedelta(days=1)}, "placement parked since 2026-03-03 09:00"),
        ({"what": "handled", "at": NOW + timedelta(minutes=2), "at_latest": True}, "placement handled by 09:02"),
        ({"what": "unknown", "at": None}, "placement unknown"),
    ],
)
def test_of_each_reader_it_says_since_when_with_the_day_if_it_is_another(
    asking: Any, reader: dict[str, Any], says: str
) -> None:
    result, _ = asking("PH-7K3M9QX-F", answer=lambda _: told(fate(**reader)))
    assert says in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "name a case"),
        (("PH-7K3M9QX-F", "--stuck"), "name a case"),
        (("--stuck", "--lost"), "name a case"),
        (("--stuck", "--since", "soon"), "is no span of time"),
        (("PH-7K3M9QX-F", "--since", "7d"), "narrow a list"),
        (("--lost", "--follow"), "follows one case"),
        (("../operations/parked",), "is no id and no reference"),
    ],
)
def test_a_command_line_that_is_wrong_is_told_so_and_asks_nothing(
    asking: Any, arguments: tuple[str, ...], says: str
) -> None:
    result, requests = asking(*arguments, answer=shows)
    assert (result.exit_code, requests) == (2, [])
    assert says in result.output
    assert "remedy:" in result.output


def test_what_journey_refuses_is_told_in_its_words(asking: Any) -> None:
    result, _ = asking(str(CASE), answer=lambda _: httpx.Response(404, json=NOT_FOUND))
    assert result.exit_code == 1
    assert "error: No case is known by this." in result.output
    assert "remedy: Check it." in result.output


def test_a_journey_that_is_not_reached_or_not_known_is_told_with_the_remedy(asking: Any) -> None:
    def away(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    result, requests = asking(str(CASE), answer=away)
    assert (result.exit_code, len(requests)) == (1, service_api.ATTEMPTS)
    assert "cannot be reached" in result.output
    unset, _ = asking(str(CASE), answer=shows, url=None)
    assert "JOURNEY_API_URL" in unset.output


def test_an_answer_of_another_release_is_no_crash(asking: Any) -> None:
    result, _ = asking(str(CASE), answer=lambda _: httpx.Response(200, json={"case_id": str(CASE)}))
    assert result.exit_code == 1
    assert "in a form that this `ph` does not know" in result.output


@pytest.mark.parametrize("chosen", [[], ["--all", "--org", "centre:NG-LOS"]])
def test_sessions_end_of_one_organisation_or_of_everybody(chosen: list[str]) -> None:
    result = CliRunner().invoke(
        app, ["sign-in", "end", *chosen, "--by", "INC-4711", "--reason", "left the organisation"]
    )
    assert result.exit_code == 2
    assert "--org" in result.stderr
