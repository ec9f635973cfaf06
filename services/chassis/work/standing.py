"""The code lists of a process, and over them what holds at the moment by aggregates of the service.

Every process reads those aggregates (`Service.standing`) from its database twice a second, whatever its role, and needs
no broker for that. One that cannot says so in its readiness and in a metric, and in the end lets nobody in.
"""

from __future__ import annotations

from time import monotonic
from typing import Any

from chassis.postgres.database import Connection
from chassis.postgres.storage import Storage
from chassis.service import Overlay
from chassis.telemetry.logs import get_logger

STALE_SECONDS = 5.0
"""A process that has not read for so long what holds answers nobody: it might let in whom it must not."""

log = get_logger(__name__)


class Standing:
    """`reference`: the code lists as every decision and the door find them now."""

    def __init__(self, lists: Any, storage: Storage | None = None, overlay: Overlay | None = None) -> None:
        self.reference = lists if overlay is None else overlay.over(lists, ())
        self._lists = lists
        self._storage = storage
        self._overlay = overlay
        self._known: list[Any] = []
        self._read_at = monotonic()

    @property
    def is_kept(self) -> bool:
        """Whether there is anything to read."""
        return self._overlay is not None

    @property
    def age(self) -> float:
        """Seconds since what holds was read; 0 if nothing can change the lists."""
        return monotonic() - self._read_at if self.is_kept else 0.0

    @property
    def is_stale(self) -> bool:
        """Whether nobody can tell any more what holds."""
        return self.age >= STALE_SECONDS

    async def renew(self, connection: Connection) -> None:
        """Reads what holds: one statement. Raises what asyncpg raises; then the old lists stay, and their age grows."""
        if self._overlay is None or self._storage is None:
            return
        asked_at = monotonic()
        found = await self._storage.all(connection, self._overlay.state)
        if found != self._known:
            self.reference = self._overlay.over(self._lists, found)
            self._known = found
            log.info("standing_changed", count=len(found))
        self._read_at = asked_at
