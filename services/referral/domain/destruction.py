"""What becomes of the keys of a case that somebody wants destroyed: two people, and days in which anybody may say no.

asked --confirm--> confirmed --the delay is over--> destroyed
  |--reject, lapse--> nothing  `--reject, a new profile--> nothing
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from vocabulary.seconding import Request


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

    def confirmed(self, at: datetime, due_at: datetime) -> Destruction:
        """A second person has said the same."""
        return replace(self, confirmed_at=at, due_at=due_at)
