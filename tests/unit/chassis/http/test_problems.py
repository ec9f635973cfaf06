"""Problem documents: each wrong field is named with what is expected, and nothing sent comes back."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated
from uuid import UUID

import asyncpg
import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query
from pydantic import BaseModel
from starlette.requests import Request

from chassis.http.api import IDEMPOTENCY_KEY
from chassis.http.exception_handlers import install, unexpected
from chassis.http.problems import COMMON, Problem, problem_responses
from chassis.pure.decision import Refused
from chassis.pure.states import ConcurrentUpdateError
from tests.support.web import ask, problem

CANARY = "Canary-Amina-Okafor"
CASE = "0198c9e0-c6f8-7c3e-9d5b-6a1f2e3d4c5b"


class Body(BaseModel):
    case_id: UUID


async def key(request: Request) -> str | None:
    return IDEMPOTENCY_KEY.read(request)


def make_app() -> FastAPI:
    router = APIRouter()

    @router.post("/everything", responses=problem_responses(403, 404, 409))
    async def take(body: Body, idempotency_key: Annotated[str, Depends(key)]) -> str:
        return idempotency_key

    @router.get("/cases/{case_id}")
    async def show(case_id: UUID, limit: Annotated[int, Query(ge=1, le=100)] = 10) -> int:
        return limit

    @router.put("/cases/{case_id}")
    async def replace(case_id: UUID) -> None: ...

    @router.get("/refused")
    async def refuse() -> None:
        raise Problem.of(Refused("seat_taken", "The last seat is taken.", "Join the waiting list.", "/session_id"))

    @router.get("/with-headers")
    async def with_headers() -> None:
        raise Problem(status=503, code="busy", detail="Busy.", remedy="Wait.", headers={"Retry-After": "9"})

    @router.get("/http-exception")
    async def http_exception() -> None:
        raise HTTPException(418, detail=CANARY)

    @router.get("/fails/{index}")
    async def fail(index: int) -> None:
        raise FAILURES[index]

    app = FastAPI(responses=COMMON)
    install(app)
    app.include_router(router)
    return app


def unique_violation() -> asyncpg.PostgresError:
    error = asyncpg.UniqueViolationError(f"duplicate key value ({CANARY})")
    error.detail = f"Key (name)=({CANARY}) already exists."
    return error


ENVIRONMENT = [
    asyncpg.ConnectionDoesNotExistError("gone"),
    asyncpg.TooManyConnectionsError("53300"),
    asyncpg.CannotConnectNowError("57P03"),
    asyncpg.SerializationError("40001"),
    asyncpg.DeadlockDetectedError("40P01"),
    asyncpg.QueryCanceledError("57014"),
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
    ConnectionRefusedError(111, "refused"),
    OSError("Multiple exceptions: [Errno 111] Connect call failed"),
    TimeoutError(),
    ConcurrentUpdateError(),
]
BUGS = [
    KeyError(CANARY),
    ValueError(CANARY),
    unique_violation(),
    asyncpg.DataError(CANARY),
    asyncpg.UndefinedTableError(CANARY),
]
FAILURES = [*ENVIRONMENT, *BUGS]
APP = make_app()
KEY = {"Idempotency-Key": "0198c9e0-c6f8"}


def test_malformed_json_is_a_400_with_its_position() -> None:
    content = '{\n  "case_id": "0198",\n  "name": ' + CANARY + "}"
    headers = {**KEY, "Content-Type": "application/json"}
    answer = ask(APP, "POST", "/everything", content=content, headers=headers)
    assert "line 3, column 11" in problem(answer, 400, "json_malformed")["detail"]
    assert CANARY not in answer.text


def test_a_missing_idempotency_key_is_a_400_with_its_remedy() -> None:
    answer = ask(APP, "POST", "/everything", json={"case_id": CASE})
    document = problem(answer, 400, "idempotency_key_required")
    assert document["errors"][0]["field"] == "Idempotency-Key"


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (f"{CANARY} {CANARY}", "wrong_format"),
        (f"{CANARY}\xa0", "wrong_format"),
        (CANARY[:7], "wrong_format"),
        ("", "wrong_format"),
        (f"{CANARY:->129}", "too_long"),
    ],
)
def test_a_malformed_idempotency_key_names_the_header(key: str, code: str) -> None:
    headers = {b"idempotency-key": key.encode("latin-1")}
    answer = ask(APP, "POST", "/everything", json={"case_id": CASE}, headers=headers)
    [error] = problem(answer, 422, "request_invalid")["errors"]
    assert (error["field"], error["code"]) == ("Idempotency-Key", code)
    assert CANARY not in answer.text


@pytest.mark.parametrize(
    ("path", "field"),
    [(f"/cases/{CANARY}", "case_id"), (f"/cases/{CASE}?limit={CANARY}", "limit")],
)
def test_wrong_path_and_query_parameters_are_named(path: str, field: str) -> None:
    answer = ask(APP, "GET", path)
    [error] = problem(answer, 422, "request_invalid")["errors"]
    assert error["field"] == field
    assert CANARY not in answer.text


def test_a_refusal_of_a_handler_becomes_its_document() -> None:
    document = problem(ask(APP, "GET", "/refused"), 409, "seat_taken")
    assert document["title"] == "Seat taken"
    assert document["errors"] == [
        {
            "field": "/session_id",
            "code": "seat_taken",
            "detail": "The last seat is taken.",
            "remedy": "Join the waiting list.",
        }
    ]


def test_headers_of_a_problem_are_sent() -> None:
    answer = ask(APP, "GET", "/with-headers")
    problem(answer, 503, "busy")
    assert answer.headers["retry-after"] == "9"


def test_an_unknown_address_is_a_404_document() -> None:
    problem(ask(APP, "GET", f"/nowhere/{CANARY}"), 404, "no_such_resource")


def test_a_wrong_method_is_a_405_document_that_lists_every_right_one() -> None:
    answer = ask(APP, "DELETE", f"/cases/{CASE}")
    problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, PUT"


def test_other_http_exceptions_do_not_send_their_text() -> None:
    answer = ask(APP, "GET", "/http-exception")
    problem(answer, 418, "http_418")
    assert CANARY not in answer.text


@pytest.mark.parametrize("index", range(len(ENVIRONMENT)), ids=[type(error).__name__ for error in ENVIRONMENT])
def test_a_fault_of_the_environment_is_a_503_with_retry_after(index: int) -> None:
    answer = ask(APP, "GET", f"/fails/{index}")
    problem(answer, 503, "temporarily_unavailable")
    assert answer.headers["retry-after"]


@pytest.mark.parametrize("error", BUGS, ids=[type(error).__name__ for error in BUGS])
def test_a_bug_is_a_500_that_tells_nothing(error: Exception) -> None:
    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    answer = asyncio.run(unexpected(Request(scope), error))
    assert answer.status_code == 500
    assert "Canary" not in bytes(answer.body).decode()


def test_openapi_documents_every_answer_as_a_problem_document() -> None:
    document = APP.openapi()
    assert "HTTPValidationError" not in json.dumps(document)
    post = document["paths"]["/everything"]["post"]["responses"]
    assert set(post) == {"200", "400", "403", "404", "408", "409", "413", "415", "422", "431", "503"}
    for status, response in post.items():
        if status != "200":
            assert set(response["content"]) == {"application/problem+json"}
            media = response["content"]["application/problem+json"]
            assert media["schema"] == {"$ref": "#/components/schemas/Problem"}
            assert set(document["components"]["schemas"]["Problem"]["required"]) == set(media["example"])
    assert "ProblemField" in document["components"]["schemas"]


def test_openapi_leaves_out_answers_that_a_route_cannot_give() -> None:
    paths = APP.openapi()["paths"]
    assert set(paths["/cases/{case_id}"]["get"]["responses"]) == {"200", "400", "408", "422", "431", "503"}
    assert set(paths["/refused"]["get"]["responses"]) == {"200", "400", "408", "422", "431", "503"}
