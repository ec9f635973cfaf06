"""How long somebody may take: clock hours, or working days at the place where the work is owed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from vocabulary.countries import WORKING_DAYS

Unit = Literal["hours", "working_days"]


def ends_at(amount: int, unit: Unit, country: str, start: datetime) -> datetime:
    """When so much time from `start` is over, in UTC (docs/domain.md: working-days)."""
    if unit == "hours":
        return start + timedelta(hours=amount)
    return WORKING_DAYS.due_at(country, start, amount)
