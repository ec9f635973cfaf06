"""Words of the field that several states share, as closed sets. Code lists that change are reference data."""

from __future__ import annotations

from typing import Literal

TargetGroup = Literal["LOCAL", "IDP_OR_REFUGEE", "MIGRANT", "RETURNEE_DE", "RETURNEE_THIRD_COUNTRY"]
AgeBand = Literal["under_18", "18_24", "25_34", "35_49", "50_plus", "unknown"]
MeasureCategory = Literal["INTO_WORK", "MARKET_ACCESS", "EMPLOYABILITY"]
Result = Literal["passed", "attended"]
CancelReason = Literal[
    "departure_before_end",
    "course_cancelled",
    "person",
    "provider",
    "consent_withdrawn",
    "departed",
    "waiting_list_closed",
]
