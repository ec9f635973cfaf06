"""The code lists that this service checks against, read once at start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from chassis.pure.reference import CodeList, table
from vocabulary.reference import Centre, Country


@dataclass(frozen=True, slots=True)
class Reference:
    """All lists of this service."""

    countries: CodeList[Country]
    centres: CodeList[Centre]

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Reads and validates the files. Raises `chassis.pure.reference.InvalidReference`."""
        return cls(countries=table(directory, "countries", Country), centres=table(directory, "centres", Centre))
