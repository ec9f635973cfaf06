"""The calendars of a process: the service's, under what its files of announced days, yearly rules and weekends say."""

from __future__ import annotations

from pathlib import Path

from chassis.pure import calendar_days
from chassis.pure.calendar import NO_CALENDAR, WorkingDays
from chassis.telemetry.logs import get_logger

log = get_logger(__name__)


class Calendar:
    """`days` are the calendars as they are known now; every decision takes them from here."""

    def __init__(self, days: WorkingDays = NO_CALENDAR, directory: Path | None = None) -> None:
        self.days = days
        self._directory = directory
        self._seen = self._content()

    @classmethod
    def of(cls, days: WorkingDays, directory: Path) -> Calendar:
        """With the rows of the files over them. Raises `InvalidReference` or `UnknownCalendar`."""
        if days is NO_CALENDAR:
            return cls()
        found = cls(days, directory)
        found.days = _over(days, directory)
        return found

    def renew(self) -> bool:
        """Looks whether a file is another one, and takes all; one that is wrong is logged once and changes nothing."""
        content = self._content()
        if content == self._seen or self._directory is None:
            return False
        self._seen = content
        try:
            self.days = _over(self.days, self._directory)
        except ValueError as error:
            log.error("calendar_refused", reason=str(error))
            return False
        log.info("calendar_renewed")
        return True

    def _content(self) -> bytes:
        """What stands in the files; nothing while one cannot be read."""
        if self._directory is None:
            return b""
        try:
            return b"\0".join((self._directory / f"{name}.v1.csv").read_bytes() for name in calendar_days.FILES)
        except OSError:
            return b""


def _over(days: WorkingDays, directory: Path) -> WorkingDays:
    """Raises `InvalidReference` or `UnknownCalendar`."""
    rows, weekends = calendar_days.read(directory), calendar_days.weekends(directory)
    return days.over(rows, weekends, calendar_days.rules(directory))
