"""Which word on an arrival counts: the report, or a correction of it (docs/domain.md: corrections)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

ARRIVAL: Final = "arrival"
"""The record, where it is voided."""


@dataclass(frozen=True, slots=True)
class Told:
    """When an arrival was reported, and when this was said of it: the same for the report itself, later for what
    corrects or voids it."""

    reported_at: datetime
    at: datetime

    def outdates(self, other: Told | None) -> bool:
        """The latest report counts, and the latest word on it, in whatever order they are heard of."""
        return other is None or (self.reported_at, self.at) >= (other.reported_at, other.at)
