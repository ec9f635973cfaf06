"""What a reader waits for, rather than end its process."""

from __future__ import annotations

import random

from aiokafka.errors import KafkaError

from chassis.postgres.database import is_outage, reason_of
from chassis.telemetry.logs import get_logger
from chassis.telemetry.metrics import Metrics
from chassis.trouble import Trouble

LONGEST_PAUSE_SECONDS = 5.0

log = get_logger(__name__)


def pause_after(attempt: int, unit: float = 0.2) -> float:
    """Seconds until the next attempt: twice the unit after the first one, longer each time, and not the same for all
    who wait."""
    return min(LONGEST_PAUSE_SECONDS, unit * 2.0 ** min(attempt, 10)) * random.uniform(0.5, 1)


def may_pass(error: BaseException, attempt: int, what: str, metrics: Metrics) -> bool:
    """True, and says and counts it, if brokers or database may answer later. `what` the caller wants of them."""
    if not isinstance(error, KafkaError | Trouble) and not is_outage(error):
        return False
    metrics.retries.labels(what, reason_of(error)).inc()
    reason = str(error) if isinstance(error, Trouble) else reason_of(error)
    log.warning("waiting", what=what, reason=reason, attempt=attempt)
    return True
