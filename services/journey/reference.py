"""The code lists that this service checks against, read once at start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from chassis.pure.reference import CodeList, table
from vocabulary.reference import Centre, Country, FailReason


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that a plan can name, and the category of the programme that figures count it in."""

    code: str
    category: str


@dataclass(frozen=True, slots=True)
class Reference:
    """All lists of this service."""

    countries: CodeList[Country]
    centres: CodeList[Centre]
    fail_reasons: CodeList[FailReason]
    assistance_codes: CodeList[Measure]

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Reads and validates the files. Raises `chassis.pure.reference.InvalidReference`."""
        return cls(
            countries=table(directory, "countries", Country),
            centres=table(directory, "centres", Centre),
            fail_reasons=table(directory, "fail_reasons", FailReason),
            assistance_codes=table(directory, "assistance_codes", Measure),
        )

    @property
    def ends_case(self) -> tuple[str, ...]:
        """The reasons with which a case is over for everybody: the person died."""
        return tuple(sorted({each.code for each in self.fail_reasons if each.ends_case}))
