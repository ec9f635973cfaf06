"""What the desk owes to one referral: what it hands over before the departure, and another way if it was rejected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vocabulary.missed import Missed, Term

MOST_VOIDED: Final = 20
"""Of one referral: nobody is that often wrong about one package."""


@dataclass(frozen=True, slots=True)
class Package:
    """What was handed over to the centre, as codes of what it is: its content is in the profile or on paper."""

    sent_at: datetime
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VoidPackage:
    """What was recorded as handed over, and why it does not count."""

    package: Package
    reason: str
    voided_at: datetime


@dataclass(frozen=True, slots=True)
class Duties:
    """What was done of it, and how far each was missed."""

    package: Package | None = None
    void_packages: tuple[VoidPackage, ...] = ()
    package_missed: Missed | None = None
    package_term: Term | None = None
    """By when it is owed."""
    rerouting_missed: Missed | None = None
