"""What somebody owes in a case, as the services tell of it by their deadlines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from journey.domain.words import Word

ANSWER: Final = "referral_answer"
"""The one kind that shows from its beginning: ReferralReceived says until when. All others show from their reminder."""
NOBODYS: Final = frozenset({"pool_exit"})
"""A timer of a service of which an event tells when its calendar changes: nobody owes anything by it."""


@dataclass(frozen=True, slots=True)
class Limit(Word):
    """The last word on by when something was to be done: the end of its first level, whatever was missed since."""

    STEPS: ClassVar = ("set", "approaching", "moved", "missed", "met")

    at: datetime
    status: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Deadline(Word):
    """The last word on one thing that is owed. `level`: up to which it was missed; 0 in time. `due_at`: the end of the
    level that the word is about."""

    STEPS: ClassVar = Limit.STEPS

    at: datetime
    status: str
    service: str
    type: str
    subject: UUID
    due_at: datetime
    role: str
    org: str
    centre: str
    level: int = 0

    @property
    def order(self) -> tuple[Any, ...]:
        """Of several levels that are missed at one time the highest counts."""
        return (self.at, self.STEPS.index(self.status), self.level)

    @property
    def key(self) -> str:
        """Its slot. Each kind belongs to one service."""
        return f"{self.type}:{self.subject}"

    @property
    def limit(self) -> Limit:
        """The same in the slot of when it was to be done."""
        return Limit(self.at, self.status, self.due_at)

    @property
    def open(self) -> bool:
        """Whether it is owed, as far as its own events say."""
        return self.status != "met" and self.type not in NOBODYS
