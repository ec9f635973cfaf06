"""The code lists and numbers that this service checks against, read once at start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import ClassVar, Self

from chassis.pure.calendar import WorkingDays
from chassis.pure.reference import CodeList, CodeRow, load
from training.settings import TrainingSettings
from vocabulary.countries import GERMANY
from vocabulary.reference import Country, Course, Occupation
from vocabulary.terms import MeasureCategory


@dataclass(frozen=True, slots=True)
class Provider:
    """A training provider in Germany, the trades it teaches, and its Land."""

    code: str
    trades: tuple[str, ...]
    admin1: str

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
    """A measure category. Nobody asks for the list: a file with another one than events can carry does not load."""

    code: MeasureCategory


@dataclass(frozen=True, slots=True)
class Reference:
    """All lists of this service, and its rules."""

    countries: CodeList[Country]
    providers: CodeList[Provider]
    trades: CodeList[Trade]
    isco08: CodeList[Occupation]
    courses: CodeList[Course]
    session_cancel_reasons: CodeList[CodeRow]
    correction_reasons: CodeList[CodeRow]
    rules: TrainingSettings

    @classmethod
    def load(cls, directory: Path, rules: TrainingSettings | None = None) -> Self:
        """Reads and validates the files. Raises `chassis.pure.reference.InvalidReference`."""
        lists = load(
            directory,
            {
                "countries": Country,
                "providers": Provider,
                "trades": Trade,
                "isco08": Occupation,
                "courses": Course,
                "measure_categories": Category,
                "session_cancel_reasons": CodeRow,
                "correction_reasons": CodeRow,
            },
        )
        return cls(
            countries=lists["countries"],
            providers=lists["providers"],
            trades=lists["trades"],
            isco08=lists["isco08"],
            courses=lists["courses"],
            session_cancel_reasons=lists["session_cancel_reasons"],
            correction_reasons=lists["correction_reasons"],
            rules=rules or TrainingSettings(),
        )

    def teaches(self, provider: Provider) -> frozenset[str]:
        """The unit groups of the trades that a provider teaches."""
        rows = (self.trades.get(trade) for trade in provider.trades)
        return frozenset(isco08 for row in rows if row is not None for isco08 in row.isco08)

    def region_of(self, provider: str) -> str:
        """The Land whose working days a provider keeps; Germany if the provider is not in the list."""
        found = self.providers.get(provider)
        return GERMANY if found is None else found.admin1

    def latest_ends(self, departure: date, days: WorkingDays) -> Mapping[str, date]:
        """The last day on which a course may end for a departure, so many working days before it: for Germany as a
        whole, and for every Land that a provider is in. Raises `UnknownCalendar`."""
        places = sorted({GERMANY, *(provider.admin1 for provider in self.providers)})
        return {place: days.add_working_days(place, departure, -self.rules.days_before_departure) for place in places}
