"""What every request passes before its route: bodies, addresses, ids, security headers, crashes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import APIRouter
from starlette.requests import Request

from tests.support.notes import CANARY, ISSUING, JSON, Note, Seen, make_app
from tests.support.web import ask, problem

APP = make_app()


def post(content: Any, **headers: str) -> Any:
    return ask(APP, "POST", "/notes", content=content, headers={**JSON, **ISSUING.bearer(), **headers})


def test_a_good_request_reaches_its_route() -> None:
    answer = post(b'{"text": "hello"}')
    assert (answer.status_code, answer.json()) == (201, "scouts:bavaria")


def test_a_body_in_many_chunks_reaches_its_route() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for part in (b'{"te', b'xt": ', b'"hello"}'):
            yield part

    assert post(chunks()).status_code == 201


# --- bodies ---


def test_a_body_that_declares_too_much_is_refused() -> None:
    problem(post(b'"' + b"x" * 8192 + b'"'), 413, "body_too_large")


def test_a_chunked_body_is_refused_once_it_is_too_large() -> None:
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b"x" * 1000

    problem(post(chunks()), 413, "body_too_large")
    assert sent < 12, "the edge reads on after the limit"


def test_a_body_that_lies_about_its_length_is_still_bounded() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"x" * 1000

    problem(post(chunks(), **{"Content-Length": "5"}), 413, "body_too_large")


@pytest.mark.parametrize("length", ["-1", "many", "1e3", "٣"])
def test_a_malformed_length_is_refused(length: str) -> None:
    answer = ask(
        APP,
        "POST",
        "/notes",
        content=b"{}",
        headers=[
            (b"content-type", b"application/json"),
            (b"content-length", length.encode("utf-8")),
            (b"authorization", ISSUING.bearer()["Authorization"].encode()),
        ],
    )
    problem(answer, 400, "content_length_malformed")


@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain",
        "application/xml",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin-1",
        "",
    ],
)
def test_a_body_that_is_not_declared_as_json_is_refused(media_type: str) -> None:
    answer = post(b'{"text": "hello"}', **{"Content-Type": media_type})
    problem(answer, 415, "media_type_unsupported")
    assert answer.headers["accept"] == "application/json"


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'])
def test_json_may_be_declared_with_its_charset(media_type: str) -> None:
    assert post(b'{"text": "hello"}', **{"Content-Type": media_type}).status_code == 201


def test_a_compressed_body_is_refused() -> None:
    problem(post(b"\x1f\x8b", **{"Content-Encoding": "gzip"}), 415, "content_encoding_unsupported")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "line 1, column 2"),
        (b'{"text": "a"', "line 1, column 13"),
        (b'{"text": "a"} {}', "line 1, column 15"),
        (b"{'text': 'a'}", "line 1, column 2"),
        (b'\n\n{"text": "a\x00b"}', "line 3, column 12"),
        (b'\xef\xbb\xbf{"text": "a"}', "line 1, column 1"),
        (b'{"text": "\xe9"}', "not UTF-8 from byte 11"),
        ('{"text": "a"}'.encode("utf-16"), "not UTF-8"),
        (b'{"text": "a", "text": "b"}', "same name twice"),
        (b'{"text": "a", "number": NaN}', "NaN or Infinity"),
        (b'{"text": "a", "number": -Infinity}', "NaN or Infinity"),
        (b'{"text": "a", "number": 1e999}', "range of a double"),
        (b"[" * 4000, "."),
        (b'{"text": ' + b"[" * 40 + b"]" * 40 + b"}", "nested more than 32 levels"),
    ],
)
def test_what_is_no_json_is_refused_with_the_place(body: bytes, said: str) -> None:
    assert said in problem(post(body), 400, "json_malformed")["detail"]


def test_a_number_of_too_many_digits_is_refused() -> None:
    body = b'{"text": "a", "number": ' + b"9" * 5000 + b"}"
    assert "too many digits" in problem(post(body), 400, "json_malformed")["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"text": "a\\u0000b"}', "/text"),
        (b'{"text": "a\\ud800b"}', "/text"),
        (b'{"text": "a", "more": [1, {"deep": "\\uDC00"}]}', "/more/1/deep"),
        (b'{"text": "a", "na\\u0000me": 1}', ""),
    ],
)
def test_text_that_postgresql_cannot_hold_is_refused_with_its_field(body: bytes, field: str) -> None:
    [error] = problem(post(body), 422, "unreadable_text")["errors"]
    assert error["field"] == field


@pytest.mark.parametrize("text", ["\\\\u0000", "\\u0001", "\\ud83d\\ude00", "ä€😀"])
def test_text_that_only_looks_odd_is_accepted(text: str) -> None:
    assert post(f'{{"text": "{text}"}}'.encode()).status_code == 201


def test_a_caller_that_hangs_up_runs_nothing_and_counts_as_no_failure_of_ours() -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/notes",
        "raw_path": b"/notes",
        "query_string": b"",
        "headers": [
            (b"content-length", b"10"),
            (b"authorization", ISSUING.bearer()["Authorization"].encode()),
        ],
    }
    asyncio.run(APP(scope, receive, send))
    assert sent[0]["status"] == 408


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, "token_missing"),
        ({"Authorization": "Bearer a.b.c"}, 401, "token_invalid"),
        (ISSUING.bearer(), 413, "body_too_large"),
    ],
)
def test_the_body_of_a_stranger_is_not_read(headers: Any, status: int, code: str) -> None:
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(10):
            sent += 1
            yield b"x" * 1000

    problem(ask(APP, "POST", "/notes", content=chunks(), headers={**JSON, **headers}), status, code)
    assert (sent == 0) == (status == 401)


# --- addresses and headers ---


@pytest.mark.parametrize("path", ["/notes/a%00b", "/notes/%ff", "/notes/%c0%af", "/notes/%ed%a0%80"])
def test_a_path_that_is_no_text_is_refused(path: str) -> None:
    problem(ask(APP, "GET", path), 400, "path_malformed")


@pytest.mark.parametrize("query", ["search=%00", "search=%FF", "%00=1", f"search={'a' * 5000}"])
def test_a_query_that_is_no_text_is_refused(query: str) -> None:
    problem(ask(APP, "GET", f"/notes/a?{query}"), 400, "query_malformed")


def test_encoded_text_in_path_and_query_is_accepted() -> None:
    assert ask(APP, "GET", "/notes/K%C3%B6ln?search=%F0%9F%98%80").json() == ["Köln", "😀"]


def test_every_answer_has_an_id_and_the_security_headers() -> None:
    answers = [
        ask(APP, "GET", "/notes/a"),
        ask(APP, "GET", "/nowhere"),
        ask(APP, "GET", "/crash"),
        post(b"{"),
        ask(APP, "GET", "/docs"),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 500, 400, 200]
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert len(answer.headers["x-request-id"]) == 32


@pytest.mark.parametrize("given", ["0198c9e0-c6f8-7c3e-9d5b-6a1f2e3d4c5b", "4bf92f3577b34da6a3ce929d0e0e4736"])
def test_the_request_id_of_the_caller_is_kept_and_names_the_occurrence(given: str) -> None:
    answer = ask(APP, "GET", "/nowhere", headers={"X-Request-Id": given})
    assert answer.headers["x-request-id"] == given
    assert problem(answer, 404, "no_such_resource")["instance"] == f"urn:request:{given}"


@pytest.mark.parametrize(
    "given",
    [
        CANARY,
        "a" * 33,
        "short",
        "0198c9e0 c6f87c3e",
        "0198c9e0c6f87c3e0198c9e0c6f87c3\u00fc",
        "1990-05-17-0151-0000000",
        "49151123456789012345",
        "--------------------------------",
    ],
)
def test_a_request_id_that_could_carry_a_name_a_day_or_a_number_is_replaced(given: str) -> None:
    answer = ask(APP, "GET", "/nowhere", headers={"X-Request-Id": given.encode("latin-1")})
    assert answer.headers["x-request-id"] != given


def test_a_crash_is_a_500_that_tells_nothing() -> None:
    answer = ask(APP, "GET", "/crash")
    problem(answer, 500, "internal_error")
    assert CANARY not in answer.text


def test_the_measuring_middleware_sees_refusals_and_crashes_as_answers() -> None:
    Seen.statuses.clear()
    ask(APP, "GET", "/crash")
    post(b"x" * 9000)
    assert Seen.statuses == [500, 413]


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [({}, 401, "token_missing"), (ISSUING.bearer(roles=["clerk"]), 403, "role_required")],
)
def test_a_route_is_closed_to_strangers_and_to_other_roles(headers: Any, status: int, code: str) -> None:
    problem(ask(APP, "POST", "/notes", json={"text": "hello"}, headers=headers), status, code)


def test_a_body_is_read_only_once_and_its_bytes_are_the_same_for_the_fingerprint() -> None:
    routes = APIRouter()

    @routes.post("/echo")
    async def echo(body: Note, request: Request) -> str:
        return (await request.body()).decode()

    app = make_app()
    app.include_router(routes)
    content = '{ "text":   "hello" }'
    answer = ask(app, "POST", "/echo", content=content.encode(), headers=JSON)
    assert json.loads(answer.text) == content
