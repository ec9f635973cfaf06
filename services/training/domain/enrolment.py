"""One person's enrolment in a course session.

    (request) --seat free--> confirmed --pass, attend--> completed_passed, completed_attended
        |                     ^     |
        |                  confirm  |
        |                     |     |
        `--none free--> waitlisted  |
                              |     |
                              `-----`--cancel(reason)--> cancelled

`passed` and `attended` are told apart, because a certificate of attendance is no examination. What is completed or
cancelled stays so whatever happens later; a cancelled enrolment bars no new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from training.domain.terms import CancelReason
from vocabulary.terms import Result
from vocabulary.transitions import Stepping

EnrolmentStatus = Literal["confirmed", "waitlisted", "completed_passed", "completed_attended", "cancelled"]
Step = Literal["confirm", "pass", "attend", "cancel"]

TRANSITIONS: Final[Mapping[tuple[EnrolmentStatus, Step], EnrolmentStatus]] = {
    ("waitlisted", "confirm"): "confirmed",
    ("confirmed", "pass"): "completed_passed",
    ("confirmed", "attend"): "completed_attended",
    ("waitlisted", "cancel"): "cancelled",
    ("confirmed", "cancel"): "cancelled",
}

COMPLETING: Final[Mapping[Result, Step]] = {"passed": "pass", "attended": "attend"}

HOLDS_SEAT: Final[frozenset[EnrolmentStatus]] = frozenset({"confirmed", "completed_passed", "completed_attended"})
LIVE: Final[frozenset[EnrolmentStatus]] = frozenset({"confirmed", "waitlisted"})
"""Not over yet: what a change of plans can still end."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What the person takes away from the course."""

    result: Result
    units: int
    finished_on: date
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Enrolment(Stepping[Step]):
    """A person in a session. `requested_by` is the organisation that asked, and that may take it back."""

    table = TRANSITIONS

    id: UUID
    case_id: UUID
    requested_by: str
    requested_at: datetime
    status: EnrolmentStatus
    cancel_reason: CancelReason | None = None
    completion: Completion | None = None
    anonymous: bool = False
    """Nobody can tell any more whose it was: nothing more comes of it."""

    @property
    def live(self) -> bool:
        """Whether it is neither completed nor cancelled, and somebody's."""
        return self.status in LIVE and not self.anonymous

    def anonymised(self, nobody: UUID) -> Enrolment:
        """The same of somebody, with the month in which it was requested."""
        month = self.requested_at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return replace(self, case_id=nobody, requested_at=month, anonymous=True)

    def confirmed(self) -> Enrolment:
        """A seat became free."""
        return self.stepped("confirm")

    def cancelled(self, reason: CancelReason) -> Enrolment:
        """It ends without completion."""
        return self.stepped("cancel", cancel_reason=reason)

    def completed(self, completion: Completion) -> Enrolment:
        """The person took the course to its end."""
        return self.stepped(COMPLETING[completion.result], completion=completion)
