"""The story's client: retries under the same key, waits within bounds, and says who wanted what."""

from __future__ import annotations

import io
from collections.abc import Callable

import httpx
import pytest
from rich.console import Console

from deploy.local.places import StackError
from deploy.local.story import api as api_module
from deploy.local.story.api import Api, Who
from deploy.local.story.clock import Clocks
from deploy.local.story.screen import Screen

SCOUT = Who("scout", "scouts:bavaria")
Answerer = Callable[[httpx.Request], httpx.Response]


def problem(status: int, code: str) -> httpx.Response:
    errors = [{"field": "/needs"}]
    return httpx.Response(status, json={"code": code, "detail": "It cannot be.", "errors": errors})


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def connect(output: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> Callable[[Answerer], Api]:
    monkeypatch.setattr(api_module, "LONGEST_PAUSE", 0.01)
    monkeypatch.setattr(api_module, "PATIENCE_SECONDS", 0.3)
    screen = Screen(Console(file=output, width=200))

    def connect(answerer: Answerer) -> Api:
        urls = dict.fromkeys(("referral", "training", "counselling", "placement"), "http://service.invalid")
        return Api(urls, lambda who: f"token-of-{who.role}", screen, httpx.MockTransport(answerer))

    return connect


async def test_a_command_carries_token_and_key(connect: Callable[[Answerer], Api]) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, json={"case_id": "1"})

    assert await connect(answer).post(SCOUT, "referral", "/cases", {}) == {"case_id": "1"}
    assert seen[0].headers["Authorization"] == "Bearer token-of-scout"
    assert len(seen[0].headers["Idempotency-Key"]) >= 8


async def test_a_busy_service_gets_the_same_request_under_the_same_key(connect: Callable[[Answerer], Api]) -> None:
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) == 1:
            raise httpx.ConnectError("refused")
        return problem(503, "starting") if len(keys) == 2 else httpx.Response(200, json={})

    await connect(answer).post(SCOUT, "referral", "/cases")
    assert len(keys) == 3
    assert len(set(keys)) == 1


async def test_a_service_that_stays_away_is_named(connect: Callable[[Answerer], Api]) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(StackError, match="training does not answer"):
        await connect(answer).post(SCOUT, "training", "/enrolments")


async def test_an_unexpected_refusal_tells_who_wanted_what_and_why_not(connect: Callable[[Answerer], Api]) -> None:
    with pytest.raises(StackError, match=r"scout of scouts:bavaria: POST /x of referral .* 409 taken \(/needs\) It"):
        await connect(lambda _: problem(409, "taken")).post(SCOUT, "referral", "/x")


async def test_an_expected_refusal_is_the_problem_document(connect: Callable[[Answerer], Api]) -> None:
    document = await connect(lambda _: problem(409, "taken")).refused(SCOUT, "referral", "/x", None, 409, "taken")
    assert document["detail"] == "It cannot be."


@pytest.mark.parametrize("answer", [problem(409, "other"), problem(422, "taken"), httpx.Response(200, json={})])
async def test_another_answer_than_the_expected_refusal_breaks_the_promise(
    connect: Callable[[Answerer], Api], answer: httpx.Response
) -> None:
    with pytest.raises(StackError, match="should be refused with 409 taken"):
        await connect(lambda _: answer).refused(SCOUT, "referral", "/x", None, 409, "taken")


@pytest.mark.parametrize("status", [403, 404, 503])
async def test_what_is_not_there_yet_is_nothing(connect: Callable[[Answerer], Api], status: int) -> None:
    assert await connect(lambda _: problem(status, "no")).get(SCOUT, "referral", "/cases/1") is None


async def test_a_question_that_is_wrong_in_itself_is_not_asked_again(connect: Callable[[Answerer], Api]) -> None:
    with pytest.raises(StackError, match="GET /cases of referral was refused: 422 request_invalid"):
        await connect(lambda _: problem(422, "request_invalid")).get(SCOUT, "referral", "/cases", limit="0")


async def test_waiting_ends_when_the_condition_holds(connect: Callable[[Answerer], Api]) -> None:
    answers = iter([problem(404, "no"), *(httpx.Response(200, json={"status": each}) for each in ("new", "seen"))])
    api = connect(lambda _: next(answers))
    found = await api.until("it", lambda: api.get(SCOUT, "referral", "/x"), lambda case: case["status"] == "seen")
    assert found == {"status": "seen"}


async def test_waiting_in_vain_names_the_condition_and_what_was_seen(
    connect: Callable[[Answerer], Api], monkeypatch: pytest.MonkeyPatch, output: io.StringIO
) -> None:
    monkeypatch.setattr(api_module, "SLOW_SECONDS", 0.05)
    api = connect(lambda _: httpx.Response(200, json={"status": "new", "needs": ["secret"]}))
    with pytest.raises(StackError, match=r"in vain for this: the acceptance\. Last seen: {'status': 'new'}"):
        await api.until("the acceptance", lambda: api.get(SCOUT, "referral", "/x"), lambda case: False)
    assert output.getvalue().count("... waiting: the acceptance") == 1


class _Four:
    """Four processes with clocks of their own."""

    def __init__(self, *hours: int) -> None:
        self.shown = [f"2026-03-02T{hour:02}:00:00Z" for hour in hours]
        self.sent: list[bytes] = []
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request.content)
        self.asked.append(request.url.host)
        if b"advance_hours" in request.content:
            return httpx.Response(200, json={"now": self.shown.pop(0)})
        return httpx.Response(200, json={"now": "2026-03-02T12:00:02Z"})


@pytest.fixture
async def four(connect: Callable[[Answerer], Api]) -> tuple[_Four, Clocks]:
    services = _Four(8, 12, 9, 8)
    places = {"referral": ["http://api", "http://worker"], "training": ["http://one", "http://two"]}
    return services, Clocks(connect(services), places)


async def test_clocks_that_differ_are_brought_to_the_latest(four: tuple[_Four, Clocks]) -> None:
    services, clocks = four
    await clocks.synchronise()
    assert set(services.sent[4:]) == {b'{"to":"2026-03-02T12:00:02+00:00"}'}
    assert sorted(services.asked[4:]) == ["api", "one", "two", "worker"]  # every process, not every service
    assert f"{clocks.now:%H:%M}" == "12:00"
