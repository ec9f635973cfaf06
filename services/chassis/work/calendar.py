"""The calendars of a process: the service's, under the days that its file `calendar_days` names."""

from __future__ import annotations

from pathlib import Path

from chassis.pure import calendar_days
from chassis.pure.calendar import NO_CALENDAR, WorkingDays


class Calendar:
    """`days` are the calendars as they are known now; every decision takes them from here."""

    def __init__(self, days: WorkingDays = NO_CALENDAR) -> None:
        self.days = days

    @classmethod
    def of(cls, days: WorkingDays, directory: Path) -> Calendar:
        """With the rows of the file over them. Raises `InvalidReference` or `UnknownCalendar`."""
        return cls(days.over(calendar_days.read(directory)) if days is not NO_CALENDAR else days)
