"""What an aggregate keeps of what it owes: how far it was missed, and by when it is owed where that is counted back.

It may stop owing it, and owe it again from the same time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Missed:
    """The last level that was missed of what is owed since then."""

    since: datetime
    level: int

    @staticmethod
    def of(missed: Missed | None, since: datetime) -> int:
        """The last level that was missed of what is owed since then; 0 if none was."""
        return missed.level if missed is not None and missed.since == since else 0


@dataclass(frozen=True, slots=True)
class Term:
    """By when the first level is over of what is owed since then, by whoever can do it `owed_from`: as it was counted
    when it came to be owed, or has moved since. Calendars that change leave whoever relied on it the next working day,
    so it cannot be counted once more."""

    since: datetime
    owed_from: datetime
    due_at: datetime

    @staticmethod
    def of(term: Term | None, since: datetime, owed_from: datetime) -> datetime | None:
        """When it ends of what is owed like that; None: that has just come to be owed."""
        return term.due_at if term is not None and (term.since, term.owed_from) == (since, owed_from) else None
