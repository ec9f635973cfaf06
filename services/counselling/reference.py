"""The code lists that the centres work with, read and validated when the service starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self, get_args

from chassis.pure.reference import (
    CodeList,
    CodeRow,
    InvalidReference,
    load,
)
from counselling.domain.referral import ESCALATIONS
from vocabulary.limits import Unit
from vocabulary.reference import Centre, ConsentText, Country, Course, FailReason, Fallback, Occupation, Purpose
from vocabulary.terms import Priority


@dataclass(frozen=True, slots=True)
class PriorityLimit:
    """How long a priority leaves until a level: level 1 from the beginning, others from the one before."""

    priority: Priority
    level: int
    amount: int
    unit: Unit

    KEY: ClassVar[tuple[str, str]] = ("priority", "level")


@dataclass(frozen=True, slots=True)
class Need:
    """A need that a referral names; its domain is one that an assessment gives a level. `special_category`: it may tell
    of somebody's health."""

    code: str
    domain: str
    special_category: bool = False


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that a person may get, and that a plan can name unless it tells of their health
    (`special_category`)."""

    code: str
    special_category: bool = False


@dataclass(frozen=True)
class Reference:
    """The lists together. `domains`: what an assessment may give levels for."""

    centres: CodeList[Centre]
    countries: CodeList[Country]
    limits: CodeList[PriorityLimit]
    reject_reasons: CodeList[CodeRow]
    redirect_reasons: CodeList[CodeRow]
    outcome_codes: CodeList[CodeRow]
    fail_reasons: CodeList[FailReason]
    reopen_reasons: CodeList[CodeRow]
    correction_reasons: CodeList[CodeRow]
    link_reasons: CodeList[CodeRow]
    adoption_decline_reasons: CodeList[CodeRow]
    destruction_reasons: CodeList[CodeRow]
    break_glass_reasons: CodeList[CodeRow]
    call_channels: CodeList[CodeRow]
    call_outcomes: CodeList[CodeRow]
    measures: CodeList[Measure]
    hold_reasons: CodeList[CodeRow]
    hold_release_reasons: CodeList[CodeRow]
    courses: CodeList[Course]
    domains: frozenset[str]
    fallbacks: CodeList[Fallback]
    purposes: CodeList[Purpose]
    consent_texts: CodeList[ConsentText]
    needs: CodeList[Need]
    wishes: CodeList[CodeRow]
    isco08: CodeList[Occupation]

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Reads the lists from their folder. Raises `InvalidReference`."""
        tables = load(
            directory,
            {
                "centres": Centre,
                "countries": Country,
                "priority_limits": PriorityLimit,
                "reject_reasons": CodeRow,
                "redirect_reasons": CodeRow,
                "outcome_codes": CodeRow,
                "fail_reasons": FailReason,
                "reopen_reasons": CodeRow,
                "correction_reasons": CodeRow,
                "link_reasons": CodeRow,
                "adoption_decline_reasons": CodeRow,
                "destruction_reasons": CodeRow,
                "break_glass_reasons": CodeRow,
                "call_channels": CodeRow,
                "call_outcomes": CodeRow,
                "assistance_codes": Measure,
                "hold_reasons": CodeRow,
                "hold_release_reasons": CodeRow,
                "courses": Course,
                "needs": Need,
                "fallbacks": Fallback,
                "centre_consent_purposes": Purpose,
                "centre_consent_texts": ConsentText,
                "wishes": CodeRow,
                "isco08": Occupation,
            },
        )
        return cls(
            centres=tables["centres"],
            countries=tables["countries"],
            limits=_complete(tables["priority_limits"]),
            reject_reasons=tables["reject_reasons"],
            redirect_reasons=tables["redirect_reasons"],
            outcome_codes=tables["outcome_codes"],
            fail_reasons=tables["fail_reasons"],
            reopen_reasons=tables["reopen_reasons"],
            correction_reasons=tables["correction_reasons"],
            link_reasons=tables["link_reasons"],
            adoption_decline_reasons=tables["adoption_decline_reasons"],
            destruction_reasons=tables["destruction_reasons"],
            break_glass_reasons=tables["break_glass_reasons"],
            call_channels=tables["call_channels"],
            call_outcomes=tables["call_outcomes"],
            measures=tables["assistance_codes"],
            hold_reasons=tables["hold_reasons"],
            hold_release_reasons=tables["hold_release_reasons"],
            courses=tables["courses"],
            domains=frozenset(need.domain for need in tables["needs"]),
            fallbacks=tables["fallbacks"],
            purposes=tables["centre_consent_purposes"],
            consent_texts=tables["centre_consent_texts"],
            needs=tables["needs"],
            wishes=tables["wishes"],
            isco08=tables["isco08"],
        )

    def limit(self, priority: str, level: int) -> PriorityLimit:
        """The limit of a level; `load` has seen that there is one."""
        found = self.limits.get((priority, level))
        if found is None:
            raise LookupError("a limit that was there at start is gone")
        return found


def _complete(limits: CodeList[PriorityLimit]) -> CodeList[PriorityLimit]:
    for priority in get_args(Priority):
        for level in range(1, ESCALATIONS + 1):
            if limits.get((priority, level)) is None:
                raise InvalidReference(f"priority_limits has no row for {priority}, level {level}: add it")
    return limits
