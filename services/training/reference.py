"""The code lists and numbers that this service checks against, read once at start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import ClassVar, Self

from chassis.pure.calendar import UnknownCalendar
from chassis.pure.decision import Refused
from chassis.pure.reference import Code, CodeList, load
from training.refusals import DEPARTURE_OUT_OF_CALENDAR
from training.settings import TrainingSettings
from vocabulary.countries import GERMANY, WORKING_DAYS
from vocabulary.reference import Course, Occupation
from vocabulary.terms import MeasureCategory


@dataclass(frozen=True, slots=True)
class Provider:
    """A training provider in Germany and the trades it teaches."""

    code: str
    trades: tuple[str, ...]

    PATTERNS: ClassVar[Mapping[str, str]] = {"code": r"provider:[A-Za-z0-9-]{1,40}"}
    REFERENCES: ClassVar[Mapping[str, str]] = {"trades": "trades"}


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade as the unit groups of ISCO-08 that it covers."""

    code: str
    isco08: tuple[str, ...]

    REFERENCES: ClassVar[Mapping[str, str]] = {"isco08": "isco08"}


@dataclass(frozen=True, slots=True)
class Category:
    """A measure category. The enumeration is closed: a file with another one does not load."""

    code: MeasureCategory


@dataclass(frozen=True, slots=True)
class Reference:
    """All lists of this service, and its rules."""

    providers: CodeList[Provider]
    trades: CodeList[Trade]
    isco08: CodeList[Occupation]
    courses: CodeList[Course]
    categories: CodeList[Category]
    session_cancel_reasons: CodeList[Code]
    rules: TrainingSettings

    @classmethod
    def load(cls, directory: Path, rules: TrainingSettings | None = None) -> Self:
        """Reads and validates the files. Raises `chassis.pure.reference.InvalidReference`."""
        lists = load(
            directory,
            {
                "providers": Provider,
                "trades": Trade,
                "isco08": Occupation,
                "courses": Course,
                "measure_categories": Category,
                "session_cancel_reasons": Code,
            },
        )
        return cls(
            providers=lists["providers"],
            trades=lists["trades"],
            isco08=lists["isco08"],
            courses=lists["courses"],
            categories=lists["measure_categories"],
            session_cancel_reasons=lists["session_cancel_reasons"],
            rules=rules or TrainingSettings(),
        )

    def teaches(self, provider: Provider) -> frozenset[str]:
        """The unit groups of the trades that a provider teaches."""
        rows = (self.trades.get(trade) for trade in provider.trades)
        return frozenset(isco08 for row in rows if row is not None for isco08 in row.isco08)

    def latest_end(self, departure: date) -> date | Refused:
        """The last day on which a course may end for a departure: so many working days of Germany before it."""
        try:
            return WORKING_DAYS.add_working_days(GERMANY, departure, -self.rules.days_before_departure)
        except (UnknownCalendar, OverflowError):
            return DEPARTURE_OUT_OF_CALENDAR
