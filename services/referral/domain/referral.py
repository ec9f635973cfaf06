"""A referral to a centre, as the scout sees it: what was asked for, and what became of it.

    submitted --acknowledge--> received --accept--> accepted --start--> in_progress --complete--> completed
        |                         |                    |--fail--------------+-------> failed
        |                         |                    |<-expect-'
        |                         |--reject--> rejected|
        |                         |--redirect--> referred_onward (a child lives on under the same root)
        `-------------------------`--------------------`--withdraw--> withdrawn

    completed | failed --reopen--> accepted

`start` is the arrival of the person; `expect` takes it back, if it was recorded in error. The centre's answers come as
events of one topic, in their order. A withdrawal stands, whatever crossed it on its way: the other side withdraws too,
unless the person is in its care already. Then the centre says how it ended (`withdrawn` --complete, fail--> its word on
what it held). Once the person is in its care, a withdrawal is noted (`withdrawal`), and the centre confirms what
becomes of the support. Of an end, a reopening and a withdrawal the one that happened last holds, in whatever order they
are heard of: see `ended_by_centre` and `reopened`. The table has more than the picture, because an operator may have
discarded a record, or one may come late: an answer may follow `submitted`, the end any open state, and another end an
end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from referral.domain.handover import Duties
from referral.domain.terms import SealedCodes
from vocabulary.copying import replace
from vocabulary.terms import Priority
from vocabulary.transitions import Stepping

ReferralStatus = Literal[
    "submitted",
    "received",
    "accepted",
    "in_progress",
    "completed",
    "failed",
    "rejected",
    "referred_onward",
    "withdrawn",
]
Step = Literal[
    "acknowledge", "accept", "start", "expect", "complete", "fail", "reopen", "reject", "redirect", "withdraw"
]
End = Literal["complete", "fail"]
"""How a centre says that its support has ended."""

TRANSITIONS: Final[Mapping[tuple[ReferralStatus, Step], ReferralStatus]] = {
    ("submitted", "acknowledge"): "received",
    ("submitted", "accept"): "accepted",
    ("received", "accept"): "accepted",
    ("accepted", "start"): "in_progress",
    ("in_progress", "expect"): "accepted",
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
    ("accepted", "withdraw"): "withdrawn",
    ("submitted", "fail"): "failed",
    ("received", "fail"): "failed",
    ("accepted", "fail"): "failed",
    ("in_progress", "fail"): "failed",
    ("withdrawn", "complete"): "completed",
    ("withdrawn", "fail"): "failed",
    ("completed", "complete"): "completed",
    ("completed", "fail"): "failed",
    ("failed", "complete"): "completed",
    ("failed", "fail"): "failed",
    ("submitted", "reopen"): "accepted",
    ("received", "reopen"): "accepted",
    ("completed", "reopen"): "accepted",
    ("failed", "reopen"): "accepted",
    ("withdrawn", "reopen"): "accepted",
}
UNANSWERED: Final[frozenset[ReferralStatus]] = frozenset({"submitted", "received"})
HELD: Final[frozenset[ReferralStatus]] = frozenset({"accepted", "in_progress"})
"""The person is in the care of a centre."""
Owed = Literal["receipt", "answer"]
OWED: Final[Mapping[ReferralStatus, Owed]] = {"submitted": "receipt", "received": "answer"}
"""What the other side owes: its service the confirmation that it has the referral, then the centre an answer."""
CARED_FOR: Final[frozenset[ReferralStatus]] = frozenset({"completed", "failed"})
"""The person was in the care of a centre, which has said how that ended."""
TAKEN_ON: Final = HELD | CARED_FOR
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
class Withdrawal:
    """A withdrawal that is not the last word on a referral.

    `noted`: the person was in the care of the centre, which confirms what becomes of the support. Else the referral was
    withdrawn, and the centre, which had the person by then, has told how it ended.
    """

    reason: str
    at: datetime
    noted: bool


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
    """Code of why it was rejected, redirected or withdrawn, of what came of it, or why nothing did."""
    overdue_level: int = 0
    """The highest level of escalation that the centre's answer has reached; it stays when the answer has come."""
    centre_region: str | None = None
    """The region that the centre lies in, where it is known: its offices may have days of their own."""
    withdrawal: Withdrawal | None = None
    ends_case: bool = False
    """Whether it failed for a reason that ends the case for everybody: the person has died."""
    reopened_at: datetime | None = None
    """When its centre last said that it goes on: what is older and says that it ended says nothing any more."""
    duties: Duties = field(default_factory=Duties)
    knowable_again_at: datetime | None = None
    """When a consent let its centre know the person again that had lost the last one."""
    walk_in: bool = False
    """The support of somebody who has walked in at its centre, and whose case a desk has adopted: nobody sent it, and
    the person is there."""

    @property
    def place(self) -> str:
        """Whose working days count."""
        return self.centre_region or self.centre_country

    @property
    def taken_on_at(self) -> datetime:
        """Since when its centre has the person in its care, of one that has."""
        return self.reopened_at or self.answered_at or self.referred_at

    @property
    def handed_over_at(self) -> datetime | None:
        """When the desk last handed over to its centre what that needs."""
        return self.duties.package.sent_at if self.duties.package else None

    @property
    def handed_over(self) -> tuple[str, ...]:
        """What that was, as codes."""
        return self.duties.package.items if self.duties.package else ()

    @property
    def open(self) -> bool:
        """Whether anything may still come of it."""
        return self.status in OPEN

    @property
    def bars(self) -> bool:
        """Whether its needs are asked for nowhere else; not while its centre is to say what becomes of a withdrawal."""
        return self.open and self.withdrawal_asked_at is None

    @property
    def withdrawal_asked_at(self) -> datetime | None:
        """When the desk took it back from a centre that had the person in its care."""
        return self.withdrawal.at if self.withdrawal is not None and self.withdrawal.noted else None

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

    def taken_back_at(self, now: datetime) -> datetime:
        """When a withdrawal of now counts: after what the desk has heard, whatever the clock of the centre says."""
        return now if self.reopened_at is None else max(now, self.reopened_at)

    def accepted_by_centre(self, at: datetime, first_appointment: datetime | None = None) -> Referral:
        """Its centre has taken the person on. That it did is noted of a withdrawn one too, which stays withdrawn."""
        if self.allows("accept"):
            return self.stepped("accept", answered_at=at, first_appointment=first_appointment)
        if self.answered_at is not None:
            return self
        return replace(self, answered_at=at, first_appointment=first_appointment)

    def expected(self) -> Referral:
        """The person has not arrived after all; a withdrawal that was but noted, because they had, ends it."""
        if self.walk_in or not self.allows("expect"):
            return self
        waiting, asked = self.stepped("expect"), self.withdrawal
        if asked is None or not asked.noted:
            return waiting
        return replace(waiting, withdrawal=None).stepped("withdraw", closed_at=asked.at, reason=asked.reason)

    def ended_by_centre(self, step: End, at: datetime, reason: str, *, ends_case: bool = False) -> Referral:
        """Completed or failed, as its centre says. What is older than the last such word, or than the last reopening,
        changes nothing; a withdrawal that crossed it is kept, in case it goes on."""
        if self.reopened_at is not None and at < self.reopened_at:
            return self
        if not self.allows(step) or (self.status in CARED_FOR and self.closed_at is not None and at < self.closed_at):
            return self
        ended = self.stepped(step, closed_at=at, reason=reason, ends_case=ends_case)
        if self.status != "withdrawn" or self.closed_at is None or self.reason is None:
            return ended
        return replace(ended, withdrawal=Withdrawal(self.reason, self.closed_at, noted=False))

    def reopened(self, at: datetime) -> Referral:
        """Its centre goes on with it; a withdrawal that is later than that holds."""
        if self.reopened_at is not None and at <= self.reopened_at:
            return self
        later = self.withdrawal if self.withdrawal is not None and self.withdrawal.at >= at else None
        if self._ended_since(at):
            return replace(self, reopened_at=at, withdrawal=later)
        anew = self.stepped_if_allowed("reopen", closed_at=None, reason=None, ends_case=False)
        anew = replace(anew, reopened_at=at, withdrawal=later)
        if later is None or later.noted:
            return anew
        return replace(anew, withdrawal=None).stepped("withdraw", closed_at=later.at, reason=later.reason)

    def _ended_since(self, at: datetime) -> bool:
        if self.closed_at is None or self.status not in CARED_FOR | {"withdrawn"}:
            return False
        return self.closed_at > at or (self.status == "withdrawn" and self.closed_at == at)

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
