"""Tokens at a route: the dependency that gives it the caller, and how OpenAPI tells of it."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import httpx
from fastapi import Depends, FastAPI, Request

from chassis.http.auth import Authenticator, BearerScheme, principal
from chassis.http.exception_handlers import install
from chassis.http.jwks import KeyCache
from tests.support.issuer import AUDIENCE, ISSUER, Issuer

ISSUING = Issuer()


def app() -> FastAPI:
    app = FastAPI()
    install(app)
    app.state.authenticator = Authenticator(ISSUER, AUDIENCE, "unused", keys=KeyCache(ISSUING.jwks))

    @app.get("/me")
    async def me(request: Request, _scheme: Annotated[Any, Depends(BearerScheme())]) -> str:
        return (await principal(request)).org

    return app


def get(headers: Any) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app())
        async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:
            return await client.get("/me", headers=headers)

    return asyncio.run(ask())


def test_the_dependency_gives_the_caller_to_a_route() -> None:
    assert get(ISSUING.bearer()).json() == "scouts:bavaria"


def test_the_dependency_answers_with_a_problem_document() -> None:
    answer = get({"Authorization": "Bearer x.y.z"})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_two_authorization_headers_are_refused() -> None:
    one = ISSUING.bearer()["Authorization"]
    assert get([("Authorization", one), ("Authorization", "Bearer a.b.c")]).status_code == 401


def test_the_bearer_scheme_stands_in_openapi() -> None:
    document = app().openapi()
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert document["paths"]["/me"]["get"]["security"] == [{"bearer": []}]
