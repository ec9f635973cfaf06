"""What an aggregate keeps of a deadline that it has no time of its own for: how far it was missed, and where a calendar
has moved it to. It may stop owing it, and owe it again from the same time."""

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
class Moved:
    """By when the first level is over of what is owed since then, by whoever owes it `owed_from`: others than the
    calendars say, which leave whoever relied on a later time the next working day."""

    since: datetime
    owed_from: datetime
    due_at: datetime

    @staticmethod
    def of(moved: Moved | None, since: datetime, owed_from: datetime) -> datetime | None:
        """When it ends, if it has moved since it is owed like that; None: as the calendars say."""
        return moved.due_at if moved is not None and (moved.since, moved.owed_from) == (since, owed_from) else None
