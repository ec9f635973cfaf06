"""Break-glass: one person of a centre sees a file for an hour as if the consent that has ended still held.

    open --an hour--> over --a data protection officer--> reviewed

It stands in for the consent and for nothing else: who has not taken the person on, or has ended its part while another
centre was asked since, opens nothing by it, and neither does what is destroyed. Each opening stays in the file, for the
list of what is to be reviewed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from vocabulary.copying import replace

Verdict = Literal["justified", "not_justified"]
HOLDS_FOR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Glass:
    """One opening. `by`: the person of the staff, as a keyed hash."""

    id: UUID
    centre: str
    by: str
    reason: str
    opened_at: datetime
    until: datetime
    reviewed_at: datetime | None = None
    verdict: Verdict | None = None

    def holds(self, centre: str, person: Collection[str], at: datetime) -> bool:
        """Whether it lets this person of this centre look now; `person`: by every generation of keys."""
        return self.centre == centre and self.by in person and at < self.until

    def reviewed(self, verdict: Verdict, at: datetime) -> Glass:
        """Looked at by somebody who did not open it."""
        return replace(self, reviewed_at=at, verdict=verdict)


def holding(glasses: Collection[Glass], centre: str, person: Collection[str], at: datetime) -> Glass | None:
    """The opening that lets this person look now."""
    return next((each for each in glasses if each.holds(centre, person, at)), None)
