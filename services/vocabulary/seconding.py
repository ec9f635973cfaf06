"""What takes two people: one asks for it, another one confirms or rejects it, or it lapses.

Nothing changes before. Who has asked is kept as a keyed hash of the subject of that person's token, which tells two
people apart and nobody who they are; what both did is a row of the audit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar


@dataclass(frozen=True, slots=True)
class Request:
    """What one person wants; a subclass says what."""

    reason: str
    requested_at: datetime
    lapses_at: datetime
    by: str

    def waits(self, now: datetime) -> bool:
        """Whether somebody may still answer it."""
        return now < self.lapses_at


R = TypeVar("R", bound=Request)


def waiting(request: R | None, now: datetime) -> R | None:
    """The request that waits for a second person, if there is one."""
    return request if request is not None and request.waits(now) else None
