"""A report of a departure that was wrong: what was recorded stays beside what is right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from referral.domain.terms import SealedCodes
from vocabulary.terms import DepartureWord

MOST_BEFORE: Final = 10
"""Nobody is held up on the way that often: of more departures the last ones are known."""
MOST_CORRECTIONS: Final = 50
"""Of the departures of one case: nobody is that often wrong about them."""


@dataclass(frozen=True, slots=True)
class Left:
    """When somebody left Germany, as it was reported."""

    departed_on: date
    arrival_expected_on: date
    assistance_codes: SealedCodes = ()


@dataclass(frozen=True, slots=True)
class Before:
    """What a journey was when a departure was reported: what it is again, if there was none."""

    status: str
    """That of the journey."""
    said: DepartureWord | None
    """What the desk had said last; None: nothing, or an older document does not say."""
    told_at: datetime | None = None
    """When it had said so; None: it had said nothing."""
    left: Left | None = None
    """The departure before, of somebody who was held up on the way, or was waited for in vain."""
    reported_at: datetime | None = None
    """When that was reported."""


@dataclass(frozen=True, slots=True)
class DepartureCorrection:
    """What was recorded of a departure, and what has taken its place; `now` is None: there was none."""

    reported_at: datetime
    was: Left
    now: Left | None
    reason: str
    at: datetime
