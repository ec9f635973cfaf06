"""When a consent ends: the one rule of all services."""

from __future__ import annotations

from datetime import date, datetime

from vocabulary.countries import GERMANY, end_of_day_at


def consent_ends_at(valid_until: date, expires_at: datetime | None) -> datetime:
    """The moment from which a consent holds no more: the end of its last day at the place where it was signed.

    The event says it as an instant, `expires_at`. One from before there was this field was signed in Germany.
    """
    return expires_at or end_of_day_at(GERMANY, valid_until)
