"""What was registered of a person when their case was opened; what of it was wrong stays beside what is right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from vocabulary.terms import AgeBand, ReturnType, Sex

MOST_CORRECTIONS: Final = 50
"""Of what was registered of one person: nobody is that often wrong about them."""


@dataclass(frozen=True, slots=True)
class Registered:
    """The facts of a case by the names that they have there. The reference is none of them: it is drawn, not entered.
    Nor is the target group: whoever is registered here returns from Germany."""

    country: str
    admin1: str | None
    language: str
    return_type: ReturnType
    age_band: AgeBand
    sex: Sex | None
    household_id: UUID | None
    household_size: int
    vulnerability_present: bool


@dataclass(frozen=True, slots=True)
class RegistrationCorrection:
    """What was registered, and what has taken its place; `now` is None: the case is none."""

    was: Registered
    now: Registered | None
    reason: str
    at: datetime
