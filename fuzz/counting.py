"""What schemathesis loads into its own process: requests around good ones, checks of ours, and counts of answers."""

from __future__ import annotations

import atexit
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import requests
import schemathesis
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import ignored_auth

from fuzz.around import Around, Expected, content_of, wire
from fuzz.checks import faults
from fuzz.spoiling import Sent

NO_ANSWER = "none"
AROUND = 6
"""Requests around good ones for each that was made up."""

_counts: Counter[str] = Counter()
_found: list[str] = []
"""What is wrong with answers to requests around good ones."""
_plan = json.loads(Path(os.environ["FUZZ_PLAN"]).read_text(encoding="utf-8"))
_around = Around(_plan["ready"], _plan["seed"])
_session = requests.Session()
_session.trust_env = False


@schemathesis.hook
def after_call(_context: Any, case: Any, response: Any) -> None:
    """One more answer; and while fuzzing, some more requests to the same operation."""
    _counts[f"{case.operation.label} {response.status_code}"] += 1
    meta = case.meta
    if meta is None or meta.phase.name.value != "fuzzing":
        return
    drawn = {"query": dict(case.query or {}), "body": case.body if isinstance(case.body, (dict, list)) else None}
    declared = frozenset(each.name.lower() for each in case.operation.headers)
    for _ in range(AROUND):
        chosen = _around.request(case.operation.label, drawn, declared)
        if chosen is not None:
            _ask(case.operation, *chosen)


def _ask(operation: Any, sent: Sent, expected: Expected) -> None:
    """Sends one around a good one, and keeps what is wrong with its answer."""
    headers = {name: wire(value) for name, value in sent["headers"].items()}
    content = content_of(sent)
    if content is not None:
        headers.setdefault("Content-Type", "application/json")
    case = operation.Case(path_parameters=dict(sent["path"]), query=dict(sent["query"]))
    try:
        response = case.call(session=_session, data=content, auth=_With(headers))
    except requests.RequestException as error:
        _counts[f"{operation.label} {NO_ANSWER}"] += 1
        _tell_of(operation, sent, type(error).__name__)
        return
    _around.answered(sent, expected, response.status_code, response.text)
    if wrong := _surprises(expected, response):
        _tell_of(operation, sent, f"{wrong}, answered with {response.status_code} {response.text}")
    try:
        case.validate_response(response, excluded_checks=[ignored_auth])  # it takes every token for a made-up one
    except FailureGroup as failures:
        _tell_of(operation, sent, f"{failures.exceptions}\n{response.status_code} {response.text}")


def _surprises(expected: Expected, response: Any) -> str:
    """What is good is refused by the state at most, and what is repeated gets the same answer."""
    if expected.good and response.status_code not in {200, 201, 403, 404, 409}:
        return "a good request is refused"
    if expected.answer is not None and response.text != expected.answer:
        return "a repeated request got another answer"
    if expected.answer is not None and response.headers.get("idempotency-replayed") != ["true"]:
        return "a repeated answer does not say so"
    return ""


def _tell_of(operation: Any, sent: Sent, what: str) -> None:
    shown = {name: value for name, value in sent.items() if name != "headers"}
    headers = {name: value for name, value in sent["headers"].items() if name != "Authorization"}
    _found.append(f"{operation.label} {json.dumps(shown)[:3000]} {json.dumps(headers)[:500]}\n    {what[:3000]}")


@schemathesis.hook
def after_network_error(_context: Any, case: Any, _request: Any) -> None:
    """The service hung up, or took too long."""
    _counts[f"{case.operation.label} {NO_ANSWER}"] += 1


@schemathesis.check
def answers_are_told_well(_context: Any, response: Any, case: Any) -> None:
    """Every refusal is a problem document that names field and remedy; headers belong to statuses."""
    request = response.request
    headers = {name: values[0] for name, values in response.headers.items()}
    found = faults(request.method, response.status_code, headers, response.text, request.body)
    assert not found, "; ".join(found)


class _With:
    """Sets headers last of all, over those of the configuration: what `requests` takes for a way to log in."""

    def __init__(self, headers: dict[str, str]) -> None:
        self._headers = headers

    def __call__(self, request: Any) -> Any:
        """The request, with them."""
        request.headers.update(self._headers)
        return request


@atexit.register
def _tell() -> None:
    counts = {"counts": _counts, "found": _found}
    Path(os.environ["FUZZ_COUNTS"]).write_text(json.dumps(counts), encoding="utf-8")
