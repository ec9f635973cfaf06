"""What the desk owes to one referral: what it hands over before the departure, and another way if it was rejected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vocabulary.missed import Missed


@dataclass(frozen=True, slots=True)
class Package:
    """What was handed over to the centre, as codes of what it is: its content is in the profile or on paper."""

    sent_at: datetime
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Duties:
    """What was done of it, and how far each was missed."""

    package: Package | None = None
    package_missed: Missed | None = None
    rerouting_missed: Missed | None = None
