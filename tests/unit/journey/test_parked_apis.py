"""What the pages ask of the services' APIs of parked records, and what they make of every answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from chassis.http.problems import Problem
from journey.pages.parked_apis import MAX_BYTES, Decided, ParkedApis
from journey.pages.settings import ParkedSettings
from tests.support.journey.parked import apis_of, sample

TOKEN = "a.b.c"
INTENT = "3d9f1c52-6a1e-4c0b-9a55-0c7f1c1f7b11"


def answering(answer: Callable[[httpx.Request], httpx.Response]) -> ParkedApis:
    return apis_of(httpx.MockTransport(answer), "referral")


def problem(status: int, code: str) -> Callable[[httpx.Request], httpx.Response]:
    told = {"code": code, "detail": "What is wrong.", "remedy": "What to do.", "status": status, "errors": []}
    return lambda _request: httpx.Response(status, json=told, headers={"Retry-After": "7"})


async def refused(apis: ParkedApis, *, deciding: bool = False) -> Problem:
    asked = apis.decide("referral", TOKEN, [7], "retry", {"ticket": "INC-1"}, INTENT) if deciding else None
    with pytest.raises(Problem) as raised:
        await (asked or apis.show("referral", TOKEN, 7))
    return raised.value


async def test_a_list_is_asked_for_oldest_first_with_the_visitors_token() -> None:
    heard: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        return httpx.Response(200, json={"items": [sample(7, later="field")], "next_cursor": "c", "limit": 100})

    listed = await answering(answer).listing("referral", TOKEN, {"topic": "ph.training.v1"})
    [request] = heard
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.url.host == "referral.test"
    assert dict(request.url.params) == {"topic": "ph.training.v1", "sort": "parked_at", "limit": "100"}
    assert TOKEN not in str(request.url)
    assert ([each.parked_id for each in listed.items], listed.next_cursor) == ([7], "c")


@pytest.mark.parametrize(
    ("chosen", "path", "body"),
    [
        ([7], "/operations/parked/7/discard", {}),
        ([7, 8], "/operations/parked/many/discard", {"parked_ids": [7, 8]}),
    ],
)
async def test_a_decision_is_sent_with_its_words_and_its_intent(chosen: Any, path: str, body: Any) -> None:
    heard: list[httpx.Request] = []
    decided = {"parked_id": 7, "changed": True, "what": "discarded"}

    def answer(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        return httpx.Response(200, json=decided if len(chosen) == 1 else {"items": [decided], "left": 0})

    words = {"ticket": "INC-4711", "reason": "sent by a test tool"}
    found = await answering(answer).decide("referral", TOKEN, chosen, "discard", words, INTENT)
    [request] = heard
    assert found == (Decided(parked_id=7, changed=True, what="discarded"),)
    assert (request.method, request.url.path, request.headers["idempotency-key"]) == ("POST", path, INTENT)
    assert json.loads(request.content) == {**words, **body}


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, "role_required"), (404, "parked_not_found"), (409, "record_decided"), (422, "request_invalid")],
)
async def test_a_refusal_is_told_in_the_words_of_the_service(status: int, code: str) -> None:
    found = await refused(answering(problem(status, code)))
    assert (found.status, found.code, found.remedy) == (status, code, "What to do.")
    assert found.detail == "referral answers: What is wrong."


async def test_a_service_that_is_busy_says_when_to_come_again() -> None:
    found = await refused(answering(problem(429, "too_many_requests")))
    assert (found.status, found.headers) == (429, {"Retry-After": "7"})


async def test_a_token_that_is_over_leads_to_signing_in_again() -> None:
    found = await refused(answering(problem(401, "token_invalid")))
    assert (found.status, found.code) == (403, "sign_in_again")
    assert "Sign in again" in found.remedy


def away(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no route to 10.0.0.7", request=request)


@pytest.mark.parametrize(
    "answer",
    [
        away,
        lambda _request: httpx.Response(502, text="<html>bad gateway</html>"),
        lambda _request: httpx.Response(200, json={"parked_id": "seven"}),
        lambda _request: httpx.Response(200, content=b"\xff"),
        lambda _request: httpx.Response(200, content=b" " * (MAX_BYTES + 1)),
        lambda _request: httpx.Response(303, headers={"Location": "https://evil.test"}),
    ],
)
async def test_a_service_that_cannot_be_used_is_said_to_be(answer: Callable[[httpx.Request], httpx.Response]) -> None:
    found = await refused(answering(answer))
    assert (found.status, found.code) == (503, "service_unreachable")
    assert "10.0.0.7" not in found.detail + found.remedy
    sent = await refused(answering(answer), deciding=True)
    assert "Whether it was decided is not known" in sent.remedy


def test_only_named_apis_are_asked() -> None:
    assert ParkedSettings(referral_url="https://referral.test/", journey_url="http://127.0.0.1:8105").addresses == {
        "referral": "https://referral.test",
        "journey": "http://127.0.0.1:8105",
    }
    assert ParkedApis(ParkedSettings()).services == ()


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("http://referral:8000", "JOURNEY_PARKED_CLEAR_REASON"),
        ("referral:8000", "give the address"),
        ("ftp://referral", "give the address"),
        ("https://referral?x=1", "give the address"),
    ],
)
def test_tokens_cross_no_network_in_clear_text_unless_somebody_says_why(address: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        ParkedSettings(referral_url=address)
    if says.startswith("JOURNEY"):
        assert ParkedSettings(referral_url=address, clear_reason="within the namespace").addresses
