"""What became of one case, as the programme's figures count it: dated facts, and one person's part in every figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from uuid import UUID

from journey.domain.facts import (
    Adopted,
    Arrival,
    Asking,
    Band,
    Course,
    Duty,
    Left,
    Link,
    Met,
    Moved,
    Offer,
    Opening,
    Plan,
    Profile,
    PutRight,
    Recorded,
    Work,
    changed,
)
from vocabulary.copying import replace
from vocabulary.voiding import CONTACT, PLAN


@dataclass(frozen=True, slots=True)
class Part:
    """The part of one case in every figure, on no day in particular: what depends on today is asked of the days.

    The columns of the table `outcome` are copies of these fields, and the figures count columns. None: not known, or it
    has not happened. An offer or work before the arrival is one of day 0; of other steps that were taken the other way
    round, no time is told.
    """

    case_ref: str | None = None
    target_group: str | None = None
    country: str | None = None
    centre: str | None = None
    """That has taken the person on last; else the one that was asked last."""
    desk: str | None = None
    sex: str = "unknown"
    age_band: str = "unknown"
    return_type: str = "unknown"
    vulnerable: str = "unknown"
    occupation: str = "unknown"
    """The ISCO-08 unit group that the person brings along; `several` if there are more than one."""
    opened_at: str | None = None
    referred_at: str | None = None
    departed_on: str | None = None
    arrived_on: str | None = None
    failures: tuple[str, ...] = ()
    """Why the support failed, by whoever said so after any centre has last gone on."""
    open: bool = False
    """A centre has the person in its care."""

    days_to_offer: int | None = None
    """From the arrival to the first offer that keeps the promise."""
    promised: bool = False
    """There is an offer that keeps the promise, before or after any arrival."""
    lost_offers: bool = False
    """There were offers, and none of them keeps the promise: taken back, or internships."""
    offers_made: int = 0
    offers_accepted: int = 0
    offers_declined: int = 0
    offers_expired: int = 0
    offers_retracted: int = 0
    offers_closed: int = 0
    offers_open: int = 0

    days_to_work: int | None = None
    """From the arrival to the first day of work; an internship is none."""
    work_occupation: str | None = None
    """That of the first work; None: there is none."""
    work_formal: bool = False
    work_subsidised: bool = False
    internship: bool = False

    hours_to_receipt: int | None = None
    hours_to_answer: int | None = None
    days_to_departure: int | None = None
    days_to_arrival: int | None = None
    days_to_contact: int | None = None
    days_to_plan: int | None = None
    days_offer_to_start: int | None = None

    asked: int = 0
    answered: int = 0
    answers_with_limit: int = 0
    answers_in_time: int = 0
    accepted: int = 0
    rejected: int = 0
    redirected: int = 0
    withdrawn: int = 0
    closed: int = 0
    redirect_depth: int = 0

    package_in_time: bool = False
    came: bool = False
    """The arrival is that of the journey that was planned last."""
    arrival_in_time: bool = False
    never_arrived: bool = False

    enrolled: int = 0
    completed: int = 0
    cancelled_for_departure: int = 0
    course_and_work: bool = False
    """Work in the ISCO-08 minor group of a course that was completed."""
    courses: tuple[str, ...] = ()
    """The measure category of each course that was completed."""
    agreed: tuple[str, ...] = ()
    """The measures of the plan, as codes."""
    duties: tuple[tuple[str, str, int, bool, int | None], ...] = ()
    """Service, type, the highest level that was missed (0: none), whether it was done, and how many hours late."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The facts of a case; `part` follows from them (`journey.domain.counting`).

    At its term it is somebody's: the part goes on under a random id, and what stays under that of the case until its
    clock ends is empty, so that nobody is counted twice.
    """

    id: UUID
    over: bool = False
    """The term is over: nothing that is heard changes it."""
    case_ref: str | None = None
    opening: Opening | None = None
    adopted: Adopted | None = None
    """Which desk has the case from a centre."""
    profile: Profile | None = None
    put_right: PutRight | None = None
    """What the desk has said last of the person, because what it had told was wrong."""
    void_at: datetime | None = None
    """When its desk, or a centre, said that it had opened the case in error: nobody is counted."""
    band: Band | None = None
    askings: tuple[Asking, ...] = ()
    planned_at: datetime | None = None
    """When a departure was planned last: what was told of an arrival before belongs to an earlier journey."""
    departure: Moved | None = None
    """The last one in documents from before `left`."""
    left: tuple[Left, ...] = ()
    """Of each report of a departure what was last said of it."""
    arrival: Arrival | None = None
    never_arrived_at: datetime | None = None
    contact: Moved | None = None
    plan_agreed: Moved | None = None
    plan: Plan | None = None
    """The last contact, the first day of a plan and the last plan in documents from before `records`."""
    records: tuple[Recorded, ...] = ()
    void: tuple[tuple[str, datetime], ...] = ()
    """Which of them do not count, by their kind and the time at which they were told."""
    courses: tuple[Course, ...] = ()
    offers: tuple[Offer, ...] = ()
    closed: tuple[UUID, ...] = ()
    """The candidacies that have ended without work."""
    works: tuple[Work, ...] = ()
    duties: tuple[Duty, ...] = ()
    same_as: Mapping[UUID, Link] = field(default_factory=dict)
    """The cases of which this one was told to be the same person's (`persons.py`): the person is counted there."""
    others: Mapping[UUID, Outcome] = field(default_factory=dict)
    """The facts of the cases that were told to be the same person's as this one, which counts with them."""
    set_aside: bool = False
    """The person was counted as nobody's, at the term of another of their cases: nothing here is counted any more."""
    part: Part = Part()

    @property
    def as_put_right(self) -> Outcome:
        """With what is right in place of what a desk had told of the person before."""
        right, opening, profile = self.put_right, self.opening, self.profile
        if right is None:
            return self
        country, return_type = right.country, right.return_type
        if opening is not None:
            opening = replace(opening, country=country, return_type=return_type, sex=right.sex)
        if profile is not None and profile.at <= right.at:
            vulnerable = profile.vulnerable if right.vulnerable is None else right.vulnerable
            profile = replace(profile, country=country, return_type=return_type, vulnerable=vulnerable)
        return replace(self, opening=opening, profile=profile)

    @property
    def aside(self) -> bool:
        """Whether the person is counted elsewhere, or there is none: the case was opened in error."""
        if self.void_at is not None and all(each.void_at is not None for each in self.others.values()):
            return True
        return self.set_aside or any(each.stands for each in self.same_as.values())

    @property
    def beside(self) -> tuple[UUID, ...]:
        """The other cases of the person."""
        return tuple(sorted({*self.others, *(id_ for id_, each in self.same_as.items() if each.stands)}))

    @property
    def facts(self) -> Outcome:
        """What happened in this case alone."""
        return replace(self, same_as={}, others={}, set_aside=False, part=Part())

    @property
    def status(self) -> str:
        """How far the case has come, for whoever looks at the table; `over`: it is nobody's any more."""
        if self.over:
            return "over"
        if self.part.work_occupation is not None:
            return "in_work"
        if self.part.arrived_on is not None:
            return "arrived"
        return "departed" if self.part.departed_on is not None else "before_departure"

    @property
    def came(self) -> Arrival | None:
        """The arrival of the journey that is going on."""
        told = self.arrival
        return told if told is not None and told.on is not None and self.is_of_this(told.reported_at) else None

    @property
    def departed_on(self) -> date | None:
        """The day of the departure that was reported last, of those that are not void."""
        before = self.departure
        said: dict[datetime, date | None] = {} if before is None else {before.at: before.on}
        said |= {each.reported_at: each.on for each in self.left}
        return max(((at, on) for at, on in said.items() if on is not None), default=(None, None))[1]

    def having_left(self, *told: Left) -> Outcome:
        """With more that was said of departures; of each report the last word counts."""
        words = sorted({*self.left, *told}, key=lambda each: (each.reported_at, each.at, repr(each)))
        return replace(self, left=tuple({each.reported_at: each for each in words}.values()))

    def standing(self, record: str) -> tuple[Recorded, ...]:
        """What was told of a kind of record and is not void, in the order of time."""
        return tuple(each for each in self.records if each.record == record and (record, each.at) not in self.void)

    @property
    def contacted_on(self) -> date | None:
        """The day of the contact that was told last as the first one."""
        told = [(each.at, each.on) for each in self.standing(CONTACT)]
        before = self.contact
        if before is not None and (CONTACT, before.at) not in self.void:
            told.append((before.at, before.on))
        return max(told, default=(None, None))[1]

    @property
    def planned_on(self) -> date | None:
        """The first day on which a plan was agreed on."""
        days = [each.on for each in self.standing(PLAN)]
        before = self.plan_agreed
        if before is not None and (PLAN, before.at) not in self.void:
            days.append(before.on)
        return min(days, default=None)

    @property
    def measures(self) -> tuple[str, ...]:
        """What was agreed on last."""
        plans = [each.plan for each in self.standing(PLAN) if each.plan is not None]
        if self.plan is not None and (PLAN, self.plan.at) not in self.void:
            plans.append(self.plan)
        return max(plans, key=lambda each: (each.at, repr(each))).measures if plans else ()

    def met(self, duty: Duty) -> Met | None:
        """That this was done. If the record that did it is void, the next one that stands did it, on its day
        (docs/domain.md: voided). No event tells so, and one that moves up is told only when the first one is void."""
        met = duty.done
        if met is None or (duty.type, met.at) not in self.void:
            return met
        if duty.mets:
            left = (each for each in duty.mets if (duty.type, each.at) not in self.void)
            return max(left, key=lambda each: (each.at, repr(each)), default=None)
        after = next((each for each in self.standing(duty.type) if each.at > met.at), None)
        if after is None:
            return None
        at = datetime.combine(after.on, time(), UTC)
        return replace(met, at=at, level=max(met.level, int(at > met.due_at)))

    def recorded(self, *told: Recorded) -> Outcome:
        """With more records."""
        return replace(self, records=tuple(sorted({*self.records, *told}, key=lambda each: (each.at, repr(each)))))

    def is_of_this(self, at: datetime | None) -> bool:
        """Whether something was told at this time, and of the journey that is going on."""
        return at is not None and (self.planned_at is None or at >= self.planned_at)

    def anonymised(self, nobody: UUID) -> Outcome:
        """The part of somebody, with months in place of days; what was still open ends."""
        part = replace(
            self.part,
            case_ref=None,
            opened_at=_month(self.part.opened_at),
            referred_at=_month(self.part.referred_at),
            departed_on=_month(self.part.departed_on),
            arrived_on=_month(self.part.arrived_on),
            open=False,
            offers_closed=self.part.offers_closed + self.part.offers_open,
            offers_open=0,
        )
        return Outcome(nobody, over=True, part=part)

    def asking(self, id_: UUID, change: Callable[[Asking], Asking]) -> Outcome:
        """With one referral changed."""
        return replace(self, askings=changed(self.askings, id_, Asking, change))

    def course(self, id_: UUID, change: Callable[[Course], Course]) -> Outcome:
        """With one enrolment changed."""
        return replace(self, courses=changed(self.courses, id_, Course, change))

    def offer(self, id_: UUID, change: Callable[[Offer], Offer]) -> Outcome:
        """With one offer changed."""
        return replace(self, offers=changed(self.offers, id_, Offer, change))

    def work(self, id_: UUID, change: Callable[[Work], Work]) -> Outcome:
        """With one employment changed."""
        return replace(self, works=changed(self.works, id_, Work, change))

    def duty(self, service: str, type_: str, subject: UUID, change: Callable[[Duty], Duty]) -> Outcome:
        """With one thing that was owed changed."""
        known = {(each.service, each.type, each.subject): each for each in self.duties}
        key = (service, type_, subject)
        known[key] = change(known.get(key) or Duty(service, type_, subject))
        return replace(self, duties=tuple(known[each] for each in sorted(known)))


def _month(day: str | None) -> str | None:
    """The first day of its month."""
    return None if day is None else f"{day[:7]}-01"


def links(outcome: Outcome) -> set[UUID]:
    """A case is found by every other one that was ever told to be the same person's."""
    return {*outcome.others, *outcome.same_as}
