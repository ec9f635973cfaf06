"""From exceptions to problem documents: the caller's mistakes, outages, and our bugs."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from chassis.http.cursors import bad_cursor
from chassis.http.field_errors import field_errors, json_position
from chassis.http.problems import (
    Problem,
    instance_of,
    malformed_json,
    schemas,
)
from chassis.postgres.database import MAY_BE_OUTAGES, is_outage, told
from chassis.pure.paging import BadCursor
from chassis.pure.sealing import VaultError
from chassis.telemetry.logs import get_logger
from chassis.vault.locked import tell

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

log = get_logger(__name__)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response(instance_of(request.scope))


async def _cursor(request: Request, _error: Exception) -> Response:
    return bad_cursor().response(instance_of(request.scope))


async def _invalid(request: Request, error: Exception) -> Response:
    """422 with every field at fault; 400 if the body is no JSON."""
    assert isinstance(error, RequestValidationError)
    return _invalid_problem(error).response(instance_of(request.scope))


def _invalid_problem(error: RequestValidationError) -> Problem:
    found = error.errors()
    if found and found[0]["type"] == "json_invalid":
        return malformed_json(json_position(str(error.body), found[0]["loc"][-1]))
    errors = field_errors(found, error.body)
    count = len(errors)
    return Problem(
        status=422,
        code="request_invalid",
        detail="1 field is not as expected." if count == 1 else f"{count} fields are not as expected.",
        remedy="Correct what `errors` lists and send the request again.",
        errors=errors,
    )


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_allowed(request)) or headers.get("Allow", "")
    code, detail, remedy = _HTTP.get(error.status_code, _unknown(error.status_code))
    problem = Problem(status=error.status_code, code=code, detail=detail, remedy=remedy, headers=headers)
    return problem.response(instance_of(request.scope))


_HTTP: Mapping[int, tuple[str, str, str]] = {
    400: ("body_unreadable", "The body cannot be read as JSON.", "Send a JSON document in UTF-8 (RFC 8259)."),
    404: ("no_such_resource", "There is nothing at this address.", "Check the path against /docs."),
    405: (
        "method_not_allowed",
        "This address does not know this method.",
        "Use a method of the Allow header.",
    ),
}


def _unknown(status: int) -> tuple[str, str, str]:
    phrase = HTTPStatus(status).phrase
    return f"http_{status}", f"{phrase}.", "Check the request against /docs."


def _allowed(request: Request) -> list[str]:
    """Every method that has a route at this path. Starlette names only those of the first route it meets."""
    routes = request.app.router.routes
    scope = dict(request.scope)
    return [
        method
        for method in METHODS
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in routes)
    ]


async def _outage(request: Request, error: Exception) -> Response:
    if not is_outage(error):
        return await unexpected(request, error)
    log.warning("request_unavailable", route=route_of(request.scope), **told(error))
    return Problem(
        status=503,
        code="temporarily_unavailable",
        detail="The service cannot reach its database or write to it at the moment, or is overloaded.",
        remedy="Send the same request with the same Idempotency-Key again after the time in Retry-After.",
        headers={"Retry-After": "2"},
    ).response(instance_of(request.scope))


async def _locked(request: Request, error: Exception) -> Response:
    assert isinstance(error, VaultError)
    tell(error, request.app.state.workshop.metrics, route=route_of(request.scope))
    return Problem(
        status=503,
        code="vault_locked",
        detail=f"What is sealed cannot be opened. {error.says}",
        remedy=f"Tell the operators: {error.remedy}",
    ).response(instance_of(request.scope))


async def unexpected(request: Request, error: Exception) -> Response:
    """500 that tells nothing of the insides; the log has type and place, no message: it may quote values."""
    log.error("request_failed", exc_info=error, route=route_of(request.scope), method=request.method)
    return Problem(
        status=500,
        code="internal_error",
        detail="The service failed on this request. The operators can find it by `instance`.",
        remedy="Send it again with the same Idempotency-Key; if it fails again, tell the operators.",
    ).response(instance_of(request.scope))


def route_of(scope: Mapping[str, Any]) -> str:
    """The path template (`/orders/{order_id}`), never the path: ids in it are not for logs of every request."""
    return str(getattr(scope.get("route"), "path", "unmatched"))


def install(app: FastAPI) -> None:
    """Makes every error of this app a problem document, in its answers and in its OpenAPI."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(BadCursor, _cursor)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(VaultError, _locked)
    for kind in MAY_BE_OUTAGES:
        app.add_exception_handler(kind, _outage)
    app.add_exception_handler(Exception, unexpected)

    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        components: dict[str, Any] = document.setdefault("components", {}).setdefault("schemas", {})
        if "Problem" not in components:  # FastAPI keeps the document, and makes it anew if routes were added
            components.update(schemas())
            for path in document.get("paths", {}).values():
                for method, operation in path.items():
                    _prune(method, operation)
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _prune(method: str, operation: dict[str, Any]) -> None:
    """Takes out of an operation's documentation the common answers that its callers never get.

    Of a body that comes with a GET, HTTP says nothing; one that comes unasked with a command is judged like any other.
    """
    responses = operation["responses"]
    if method == "get":
        for status in ("413", "415"):
            responses.pop(status, None)
    if not operation.get("security"):
        responses.pop("401", None)
        responses.pop("429", None)
