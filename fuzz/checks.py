"""What every answer must keep beside what its OpenAPI document says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

PROBLEM = "application/problem+json"
MEMBERS = ("type", "title", "detail", "instance", "code", "remedy")
WITHOUT_FIELD = ("json_malformed", "path_malformed", "query_malformed", "body_unreadable", "request_malformed")
"""Kinds of problems that lie in the request as a whole."""
BELONGS: Mapping[int, tuple[str, ...]] = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    415: ("Accept", "Accept-Encoding"),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
"""Of each status the headers of which one must come."""
ALWAYS = ("x-request-id", "cache-control", "x-content-type-options")


def faults(method: str, status: int, headers: Mapping[str, str], text: str, sent: bytes | str | None) -> list[str]:
    """What is wrong with an answer; `sent` is the body that was asked with."""
    headers = {name.lower(): value for name, value in headers.items()}
    found = [f"no header {name}" for name in ALWAYS if name not in headers]
    if status >= 400:
        found += _problem(status, headers, text)
        if any(value in told for value in _foreign(sent) for told in _strings(_parsed(text))):
            found.append("repeats what was sent")
    wanted = BELONGS.get(status, ())
    if wanted and not any(headers.get(name.lower()) for name in wanted):
        found.append(f"none of the headers {', '.join(wanted)}")
    if status == 405 and method in headers.get("allow", "").split(", "):
        found.append(f"allows {method}, and refuses it")
    return found


def _problem(status: int, headers: Mapping[str, str], text: str) -> list[str]:
    if headers.get("content-type") != PROBLEM:
        return [f"no {PROBLEM}"]
    document = _parsed(text)
    if not isinstance(document, dict):
        return ["no problem document"]
    found = [f"no {name}" for name in MEMBERS if not document.get(name)]
    if document.get("status") != status:
        found.append("another status in the document")
    errors = document.get("errors")
    if status in {400, 422} and document.get("code") not in WITHOUT_FIELD and not errors:
        found.append("names no field")
    for each in errors or ():
        found += [f"an error without {name}" for name in ("code", "detail", "remedy") if not each.get(name)]
    return found


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _foreign(sent: bytes | str | None) -> set[str]:
    """Texts of a body that no code of ours could be: those that are not ASCII."""
    text = sent.decode(errors="replace") if isinstance(sent, bytes) else sent
    return {each for each in _strings(_parsed(text or "")) if len(each) > 7 and not each.isascii()}


def _strings(value: Any) -> list[str]:
    found, left = [], [value]
    while left:
        each = left.pop()
        if isinstance(each, str):
            found.append(each)
        elif isinstance(each, dict):
            left += each.values()
        elif isinstance(each, list):
            left += each
    return found
