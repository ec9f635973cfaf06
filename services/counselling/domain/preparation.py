"""What a centre does with a person before they leave Germany: the call in which both learn whom and what to expect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from vocabulary.missed import Missed, Term

MOST_CALLS: Final = 50
"""Of one journey: more than one a week for the year that a window of departure lasts at most."""


@dataclass(frozen=True, slots=True)
class Call:
    """A centre has spoken with the person while they were in Germany; `attempts` counts the successful one."""

    centre: str
    channel: str
    attempts: int
    outcome: str
    held_on: date
    id: UUID | None = None
    told_at: datetime | None = None
    """When it was recorded. Documents that were stored before these two were kept have neither."""


@dataclass(frozen=True, slots=True)
class Package:
    """What the desk in Germany has handed over for one referral, as codes; or, `void`, that it was nothing after all,
    as it has said at `sent_at`."""

    sent_at: datetime
    items: tuple[str, ...]
    void: bool = False


@dataclass(frozen=True, slots=True)
class Preparation:
    """What was done before the departure of the known journey."""

    calls: tuple[Call, ...] = ()
    call_missed: Missed | None = None
    """How far the call was missed."""
    call_term: Term | None = None
    """By when it is owed."""

    def called_by(self, centre: str) -> bool:
        """Whether this centre has spoken with the person: one that takes them on later owes a call of its own."""
        return any(call.centre == centre for call in self.calls)
