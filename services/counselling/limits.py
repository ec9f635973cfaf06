"""When a centre owes what: clock hours, or working days of the country that the centre lies in."""

from __future__ import annotations

from datetime import date, datetime

from counselling.reference import Reference
from vocabulary.countries import last_second_at
from vocabulary.limits import ends_at


def due_at(reference: Reference, priority: str, level: int, country: str, start: datetime) -> datetime:
    """The end of a level's limit that begins at `start`, by the limits of `priority`."""
    limit = reference.limit(priority, level)
    return ends_at(limit.amount, limit.unit, country, start)


def contact_priority(vulnerable: bool) -> str:
    """Whose limits the first contact has (docs/domain.md: first-contact).

    A vulnerable person has those of an emergency (24 hours), anybody else the normal ones (5 working days).
    """
    return "emergency" if vulnerable else "normal"


def contact_start(country: str, arrived_on: date, now: datetime) -> datetime:
    """From when the first contact is owed: the end of the day of arrival, or now, if that day is not over.

    An arrival may be entered late; the person has waited all the same: a limit that is over says so at once.
    """
    return min(now, last_second_at(country, arrived_on))
