"""Parts of a process that exist once it has found its database."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from chassis.http.problems import Problem


def started(request: Request, part: str) -> Any:
    """The part of `app.state`; before it exists the caller is asked to come again."""
    found = getattr(request.app.state, part, None)
    if found is None:
        raise Problem(
            status=503,
            code="starting",
            detail="The service is starting: its database is not reachable yet.",
            remedy="Try again in a few seconds.",
            headers={"Retry-After": "2"},
        )
    return found
