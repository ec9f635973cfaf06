"""A case that a centre has opened, of a person from Germany, becomes a desk's there.

    kept --a desk asks for it--> asked --the person signs, the centre hands it over--> adopted
    asked --the centre declines, or nobody answers in time--> kept
    asked --the file ends by its term--> nothing is left to hand over

From `adopted` on the desk keeps consents for placement, the profile, and the end of the case. The file, its id, its
support, and what the person signs to be advised stay the centre's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vocabulary.copying import replace

ADOPTION: Final = "adoption"
"""The purpose of handing a case over to a desk in Germany; it names that desk."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """What a desk has asked for, and whether it has it."""

    desk: str
    requested_at: datetime
    lapses_at: datetime
    adopted_at: datetime | None = None
    overdue_level: int = 0
    """The level that the missing answer has reached."""

    def waits(self, now: datetime) -> bool:
        """Whether the centre may still answer."""
        return self.adopted_at is None and now < self.lapses_at

    def shown(self, now: datetime) -> bool:
        """Whether there is anything to show of it: a request that waits, or the desk that has the case."""
        return self.adopted_at is not None or self.waits(now)

    def handed_over(self, at: datetime) -> Adoption:
        """The desk has the case."""
        return replace(self, adopted_at=at)
