"""What was recorded wrongly and takes two people to be put right: an arrival, or what was taken down when somebody
walked in. What is asked for, and what it was before (docs/domain.md: corrections, intake-corrected).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from counselling.domain.intake import Intake
from counselling.domain.journey import Arrival, ArrivalMethod
from vocabulary.arrivals import ARRIVAL
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
    """What one person of a centre wants the record to be; `report` is None: there was no arrival, or the whole file is
    void."""

    org: str
    report: Report | Intake | None
    record: str = ARRIVAL
    """Or `INTAKE`."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What was recorded, and what two people have put in its place."""

    was: Report | Intake
    report: Report | Intake | None
    reason: str
    corrected_at: datetime
    record: str = ARRIVAL
