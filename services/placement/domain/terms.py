"""The words of this domain alone that are closed lists by definition; lists that change are reference data."""

from __future__ import annotations

from typing import Final, Literal

EmploymentType = Literal["full_time", "part_time", "temporary", "apprenticeship", "internship"]
WageBand = Literal["below_minimum", "minimum_to_median", "above_median", "unknown"]
DistanceBand = Literal["same_admin1", "same_country", "unknown"]
Evidence = Literal["contract", "social_security", "employer_statement", "self_declaration"]
Purpose = Literal["matching", "presentation"]
Giver = Literal["person", "employer", "officer"]
"""Who can decide that a candidacy ends."""
Party = Literal[Giver, "system"]
NoMatch = Literal["not_suitable", "person_declined", "employer_declined", "unreachable"]
"""It did not work out between person and employer."""
GivenReason = Literal[NoMatch, "offer_retracted"]
"""Why a giver can decide so; the other reasons follow from what happened elsewhere."""
ClosedReason = Literal[
    NoMatch,
    "vacancy_withdrawn",
    "vacancy_filled",
    "offer_expired",
    "offer_retracted",
    "consent_withdrawn",
    "referral_withdrawn",
]
ReferralEnd = Literal["withdrawn", "rejected", "completed", "failed", "deceased"]
"""How a referral ended; `deceased`: it has failed because the person died, and with it all that is under way."""
ConsentEnd = Literal["withdrawn", "expired"]
"""How the consent ended that a candidacy rested on: by the person, or with its last day."""
ShownReason = Literal[ClosedReason, "consent_expired"]
"""Of a consent that expired, `ClosedReason` says `consent_withdrawn`, because the list in the event is closed."""

STRONG_EVIDENCE: Final = frozenset({"contract", "social_security", "employer_statement"})
"""With these an employment may count as formal; self-declaration is kept, but marked (docs/domain.md: formal-work)."""
