"""The HTTP side of a service: one place that says what stands between a socket and a route."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.middleware import Middleware
from starlette.routing import Route

from chassis.http import audit, code_lists, docs_page, local_clock, parked
from chassis.http.door import Door
from chassis.http.exception_handlers import install
from chassis.http.guards import AddressGuard, LastResort, RequestEdge
from chassis.http.rates import Rates
from chassis.pure.code_lists import published
from chassis.service import Service
from chassis.settings import Settings

API_VERSION = "1.0.0"
"""The version of the HTTP contract. It rises with the contract, not with each build."""

_NO_TELEMETRY = TelemetryConfig(tracing=False, metrics=False, logs=False, operation_spans=False, auto_configure=False)
"""FastAPI's own is on by default: it would put URLs into spans and exception messages into logs."""


def own_routers(service: Service, reference_dir: Path) -> Sequence[APIRouter]:
    """What a service that is asked by people serves: its own routes, code lists, what is parked, the audit."""
    if not service.routers:
        return ()
    common = (code_lists.router(published(reference_dir)), parked.router)
    audits = (audit.router(service.auditor, service.subject),) if service.auditor else ()
    return (*service.routers, *common, *audits)


def create_api(
    service: Service,
    settings: Settings,
    *,
    own: Sequence[APIRouter] | None = None,
    middleware: Sequence[Middleware] = (),
    routers: Sequence[APIRouter] = (),
    marks: Callable[[bytes], Sequence[bytes]] | None = None,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None,
) -> FastAPI:
    """The service's API. Its routes expect `app.state.authenticator`, `.bus`, `.workshop` and `.clock`.

    `middleware` (tracing, metrics, access log) stands where the request already has its id and where every answer
    passes, also those of the guard and those after a crash. `own` are its `own_routers`, if they are made already.
    `routers`, made by `new_router`, are served beside them. `marks` gives the keyed hashes by which a service that
    seals knows a body again.
    """
    if own is None:
        own = own_routers(service, settings.reference_dir)
    local = [local_clock.router] if settings.clock_control else []
    app = FastAPI(
        title=service.title,
        version=API_VERSION,
        description=service.description,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        routes=[
            *(route for router in (*own, *routers, *local) for route in router.routes),
            *docs_page.routes(service.title),
            *service.pages(),
        ],
        telemetry=_NO_TELEMETRY,
        lifespan=lifespan,
        middleware=[
            Middleware(RequestEdge),
            *middleware,
            Middleware(LastResort),
            Middleware(AddressGuard),
        ],
    )
    app.state.whole_paths = {each.path for each in app.routes if isinstance(each, Route) and "{" not in each.path}
    app.state.keyed_marks = marks
    app.state.subject_field = f"{service.subject}_id"
    app.state.marks = _hashes if marks is None else marks
    app.state.door = Door(service.role_kinds, service.shut)
    app.state.max_body_bytes = settings.max_body_bytes
    app.state.rates = Rates(settings.subject_requests_per_second, settings.organisation_requests_per_second)
    install(app)
    return app


def _hashes(body: bytes) -> Sequence[bytes]:
    return (hashlib.blake2b(body, digest_size=32).digest(),)
