"""The names of this service's deadlines, as they stand in the table of deadlines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vocabulary import of_age

AGE_BAND: Final = of_age.AGE_BAND
"""Of a case whose person will be too old for its age band, on a first of a month."""
CASE_END: Final = "case_end"
"""Of a case that only a seat or a way into a vacancy keeps from its end: due when the consents for these end. Due at
once for a case that ended before ends were told, or that is counted otherwise now."""
REFERRAL_RECEIPT: Final = "referral_receipt"
"""Of a referral that nobody has confirmed, owned by its case: the desk owes to look after it."""
REFERRAL_REROUTING: Final = "referral_rerouting"
"""Of a referral that was rejected, owned by its case: the desk owes another way."""
HANDOVER_PACKAGE: Final = "handover_package"
"""Of a referral that a centre has accepted, owned by its case: the desk owes what the centre needs before the
departure."""
DEPARTURE_CONFIRMATION: Final = "departure_confirmation"
"""Of a case: the desk owes word whether somebody has left whom a centre waits for."""
COUNTRY_STATUS_REQUEST: Final = "country_status_request"
"""Of a country whose requested status nobody has confirmed or rejected."""
ADOPTION_REQUEST: Final = "adoption_request"
"""Of a case that a desk has asked a centre for: what is kept for the centre's answer is dropped."""
PROFILE_DESTRUCTION: Final = "profile_destruction"
"""Of a case whose keys two people want destroyed: once it is over, they are."""
PROFILE_KEYS_END: Final = "profile_keys_end"
"""Of a case whose profile a centre may open: its consents end, and its keys are taken back."""
PROFILE_KEYS_WAIT: Final = "profile_keys_wait"
"""Of a case whose profile a centre may open, that has no key of it yet: it is looked whether it can have one now."""
PROFILE_MARKS: Final = "profile_marks"
"""Of a case whose profile is from before people were found by it: what they are found by is made."""
STAYS: Final[Mapping[str, str]] = {
    ADOPTION_REQUEST: "a month in which the person comes to the centre, and a week for what is on its way",
    AGE_BAND: of_age.ANY_DAY,
    CASE_END: "the last day of a consent, whatever day it is; or at once",
    PROFILE_DESTRUCTION: "three days of whatever kind, in which somebody may say no",
    PROFILE_KEYS_END: "the last day of a consent, whatever day it is",
    PROFILE_KEYS_WAIT: "a quarter of an hour",
    PROFILE_MARKS: "it is due at once, or a day later",
    COUNTRY_STATUS_REQUEST: "three days of whatever kind: a country is switched off on a holiday, too",
}
"""Deadlines that hang on no calendar, and why."""
