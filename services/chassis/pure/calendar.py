"""Working days of a country, and when something is due that is promised in working days.

Weekends and holidays come from the `holidays` library, which has every country of the programme and Germany
with its Länder. A place is a country (`EG`) or a subdivision (`DE-BY`); where the library knows no
subdivisions of a country, as outside Germany, its national calendar counts. Islamic holidays to come are estimates
and may be off by a day: what is due is computed when a deadline is set, and stays.

Everything here is a function of its arguments, the library's version and the time zone database.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import holidays

TIME_ZONES: Final[Mapping[str, str]] = {
    "AF": "Asia/Kabul",
    "AL": "Europe/Tirane",
    "DE": "Europe/Berlin",
    "EG": "Africa/Cairo",
    "GH": "Africa/Accra",
    "GM": "Africa/Banjul",
    "IQ": "Asia/Baghdad",
    "MA": "Africa/Casablanca",
    "NG": "Africa/Lagos",
    "PK": "Asia/Karachi",
    "RS": "Europe/Belgrade",
    "SN": "Africa/Dakar",
    "TN": "Africa/Tunis",
    "XK": "Europe/Belgrade",
}
"""The zone that a country's offices work in. The time zone database has none of its own for Kosovo."""

FIRST_YEAR: Final = 2017
LAST_YEAR: Final = 2100
"""The years of the programme, as in `chassis.codes`; the library ends in 2100 as well."""

LAST_SECOND: Final = time(23, 59, 59, fold=1)
"""End of a day; `fold` means the second one where a night of the change of clocks has two (Cairo, October)."""


class UnknownCalendar(ValueError):
    """There is no calendar for a country, a subdivision or a year: says which there are."""


class WorkingDays:
    """Calendars of all countries: each year of each is computed once (about 10 ms), and each day asked for."""

    def __init__(self) -> None:
        self._years: dict[tuple[str, int], holidays.HolidayBase] = {}
        self._days: dict[tuple[str, date], bool] = {}

    def is_working_day(self, place: str, day: date) -> bool:
        """Whether offices of `place` are open: neither its weekend nor a public holiday."""
        answer = self._days.get((place, day))
        if answer is None:
            calendar = self._years.get((place, day.year)) or self._load(place, day.year)
            answer = self._days[place, day] = calendar.is_working_day(day)
        return answer

    def add_working_days(self, place: str, day: date, count: int) -> date:
        """The working day that is `count` after `day`, or before it if negative; `day` itself if 0.

        `day` does not count, and need not be a working day: one working day after a Friday in Berlin, and after
        the Saturday that follows, is Monday.
        """
        step = timedelta(days=1 if count > 0 else -1)
        left = abs(count)
        while left:
            day += step
            left -= self.is_working_day(place, day)
        return day

    def working_days_between(self, place: str, start: date, end: date) -> int:
        """How many working days must be added to `start` to reach `end`; negative if it lies before.

        The inverse of `add_working_days`: `start` never counts, `end` does if it is a working day.
        """
        step = timedelta(days=1 if end > start else -1)
        count, day = 0, start
        while day != end:
            day += step
            count += self.is_working_day(place, day)
        return count if end > start else -count

    def due_at(self, place: str, start: datetime, working_days: int) -> datetime:
        """The end of the working day that is `working_days` (1 or more) after `start`, in UTC.

        The day of `start` in the place's own time does not count, and the last day counts to its end, 23:59:59
        local time: a promise in days is kept at any hour of the last day, as in section 188 (1) of the German
        civil code. Escalations are counted from the due time before them by the same rule.
        """
        if start.tzinfo is None:
            raise ValueError("start has no time zone: give a time with offset")
        if working_days < 1:
            raise ValueError(f"{working_days} working days are no period: give 1 or more")
        clock = time_zone(place)
        day = self.add_working_days(place, start.astimezone(clock).date(), working_days)
        return last_second_at(place, day)

    def _load(self, place: str, year: int) -> holidays.HolidayBase:
        country, _, subdivision = place.partition("-")
        time_zone(place)
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise UnknownCalendar(
                f"there is no working-day calendar for {year}: give a day from {FIRST_YEAR} to {LAST_YEAR}"
            )
        known = holidays.list_supported_countries()[country]
        if subdivision and known and subdivision not in known:
            raise UnknownCalendar(
                f"there is no working-day calendar for {place!r}: use {country} or one of "
                f"{', '.join(f'{country}-{each}' for each in known)}"
            )
        calendar = holidays.country_holidays(
            country, subdiv=subdivision if known and subdivision else None, years=year, expand=False
        )
        self._years[place, year] = calendar
        return calendar


def time_zone(place: str) -> ZoneInfo:
    """The time zone of a country's offices. Raises `UnknownCalendar`."""
    name = TIME_ZONES.get(place[:2]) if len(place) == 2 or place[2:3] == "-" else None
    if name is None:
        raise UnknownCalendar(
            f"there is no working-day calendar for {place!r}: use one of {', '.join(sorted(TIME_ZONES))}"
        )
    return ZoneInfo(name)


def day_at(place: str, at: datetime) -> date:
    """The calendar day at a place. Raises `UnknownCalendar`."""
    return at.astimezone(time_zone(place)).date()


def last_second_at(place: str, day: date) -> datetime:
    """The last second of a day at a place, in UTC: when something is due on that day."""
    return datetime.combine(day, LAST_SECOND, time_zone(place)).astimezone(UTC)


def end_of_day_at(place: str, day: date) -> datetime:
    """The moment at which a day is over at a place, in UTC: what lasts through the day holds before it."""
    return datetime.combine(day + timedelta(days=1), time(), time_zone(place)).astimezone(UTC)


WORKING_DAYS: Final = WorkingDays()
"""The calendars of this process."""
