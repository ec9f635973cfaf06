"""Tells that something sealed did not open."""

from __future__ import annotations

from chassis.pure.sealing import VaultError
from chassis.telemetry.logs import get_logger
from chassis.telemetry.metrics import Metrics

log = get_logger(__name__)


def tell(error: VaultError, metrics: Metrics, **where: str) -> None:
    """Logs it, with its subject, and counts it. `where`: the route or the task."""
    metrics.vault_locked.inc()
    log.error("vault_locked", subject_id=str(error.subject), says=error.says, remedy=error.remedy, **where)
