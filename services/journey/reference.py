"""The code lists and settings that this service goes by, read once at start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from chassis.pure.code_lists import published
from chassis.pure.reference import CodeList, table
from chassis.pure.retention import FILE, Rule
from journey.settings import JourneySettings
from vocabulary.reference import Centre, Country, FailReason, Fallback


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that a plan can name, and the category of the programme that figures count it in."""

    code: str
    category: str


@dataclass(frozen=True, slots=True)
class Reference:
    """All lists of this service, and where traces can be looked at."""

    countries: CodeList[Country]
    centres: CodeList[Centre]
    fallbacks: CodeList[Fallback]
    fail_reasons: CodeList[FailReason]
    assistance_codes: CodeList[Measure]
    terms: tuple[Rule, ...]
    """For how long what is kept of a case is."""
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
            fallbacks=table(directory, "fallbacks", Fallback),
            fail_reasons=table(directory, "fail_reasons", FailReason),
            assistance_codes=table(directory, "assistance_codes", Measure),
            terms=tuple(each for each in table(directory, FILE, Rule) if each.service == "journey"),
            labels={
                name: {each.code: each.labels.get("en", each.code) for each in lists[name].items}
                for name in ("countries", "centres", "deadline_types")
            },
            trace_url_template=JourneySettings().trace_url_template,
        )

    @property
    def ends_case(self) -> tuple[str, ...]:
        """The reasons with which a case is over for everybody: the person died."""
        return tuple(sorted({each.code for each in self.fail_reasons if each.ends_case}))
