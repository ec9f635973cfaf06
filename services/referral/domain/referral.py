"""A referral to a centre, as the scout sees it: what was asked for, and what became of it.

    submitted --acknowledge--> received --accept--> accepted --start--> in_progress --complete--> completed
        |                         |
        |                         |--reject--> rejected
        |                         |--redirect--> referred_onward (a child lives on under the same root)
        `-------------------------`--withdraw--> withdrawn

`start` is the arrival of the person. The centre's answers come as events of one topic, in their order. A withdrawal
stands, whatever crossed it on its way: the other side withdraws too, unless the person is in its care already. The
table has more than the picture, because an operator may have discarded a record: an answer may follow `submitted`, and
the end any open state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from referral.domain.terms import SealedCodes
from vocabulary.terms import Priority
from vocabulary.transitions import Stepping

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
    ("submitted", "complete"): "completed",
    ("received", "complete"): "completed",
    ("submitted", "reject"): "rejected",
    ("received", "reject"): "rejected",
    ("submitted", "redirect"): "referred_onward",
    ("received", "redirect"): "referred_onward",
    ("submitted", "withdraw"): "withdrawn",
    ("received", "withdraw"): "withdrawn",
}
UNANSWERED: Final[frozenset[ReferralStatus]] = frozenset({"submitted", "received"})
HELD: Final[frozenset[ReferralStatus]] = frozenset({"accepted", "in_progress"})
"""The person is in the care of a centre."""
Owed = Literal["receipt", "answer"]
OWED: Final[Mapping[ReferralStatus, Owed]] = {"submitted": "receipt", "received": "answer"}
"""What the other side owes: its service the confirmation that it has the referral, then the centre an answer."""
TAKEN_ON: Final = HELD | {"completed"}
"""The person is, or was, in the care of a centre."""
OPEN: Final = UNANSWERED | HELD

FURTHER_NEEDS: Final = "further_needs"
"""A need that others are told of with every referral, so that none that is not named can be made out. A scout may name
it alone."""


def as_told(needs: Iterable[str]) -> tuple[str, ...]:
    """The needs that others may know, as they are told (docs/domain.md: health-stays)."""
    return tuple(sorted({*needs, FURTHER_NEEDS}))


@dataclass(frozen=True, slots=True)
class Redirection:
    """A centre passed a referral on to another one, under a new id."""

    referral_id: UUID
    child_id: UUID
    to_centre: str
    to_country: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Referral(Stepping[Step]):
    """One referral. `needs` are all of them; those that tell of health never leave this service in clear."""

    table = TRANSITIONS

    id: UUID
    root_id: UUID
    to_centre: str
    centre_country: str
    """Where the centre lies; not the country of return where a desk stands in for a country without a centre."""
    country: str
    """Country of return."""
    priority: Priority
    needs: SealedCodes
    referred_at: datetime
    wishes: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    """ISCO-08 unit groups."""
    status: ReferralStatus = "submitted"
    parent_id: UUID | None = None
    child_id: UUID | None = None
    receipt_due_at: datetime | None = None
    """Until when the centre's service must have confirmed that it has the referral."""
    receipt_overdue: bool = False
    """Whether that time has passed without the confirmation; it stays when the confirmation has come."""
    received_at: datetime | None = None
    answer_due_at: datetime | None = None
    answered_at: datetime | None = None
    first_appointment: datetime | None = None
    closed_at: datetime | None = None
    reason: str | None = None
    """Code of why it was rejected, redirected or withdrawn, or of what came of it."""
    overdue_level: int = 0
    """The highest level of escalation that the centre's answer has reached; it stays when the answer has come."""
    centre_region: str | None = None
    """The region that the centre lies in, where it is known: its offices may have days of their own."""

    @property
    def place(self) -> str:
        """Whose working days count."""
        return self.centre_region or self.centre_country

    @property
    def open(self) -> bool:
        """Whether anything may still come of it."""
        return self.status in OPEN

    @property
    def unanswered(self) -> bool:
        """Whether the centre owes an answer."""
        return self.status in UNANSWERED

    @property
    def owed(self) -> Owed | None:
        """What the other side owes."""
        return OWED.get(self.status)

    @property
    def overdue(self) -> bool:
        """Whether the other side still owes what should have come: the confirmation of the receipt, or the answer."""
        if self.owed == "receipt" and self.receipt_overdue:
            return True
        return self.unanswered and self.overdue_level > 0

    def stepped_if_allowed(self, step: Step, **facts: Any) -> Referral:
        """The same, or unchanged if the step does not follow from here: what a centre tells may have been crossed."""
        return self.stepped(step, **facts) if self.allows(step) else self

    def child(
        self,
        id_: UUID,
        to_centre: str,
        centre_country: str,
        at: datetime,
        receipt_due_at: datetime,
        centre_region: str | None,
    ) -> Referral:
        """What the referral becomes at the centre that it is redirected to.

        A withdrawal that crossed the redirection holds for the child as well.
        """
        child = Referral(
            id=id_,
            root_id=self.root_id,
            parent_id=self.id,
            to_centre=to_centre,
            centre_country=centre_country,
            centre_region=centre_region,
            country=self.country,
            priority=self.priority,
            needs=self.needs,
            wishes=self.wishes,
            skills=self.skills,
            referred_at=at,
            receipt_due_at=receipt_due_at,
        )
        if self.status != "withdrawn":
            return child
        return child.stepped("withdraw", closed_at=self.closed_at, reason=self.reason)
