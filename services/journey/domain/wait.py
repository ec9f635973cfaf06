"""One thing that a case waits for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

Wanted = Literal[
    "referral",
    "receipt",
    "answer",
    "rerouting",
    "departure",
    "new_departure",
    "arrival",
    "first_contact",
    "assessment",
    "plan",
    "word_on_withdrawal",
    "seat",
    "course",
    "presentation",
    "employer_feedback",
    "offer_answer",
    "employment_start",
    "job_offer",
    "duty",
]
"""What a case can wait for. `duty`: something else that is owed by a deadline."""
LOSABLE: Final[frozenset[Wanted]] = frozenset({"departure", "arrival", "first_contact"})
"""Where nobody has seen a person whom somebody should have seen by now."""


@dataclass(frozen=True, slots=True)
class Wait:
    """One thing that a case waits for. `late_at`: from when on it is stuck. `dated`: a deadline or a day that somebody
    has named says so, not a bound of ours. `deadline`: its kind, if a service tells of one."""

    what: Wanted
    role: str
    org: str
    since: datetime
    late_at: datetime
    dated: bool
    subject: UUID
    country: str
    centre: str | None = None
    deadline: str | None = None
    level: int = 0
    lost_at: datetime | None = None
    """From when on the person counts as lost: referred, and not seen by the day that was named."""

    def late(self, now: datetime) -> bool:
        """Whether the case is stuck here."""
        return now >= self.late_at
