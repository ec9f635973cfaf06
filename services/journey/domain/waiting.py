"""What a case waits for: whose turn it is, since when, and from when on it is stuck.

It follows from the state machines of the services, never from what came last. What a service owes by a deadline is late
when that is over; where none is known, after the time that `BOUNDS` states. No bound is a duty of anybody: it says from
when somebody should look.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from journey.domain.duties import open_deadlines
from journey.domain.journey import Journey, candidacy_stage, leading, offer_status
from journey.domain.owed import ANSWER, Deadline
from journey.domain.referrals import Referral
from journey.domain.wait import LOSABLE, Wait, Wanted
from vocabulary.copying import replace
from vocabulary.roles import CENTRE_COUNSELLOR, PLACEMENT_OFFICER, SCOUT, TRAINING_CLERK, programme

DAY: Final = timedelta(days=1)
RECEIPT: Final[Mapping[str, timedelta]] = {
    "emergency": timedelta(hours=1),
    "urgent": timedelta(hours=24),
    "normal": timedelta(days=3),
}
"""How long the way of a referral into an inbox may take by its priority: as `receipt_limits`, with a weekend."""
BOUNDS: Final[Mapping[Wanted, timedelta]] = {
    "referral": 60 * DAY,
    "receipt": RECEIPT["normal"],
    "answer": 14 * DAY,
    "rerouting": 5 * DAY,
    "departure": 180 * DAY,
    "new_departure": 60 * DAY,
    "arrival": 14 * DAY,
    "first_contact": 7 * DAY,
    "assessment": 30 * DAY,
    "plan": 30 * DAY,
    "word_on_withdrawal": 14 * DAY,
    "seat": 60 * DAY,
    "course": 180 * DAY,
    "presentation": 30 * DAY,
    "employer_feedback": 21 * DAY,
    "offer_answer": 14 * DAY,
    "employment_start": 3 * DAY,
    "job_offer": 60 * DAY,
}
"""After so long a case that waits for this is stuck, where no deadline says when (docs/domain.md: stuck-case)."""
DEADLINE_OF: Final[Mapping[Wanted, str]] = {
    "receipt": "referral_receipt",
    "answer": ANSWER,
    "rerouting": "referral_rerouting",
    "departure": "departure_confirmation",
    "arrival": "arrival_confirmation",
    "first_contact": "first_contact",
    "plan": "reintegration_plan",
    "employer_feedback": "employer_feedback",
    "employment_start": "employment_start",
    "job_offer": "job_offer_target",
}
"""The kind of deadline by which a service owes it."""
IN_CARE: Final = frozenset({"accepted", "in_progress"})
"""Something is done with the person. Once a withdrawal is noted, the centre's word on it is all that is waited for."""
PERSON: Final = "returnee"
"""Whose turn it is where the person decides; no role of any token."""
SYSTEM: Final = "system"


def waits_of(journey: Journey) -> tuple[Wait, ...]:
    """Everything that the case waits for, the first to be late at the top; of a void one nothing, until a centre goes
    on with it. One thing of one subject is waited for once, whatever is told of it twice: lists have a row per what,
    subject and deadline."""
    if journey.void:
        return ()
    owed = open_deadlines(journey)
    found = [_with_deadline(each, owed) for each in _waits(journey)]
    told = {(each.deadline, each.subject) for each in found}
    found += [_duty(each, journey) for each in owed if (each.type, each.subject) not in told]
    found = [replace(each, lost_at=each.late_at) if each.dated and each.what in LOSABLE else each for each in found]
    ordered = sorted(found, key=lambda each: (each.late_at, each.since), reverse=True)
    once = {(each.what, each.subject, each.deadline): each for each in ordered}
    return tuple(sorted(once.values(), key=lambda each: (each.late_at, each.what, each.subject)))


def _waits(journey: Journey) -> Iterator[Wait]:
    """Of the dead, what centres say of the referrals that they still have; the rest ends by itself."""
    opened, referrals = journey.opened, journey.referrals
    live = [each for each in referrals if each.live]
    if opened is not None and not referrals:
        yield _wait(journey, "referral", SCOUT, opened.org, opened.at, journey.id)
    for each in live:
        yield from _of_referral(journey, each)
    if journey.died:
        return
    last = leading(referrals)
    if last is not None and last.status == "rejected" and not journey.employed:
        yield _wait(journey, "rerouting", SCOUT, _desk(journey), last.since, last.id, last)
    held = next((each for each in live if each is last and each.status in IN_CARE), None)
    if held is not None:
        yield from _in_care(journey, held)
    yield from _in_courses(journey)
    yield from _into_work(journey, held)


def _of_referral(journey: Journey, referral: Referral) -> Iterator[Wait]:
    if referral.status == "submitted":
        bound = RECEIPT.get(referral.priority or "normal", BOUNDS["receipt"])
        late_at = referral.since + bound
        org = programme("counselling")
        yield _wait(journey, "receipt", SYSTEM, org, referral.since, referral.id, referral, late_at)
    elif referral.status == "received":
        yield _wait(journey, "answer", CENTRE_COUNSELLOR, referral.centre, referral.since, referral.id, referral)
    elif referral.status == "withdrawal_noted":
        what: Wanted = "word_on_withdrawal"
        yield _wait(journey, what, CENTRE_COUNSELLOR, referral.centre, referral.since, referral.id, referral)


