"""The names of this service's deadlines, as they stand in the table of deadlines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

VACANCY_EXPIRY: Final = "vacancy_expiry"
"""Of a vacancy: the end of its last day in the employer's country."""
OFFER_EXPIRY: Final = "offer_expiry"
"""Of an offer, owned by its vacancy: the time until which it can be answered."""
EMPLOYER_FEEDBACK: Final = "employer_feedback"
"""Of a candidacy, owned by its vacancy: the employer owes an answer on a person who was presented."""
EMPLOYMENT_START: Final = "employment_start"
"""Of a candidacy whose offer was taken, owned by its vacancy: the desk owes word that the work has begun."""
JOB_OFFER_TARGET: Final = "job_offer_target"
"""Of a candidate who has arrived: the desk owes an offer of work."""
POOL_EXIT: Final = "pool_exit"
"""Of a candidate whose every referral was rejected: three working days for the scout to refer anew."""
CONSENT_END: Final = "consent_end"
"""Of a consent, owned by its candidate: the moment at which its last day is over where it was signed."""
STAYS: Final[Mapping[str, str]] = {
    JOB_OFFER_TARGET: "the programme counts days of whatever kind",
    VACANCY_EXPIRY: "the employer has named its day",
    OFFER_EXPIRY: "the employer has named the time, or it is 14 days of whatever kind",
    CONSENT_END: "the person has signed for its day",
}
"""Deadlines that hang on no calendar, and why."""
