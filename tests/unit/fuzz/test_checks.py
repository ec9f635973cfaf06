"""Each fault of an answer is found, and a good answer has none."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from fuzz.checks import faults
from fuzz.report import table, unanswered
from tests.support.openapi import operations

EDGE = {"x-request-id": "1", "cache-control": "no-store", "x-content-type-options": "nosniff"}
ERROR = {"field": "/on", "code": "date_in_past", "detail": "It lies in the past.", "remedy": "Send a later day."}


def headers(**more: str) -> dict[str, str]:
    return {**EDGE, "content-type": "application/problem+json"} | {
        name.replace("_", "-"): value for name, value in more.items()
    }


def document(status: int, **changes: Any) -> str:
    problem = {
        "type": "urn:problem-type:ph:request_invalid",
        "title": "Request invalid",
        "status": status,
        "detail": "1 field is not as expected.",
        "instance": "urn:request:1",
        "code": "request_invalid",
        "remedy": "Correct what `errors` lists.",
        "errors": [ERROR],
        **changes,
    }
    return json.dumps(problem)


@pytest.mark.parametrize(
    ("status", "given"),
    [(200, {**EDGE}), (422, headers()), (405, headers(Allow="GET")), (415, headers(Accept="application/json"))],
)
def test_a_good_answer_has_no_fault(status: int, given: dict[str, str]) -> None:
    assert faults("POST", status, given, document(status), None) == []


@pytest.mark.parametrize(
    ("status", "given", "text", "fault"),
    [
        (200, {"x-request-id": "1", "cache-control": "no-store"}, "", "no header x-content-type-options"),
        (422, {**EDGE, "content-type": "application/json"}, document(422), "no application/problem+json"),
        (422, headers(), "[]", "no problem document"),
        (422, headers(), document(422, remedy=""), "no remedy"),
        (422, headers(), document(400), "another status in the document"),
        (422, headers(), document(422, errors=[]), "names no field"),
        (400, headers(), document(400, errors=[]), "names no field"),
        (400, headers(), document(400, errors=[], code="json_malformed"), None),
        (422, headers(), document(422, errors=[{**ERROR, "remedy": ""}]), "an error without remedy"),
        (401, headers(), document(401), "none of the headers WWW-Authenticate"),
        (405, headers(), document(405), "none of the headers Allow"),
        (405, headers(Allow="GET, POST"), document(405), "allows POST, and refuses it"),
        (503, headers(), document(503), "none of the headers Retry-After"),
    ],
)
def test_each_fault_is_found(status: int, given: dict[str, str], text: str, fault: str | None) -> None:
    assert faults("POST", status, given, text, None) == ([fault] if fault else [])


def test_a_refusal_that_repeats_what_was_sent_is_found() -> None:
    sent = json.dumps({"given_name": "Adaézé Example"}).encode()
    told = document(422, detail="Adaézé Example is no name.")
    assert faults("POST", 422, headers(), told, sent) == ["repeats what was sent"]
    assert faults("POST", 422, headers(), document(422), sent) == []


def test_an_operation_that_was_never_answered_well_is_named_with_its_requests_and_refusals() -> None:
    documented: dict[str, Any] = {
        "paths": {path: {"get": {"operationId": path, "responses": {"200": {}}}} for path in ("/cases", "/cases/{id}")}
    }
    known = {"referral": operations("referral", documented)}
    counts = {"referral": Counter({"GET /cases 200": 3, "GET /cases 422": 2, "GET /cases/{id} 404": 4})}
    assert unanswered(counts, known) == ["referral GET /cases/{id}"]
    lines = table(counts, known).splitlines()
    assert [line.split()[3:6] for line in lines if "referral " in line][:2] == [["5", "3", "2"], ["4", "0", "4"]]
    assert "never answered with 2xx: referral GET /cases/{id}" in lines
    assert "9 requests: 3 of 200, 4 of 404, 2 of 422" in lines
