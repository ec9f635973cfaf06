"""The names of this service's deadlines, as they stand in the table of deadlines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vocabulary import of_age

REFERRAL_ANSWER: Final = "referral_answer"
"""Of a referral, owned by its file: the centre owes an answer."""
CONSENT_RENEWAL: Final = "consent_renewal"
"""Of a referral that a centre holds, owned by its file: the consent was taken back, and the centre owes what becomes of
it."""
FIRST_CONTACT: Final = "first_contact"
"""Of a file: the centre owes the first contact to somebody who has arrived."""
ARRIVAL_CONFIRMATION: Final = "arrival_confirmation"
"""Of a file: the centre owes word of somebody who has left, and was to have arrived."""
CONSENT_EXPIRY: Final = "consent_expiry"
"""Of a referral that a centre holds, owned by its file: the last consent that covers the centre ends."""
PRE_DEPARTURE_CALL: Final = "pre_departure_call"
"""Of a file: the centre owes a call to somebody whom it has taken on, and who is to leave Germany."""
REINTEGRATION_PLAN: Final = "reintegration_plan"
"""Of a file: the centre owes a plan that is agreed on with somebody who is there."""
ADOPTION_ANSWER: Final = "adoption_answer"
"""Of a file: the centre owes an answer to a desk that asks for the case."""
ADOPTION_LAPSES: Final = "adoption_lapses"
"""Of the same file: until then the centre may answer."""
AGE_BAND: Final = of_age.AGE_BAND
"""Of a file of somebody who has walked in, and will be too old for their age band, on a first of a month."""
PROFILE_DESTRUCTION: Final = "profile_destruction"
"""Of a walk-in whose profile's keys two people want destroyed: once it is over, they are."""
PROFILE_MARKS: Final = "profile_marks"
"""Of a walk-in who was taken down when people were found by less: what they are found by is made anew."""
STAYS: Final[Mapping[str, str]] = {
    CONSENT_EXPIRY: "the person has signed for its day",
    REINTEGRATION_PLAN: "a month in the person's life, in which offices are open often enough",
    ADOPTION_LAPSES: "thirty days, which the desk has counted",
    AGE_BAND: of_age.ANY_DAY,
    PROFILE_DESTRUCTION: "three days of whatever kind, in which somebody may say no",
    PROFILE_MARKS: "it is due at once, or a day later",
}
"""Deadlines that hang on no calendar, and why."""
