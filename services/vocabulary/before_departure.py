"""What is owed before somebody leaves Germany: by when, counted back from the first day on which they may leave.

The centre that takes them on owes a call, the desk that refers them what it hands over; both, so that the centre knows
whom to expect, and the person what comes, while something can still be done about it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from chassis.pure.decision import Context, Counted, Due
from vocabulary.countries import last_second_at
from vocabulary.deadlines import Limit

WORKING_DAYS_BEFORE: Final = 5
"""Of the first level, before the first day on which the person may leave (docs/domain.md: before-departure)."""
AT_LEAST: Final = 1
"""Working days that are left to whoever comes to owe it when that is over, or nearly."""
LATER_WORKING_DAYS: Final = (2, 2)
"""Of each further level, from the one before: three working days and one are then left before the day itself."""
NOTICE: Final = timedelta(days=7)
"""How long before the end of the first level its owner is reminded: a departure is planned for months ahead."""


def leaves(place: str, earliest: date) -> datetime:
    """From when it is counted back, at the place where it is owed: the first day on which the person may leave."""
    return last_second_at(place, earliest)


def limit_before(place: str, owed_from: datetime) -> Limit:
    """The limits of what is owed at a place, before a day that `leaves` gives. `owed_from`: since when its owner could
    do it, who has taken the person on and knows when they may leave."""

    def limit(level: int, start: datetime, context: Context) -> Due:
        if level > 1:
            return Counted(place, start, LATER_WORKING_DAYS[level - 2]).due(context.working_days)
        before = Counted(place, start, -WORKING_DAYS_BEFORE).due(context.working_days)
        return max(before, Counted(place, owed_from, AT_LEAST).due(context.working_days), key=lambda due: due.at)

    return limit
