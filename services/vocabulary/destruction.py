"""What becomes of keys that somebody wants destroyed: two people, and days in which anybody may say no.

asked --confirm--> confirmed --the delay is over--> destroyed
  |--reject, lapse--> nothing  `--reject, a new profile--> nothing

What is destroyed comes back for nobody (docs/domain.md: destruction).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from vocabulary.copying import replace
from vocabulary.seconding import Request

LAPSES_AFTER: Final = timedelta(days=7)
DELAY: Final = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Destruction(Request):
    """What somebody has asked for, and, once a second person has confirmed it, when it happens."""

    confirmed_at: datetime | None = None
    due_at: datetime | None = None

    def waits(self, now: datetime) -> bool:
        """Whether a second person may still answer it."""
        return self.confirmed_at is None and Request.waits(self, now)

    def stands(self, now: datetime) -> bool:
        """Whether it may still come to it."""
        return self.due_at is not None or self.waits(now)

    def confirmed(self, at: datetime) -> Destruction:
        """A second person has said the same: the delay begins."""
        return replace(self, confirmed_at=at, due_at=at + DELAY)

    def is_due(self, at: datetime) -> bool:
        """Whether it comes to it at this time."""
        return self.due_at is not None and self.due_at <= at


def asked(reason: str, by: str, at: datetime) -> Destruction:
    """What one person wants. `by`: who, as a keyed hash."""
    return Destruction(reason, at, at + LAPSES_AFTER, by)


def standing(wanted: Destruction | None, at: datetime) -> Destruction | None:
    """What may still come to it."""
    return wanted if wanted is not None and wanted.stands(at) else None
