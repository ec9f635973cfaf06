"""Working days of a country, and when something is due that is promised in working days.

Weekends and holidays come from the `holidays` library. A place is a country (`CH`) or a subdivision (`CH-ZH`); where
the library knows no subdivisions of a country, its national calendar counts. Future Islamic holidays are estimates and
may be off by a day. The due time is computed when a deadline is set, and stays.

Everything here is a function of its arguments, the library's version and the locked time zone database (`zones.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import holidays

from chassis.pure.codes import EARLIEST_YEAR, LATEST_YEAR
from chassis.pure.zones import zone

LAST_SECOND: Final = time(23, 59, 59, fold=1)
"""End of a day; `fold` picks the second one on a night when clocks go back over midnight."""


class UnknownCalendar(ValueError):
    """There is no calendar for a country, a subdivision or a year: says which there are."""


class WorkingDays:
    """Calendars of the countries in `time_zones`, which names each country's zone in the time zone database.

    Each year of each country is computed once (about 10 ms), and each day that is asked for.
    """

    def __init__(self, time_zones: Mapping[str, str]) -> None:
        self._time_zones = time_zones
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

        `day` does not count, and need not be a working day: one working day after a Friday in Zurich, and after
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
        clock = self.time_zone(place)
        day = self.add_working_days(place, start.astimezone(clock).date(), working_days)
        return self.last_second_at(place, day)

    def time_zone(self, place: str) -> ZoneInfo:
        """The time zone of a country's offices. Raises `UnknownCalendar`."""
        name = self._time_zones.get(place[:2]) if len(place) == 2 or place[2:3] == "-" else None
        if name is None:
            raise UnknownCalendar(
                f"there is no working-day calendar for {place!r}: use one of {', '.join(sorted(self._time_zones))}"
            )
        return zone(name)

    def day_at(self, place: str, at: datetime) -> date:
        """The calendar day at a place. Raises `UnknownCalendar`."""
        return at.astimezone(self.time_zone(place)).date()

    def last_second_at(self, place: str, day: date) -> datetime:
        """The last second of a day at a place, in UTC: when something is due on that day."""
        return datetime.combine(day, LAST_SECOND, self.time_zone(place)).astimezone(UTC)

    def end_of_day_at(self, place: str, day: date) -> datetime:
        """The moment at which a day is over at a place, in UTC: what lasts through the day holds before it."""
        return datetime.combine(day + timedelta(days=1), time(), self.time_zone(place)).astimezone(UTC)

    def _load(self, place: str, year: int) -> holidays.HolidayBase:
        country, _, subdivision = place.partition("-")
        self.time_zone(place)
        if not EARLIEST_YEAR <= year <= LATEST_YEAR:
            raise UnknownCalendar(
                f"there is no working-day calendar for {year}: give a day from {EARLIEST_YEAR} to {LATEST_YEAR}"
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
