"""All services, and every route of each as its router has it. A new service is in here once the local stack has it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from chassis.http.audit import router as audit
from chassis.http.code_lists import router as code_lists
from chassis.http.parked import router as operations
from deploy.local.places import SERVICES
from vocabulary.events import SUBJECT
from vocabulary.roles import DATA_PROTECTION_OFFICER

NAMES = tuple(sorted(SERVICES))
ALL: tuple[Any, ...] = tuple(import_module(f"{name}.app").SERVICE for name in NAMES)

SHARED = [
    (method, route)
    for router in (code_lists({}), operations, audit(DATA_PROTECTION_OFFICER, SUBJECT))
    for route in router.routes
    for method in sorted(route.methods)
]
"""What every service answers beside its own: the code lists, for whoever has a token, and what operators need."""


def routes(service: Any) -> Iterator[tuple[str, Any]]:
    """Method and route, for everything that the service itself answers."""
    for router in service.routers:
        for route in router.routes:
            yield from ((method, route) for method in sorted(route.methods))
