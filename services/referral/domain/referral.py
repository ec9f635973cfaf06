"""A referral to a centre, as the scout sees it: what was asked for, and what became of it.

    submitted --acknowledged--> received --accepted--> accepted --arrival--> in_progress --completed--> completed
        |                          |
        |                          +--rejected--> rejected
        |                          +--redirected--> referred_onward (a child lives on under the same root)
        +--------------------------+--withdrawn--> withdrawn

The centre's answers come as events of one topic in their order. A withdrawal stands whatever crossed it on its way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from referral.domain.terms import Priority

ReferralStatus = Literal[
    "submitted", "received", "accepted", "in_progress", "completed", "rejected", "referred_onward", "withdrawn"
]
Step = Literal["acknowledge", "accept", "start", "complete", "reject", "redirect", "withdraw"]

TRANSITIONS: Final[Mapping[tuple[ReferralStatus, Step], ReferralStatus]] = {
    ("submitted", "acknowledge"): "received",
    ("submitted", "accept"): "accepted",
    ("received", "accept"): "accepted",
    ("accepted", "start"): "in_progress",
    ("accepted", "complete"): "completed",
    ("in_progress", "complete"): "completed",
    ("submitted", "reject"): "rejected",
    ("received", "reject"): "rejected",
    ("submitted", "redirect"): "referred_onward",
    ("received", "redirect"): "referred_onward",
    ("submitted", "withdraw"): "withdrawn",
    ("received", "withdraw"): "withdrawn",
}
"""Answers may follow `submitted` directly: a record between them may have been discarded by an operator."""
UNANSWERED: Final = frozenset({"submitted", "received"})
OPEN: Final = frozenset({"submitted", "received", "accepted", "in_progress"})
HELD: Final = frozenset({"accepted", "in_progress"})
"""A centre has taken the person on."""


@dataclass(frozen=True, slots=True)
class Referral:
    """One referral. `needs` are all of them; those that tell of health never leave this service in clear."""

    id: UUID
    root_id: UUID
    to_centre: str
    country: str
    priority: Priority
    needs: tuple[str, ...]
    referred_at: datetime
    status: ReferralStatus = "submitted"
    parent_id: UUID | None = None
    received_at: datetime | None = None
    answer_due_at: datetime | None = None
    answered_at: datetime | None = None
    first_appointment: datetime | None = None
    closed_at: datetime | None = None
    reason: str | None = None
    child_id: UUID | None = None
    overdue_level: int = 0

    @property
    def open(self) -> bool:
        """Whether anything may still come of it."""
        return self.status in OPEN

    @property
    def unanswered(self) -> bool:
        """Whether the centre owes an answer."""
        return self.status in UNANSWERED

    def allows(self, step: Step) -> bool:
        """Whether the step can be taken from here."""
        return (self.status, step) in TRANSITIONS

    def stepped(self, step: Step) -> Referral:
        """The referral after the step, or unchanged if something else came first."""
        status = TRANSITIONS.get((self.status, step))
        return self if status is None else replace(self, status=status)
