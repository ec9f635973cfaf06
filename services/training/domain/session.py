"""A course session with its enrolments: the consistency boundary of seats and waiting list.

    open <--seat free?--> full --last day is over--> finished
      |                    |
      +--------------------+--provider cancels--> cancelled

`open` and `full` follow from the count of seats that are taken. Whether the course is running follows from its dates: a
field of the answers, no state. Enrolment ends with the first day: until then somebody on the waiting list may take
the seat of one who did not come.

Everybody on the waiting list fits the course: an event after which it no longer suits a person cancels the enrolment at
once, seated or waiting. So a free seat goes to the head of the list without a look at anybody's case. The outcome does
not depend on the order of such events: those who are left have the seats in order of request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from training.domain.enrolment import HOLDS_SEAT, Completion, Enrolment
from training.domain.terms import CancelReason
from vocabulary.copying import replace
from vocabulary.terms import MeasureCategory

SessionStatus = Literal["open", "full", "finished", "cancelled"]


MOST_ENROLMENTS: Final = 1000
"""In one session, ended ones too: five times the seats that a session may have."""


@dataclass(frozen=True, slots=True)
class CourseSession:
    """What a provider offers, and who takes part, in order of request.

    `cancel_reason`, `closed` (nobody can be enrolled any more) and `over` (the last day has passed) are set once and
    stay.
    """

    id: UUID
    provider: str
    course_code: str
    isco08: str
    category: MeasureCategory
    seats: int
    starts_on: date
    ends_on: date
    admin1: str
    online: bool
    language: str
    units: int
    enrolments: tuple[Enrolment, ...] = ()
    cancel_reason: str | None = None
    closed: bool = False
    over: bool = False

    @property
    def status(self) -> SessionStatus:
        """Follows from how it ended, or from whether a seat is free."""
        if self.cancel_reason is not None:
            return "cancelled"
        if self.over:
            return "finished"
        return "open" if self.free else "full"

    @property
    def taken(self) -> int:
        """Seats that somebody has, or had until the end of the course."""
        return sum(each.status in HOLDS_SEAT for each in self.enrolments)

    @property
    def free(self) -> int:
        """Seats that nobody has."""
        return self.seats - self.taken

    @property
    def waiting(self) -> tuple[Enrolment, ...]:
        """The waiting list, its head first."""
        return tuple(each for each in self.enrolments if each.status == "waitlisted")

    def runs_on(self, day: date) -> bool:
        """Whether the course takes place on `day`."""
        return self.cancel_reason is None and self.starts_on <= day <= self.ends_on

    def overlaps(self, other: CourseSession) -> bool:
        """Whether some day belongs to both."""
        return self.starts_on <= other.ends_on and other.starts_on <= self.ends_on

    def enrolment(self, id_: UUID) -> Enrolment | None:
        """The enrolment with this id."""
        return next((each for each in self.enrolments if each.id == id_), None)

    def live_enrolment_of(self, case_id: UUID) -> Enrolment | None:
        """The person's enrolment that is not over; there is at most one."""
        return next((each for each in self.enrolments if each.case_id == case_id and each.live), None)

    def position_of(self, id_: UUID) -> int | None:
        """The place on the waiting list, from 1; None if the enrolment is not on it."""
        return next((place for place, each in enumerate(self.waiting, 1) if each.id == id_), None)

    def requested(self, id_: UUID, case_id: UUID, by: str, at: datetime) -> CourseSession:
        """One more person: in a free seat, or at the end of the waiting list."""
        enrolment = Enrolment(id_, case_id, by, at, "confirmed" if self.free > 0 else "waitlisted")
        return replace(self, enrolments=(*self.enrolments, enrolment))

    def without(self, chosen: Callable[[Enrolment], bool], reason: CancelReason) -> CourseSession:
        """Cancels the chosen enrolments that are not over, and passes their seats on."""
        enrolments = (each.cancelled(reason) if each.live and chosen(each) else each for each in self.enrolments)
        return _seats_passed_on(replace(self, enrolments=tuple(enrolments)))

    def left_by(self, case_id: UUID) -> CourseSession:
        """The person has left the chain, or died: the seat is the next one's, unless a result was recorded."""
        enrolments = (each.leaving() if each.case_id == case_id else each for each in self.enrolments)
        return _seats_passed_on(replace(self, enrolments=tuple(enrolments)))

    def completed(self, id_: UUID, completion: Completion) -> CourseSession:
        """A person took the course to its end; the seat stays theirs."""
        enrolments = (each.completed(completion) if each.id == id_ else each for each in self.enrolments)
        return replace(self, enrolments=tuple(enrolments))

    def completed_otherwise(self, id_: UUID, completion: Completion | None, reason: str, at: datetime) -> CourseSession:
        """A result was recorded wrongly; None: there is none, and the person has a seat, as long as anybody has."""
        enrolments = (
            each.completed_otherwise(completion, reason, at) if each.id == id_ else each for each in self.enrolments
        )
        after = _seats_passed_on(replace(self, enrolments=tuple(enrolments)))
        return after if self.cancel_reason is None else after.without(lambda each: each.id == id_, "course_cancelled")

    def anonymised(self, case_id: UUID, new_id: Callable[[], UUID]) -> CourseSession:
        """Of a person's enrolments that are over nobody can tell whose they were; counts and results stay. With the
        course they are over, whether a result was recorded or not."""
        enrolments = (
            each.anonymised(new_id()) if each.case_id == case_id and (self.over or not each.live) else each
            for each in self.enrolments
        )
        return replace(self, enrolments=tuple(enrolments))

    def cancelled(self, reason: str) -> CourseSession:
        """The course does not take place, or not to its end; what was completed stays."""
        called_off = replace(self, cancel_reason=reason, closed=True)
        return called_off.without(lambda _: True, "course_cancelled")

    def closing(self) -> CourseSession:
        """Enrolment ends: whoever still waits has waited in vain."""
        closed = replace(self, closed=True)
        return closed.without(lambda each: each.status == "waitlisted", "waiting_list_closed")

    def ending(self) -> CourseSession:
        """The last day is over. Results can still be recorded."""
        return replace(self.closing(), over=True)


def _seats_passed_on(session: CourseSession) -> CourseSession:
    heads = {each.id for each in session.waiting[: session.free]}
    enrolments = (each.confirmed() if each.id in heads else each for each in session.enrolments)
    return replace(session, enrolments=tuple(enrolments))


def links(session: CourseSession) -> set[UUID]:
    """Every id by which a session is found: its people and their enrolments."""
    return {id_ for each in session.enrolments for id_ in (each.case_id, each.id)}
