"""Bad requests to every route that changes something: each gets a problem document that helps, and changes nothing."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

import pytest

from tests.support.changes import Everything, named
from tests.support.people import new_case
from tests.support.web import problem

JSON = {"Content-Type": "application/json"}
SENTINEL = "1900-01-01"


class Bad(NamedTuple):
    """A body that is wrong whatever the route, and what must be said of it."""

    content: bytes
    status: int
    code: str
    headers: dict[str, str] = JSON


BODIES = {
    "no JSON": Bad(b"{nonsense", 400, "json_malformed"),
    "half of it": Bad(b'{"a": ', 400, "json_malformed"),
    "not UTF-8": Bad(b'{"a": "\xff"}', 400, "json_malformed"),
    "NaN": Bad(b'{"a": NaN}', 400, "json_malformed"),
    "endless nesting": Bad(b"[" * 30_000, 400, "json_malformed"),
    "too large": Bad(b'{"a": "' + b"x" * 70_000 + b'"}', 413, "body_too_large"),
    "not declared": Bad(b"{}", 415, "media_type_unsupported", {}),
    "a form": Bad(b"a=b", 415, "media_type_unsupported", {"Content-Type": "application/x-www-form-urlencoded"}),
    "compressed": Bad(b"{}", 415, "content_encoding_unsupported", {**JSON, "Content-Encoding": "gzip"}),
}


@pytest.mark.usefixtures("nothing_changes")
async def test_a_body_that_nobody_can_read_is_refused_with_its_remedy(everything: Everything) -> None:
    for operation in everything.all:
        for what, bad in BODIES.items():
            answer = await everything.send(operation, content=bad.content, headers=bad.headers)
            document = problem(answer, bad.status, bad.code)
            assert document["remedy"], f"{operation}, {what}"


@pytest.mark.usefixtures("nothing_changes")
async def test_a_body_of_the_wrong_shape_is_refused_and_the_field_is_named(everything: Everything) -> None:
    for operation in everything.all:
        if operation.body is None:
            continue
        for body in ([], "text", 7, True):
            document = problem(await everything.send(operation, json=body), 422, "request_invalid")
            assert named(document) == {""} or named(document) == {"/"}, f"{operation} {body!r}: {document['errors']}"
        body = {**(operation.example() or {}), "nickname": "x"}
        document = problem(await everything.send(operation, json=body), 422, "request_invalid")
        assert "/nickname" in named(document), operation
        for field in operation.required:
            body = operation.example() or {}
            body.pop(field, None)
            document = problem(await everything.send(operation, json=body), 422, "request_invalid")
            assert f"/{field}" in named(document), f"{operation} without {field}: {document['errors']}"


WRONG = ({"a": 1}, [{"a": []}], 3.5, "\x00", "\ud800", "x" * 5000, -(10**30))


@pytest.mark.usefixtures("nothing_changes")
async def test_a_value_of_the_wrong_type_is_refused_and_the_field_is_named(everything: Everything) -> None:
    for operation in everything.own:
        for field, schema in operation.properties.items():
            for value in WRONG:
                if _may_be(schema, value):
                    continue
                content = json.dumps({**(operation.example() or {}), field: value}).encode()
                answer = await everything.send(operation, content=content, headers=JSON)
                document = problem(answer, answer.status_code, answer.json()["code"])
                assert answer.status_code in {400, 422}, f"{operation} {field} {value!r}: {answer.text}"
                assert any(each.startswith(f"/{field}") for each in named(document)) or answer.status_code == 400, (
                    f"{operation} {field} {value!r}: {document}"
                )


def _may_be(schema: dict[str, Any], value: Any) -> bool:
    """A field that takes free objects or long texts has no wrong one of that kind."""
    kinds = json.dumps(schema)
    return isinstance(value, dict) and ("ProfileBody" in kinds or "additionalProperties" in kinds)


@pytest.mark.usefixtures("nothing_changes")
async def test_the_first_of_january_1900_is_no_date(everything: Everything) -> None:
    met = 0
    for operation in everything.own:
        for field, schema in operation.properties.items():
            kinds = json.dumps(schema)
            if '"format": "date"' in kinds or '"format": "date-time"' in kinds:
                value = SENTINEL if '"format": "date"' in kinds else f"{SENTINEL}T00:00:00Z"
                for each in (value, 0, 1774915200, "31.12.2026", "2026-02-30", "", "tomorrow"):
                    body = {**(operation.example() or {}), field: each}
                    document = problem(await everything.send(operation, json=body), 422, "request_invalid")
                    assert named(document) == {f"/{field}"}, f"{operation} {field} {each!r}: {document['errors']}"
                    met += 1
    assert met > 50
    profile = {"profile": {"birth_date": SENTINEL}}
    case = next(each for each in everything.own if each.path == "/cases")
    document = problem(await everything.send(case, json=new_case(**profile)), 422, "request_invalid")
    assert named(document) == {"/profile/birth_date"}


@pytest.mark.usefixtures("nothing_changes")
async def test_a_path_that_holds_no_id_is_refused_and_the_part_is_named(everything: Everything) -> None:
    for operation in everything.own:
        parts = set(re.findall(r"\{([^}]+)\}", operation.path))
        for segment, statuses in (("nonsense", {422}), ("4711", {422}), ("%00", {400}), ("%ff", {400}), ("%20", {422})):
            if parts and not (segment == "4711" and operation.numbered):  # there it is an id
                answer = await everything.send(operation, url=operation.url(segment))
                assert answer.status_code in statuses, f"{operation} {segment}: {answer.text}"
                document = problem(answer, answer.status_code, answer.json()["code"])
                if answer.status_code == 422:
                    assert named(document) & parts, f"{operation} {segment}: {document['errors']}"


@pytest.mark.usefixtures("nothing_changes")
async def test_an_id_that_nobody_knows_is_refused(everything: Everything) -> None:
    for operation in everything.own:
        if "{" in operation.path:
            answer = await everything.send(operation)
            problem(answer, 404, answer.json()["code"])


@pytest.mark.usefixtures("nothing_changes")
async def test_a_command_needs_an_idempotency_key(everything: Everything) -> None:
    for operation in everything.own:
        assert operation.keyed, operation
        document = problem(await everything.send(operation, key=""), 400, "idempotency_key_required")
        assert "Idempotency-Key" in {each.title() for each in named(document)}, operation
        for key in ("short", "x" * 129, "has spaces in it", "ümlaut-ümlaut"):
            answer = await everything.send(operation, key=key)
            document = problem(answer, 422, "request_invalid")
            assert "idempotency-key" in {each.lower() for each in named(document)}, f"{operation} {key!r}"
