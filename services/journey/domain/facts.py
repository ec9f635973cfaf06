"""What the figures count of one case, each fact with the time at which it happened.

A fact is merged into what is known by its own time and content, never by when it was heard. So the same facts make the
same state, in whatever order, however late and however often they come.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID

from journey.domain.centre import Answer
from vocabulary.terms import AgeBand, MeasureCategory, ReturnType, Sex, TargetGroup

INTERNSHIP: Final = "internship"
"""The kind of employment that keeps no promise: a measure on the way into work (S1, footnote 3)."""
DEPARTURE_ENDED_IT: Final = frozenset({"departure_before_end", "departed"})
"""Why an enrolment ended that the departure was too early for."""


class Dated(Protocol):
    """Something that was said at a time."""

    @property
    def at(self) -> datetime:
        """When it happened."""


class Named(Protocol):
    """Something of which a case has several."""

    @property
    def id(self) -> UUID:
        """Which one."""


D = TypeVar("D", bound=Dated)
N = TypeVar("N", bound=Named)


def later(known: D | None, new: D) -> D:
    """The last word of two; of one moment the one that is written later in the alphabet, so that no order matters."""
    if known is None:
        return new
    return max(known, new, key=lambda each: (each.at, repr(each)))


def first(known: Any, new: Any) -> Any:
    """The earlier of two days or times; None is none."""
    return new if known is None else known if new is None else min(known, new)


def last(known: Any, new: Any) -> Any:
    """The later of two days or times; None is none."""
    return new if known is None else known if new is None else max(known, new)


def changed(known: tuple[N, ...], id_: UUID, empty: Callable[[UUID], N], change: Callable[[N], N]) -> tuple[N, ...]:
    """The collection in which the one of this id is changed; it begins empty where nothing of it was heard yet."""
    before = next((each for each in known if each.id == id_), None) or empty(id_)
    return tuple(sorted([change(before), *(each for each in known if each.id != id_)], key=lambda each: each.id))


@dataclass(frozen=True, slots=True)
class Link:
    """What a centre has said of this case and another one: that they are one person's, or (`stands` is false) that this
    was an error."""

    at: datetime
    stands: bool


@dataclass(frozen=True, slots=True)
class Opening:
    """Who opened the case, and what they told: a desk in Germany, or a centre where somebody walked in."""

    at: datetime
    target_group: TargetGroup
    country: str
    return_type: ReturnType
    sex: Sex | None = None
    desk: str | None = None
    centre: str | None = None
    skills: tuple[str, ...] = ()
    said_at: datetime | None = None
    """When that was said, if it corrects what was said before."""

    def outdates(self, other: Opening | None) -> bool:
        """The last word counts; of one moment the one that is written later in the alphabet."""
        return other is None or (self.said_at or self.at, repr(self)) > (other.said_at or other.at, repr(other))


@dataclass(frozen=True, slots=True)
class Adopted:
    """A desk in Germany has the case from now on that a centre has opened."""

    at: datetime
    desk: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What a referral tells of the person; the latest referral counts for more than the opening."""

    at: datetime
    target_group: TargetGroup
    country: str
    return_type: ReturnType
    vulnerable: bool
    skills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PutRight:
    """What a desk had registered of the person, and what its referrals had told until then, was wrong."""

    at: datetime
    country: str
    return_type: ReturnType
    sex: Sex | None = None
    vulnerable: bool | None = None
    """None of a person who was never referred."""


@dataclass(frozen=True, slots=True)
class Band:
    """An age band. At the same moment a change of it counts for more than an opening or a referral."""

    at: datetime
    changed: bool
    band: AgeBand
    said_at: datetime | None = None
    """When that was said, if it corrects what an opening had said."""

    def outdates(self, other: Band | None) -> bool:
        """The last one counts, and the last word on it."""
        return other is None or self.order > other.order

    @property
    def order(self) -> tuple[datetime, bool, datetime, str]:
        """By the time, then whether it is a change, then by when it was said."""
        return self.at, self.changed, self.said_at or self.at, self.band


