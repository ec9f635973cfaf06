"""Working days of a place, why a day is none, and when something is due that is promised in working days.

Five layers, the upper one counts: the rows of `calendar_days` (`calendar_days.py`), for what governments announce a
day or a week before; those of `calendar_rules`, for what recurs each year; the holidays of the library `holidays`; the
rows of `weekends`, where the library has other weekends; those of the library. A place is a country (`CH`) or a region
(`CH-ZH`); what is said of a region goes before what is said of its country. Where the library knows no regions of a
country, its national calendar counts.

Islamic days that nobody has announced yet are estimates, and may be off by a day. So is each day of a region that keeps
a calendar of its own, in the years for which it has announced none, unless it is a weekend: the library knows its
country's days only. The calendar says so of each day, and of each period that rests on one.

Everything here is a function of its arguments, the rows, the library's version and the locked time zone database
(`zones.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import holidays

from chassis.pure.calendar_days import WEEKDAYS, CalendarDay, CalendarRule, Weekend
from chassis.pure.codes import EARLIEST_YEAR, LATEST_YEAR
from chassis.pure.reference import in_force
from chassis.pure.zones import zone

LAST_SECOND: Final = time(23, 59, 59, fold=1)
"""End of a day; `fold` picks the second one on a night when clocks go back over midnight."""
OFFICES: Final = frozenset({"public", "government"})
"""What the library knows of the days of authorities; not those of schools, banks or one faith."""
ONE_DAY: Final = timedelta(days=1)
WORKING_DAY: Final = "working day"
WEEKEND: Final = "weekend"
_SLOT_SECONDS: Final = 900
"""Offsets from UTC are whole quarters of an hour: within one, the day at a place does not change."""
_REMEMBERED: Final = 16_384
"""Due times that are kept, and what they rest on; each is counted once as long as it is asked for."""
_ESTIMATED: Final = re.compile(r" \((?:estimated|(?P<observed>observed), estimated)\)$")


class UnknownCalendar(ValueError):
    """There is no calendar for a country, a region or a year: says which there are."""


class Day(NamedTuple):
    """A day at a place: whether its offices are open, and why. `source` is empty where the library says so."""

    open: bool
    reason: str
    estimated: bool = False
    source: str = ""


class Library:
    """What the library computes: a year of a country or one of its regions at a time, about a millisecond each."""

    def __init__(self) -> None:
        self._years: dict[tuple[str, int], holidays.HolidayBase] = {}

    def day(self, place: str, day: date, without: str = "") -> Day:
        """The day by law, as far as the library knows it; as if there were no holiday of the name `without`. Raises
        `UnknownCalendar`."""
        calendar = self._years.get((place, day.year)) or self.load(place, day.year)
        names = [_ESTIMATED.subn(r" (\g<observed>)", each) for each in calendar.get_list(day)]
        kept = [each for each in names if _bare(each[0]) != without]
        is_open = calendar.is_working_day(day) if len(kept) == len(names) else not (kept or calendar.is_weekend(day))
        names = kept
        if is_open or not names:
            return Day(is_open, WORKING_DAY if is_open else WEEKEND)
        reason = "; ".join(dict.fromkeys(name.removesuffix(" ()") for name, _ in names))
        return Day(open=False, reason=reason, estimated=all(estimated for _, estimated in names))

    def has(self, place: str, day: date, name: str) -> bool:
        """Whether the library has a holiday of this name on the day, or the day in lieu of it. Raises
        `UnknownCalendar`."""
        calendar = self._years.get((place, day.year)) or self.load(place, day.year)
        return any(_bare(each) == name for each in calendar.get_list(day))

    def load(self, place: str, year: int) -> holidays.HolidayBase:
        """Computes a year. Raises `UnknownCalendar`."""
        if not EARLIEST_YEAR <= year <= LATEST_YEAR:
            raise UnknownCalendar(
                f"there is no working-day calendar for {year}: give a day from {EARLIEST_YEAR} to {LATEST_YEAR}"
            )
        country, region = self.region(place)
        kind: Any = getattr(holidays, country)
        self._years[place, year] = calendar = holidays.country_holidays(
            country,
            subdiv=region,
            years=year,
            expand=False,
            language="en_US" if "en_US" in kind.supported_languages else None,
            categories=tuple(sorted(OFFICES & set(kind.supported_categories))),
        )
        return calendar

    def region(self, place: str) -> tuple[str, str | None]:
        """Country and region, without the region where the library knows none. Raises `UnknownCalendar`."""
        country, _, region = place.partition("-")
        known = getattr(holidays, country).subdivisions
        if region and known and region not in known:
            raise UnknownCalendar(
                f"there is no working-day calendar for {place!r}: use {country} or one of "
                f"{', '.join(f'{country}-{each}' for each in known)}"
            )
        return country, region if known and region else None


class WorkingDays:
    """Calendars of the countries in `time_zones`, which names each country's zone in the time zone database.

    `keeps_days_of` names regions that keep the days of another one of their country, whose rows are theirs. `weekends`
    go before those of the library, and so do `rules`. `no_place` says why a row's place is none, and what to give
    instead; None if it is one.
    """

    def __init__(
        self,
        time_zones: Mapping[str, str],
        keeps_days_of: Mapping[str, str] | None = None,
        rows: Iterable[CalendarDay] = (),
        library: Library | None = None,
        weekends: Iterable[Weekend] = (),
        no_place: Callable[[str], str | None] | None = None,
        rules: Iterable[CalendarRule] = (),
    ) -> None:
        self._time_zones = time_zones
        self._weekends = tuple(weekends)
        self._keeps_days_of = keeps_days_of or {}
        self._library = library or Library()
        self._rows = {(row.place, row.day): row for row in rows}
        self._days: dict[tuple[str, date], Day] = {}
        self._due = lru_cache(_REMEMBERED)(self._due_at)
        self._rests = lru_cache(_REMEMBERED)(self._rests_on_estimate)
        self._no_place = no_place
        self._rules: dict[str, list[CalendarRule]] = {}
        for rule in rules:
            self._rules.setdefault(rule.place, []).append(rule)
        said = [row for row in self._rows.values() if row.certainty != "estimated"]
        self._last_year = {
            region: max((row.day.year for row in said if row.place == region), default=0)
            for region in self._keeps_days_of.values()
        }
        places = {row.place for row in self._rows.values()} | {each.place for each in self._weekends}
        for place in sorted(places | self._rules.keys()):
            self._check(place)

    def over(
        self,
        rows: Iterable[CalendarDay],
        weekends: Iterable[Weekend] | None = None,
        rules: Iterable[CalendarRule] | None = None,
    ) -> WorkingDays:
        """The same calendars with these rows over them, instead of those that were; without `weekends` or `rules` with
        the same ones. Raises `UnknownCalendar`."""
        kept = self._weekends if weekends is None else weekends
        ruled = [rule for each in self._rules.values() for rule in each] if rules is None else rules
        return WorkingDays(self._time_zones, self._keeps_days_of, rows, self._library, kept, self._no_place, ruled)

    def prepare(self, year: int) -> None:
        """Computes the year before, this one and two to come for every country, so that nobody waits for it later."""
        years = range(max(EARLIEST_YEAR, year - 1), min(LATEST_YEAR, year + 2) + 1)
        for place in (*self._time_zones, *self._keeps_days_of):
            self.time_zone(place)
            for each in years:
                self.day(place, date(each, 1, 1))

    def day(self, place: str, day: date) -> Day:
        """Whether offices of `place` are open on a day, and why. Raises `UnknownCalendar`."""
        answer = self._days.get((place, day))
        if answer is None:
            answer = self._days[place, day] = self._looked_up(place, day)
        return answer

    def is_working_day(self, place: str, day: date) -> bool:
        """Whether offices of `place` are open. Raises `UnknownCalendar`."""
        return self.day(place, day).open

    def days_of_year(self, place: str, year: int) -> Iterator[tuple[date, Day]]:
        """Every day of a year. Raises `UnknownCalendar`."""
        day = date(year, 1, 1)
        while day.year == year:
            yield day, self.day(place, day)
            day += ONE_DAY

    def add_working_days(self, place: str, day: date, count: int) -> date:
        """The working day that is `count` after `day`, or before it if negative; `day` itself if 0.

        `day` does not count, and need not be a working day: one working day after a Friday in Zurich, and after
        the Saturday that follows, is Monday.
        """
        step = ONE_DAY if count > 0 else -ONE_DAY
        left = abs(count)
        while left:
            try:
                day += step
            except OverflowError:
                raise UnknownCalendar(f"there is no day before {day}, or none after it") from None
            left -= self.day(place, day).open
        return day

    def due_at(self, place: str, start: datetime, working_days: int) -> datetime:
        """The end of the working day that is `working_days` after `start`, or before it if negative, in UTC.

        The day of `start` in the place's own time does not count, and the last day counts to its end, 23:59:59
        local time: a promise in days is kept at any hour of the last day, as in section 188 (1) of the German
        civil code. Escalations are counted from the due time before them by the same rule.
        """
        if start.tzinfo is None:
            raise ValueError("start has no time zone: give a time with offset")
        return self._due(place, start.timestamp() // _SLOT_SECONDS, working_days)

    def rests_on_estimate(self, place: str, start: datetime, end: datetime) -> bool:
        """Whether a period that was counted from `start` to `end` may turn out a day longer or shorter.

        It does if an estimated day lies in it, or right beside it: the moon may be seen a day earlier or later. What
        does not end with a day was counted in hours, and rests on no calendar.
        """
        return self._rests(place, start.timestamp() // _SLOT_SECONDS, end)

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
        return datetime.combine(day + ONE_DAY, time(), self.time_zone(place)).astimezone(UTC)

    def _check(self, place: str) -> None:
        """Raises `UnknownCalendar` for a place whose rows would never count."""
        self.time_zone(place)
        self._library.region(place)
        why = self._no_place(place) if self._no_place and len(place) > 2 else None
        if why is not None:
            raise UnknownCalendar(f"a row is for {place!r}: {why}")

    def _due_at(self, place: str, slot: float, working_days: int) -> datetime:
        if working_days == 0:
            raise ValueError("0 working days are no period: give 1 or more, or -1 or less for days before")
        start = self.day_at(place, datetime.fromtimestamp(slot * _SLOT_SECONDS, UTC))
        return self.last_second_at(place, self.add_working_days(place, start, working_days))

    def _rests_on_estimate(self, place: str, slot: float, end: datetime) -> bool:
        day, last = self.day_at(place, datetime.fromtimestamp(slot * _SLOT_SECONDS, UTC)), self.day_at(place, end)
        if end != self.last_second_at(place, last):
            return False
        while day <= last + ONE_DAY and day.year <= LATEST_YEAR:
            if self.day(place, day).estimated:
                return True
            day += ONE_DAY
        return False

    def _looked_up(self, place: str, day: date) -> Day:
        self.time_zone(place)
        for each in self._asked(place):
            row = self._rows.get((each, day))
            if row is not None:
                return Day(row.status == "open", row.name, row.certainty == "estimated", row.source)
        rule = self._rule(place, day)
        if rule is not None and rule.status == "closed":
            return Day(open=False, reason=rule.name, estimated=rule.certainty == "estimated", source=rule.source)
        found = self._library.day(self._keeps_days_of.get(place, place), day, rule.name if rule else "")
        weekend = self._weekend(place, day)
        if weekend is not None:
            found = _under(weekend, day, found)
        if rule is not None and found.open:
            return Day(found.open, f"{rule.name} is not kept", rule.certainty == "estimated", rule.source)
        if found.reason != WEEKEND and day.year > self._last_year.get(self._keeps_days_of.get(place, place), day.year):
            return found._replace(estimated=True)
        return found

    def _rule(self, place: str, day: date) -> CalendarRule | None:
        """The rule that says something of the day, if there is one."""
        for each in self._asked(place):
            for rule in self._rules.get(each, ()):
                if in_force(rule, day) and (rule.month_day == f"{day:%m-%d}" or self._takes_away(rule, place, day)):
                    return rule
        return None

    def _takes_away(self, rule: CalendarRule, place: str, day: date) -> bool:
        return rule.status == "open" and self._library.has(self._keeps_days_of.get(place, place), day, rule.name)

    def _weekend(self, place: str, day: date) -> Weekend | None:
        for each in self._asked(place):
            for weekend in self._weekends:
                if weekend.place == each and in_force(weekend, day):
                    return weekend
        return None

    def _asked(self, place: str) -> Iterator[str]:
        """The places whose rows count for a place, its own before those of its country."""
        yield place
        if place in self._keeps_days_of:
            yield self._keeps_days_of[place]
        if len(place) > 2:
            yield place[:2]


def _bare(name: str) -> str:
    """The library's name of a holiday, without what it adds to it for a day in lieu or an estimate."""
    return _ESTIMATED.sub("", name).removesuffix(" (observed)")


def _under(weekend: Weekend, day: date, found: Day) -> Day:
    """What the library says of a day, under this weekend. A holiday stays one, whatever day of the week it is."""
    is_open = WEEKDAYS[day.weekday()] not in weekend.free
    if found.reason not in {WORKING_DAY, WEEKEND} or found.open == is_open:
        return found
    reason = f"{day:%A} is a working day" if is_open else WEEKEND
    return Day(is_open, reason, weekend.certainty == "estimated", weekend.source)


NO_CALENDAR: Final = WorkingDays({})
"""Knows no place."""
