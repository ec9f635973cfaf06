"""One person's enrolment in a course session.

    (request) --seat free--> confirmed --the provider closes it--> completed_passed | completed_attended
        |                     ^     |
        +--none free--> waitlisted  |
                             |      |
                             +------+--reason--> cancelled

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

EnrolmentStatus = Literal["confirmed", "waitlisted", "completed_passed", "completed_attended", "cancelled"]

MOVES: Final[Mapping[EnrolmentStatus, frozenset[EnrolmentStatus]]] = {
    "waitlisted": frozenset({"confirmed", "cancelled"}),
    "confirmed": frozenset({"completed_passed", "completed_attended", "cancelled"}),
    "completed_passed": frozenset(),
    "completed_attended": frozenset(),
    "cancelled": frozenset(),
}

COMPLETED: Final[Mapping[Result, EnrolmentStatus]] = {
    "passed": "completed_passed",
    "attended": "completed_attended",
}

HOLDS_SEAT: Final[frozenset[EnrolmentStatus]] = frozenset({"confirmed", "completed_passed", "completed_attended"})
LIVE: Final[frozenset[EnrolmentStatus]] = frozenset({"confirmed", "waitlisted"})
"""Not over yet: what a change of plans can still end."""


class ImpossibleMove(ValueError):
    """The diagram has no such arrow: a handler forgot to check the status first."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What the person takes away from the course."""

    result: Result
    units: int
    finished_on: date
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A person in a session. `requested_by` is the organisation that asked, and that may take it back."""

    id: UUID
    case_id: UUID
    requested_by: str
    requested_at: datetime
    status: EnrolmentStatus
    cancel_reason: CancelReason | None = None
    completion: Completion | None = None

    @property
    def live(self) -> bool:
        """Whether it is neither completed nor cancelled."""
        return self.status in LIVE

    def confirmed(self) -> Enrolment:
        """A seat became free."""
        return self._moved("confirmed")

    def cancelled(self, reason: CancelReason) -> Enrolment:
        """It ends without completion."""
        return replace(self._moved("cancelled"), cancel_reason=reason)

    def completed(self, completion: Completion) -> Enrolment:
        """The person took the course to its end."""
        return replace(self._moved(COMPLETED[completion.result]), completion=completion)

    def _moved(self, status: EnrolmentStatus) -> Enrolment:
        if status not in MOVES[self.status]:
            raise ImpossibleMove(f"an enrolment that is {self.status} cannot become {status}")
        return replace(self, status=status)
