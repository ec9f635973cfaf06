"""An assessment of needs: the levels per domain, which are health data in part and rest sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from vocabulary.copying import replace
from vocabulary.terms import Priority, Readiness

MAX_LEVEL = 3
MOST_ASSESSMENTS: Final = 100
"""Of one case: more than one a week for the year and a half that it lasts."""


@dataclass(frozen=True, slots=True)
class DomainLevel:
    """How great the needs in one domain are: 0 none, 1 some, 2 considerable, 3 severe. From before they were sealed."""

    domain: str
    level: int


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a counsellor found, kept apart from the file; a later one stands beside it.

    `id` is the `assessment_ref` of NeedsAssessed. Nothing of `levels` may leave this service or enter a log. They are
    a box that the file's key for `centre` opens; None once that key was destroyed; a tuple in rows that wait to be
    sealed.
    """

    id: UUID
    case_id: UUID
    centre: str
    assessed_on: date
    levels: str | tuple[DomainLevel, ...] | None
    status: Literal["recorded", "void"] = "recorded"
    """What is void is shown to nobody; its levels stay sealed, and their key is destroyed with that of the others."""

    def voided(self) -> Assessment:
        """It was not made like that."""
        return replace(self, status="void")


@dataclass(frozen=True, slots=True)
class AssessmentSummary:
    """What may be known of an assessment without opening it."""

    assessment_ref: UUID
    readiness: Readiness
    priority: Priority
    domains_with_needs: int
    assessed_on: date
    told_at: datetime | None = None
    """When it was recorded. Older documents do not say."""


def links(assessment: Assessment) -> set[UUID]:
    """Every id by which an assessment is found: its case."""
    return {assessment.case_id}
