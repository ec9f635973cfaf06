"""What one person of a centre may void: calls, contacts, assessments and plans, on which no promise rests.

What is void is as if it had never been recorded, and stays beside the rest with the reason. What was meant is recorded
anew: so there is one way to record it, with all that it is checked for. Of an arrival, from which the promise is
counted, two people say what is right (`correction.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from counselling.domain.assessment import AssessmentSummary
from counselling.domain.journey import Contact
from counselling.domain.plan import Plan
from counselling.domain.preparation import Call

MOST_VOIDED: Final = 50
"""Of one journey: nobody is that often wrong about one person."""


@dataclass(frozen=True, slots=True)
class Voided:
    """What was recorded, and why it does not count."""

    record: Call | Contact | AssessmentSummary | Plan
    reason: str
    voided_at: datetime
