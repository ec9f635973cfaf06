"""The code lists and settings that this service goes by, read once at start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from chassis.pure.reference import CodeList, table
from journey.settings import JourneySettings
from vocabulary.reference import Centre, Country


@dataclass(frozen=True, slots=True)
class Reference:
    """All lists of this service, and where traces can be looked at."""

    countries: CodeList[Country]
    centres: CodeList[Centre]
    trace_url_template: str = ""

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Reads and validates the files. Raises `chassis.pure.reference.InvalidReference`."""
        return cls(
            countries=table(directory, "countries", Country),
            centres=table(directory, "centres", Centre),
            trace_url_template=JourneySettings().trace_url_template,
        )
