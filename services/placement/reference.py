"""The code lists that this service checks against, read once at start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import ClassVar, Self

from chassis.pure.reference import (
    Code,
    CodeList,
    codes,
    table,
)


@dataclass(frozen=True, slots=True)
class Centre:
    """An advice centre, with a placement desk."""

    code: str
    country: str
    opened_on: date
    closed_on: date | None

    PERIOD: ClassVar[tuple[str, str]] = ("opened_on", "closed_on")


@dataclass(frozen=True, slots=True)
class Fallback:
    """Which desk acts for a country without a centre."""

    country: str
    desk: str
    valid_from: date
    valid_to: date | None

    KEY: ClassVar[tuple[str, ...]] = ("country",)


@dataclass(frozen=True, slots=True)
class Occupation:
    """A unit group of ISCO-08."""

    code: str

    PATTERNS: ClassVar[dict[str, str]] = {"code": r"[0-9]{4}"}


@dataclass(frozen=True, slots=True)
class Reference:
    """All lists of this service."""

    centres: CodeList[Centre]
    fallbacks: CodeList[Fallback]
    isco08: CodeList[Occupation]
    decline_reasons: CodeList[Code]

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Reads and validates the files. Raises `chassis.reference.InvalidReference`."""
        return cls(
            centres=table(directory, "centres", Centre),
            fallbacks=table(directory, "fallbacks", Fallback),
            isco08=table(directory, "isco08", Occupation),
            decline_reasons=codes(directory, "decline_reasons"),
        )

    def countries_of(self, centre: Centre, day: date) -> tuple[str, ...]:
        """The countries that a centre's desk acts for: its own first, then those that it is the fallback of."""
        others = {each.country for each in self.fallbacks.on(day) if each.desk == centre.code}
        return (centre.country, *sorted(others - {centre.country}))
