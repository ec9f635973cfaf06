"""An arrival that was recorded wrongly: what is asked for, and what it was before (docs/domain.md: corrections)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from counselling.domain.journey import Arrival, ArrivalMethod
from vocabulary.seconding import Request

MOST_CORRECTIONS: Final = 20
"""Of one file: nobody is that often wrong about one journey, or the few that a case may have."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a centre says of an arrival."""

    arrived_on: date
    admin1: str | None
    method: ArrivalMethod

    @classmethod
    def of(cls, arrival: Arrival) -> Report:
        """What is recorded."""
        return cls(arrival.arrived_on, arrival.admin1, arrival.method)


@dataclass(frozen=True, slots=True)
class CorrectionRequest(Request):
    """What one person of a centre wants the record to be; `report` is None: there was no arrival."""

    org: str
    report: Report | None


@dataclass(frozen=True, slots=True)
class Correction:
    """What was recorded, and what two people have put in its place."""

    was: Report
    report: Report | None
    reason: str
    corrected_at: datetime
