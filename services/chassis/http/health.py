"""Probes. Live: the event loop turns and every task makes progress; never a matter of broker or database.
Ready: the database answers, its schema is current, and the consumer has an assignment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel

from chassis.http.routes import new_router
from chassis.telemetry.metrics import Metrics

STALLED_SECONDS = 90.0
"""A task without progress for so long hangs: no bounded wait (statement, publish, back-off) lasts longer."""
READY_SECONDS = 1.0
"""A readiness check that takes longer has failed: a probe must report a lost database within two seconds."""
KEPT_SECONDS = 1.0
"""How long an answer is repeated, counted from when its checks began: anybody may ask, and each look costs statements.
Together with `READY_SECONDS` it is what a probe may lag behind a lost database."""


class Health(BaseModel):
    """Which checks passed."""

    status: str
    checks: dict[str, bool]


class Probes:
    """What the two probes look at."""

    def __init__(self) -> None:
        self.progress: dict[str, Callable[[], float]] = {}
        self.ready: dict[str, Callable[[], Awaitable[bool]]] = {}
        self.stopping = False
        self._look: asyncio.Task[dict[str, bool]] | None = None
        self._looked_at = float("-inf")

    def live(self) -> dict[str, bool]:
        """Per task: did it turn lately?"""
        now = monotonic()
        return {name: now - last() < STALLED_SECONDS for name, last in self.progress.items()}

    async def readiness(self) -> dict[str, bool]:
        """Per check: does it pass within its time? All who ask within a second share one look."""
        if self.stopping or not self.ready:
            return {"running": False}
        if self._look is None or (self._look.done() and monotonic() - self._looked_at >= KEPT_SECONDS):
            self._looked_at = monotonic()
            self._look = asyncio.create_task(self._passed(), name="readiness")
        passed = await asyncio.shield(self._look)
        return {"running": False} if self.stopping else passed

    async def _passed(self) -> dict[str, bool]:
        names = list(self.ready)
        passed = await asyncio.gather(*(_within(self.ready[name]) for name in names))
        return dict(zip(names, passed, strict=True))


async def _within(check: Callable[[], Awaitable[bool]]) -> bool:
    """Whether the check passes in time. A late one is cancelled and not waited for: on a silent connection asyncpg
    gives up only after it has failed to open another one, half a minute later."""
    task = asyncio.ensure_future(check())
    done, _ = await asyncio.wait({task}, timeout=READY_SECONDS)
    if not done:
        task.cancel()
        task.add_done_callback(_noticed)
        return False
    return task.exception() is None and task.result()


def _noticed(task: asyncio.Future[bool]) -> None:
    if not task.cancelled():
        task.exception()


def router(probes: Probes, metrics: Metrics) -> APIRouter:
    """The routes that platform and monitoring ask; without authentication, without personal data."""
    routes = new_router(tags=["operations"])

    def answer(response: Response, checks: Mapping[str, bool]) -> Health:
        passed = all(checks.values())
        response.status_code = 200 if passed else 503
        return Health(status="ok" if passed else "failing", checks=dict(checks))

    not_ok: dict[int | str, dict[str, Any]] = {503: {"model": Health, "description": "at least one check fails"}}

    @routes.get("/health/live", responses=not_ok)
    async def live(response: Response) -> Health:
        """Restart the process if this fails."""
        return answer(response, probes.live())

    @routes.get("/health/ready", responses=not_ok)
    async def ready(response: Response) -> Health:
        """Send no requests while this fails."""
        checks = await probes.readiness()
        metrics.ready_checks.clear()
        for name, passed in checks.items():
            metrics.ready_checks.labels(name).set(passed)
        return answer(response, checks)

    @routes.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    async def exposition() -> Response:
        """Prometheus text format."""
        return Response(metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return routes
