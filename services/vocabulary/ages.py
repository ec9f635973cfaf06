"""Which age band of a person counts, where a referral tells one and a change of it another (docs/domain.md: of-age)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vocabulary.terms import AgeBand


@dataclass(frozen=True, slots=True)
class Age:
    """An age band, when it was told, and whether as a change of the one before or by a referral."""

    band: AgeBand
    at: datetime
    changed: bool = False

    def outdates(self, other: Age | None) -> bool:
        """What happened last counts, in whatever order it is heard of; at the same time a change follows a referral."""
        return other is None or (self.at, self.changed) >= (other.at, other.changed)