def _in_care(journey: Journey, referral: Referral) -> Iterator[Wait]:
    """Who is in the care of a centre: they leave, arrive, are spoken with, assessed, and agree on a plan."""
    centre, counsellor = referral.centre, CENTRE_COUNSELLOR
    if journey.arrival is None and not referral.walk_in:
        yield _on_the_way(journey, referral)
    elif journey.contact is None and not referral.walk_in:
        yield _wait(journey, "first_contact", counsellor, centre, referral.since, journey.id, referral)
    elif journey.assessed is None:
        since = max(referral.since, journey.contact.at) if journey.contact is not None else referral.since
        yield _wait(journey, "assessment", counsellor, centre, since, journey.id, referral)
    elif journey.plan is None:
        since = max(referral.since, journey.assessed.at)
        yield _wait(journey, "plan", counsellor, centre, since, journey.id, referral)


def _on_the_way(journey: Journey, referral: Referral) -> Wait:
    departure, desk = journey.desk.departure, _desk(journey)
    if departure is None or departure.status == "undecided":
        return _wait(journey, "departure", SCOUT, desk, referral.since, journey.id, referral)
    since = max(referral.since, departure.at)
    if departure.status == "departed":
        late_at = None if departure.expected_on is None else _day_after(departure.expected_on)
        counsellor, centre = CENTRE_COUNSELLOR, referral.centre
        return _wait(journey, "arrival", counsellor, centre, since, journey.id, referral, late_at, named=True)
    if departure.status in ("planned", "booked"):
        late_at = None if departure.latest is None else _day_after(departure.latest)
        return _wait(journey, "departure", SCOUT, desk, since, journey.id, referral, late_at, named=True)
    return _wait(journey, "new_departure", SCOUT, desk, since, journey.id, referral)


def _in_courses(journey: Journey) -> Iterator[Wait]:
    for id_, each in journey.places.items():
        if each.status in ("requested", "waitlisted"):
            yield _wait(journey, "seat", TRAINING_CLERK, each.provider, each.at, id_)
        elif each.status == "confirmed":
            yield _wait(journey, "course", TRAINING_CLERK, each.provider, each.at, id_)


def _into_work(journey: Journey, held: Referral | None) -> Iterator[Wait]:
    work, officer = journey.work, PLACEMENT_OFFICER
    under_way = False
    told = [journey.arrival.reported_at] if journey.arrival is not None else []
    for id_, candidacy in work.ways.items():
        stage, centre = candidacy_stage(work, id_), work.centres.get(id_) or journey.centre or ""
        under_way |= stage != "closed"
        told.append(candidacy.at)
        if stage == "shortlisted":
            yield _wait(journey, "presentation", officer, centre, candidacy.at, id_, held)
        elif stage in ("presented", "interview"):
            yield _wait(journey, "employer_feedback", officer, centre, candidacy.at, id_, held)
    for id_, offer in work.offers.items():
        status, centre = offer_status(work, id_, offer), work.centres.get(offer.candidacy_id) or journey.centre or ""
        if status == "open":
            until = work.answer_by.get(id_)
            yield _wait(journey, "offer_answer", PERSON, centre, offer.at, id_, held, until, named=True)
        elif status == "accepted" and candidacy_stage(work, offer.candidacy_id) == "accepted":
            until = _day_after(offer.starts_on)
            since, subject = work.replies[id_].at, offer.candidacy_id
            yield _wait(journey, "employment_start", officer, centre, since, subject, held, until, named=True)
    owed = journey.arrival is not None and not (under_way or journey.employed or journey.minor)
    if held is not None and owed:
        yield _wait(journey, "job_offer", officer, held.centre, max((held.since, *told)), journey.id, held)


def _wait(
    journey: Journey,
    what: Wanted,
    role: str,
    org: str | None,
    since: datetime,
    subject: UUID,
    referral: Referral | None = None,
    late_at: datetime | None = None,
    *,
    named: bool = False,
) -> Wait:
    dated = named and late_at is not None
    country = referral.country if referral is not None else journey.country or ""
    centre = referral.centre if referral is not None else journey.centre
    late_at = late_at or since + BOUNDS[what]
    return Wait(what, role, org or "", since, late_at, dated, subject, country, centre)


def _with_deadline(wait: Wait, owed: tuple[Deadline, ...]) -> Wait:
    """What a service says of it counts for more: until when, and who owes it."""
    kind = DEADLINE_OF.get(wait.what)
    for each in owed:
        if each.type == kind and each.subject == wait.subject:
            told = (each.due_at, True, wait.subject, wait.country, wait.centre, each.type, each.level)
            return Wait(wait.what, each.role, each.org, wait.since, *told)
    return wait


def _duty(owed: Deadline, journey: Journey) -> Wait:
    at = (owed.at, owed.due_at, True, owed.subject, journey.country or "", owed.centre, owed.type, owed.level)
    return Wait("duty", owed.role, owed.org, *at)


def _desk(journey: Journey) -> str:
    return journey.desk_of_it or (journey.opened.org if journey.opened is not None else None) or ""


def _day_after(day: date) -> datetime:
    """When a day is over everywhere, and one more: what is told on the day itself is told in time."""
    return datetime.combine(day, time.min, UTC) + 2 * DAY
