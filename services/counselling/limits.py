"""When a centre owes what: clock hours, or working days of the region that the centre lies in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from chassis.pure.calendar import WorkingDays
from chassis.pure.decision import Context, Due
from counselling.domain.centre_file import CentreFile
from counselling.domain.referral import Referral
from counselling.reference import Reference
from vocabulary import limits
from vocabulary.countries import day_at, last_second_at

ADOPTION_PRIORITY: Final = "normal"
"""The limits by which the answer to a desk that asks for a case is owed (docs/domain.md: adoption)."""
RENEWAL_PRIORITY: Final = "normal"
"""Whose limits a new consent has: five working days of the centre, and the steps after them."""


def due(context: Context, priority: str, level: int, place: str, start: datetime) -> Due:
    """The end of a level's limit that begins at `start`, by the limits of `priority`."""
    reference: Reference = context.reference
    limit = reference.limit(priority, level)
    return limits.due(limit.amount, limit.unit, place, start, context.working_days)


def answer_estimated(referral: Referral, days: WorkingDays) -> bool:
    """Whether the answer is owed by a time that rests on an estimated day."""
    if referral.status != "received":
        return False
    return days.rests_on_estimate(referral.place, referral.received_at, referral.answer_due_at)


def contact_estimated(file: CentreFile, days: WorkingDays) -> bool:
    """Whether the first contact is owed by a time that rests on an estimated day."""
    referral = file.held_by(file.centre or "")
    if file.status != "arrived_not_contacted" or file.arrival is None or referral is None:
        return False
    start = file.arrival.contact_owed_from or last_second_at(referral.place, file.arrival.arrived_on)
    return days.rests_on_estimate(referral.place, start, file.arrival.contact_due_at)


def renewal_estimated(referral: Referral, days: WorkingDays) -> bool:
    """Whether a new consent is owed by a time that rests on an estimated day."""
    if referral.renewal is None:
        return False
    return days.rests_on_estimate(referral.place, referral.renewal.lost_at, referral.renewal.due_at)


def contact_priority(vulnerable: bool) -> str:
    """Whose limits the first contact has (docs/domain.md: first-contact).

    A vulnerable person has those of an emergency (24 hours), anybody else the normal ones (5 working days).
    """
    return "emergency" if vulnerable else "normal"


def contact_start(country: str, arrived_on: date, now: datetime) -> datetime:
    """From when the first contact is owed: the end of the day of arrival, or now, if that day is not over.

    An arrival may be entered late; the person has waited all the same: a limit that is over says so at once. One that
    was entered before the day to which it was corrected counts as if it had been entered late.
    """
    over = last_second_at(country, arrived_on)
    return over if day_at(country, now) < arrived_on else min(now, over)
