"""Routes of a service: each documents what the edge itself may answer, and is named by its function."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute

from chassis.http.problems import COMMON


def new_router(**options: Any) -> APIRouter:
    """A router for `create_api`, which takes its routes as they are.

    FastAPI matches a router that is included three times per request, route by route; routes of its own only once.
    """
    return APIRouter(responses=COMMON, generate_unique_id_function=_operation_id, **options)


def _operation_id(route: APIRoute) -> str:
    """The function's name: generated clients then have `place_order`, not `place_order_orders_post`."""
    return route.name
