"""An offer or a start of work that was recorded wrongly: what is asked for, and what it was before.

Only what the promise rests on can be corrected: the day and the kind of an offer, the day and the evidence of the work
(docs/domain.md: corrections). The work is of the kind that was offered, so both are corrected with the offer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from placement.domain.terms import EmploymentType, Evidence
from vocabulary.seconding import Request

Record = Literal["job_offer", "employment"]
MOST_CORRECTIONS: Final = 20
"""Of one candidacy: nobody is that often wrong about one offer."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The day on which the offer was made and the kind of employment, or the day on which the work began and what shows
    it."""

    day: date
    evidence_type: Evidence | None = None
    employment_type: EmploymentType | None = None
    """Of an offer; what was stored before this could be corrected does not say: it stays as it was."""


@dataclass(frozen=True, slots=True)
class CorrectionRequest(Request):
    """What one person of a desk wants a record to be; `facts` is None: it did not happen."""

    org: str
    record: Record
    facts: Facts | None


@dataclass(frozen=True, slots=True)
class Correction:
    """What was recorded, and what two people have put in its place."""

    record: Record
    was: Facts
    facts: Facts | None
    reason: str
    corrected_at: datetime
