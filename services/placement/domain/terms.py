"""The words of this domain that are closed lists by definition; lists that change are reference data."""

from __future__ import annotations

from typing import Final, Literal

TargetGroup = Literal["LOCAL", "IDP_OR_REFUGEE", "MIGRANT", "RETURNEE_DE", "RETURNEE_THIRD_COUNTRY"]
AgeBand = Literal["under_18", "18_24", "25_34", "35_49", "50_plus", "unknown"]
Readiness = Literal["now", "after_support", "not_now"]
EmploymentType = Literal["full_time", "part_time", "temporary", "apprenticeship", "internship"]
WageBand = Literal["below_minimum", "minimum_to_median", "above_median", "unknown"]
DistanceBand = Literal["same_admin1", "same_country", "unknown"]
Evidence = Literal["contract", "social_security", "employer_statement", "self_declaration"]
Purpose = Literal["matching", "presentation"]
Party = Literal["person", "employer", "officer", "system"]
ClosedReason = Literal[
    "not_suitable",
    "person_declined",
    "employer_declined",
    "unreachable",
    "vacancy_withdrawn",
    "vacancy_filled",
    "offer_expired",
    "offer_retracted",
    "consent_withdrawn",
    "referral_withdrawn",
]

STRONG_EVIDENCE: Final = frozenset({"contract", "social_security", "employer_statement"})
"""With these an employment may count as formal; self-declaration is kept, but marked (domain rule A11.13)."""
