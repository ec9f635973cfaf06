"""The four services, and every route of each as its router has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chassis.http.code_lists import router as code_lists
from chassis.http.parked import router as operations
from counselling.app import SERVICE as COUNSELLING
from placement.app import SERVICE as PLACEMENT
from referral.app import SERVICE as REFERRAL
from training.app import SERVICE as TRAINING

ALL = (COUNSELLING, PLACEMENT, REFERRAL, TRAINING)


SHARED = [
    (method, route)
    for router in (code_lists({}), operations)
    for route in router.routes
    for method in sorted(route.methods)
]
"""What every service answers beside its own: the code lists, for whoever has a token, and what operators need."""


def routes(service: Any) -> Iterator[tuple[str, Any]]:
    """Method and route, for everything that the service itself answers."""
    for router in service.routers:
        for route in router.routes:
            yield from ((method, route) for method in sorted(route.methods))
