"""The days that governments announce, as rows of `calendar_days`; those that recur each year, as rows of
`calendar_rules`; and the free days of the week where a library has others, as rows of `weekends`: they lie over what it
computes.

All three files change while services run, and say how many rows they have: one that is half there is not taken."""

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
RULES = "calendar_rules"
FILES = (FILE, RULES, WEEKENDS)
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
class CalendarRule:
    """What is so on a day of each year at a place, within a period: a holiday that a library does not know (`closed`),
    or one that it knows and that is not kept there (`open`).

    `name`: of an `open` rule the library's name of the holiday; the day in lieu of it is not kept either. Another
    holiday on that day is.
    """

    place: str
    month_day: str
    status: Literal["open", "closed"]
    name: str
    valid_from: date
    valid_to: date | None
    certainty: Literal["law", "announced", "estimated"]
    source: str

    COUNTED: ClassVar[bool] = True
    KEY: ClassVar[tuple[str, ...]] = ("place", "month_day")
    PATTERNS: ClassVar[Mapping[str, str]] = {
        "place": r"[A-Z]{2}(-[A-Z0-9]{1,3})?",
        "month_day": r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
    }


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


def rules(directory: Path) -> tuple[CalendarRule, ...]:
    """The rows of `calendar_rules.v1.csv`. Raises `InvalidReference`."""
    rows = table(directory, RULES, CalendarRule).rows
    for row in rows:
        try:
            date.fromisoformat(f"2024-{row.month_day}")
        except ValueError:
            raise InvalidReference(f"{RULES}, {row.place} {row.month_day}: no year has this day: correct it") from None
    return rows


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
