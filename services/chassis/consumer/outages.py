"""What a reader waits for, rather than end its process."""

from __future__ import annotations

import random

from aiokafka.errors import KafkaError

from chassis.postgres.database import is_outage, reason_of
from chassis.telemetry.logs import get_logger
from chassis.trouble import Trouble

LONGEST_PAUSE_SECONDS = 5.0

log = get_logger(__name__)


def pause_after(attempt: int) -> float:
    """Seconds until the next attempt: longer each time, and not the same for all who wait."""
    return min(LONGEST_PAUSE_SECONDS, 0.2 * 2.0 ** min(attempt, 6)) * random.uniform(0.5, 1)


def may_pass(error: BaseException, attempt: int, what: str) -> bool:
    """True, and says so, if brokers or database may answer later. `what` the caller wants of them."""
    if isinstance(error, KafkaError):
        reason = type(error).__name__
    elif isinstance(error, Trouble):
        reason = str(error)
    elif is_outage(error):
        reason = reason_of(error)
    else:
        return False
    log.warning("waiting", what=what, reason=reason, attempt=attempt)
    return True
