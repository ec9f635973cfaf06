"""One person's enrolment in a course session.

    (request) --seat free--> confirmed --pass, attend--> completed_passed, completed_attended
        |                     ^     |
        |                  confirm  |
        |                     |     |
        `--none free--> waitlisted  |
                              |     |
                              `-----`--cancel(reason)--> cancelled

    completed_passed, completed_attended --void--> confirmed

`passed` and `attended` are told apart, because a certificate of attendance is no examination. What is cancelled stays
so, and what is completed until its result is void, whatever happens later; neither bars a new enrolment. A result that
was recorded wrongly is void: then the seat is what it would be without, and what is right is recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from training.domain.terms import CancelReason
from vocabulary.copying import replace
from vocabulary.terms import Result
from vocabulary.transitions import Stepping

EnrolmentStatus = Literal["confirmed", "waitlisted", "completed_passed", "completed_attended", "cancelled"]
Step = Literal["confirm", "pass", "attend", "cancel", "void"]

TRANSITIONS: Final[Mapping[tuple[EnrolmentStatus, Step], EnrolmentStatus]] = {
    ("waitlisted", "confirm"): "confirmed",
    ("confirmed", "pass"): "completed_passed",
    ("confirmed", "attend"): "completed_attended",
    ("waitlisted", "cancel"): "cancelled",
    ("confirmed", "cancel"): "cancelled",
    ("completed_passed", "void"): "confirmed",
    ("completed_attended", "void"): "confirmed",
}

COMPLETING: Final[Mapping[Result, Step]] = {"passed": "pass", "attended": "attend"}

HOLDS_SEAT: Final[frozenset[EnrolmentStatus]] = frozenset({"confirmed", "completed_passed", "completed_attended"})
MOST_CORRECTIONS: Final = 20
"""Of one enrolment: nobody is that often wrong about one result."""
LIVE: Final[frozenset[EnrolmentStatus]] = frozenset({"confirmed", "waitlisted"})
"""Not over yet: what a change of plans can still end."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What the person takes away from the course."""

    result: Result
    units: int
    finished_on: date
    skills: tuple[str, ...]
    recorded_at: datetime | None = None
    """When it was first recorded, whatever was corrected since. Older documents do not say."""

    @property
    def facts(self) -> tuple[Result, int, date, tuple[str, ...]]:
        """What it says, whenever it was recorded."""
        return self.result, self.units, self.finished_on, self.skills


@dataclass(frozen=True, slots=True)
class CompletionCorrection:
    """What was recorded of the end of a course, and what has taken its place; `now` is None: nothing has."""

    was: Completion
    now: Completion | None
    reason: str
    at: datetime


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
    corrections: tuple[CompletionCorrection, ...] = ()
    """What was once recorded of how the course ended."""
    left: bool = False
    """Whether the person has left the chain, or died, before the course was over, and a result alone keeps the seat."""

    @property
    def live(self) -> bool:
        """Whether it is neither completed nor cancelled, and somebody's."""
        return self.status in LIVE and not self.anonymous

    def anonymised(self, nobody: UUID) -> Enrolment:
        """The same of somebody, with months in place of days: moments would lead back to the person."""
        month = self.requested_at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        result = self.completion
        if result is not None:
            result = replace(result, finished_on=result.finished_on.replace(day=1), recorded_at=None)
        return replace(
            self, case_id=nobody, requested_at=month, anonymous=True, completion=result, corrections=(), left=False
        )

    def confirmed(self) -> Enrolment:
        """A seat became free."""
        return self.stepped("confirm")

    def cancelled(self, reason: CancelReason) -> Enrolment:
        """It ends without completion."""
        return self.stepped("cancel", cancel_reason=reason)

    def leaving(self) -> Enrolment:
        """The person takes part no more; a result that is recorded stays, as long as it is right."""
        return self.cancelled("person") if self.live else replace(self, left=self.completion is not None)

    def completed(self, completion: Completion) -> Enrolment:
        """The person took the course to its end."""
        return self.stepped(COMPLETING[completion.result], completion=completion)

    def completed_otherwise(self, completion: Completion | None, reason: str, at: datetime) -> Enrolment:
        """The course ended otherwise than was recorded; or (None) it has not ended for the person, who has a seat,
        unless they have left since."""
        assert self.completion is not None, "the caller has looked"
        kept = CompletionCorrection(self.completion, completion, reason, at)
        after = replace(self.stepped("void", completion=None), corrections=(*self.corrections, kept))
        if completion is not None:
            return after.completed(completion)
        return replace(after, left=False).leaving() if self.left else after