@dataclass(frozen=True, slots=True)
class Place:
    """A centre that was asked for the person, or has taken them on."""

    at: datetime
    centre: str
    parent_id: UUID | None = None
    """The referral that another centre has passed on to it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Nothing more comes of a referral."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Asking:
    """One referral to one centre: sent by a desk, or passed on by another centre; a walk-in's was opened by it."""

    id: UUID
    root_id: UUID | None = None
    sent: Place | None = None
    passed_on: Place | None = None
    """Set if another centre has redirected a referral to this one."""
    opened: Place | None = None
    """Set if the person has walked in."""
    answer: Answer | None = None
    """The last word of the centre on it."""
    received_at: datetime | None = None
    answer_due_at: datetime | None = None
    accepted: Place | None = None
    rejected_at: datetime | None = None
    redirected_at: datetime | None = None
    withdrawn_at: datetime | None = None
    failure: Failure | None = None
    reopened_at: datetime | None = None

    @property
    def asked(self) -> bool:
        """Whether a centre owed an answer."""
        return self.sent is not None or self.passed_on is not None

    @property
    def answered_at(self) -> datetime | None:
        """The first answer of the centre."""
        accepted = None if self.accepted is None else self.accepted.at
        return first(first(accepted, self.rejected_at), self.redirected_at)  # type: ignore[no-any-return]

    @property
    def answered_in_time(self) -> bool:
        """Whether the centre answered by the limit that it had set itself."""
        answered, due = self.answered_at, self.answer_due_at
        return answered is not None and due is not None and answered <= due

    @property
    def answer_was_owed(self) -> bool:
        """Whether an answer was owed by a known limit, given or not. Who takes a referral back before the limit wants
        none any more."""
        due = self.answer_due_at
        back = self.withdrawn_at is not None and due is not None and self.withdrawn_at <= due
        return self.asked and due is not None and (self.answered_at is not None or not back)

    @property
    def began(self) -> datetime | None:
        """Since when it is there; None: nothing is told of it but that it was taken back, or passed on from another."""
        begun = [each.at for each in (self.opened, self.sent, self.passed_on, self.answer) if each is not None]
        return begun[0] if begun else None

    @property
    def parent_id(self) -> UUID | None:
        """From which it was passed on."""
        return None if self.passed_on is None or self.sent is not None else self.passed_on.parent_id


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a centre said of an arrival that it had reported at `reported_at`; `on` is None: there was none.

    The latest report counts, and the last word on it (docs/domain.md: corrections).
    """

    reported_at: datetime
    at: datetime
    on: date | None

    def outdates(self, other: Arrival | None) -> bool:
        """Whether this counts, whichever of both was heard first."""
        return other is None or (self.reported_at, self.at, repr(self)) > (other.reported_at, other.at, repr(other))


@dataclass(frozen=True, slots=True)
class Left:
    """What a desk said of a departure that it had reported at `reported_at`; `on` is None: there was none."""

    reported_at: datetime
    at: datetime
    on: date | None


@dataclass(frozen=True, slots=True)
class Moved:
    """The person left Germany, or was spoken with: a day, and when it was told."""

    at: datetime
    on: date


@dataclass(frozen=True, slots=True)
class Plan:
    """The measures that were agreed on; the latest version counts."""

    at: datetime
    version: int
    measures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a centre has told of its work and may void (`vocabulary.voiding`): of which day, and what was agreed on."""

    record: str
    at: datetime
    on: date
    plan: Plan | None = None


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The end of an enrolment without completion."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Completed:
    """A course that was taken to its end."""

    at: datetime
    category: MeasureCategory
    isco08: str


