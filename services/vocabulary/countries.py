"""The 13 countries of the programme and Germany: where their offices' clocks stand, and when the offices are open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from chassis.pure.calendar import WorkingDays
from vocabulary import regions, zones

GERMANY: Final = zones.GERMANY

TIME_ZONES: Final = zones.TIME_ZONES
"""The zone that a country's offices work in."""

KEEPS_DAYS_OF: Final[Mapping[str, str]] = {"IQ-AR": "IQ-KR", "IQ-DA": "IQ-KR", "IQ-SU": "IQ-KR"}
"""Governorates whose offices keep the days of the Kurdistan Region, not those of Baghdad."""

WORKING_DAYS: Final = WorkingDays(TIME_ZONES, KEEPS_DAYS_OF, no_place=regions.no_place)
"""What law and library say of every country; a process lays the announced days over it (`Service.working_days`)."""

day_at: Final = WORKING_DAYS.day_at
"""The calendar day at a place."""
last_second_at: Final = WORKING_DAYS.last_second_at
"""The last second of a day at a place: when something is due on that day."""
end_of_day_at: Final = WORKING_DAYS.end_of_day_at
"""The moment at which a day is over at a place: what lasts through the day holds before it."""


def begin_of_day_at(place: str, day: date) -> datetime:
    """The first moment of a day at a place."""
    return end_of_day_at(place, day - timedelta(days=1))
