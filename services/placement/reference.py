"""The code lists that this service checks against, read once at start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Self

from chassis.pure.reference import (
    CodeList,
    CodeRow,
    codes,
    table,
)
from vocabulary.centres import countries_of
from vocabulary.reference import Centre, Country, Fallback, Occupation


@dataclass(frozen=True, slots=True)
class Reference:
    """All lists of this service."""

    countries: CodeList[Country]
    centres: CodeList[Centre]
    fallbacks: CodeList[Fallback]
    isco08: CodeList[Occupation]
    decline_reasons: CodeList[CodeRow]
    correction_reasons: CodeList[CodeRow]
    interview_modes: CodeList[CodeRow]
    interview_outcomes: CodeList[CodeRow]

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Reads and validates the files. Raises `chassis.pure.reference.InvalidReference`."""
        return cls(
            countries=table(directory, "countries", Country),
            centres=table(directory, "centres", Centre),
            fallbacks=table(directory, "fallbacks", Fallback),
            isco08=table(directory, "isco08", Occupation),
            decline_reasons=codes(directory, "decline_reasons"),
            correction_reasons=codes(directory, "correction_reasons"),
            interview_modes=codes(directory, "interview_modes"),
            interview_outcomes=codes(directory, "interview_outcomes"),
        )

    def countries_of(self, centre: Centre, day: date) -> tuple[str, ...]:
        """The countries that a centre's desk acts for: its own first, then those that it is the fallback of."""
        return countries_of(centre, self.fallbacks, day)