@dataclass(frozen=True, slots=True)
class Course:
    """One enrolment."""

    id: UUID
    requested_at: datetime | None = None
    confirmed_at: datetime | None = None
    cancelled: Cancelled | None = None
    completed: Completed | None = None
    void_at: datetime | None = None
    """When it was last told that it was not completed after all."""

    @property
    def learned(self) -> Completed | None:
        """That it was completed, unless that was an error."""
        void = self.completed is not None and self.void_at is not None and self.void_at >= self.completed.at
        return None if void else self.completed

    @property
    def seated(self) -> bool:
        """Whether there was a seat; who has completed a course had one."""
        return self.confirmed_at is not None or self.learned is not None


@dataclass(frozen=True, slots=True)
class Made:
    """What an employer offered, as it was told or corrected."""

    at: datetime
    offered_on: date
    employment_type: str
    candidacy_id: UUID
    """The way into the vacancy."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A job offer and all that became of it: the last correction counts."""

    id: UUID
    made: Made | None = None
    correction: Made | None = None
    accepted_on: date | None = None
    declined_at: datetime | None = None
    expired_at: datetime | None = None
    retracted_at: datetime | None = None
    voided_at: datetime | None = None

    @property
    def told(self) -> Made | None:
        """What holds of it."""
        return self.correction or self.made

    @property
    def offered_on(self) -> date | None:
        """The day on which the employer made it; None: nobody has told, or it is void."""
        return None if self.told is None or self.voided_at is not None else self.told.offered_on

    @property
    def internship(self) -> bool:
        """Whether it is for a measure and not for work."""
        return self.told is not None and self.told.employment_type == INTERNSHIP

    @property
    def kept_on(self) -> date | None:
        """The day on which it kept the promise: what was taken back, is void, or is an internship has not."""
        return None if self.internship or self.retracted_at is not None else self.offered_on

    def end(self, closed: Collection[UUID]) -> str:
        """What became of it. An employer may take back what was accepted, and a person step back from it or die: the
        end is what came last. `closed`: the candidacies that have ended without work."""
        if self.retracted_at is not None:
            return "retracted"
        over = self.told is not None and self.told.candidacy_id in closed
        if self.accepted_on is not None:
            return "closed" if over else "accepted"
        if self.declined_at is not None:
            return "declined"
        if self.expired_at is not None:
            return "expired"
        return "closed" if over else "open"


@dataclass(frozen=True, slots=True)
class Begun:
    """The start of work, as it was told or corrected."""

    at: datetime
    started_on: date
    isco08: str
    employment_type: str
    formal: bool
    subsidised: bool


@dataclass(frozen=True, slots=True)
class Work:
    """An employment: the last correction counts, and nothing once it is void."""

    id: UUID
    told: Begun | None = None
    correction: Begun | None = None
    voided_at: datetime | None = None

    @property
    def begun(self) -> Begun | None:
        """What holds of it."""
        return None if self.voided_at is not None else self.correction or self.told


@dataclass(frozen=True, slots=True)
class Met:
    """Something that was owed was done, after `level` levels were missed."""

    at: datetime
    due_at: datetime
    level: int


@dataclass(frozen=True, slots=True)
class Duty:
    """What an organisation owed: of this type, for this subject, told by this service."""

    service: str
    type: str
    subject: UUID
    missed: tuple[int, ...] = ()
    """The levels whose time passed."""
    met: Met | None = None
    mets: tuple[Met, ...] = ()
    """Each time that it was done, of what is owed anew after it, and may turn out not to have been done."""
    undone_at: datetime | None = None
    """When that by which it was done last turned out not to have been."""

    @property
    def done(self) -> Met | None:
        """That it was done, unless that was an error."""
        undone = self.met is not None and self.undone_at is not None and self.undone_at >= self.met.at
        return None if undone else self.met

    @property
    def level(self) -> int:
        """The highest level that was missed; 0: none."""
        return max((*self.missed, 0 if self.met is None else self.met.level), default=0)


def earliest(days: Iterable[date | None]) -> date | None:
    """The first of those that are known."""
    return min((day for day in days if day is not None), default=None)
