"""How long somebody may take: clock hours, or working days at the place where the work is owed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from chassis.pure.calendar import WorkingDays
from chassis.pure.decision import Counted, Due

Unit = Literal["hours", "working_days"]


def due(amount: int, unit: Unit, place: str, start: datetime, days: WorkingDays) -> Due:
    """When so much time from `start` is over, in UTC (docs/domain.md: working-days)."""
    if unit == "hours":
        return Due(start + timedelta(hours=amount))
    return Counted(place, start, amount).due(days)
