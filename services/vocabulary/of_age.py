"""The deadline with which an age band ends, for whoever keeps the birth date of a person.

No handler sees the birth date: an API takes from it what may be known (`ages.Ages`). After that the deadline alone
carries the band on, and no row that lies in clear says more than the month (docs/domain.md: of-age).
"""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

from chassis.pure.decision import Cleared, Deadline, DeadlineDue
from vocabulary.ages import Span
from vocabulary.countries import begin_of_day_at, day_at

AGE_BAND: Final = "age_band"
"""Of a case whose person will be too old for its age band, on a first of a month."""
ANY_DAY: Final = "the first of a month, whatever day it is"
"""Why it hangs on no calendar."""


def until(case_id: UUID, country: str, span: Span) -> Deadline | Cleared:
    """The deadline for the first moment of the day on which the band ends, where the person lives."""
    if span.ends_on is None:
        return Cleared(AGE_BAND, case_id)
    return Deadline(AGE_BAND, case_id, case_id, begin_of_day_at(country, span.ends_on))


def month_of(deadline: DeadlineDue, country: str) -> date:
    """The first of the month with which the band has ended; the deadline may have been put off."""
    return day_at(country, deadline.due_at).replace(day=1)
