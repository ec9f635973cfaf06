"""What a reader waits for, rather than end its process."""

from __future__ import annotations

import asyncpg
from aiokafka.errors import KafkaError

from chassis.postgres.database import is_outage, reason_of
from chassis.telemetry.logs import get_logger
from chassis.trouble import Trouble

log = get_logger(__name__)


def may_pass(error: BaseException, attempt: int) -> bool:
    """True, and says so, if brokers or database may answer later."""
    if isinstance(error, KafkaError):
        what, reason = "kafka", type(error).__name__
    elif isinstance(error, Trouble):
        what, reason = "settings", str(error)
    elif isinstance(error, asyncpg.InvalidPasswordError) or is_outage(error):
        what, reason = "environment", reason_of(error)
    else:
        return False
    log.warning("waiting", what=what, reason=reason, attempt=attempt)
    return True
