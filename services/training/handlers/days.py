"""Days as the providers count them: in Germany's time, with Germany's working days."""

from __future__ import annotations

from datetime import UTC, date, datetime

from chassis.pure.calendar import LAST_SECOND, UnknownCalendar
from chassis.pure.decision import Refused
from training.handlers.refusals import DEPARTURE_OUT_OF_CALENDAR
from vocabulary.countries import GERMANY, WORKING_DAYS, time_zone


def german_day(at: datetime) -> date:
    """The calendar day that `at` is in Germany."""
    return at.astimezone(time_zone(GERMANY)).date()


def end_of(day: date) -> datetime:
    """The last second of a day in Germany, in UTC."""
    return datetime.combine(day, LAST_SECOND, time_zone(GERMANY)).astimezone(UTC)


def latest_end(departure: date, working_days: int) -> date | Refused:
    """The last day on which a course may end for a departure: so many working days of Germany before it."""
    try:
        return WORKING_DAYS.add_working_days(GERMANY, departure, -working_days)
    except (UnknownCalendar, OverflowError):
        return DEPARTURE_OUT_OF_CALENDAR
