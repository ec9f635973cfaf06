"""Routes of a service: each documents what the edge itself may answer, and is named by its function."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from chassis.http.auditing import audited, is_personal
from chassis.http.auth import CALLER, BearerScheme, principal
from chassis.http.bodies import with_body
from chassis.http.field_errors import FieldError, shown
from chassis.http.headers import documented
from chassis.http.problems import COMMON, Problem


class _Route(APIRoute):
    """Asks who is asking, then how often, then for the body: nobody's body is read before its token. What a personal
    operation answers is sent once the audit says so.

    Refuses a query parameter that is unknown or comes twice: a misspelled filter would list everything.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self._has_parts = "{" in path
        self._begins, self._ends = path.partition("{")[0], path.rpartition("}")[2]
        if parameters := documented(self.dependant):
            self.openapi_extra = {**(self.openapi_extra or {}), "parameters": parameters}

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """FastAPI's answer, which tries one route after the other: most of them begin or end otherwise. An address
        that is a whole path of the API is no id in another one: `GET /things/search` reads no thing."""
        path = scope["path"]
        if not (path.startswith(self._begins) and path.endswith(self._ends)):
            return Match.NONE, {}
        if self._has_parts and path in scope["app"].state.whole_paths:
            return Match.NONE, {}
        return super().matches(scope)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, behind the checks."""
        handle = super().get_route_handler()
        known = sorted(each.alias for each in get_flat_params(self.dependant) if isinstance(each.field_info, Query))
        closed = _asks_for_a_token(self.dependant)
        told = is_personal(self.openapi_extra)

        async def checked(request: Request) -> Response:
            if closed:
                who = request.scope[CALLER] = await principal(request)
                request.app.state.rates.take(who.org, who.subject)
            if request.scope["query_string"]:
                _check_query([name for name, _ in request.query_params.multi_items()], known)
            whole = await with_body(request)
            return await (audited(whole, handle) if told else handle(whole))

        return checked


def _asks_for_a_token(dependant: Dependant) -> bool:
    return isinstance(dependant.call, BearerScheme) or any(map(_asks_for_a_token, dependant.dependencies))


def _check_query(names: list[str], known: list[str]) -> None:
    errors = []
    for name in dict.fromkeys(names):
        if name not in known:
            remedy = f"Use {', '.join(known)}." if known else "Leave it out: there are no parameters here."
            errors.append(FieldError(shown(name), "unknown_parameter", "This parameter is not known here.", remedy))
        elif names.count(name) > 1:
            errors.append(
                FieldError(name, "repeated_parameter", "This parameter comes more than once.", "Send it once.")
            )
    if errors:
        raise Problem(
            status=422,
            code="request_invalid",
            detail="A query parameter is unknown or comes more than once.",
            remedy="Correct what `errors` lists and send the request again.",
            errors=errors,
        )


def new_router(**options: Any) -> APIRouter:
    """A router for `create_api`, which takes its routes as they are.

    FastAPI matches a router that is included three times per request, route by route; routes of its own only once.
    """
    return APIRouter(responses=COMMON, generate_unique_id_function=_operation_id, route_class=_Route, **options)


def _operation_id(route: APIRoute) -> str:
    """The function's name: generated clients then have `place_order`, not `place_order_orders_post`."""
    return route.name
