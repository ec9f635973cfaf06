"""Closed lists of this domain alone, and codes at rest. Open lists (needs, reasons, occupations) are reference data."""

from __future__ import annotations

from typing import Literal, TypeAlias

Transport = Literal["scheduled_flight", "charter_flight", "land", "sea", "unknown"]

SealedCodes: TypeAlias = str | tuple[str, ...] | None
"""Codes that tell of somebody's health: a sealed box. A tuple where they are in clear, to be shown, or from before they
were sealed. None: destroyed with the case's key."""
