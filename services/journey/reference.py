"""The code lists and settings that this service goes by, read once at start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from chassis.pure.code_lists import published
from chassis.pure.reference import CodeList, table
from journey.settings import JourneySettings
from vocabulary.reference import Centre, Country


@dataclass(frozen=True, slots=True)
class Reference:
    """All lists of this service, and where traces can be looked at."""

    countries: CodeList[Country]
    centres: CodeList[Centre]
    labels: Mapping[str, Mapping[str, str]]
    """What codes mean, in English: by list and code, for people who choose one on a page."""
    trace_url_template: str = ""

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Reads and validates the files. Raises `chassis.pure.reference.InvalidReference`."""
        lists = published(directory)
        return cls(
            countries=table(directory, "countries", Country),
            centres=table(directory, "centres", Centre),
            labels={
                name: {each.code: each.labels.get("en", each.code) for each in lists[name].items}
                for name in ("countries", "centres", "deadline_types")
            },
            trace_url_template=JourneySettings().trace_url_template,
        )
