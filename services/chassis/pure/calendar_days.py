"""The days that governments announce, as rows of `calendar_days`, and the free days of the week where a library has
others, as rows of `weekends`: they lie over what it computes.

Both files change while services run, and say how many rows they have: one that is half there is not taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import ClassVar, Literal

from chassis.pure.codes import EARLIEST_YEAR, LATEST_YEAR
from chassis.pure.reference import InvalidReference, table

FILE = "calendar_days"
WEEKENDS = "weekends"
FILES = (FILE, WEEKENDS)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """Whether the offices of a place are open on a day, who says so and when it was said.

    A place is a country (ISO 3166-1), or a region (ISO 3166-2) where its offices have days of their own. `estimated`:
    nobody has said it yet, or nothing was found; `source` then tells what the estimate rests on.
    """

    place: str
    day: date
    status: Literal["open", "closed"]
    name: str
    source: str
    certainty: Literal["law", "announced", "estimated"]
    announced_on: date | None

    COUNTED: ClassVar[bool] = True
    KEY: ClassVar[tuple[str, ...]] = ("place", "day")
    PATTERNS: ClassVar[Mapping[str, str]] = {"place": r"[A-Z]{2}(-[A-Z0-9]{1,3})?"}


@dataclass(frozen=True, slots=True)
class Weekend:
    """Which days of the week are free at a place in a period.

    `estimated`: no law or notice says so; `source` then tells what it rests on.
    """

    place: str
    free: tuple[str, ...]
    valid_from: date
    valid_to: date | None
    certainty: Literal["law", "announced", "estimated"]
    source: str

    COUNTED: ClassVar[bool] = True
    KEY: ClassVar[tuple[str, ...]] = ("place",)
    PATTERNS: ClassVar[Mapping[str, str]] = {"place": r"[A-Z]{2}(-[A-Z0-9]{1,3})?", "free": "|".join(WEEKDAYS)}


def weekends(directory: Path) -> tuple[Weekend, ...]:
    """The rows of `weekends.v1.csv`. Raises `InvalidReference`."""
    return table(directory, WEEKENDS, Weekend).rows


def read(directory: Path) -> tuple[CalendarDay, ...]:
    """The rows of `calendar_days.v1.csv`. Raises `InvalidReference`."""
    rows = table(directory, FILE, CalendarDay).rows
    for row in rows:
        if not EARLIEST_YEAR <= row.day.year <= LATEST_YEAR:
            raise InvalidReference(f"{FILE}, {row.place} {row.day}: the year is out of range: correct the day")
        if row.certainty == "estimated" and row.announced_on is not None:
            raise InvalidReference(
                f"{FILE}, {row.place} {row.day}: it is estimated, and has a day on which it was announced: "
                f"say `announced`, or leave that day out"
            )
    return rows
