"""How long the promise of a job offer takes: the clock starts on the day of arrival.

An offer made before arrival counts as day 0. The targets of 90 and 180 days are this project's own: the programme's
goal has no number (docs/domain.md: offer-targets).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

TARGET_DAYS: Final = (90, 180)
TargetState = Literal["met", "missed", "running"]


@dataclass(frozen=True, slots=True)
class Target:
    """One target: `met` by an offer in time, `missed` once its last day is over, else `running`."""

    days: int
    due_on: date
    state: TargetState


def days_since(arrived_on: date, today: date) -> int:
    """Days since arrival; 0 on the day itself."""
    return max(0, (today - arrived_on).days)


def days_to_offer(arrived_on: date | None, first_offer_on: date | None) -> int | None:
    """Days from arrival to the first offer; None while one of both is missing."""
    if arrived_on is None or first_offer_on is None:
        return None
    return max(0, (first_offer_on - arrived_on).days)


def targets(arrived_on: date, first_offer_on: date | None, today: date) -> tuple[Target, ...]:
    """Every target of a person who has arrived."""
    return tuple(_target(arrived_on, first_offer_on, days, today) for days in TARGET_DAYS)


def _target(arrived_on: date, first_offer_on: date | None, days: int, today: date) -> Target:
    due_on = arrived_on + timedelta(days=days)
    if first_offer_on is not None and first_offer_on <= due_on:
        return Target(days, due_on, "met")
    return Target(days, due_on, "missed" if today > due_on else "running")
