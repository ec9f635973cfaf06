"""Parts of a process that exist once it has found its database, and that nobody gets while it is the wrong one."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from chassis.http.problems import Problem


def started(request: Request, part: str) -> Any:
    """The part of `app.state`; before it exists, while the gate is closed, and while nobody knows what holds, the
    caller is asked to come again."""
    found = getattr(request.app.state, part, None)
    if found is None:
        raise Problem(
            status=503,
            code="starting",
            detail="The service is starting: its database is not reachable yet.",
            remedy="Try again in a few seconds.",
            headers={"Retry-After": "2"},
        )
    gate = getattr(request.app.state, "gate", None)
    if gate is not None and gate.closed:
        raise Problem(
            status=503,
            code="database_restored",
            detail="The service's database was put back to an earlier state and lacks what had happened since.",
            remedy="Send the same request with the same Idempotency-Key again once the operators have settled it.",
            headers={"Retry-After": "60"},
        )
    standing = getattr(request.app.state, "standing", None)
    if standing is not None and standing.is_stale:
        raise Problem(
            status=503,
            code="standing_unknown",
            detail="This process cannot read what holds at the moment, such as who may act.",
            remedy="Try again in a few seconds; if it lasts, tell the operators.",
            headers={"Retry-After": "2"},
        )
    return found
