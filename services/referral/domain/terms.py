"""Closed lists of this domain alone. Open ones (needs, reasons, occupations) are reference data."""

from __future__ import annotations

from typing import Literal

Sex = Literal["female", "male", "diverse", "unknown"]
Transport = Literal["scheduled_flight", "charter_flight", "land", "sea", "unknown"]
