"""`ph parked` over HTTP asks again while nobody answers, and does what it was asked for once."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from chassis.operators.cli import service_api
from chassis.operators.cli.parked_api import ParkedApi
from chassis.operators.cli.service_api import ATTEMPTS
from chassis.trouble import Trouble

DECIDED = {"items": [{"parked_id": 7, "changed": True, "what": "retried"}], "left": 0}
PROBLEM = {"detail": "The service cannot reach its database.", "remedy": "Send it again.", "errors": []}
Answers = list[httpx.Response | httpx.TransportError]


def away() -> Answers:
    return [httpx.ConnectError("refused"), httpx.Response(503, json=PROBLEM)]


def asking(monkeypatch: pytest.MonkeyPatch, answers: Answers) -> tuple[ParkedApi, list[str]]:
    """An API that gets these answers, and the Idempotency-Key of every request that it sends."""
    keys: list[str] = []
    left: Iterator[httpx.Response | httpx.TransportError] = iter(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        if isinstance(given := next(left), httpx.TransportError):
            raise given
        return given

    monkeypatch.setattr(service_api, "PAUSE_SECONDS", 0.0)
    client = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **options: client(transport=httpx.MockTransport(answer), **options))
    return ParkedApi("referral", "http://referral.test", "token"), keys


def test_an_answer_after_two_failures_is_taken_and_all_attempts_have_one_key(monkeypatch: pytest.MonkeyPatch) -> None:
    api, keys = asking(monkeypatch, [*away(), httpx.Response(200, json=DECIDED)])
    assert [each.id for each in api.retry([7], "OPS-1").outcomes] == [7]
    assert len(keys) == ATTEMPTS
    assert len(set(keys)) == 1


@pytest.mark.parametrize(
    ("last", "told"),
    [
        (httpx.ConnectError("refused"), "cannot be reached"),
        (httpx.Response(503, json=PROBLEM), "cannot reach its database"),
    ],
)
def test_the_last_failure_is_told(
    monkeypatch: pytest.MonkeyPatch, last: httpx.Response | httpx.TransportError, told: str
) -> None:
    api, keys = asking(monkeypatch, [*away(), last])
    with pytest.raises(Trouble, match=told):
        api.retry([7], "OPS-1")
    assert len(keys) == ATTEMPTS


def test_a_refusal_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    api, keys = asking(monkeypatch, [httpx.Response(409, json={**PROBLEM, "detail": "It was decided."})])
    with pytest.raises(Trouble, match="decided"):
        api.retry([7], "OPS-1")
    assert len(keys) == 1
