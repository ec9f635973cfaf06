"""Days, instants and codes as events and HTTP bodies write them. Lists of codes are reference data, not constants."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import PydanticKnownError

EARLIEST_YEAR = 2017
LATEST_YEAR = 2100
"""Days and times outside of these years are taken for mistakes: 1900-01-01, 1970-01-01 and 9999-12-31 are sentinels of
other systems. Calendars know these years, and `holidays` ends in 2100 too."""

Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$", description="ISO 639-1 or 639-3")]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,63}$", description="an entry of a published code list")]


def _plausible(day: date) -> date:
    if day.year < EARLIEST_YEAR:
        raise ValueError(f"is before {EARLIEST_YEAR}: give the real date, or leave the field out if it is unknown")
    if day.year > LATEST_YEAR:
        raise ValueError(f"is after {LATEST_YEAR}: check the year")
    return day


def written_out(value: object) -> object:
    """Refuses a number, also as text: read as seconds since 1970 it would make a date. All else pydantic judges."""
    if isinstance(value, str):
        if value[4:5] == "-":  # a year: the usual case, without the price of an exception
            return value
        try:
            float(value)
        except ValueError:
            return value
    elif isinstance(value, date) or not isinstance(value, int | float):
        return value
    raise ValueError("is a number: write the date as in 1990-05-17, a time as in 2026-03-02T09:00:00Z")


def written_out_day(value: object) -> object:
    """Refuses also a time of day, midnight included: a day has none."""
    written_out(value)
    if isinstance(value, str) and len(value) != len("YYYY-MM-DD"):
        raise PydanticKnownError("date_from_datetime_inexact")
    return value


def _instant(value: object, parse: ValidatorFunctionWrapHandler) -> datetime:
    at: datetime = value if type(value) is datetime and value.tzinfo is UTC else parse(written_out(value))
    try:
        at = at.astimezone(UTC)
    except OverflowError:
        raise ValueError("is outside the calendar: check the year") from None
    _plausible(at)
    return at


Day = Annotated[
    date,
    BeforeValidator(written_out_day),
    AfterValidator(_plausible),
    Field(description=f"a calendar day from {EARLIEST_YEAR} to {LATEST_YEAR}"),
]
Instant = Annotated[AwareDatetime, WrapValidator(_instant)]
"""A point in time with offset; kept in UTC."""
