"""Rows of the code lists that several services read (`schemas/reference/`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from vocabulary.terms import ProgrammeStatus


@dataclass(frozen=True, slots=True)
class Country:
    """A country of the programme and what applies to it in a period."""

    code: str
    status: ProgrammeStatus
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Centre:
    """An advice centre, with a placement desk, and the days on which it is open.

    `admin1`: the region that it lies in, where that is known.
    """

    code: str
    country: str
    opened_on: date
    closed_on: date | None = None
    admin1: str | None = None

    PERIOD: ClassVar[tuple[str, str]] = ("opened_on", "closed_on")
    REFERENCES: ClassVar[Mapping[str, str]] = {"country": "countries"}

    @property
    def place(self) -> str:
        """Whose working days the centre keeps: those of its region, which may be those of its country."""
        return self.admin1 or self.country


@dataclass(frozen=True, slots=True)
class FailReason:
    """Why nothing came of a referral; `ends_case`: the case is over for everybody."""

    code: str
    ends_case: bool


@dataclass(frozen=True, slots=True)
class Fallback:
    """Who advises and places people of a country without a centre."""

    country: str
    desk: str
    valid_from: date
    valid_to: date | None = None

    KEY: ClassVar[tuple[str, ...]] = ("country",)


@dataclass(frozen=True, slots=True)
class Purpose:
    """A purpose of consent, and the kinds of organisation that it can name."""

    code: str
    recipient_kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConsentText:
    """A text that people sign, and the days on which it is in use."""

    code: str
    valid_from: date
    valid_to: date | None = None

    PATTERNS: ClassVar[Mapping[str, str]] = {"code": r"[0-9A-Za-z.-]{1,40}"}


@dataclass(frozen=True, slots=True)
class Course:
    """A course that training providers offer."""

    code: str
    valid_from: date | None = None
    valid_to: date | None = None

    PATTERNS: ClassVar[Mapping[str, str]] = {"code": r"[A-Z0-9][A-Z0-9-]{1,31}"}


@dataclass(frozen=True, slots=True)
class Occupation:
    """A unit group of ISCO-08."""

    code: str

    PATTERNS: ClassVar[Mapping[str, str]] = {"code": r"[0-9]{4}"}
