"""When an employer owes an answer on a person, in working days of the vacancy's country
(docs/domain.md: employer-feedback)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from chassis.pure.decision import Context, Counted, Due

FEEDBACK_WORKING_DAYS: Final[Mapping[int, int]] = {1: 10, 2: 5, 3: 5}
"""Of each level, from when the person was presented, from the interview, or from the level before."""


def feedback_due(country: str, start: datetime, context: Context, level: int = 1) -> Due:
    """When a level's limit that begins at `start` is over."""
    return Counted(country, start, FEEDBACK_WORKING_DAYS[level]).due(context.working_days)
