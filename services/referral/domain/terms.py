"""Closed lists of the domain. Open ones (needs, reasons, occupations) are reference data."""

from __future__ import annotations

from typing import Literal

TargetGroup = Literal["LOCAL", "IDP_OR_REFUGEE", "MIGRANT", "RETURNEE_DE", "RETURNEE_THIRD_COUNTRY"]
ReturnType = Literal["voluntary_assisted", "voluntary_own", "forced", "unknown"]
AgeBand = Literal["under_18", "18_24", "25_34", "35_49", "50_plus", "unknown"]
Priority = Literal["emergency", "urgent", "normal"]
Transport = Literal["scheduled_flight", "charter_flight", "land", "sea", "unknown"]
