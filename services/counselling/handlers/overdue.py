"""What a centre owes, kind by kind: the answer to a referral, a call before the departure, word of an arrival, the
first contact, a plan; what becomes of a lost consent, a new one before the old one ends; the answer to a desk that asks
for a case.

Level 1 tells the counsellors, level 2 the centre's manager, level 3 the programme desk; then it is quiet.
No deadline ever rejects a referral or closes a file (docs/domain.md: never-by-a-clock).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from chassis.pure.decision import Context, Counted, DeadlineDue, DeadlineMove, Due
from counselling.domain.centre_file import CentreFile, leading
from counselling.domain.consent import known_until
from counselling.domain.referral import CARED_FOR, Referral
from counselling.events import DeadlineApproaching, DeadlineMet, DeadlineMissed, DeadlineMoved
from counselling.handlers.deadlines import (
    ADOPTION_ANSWER,
    ARRIVAL_CONFIRMATION,
    CONSENT_EXPIRY,
    CONSENT_RENEWAL,
    FIRST_CONTACT,
    PRE_DEPARTURE_CALL,
    REFERRAL_ANSWER,
    REINTEGRATION_PLAN,
)
from counselling.limits import ADOPTION_PRIORITY, RENEWAL_PRIORITY, contact_priority, due
from vocabulary import before_departure, roles
from vocabulary.before_departure import leaves, limit_before
from vocabulary.copying import replace
from vocabulary.countries import last_second_at
from vocabulary.deadlines import Ladder, Limit, Owing, Told
from vocabulary.missed import Missed, Term

TOLD: Final = Told(DeadlineApproaching, DeadlineMissed, DeadlineMet, DeadlineMoved)
OWNER_ROLES: Final = (roles.CENTRE_COUNSELLOR, roles.CENTRE_MANAGER, roles.PROGRAMME_MANAGER)
ARRIVAL_WORKING_DAYS: Final = (1, 2, 11)
"""Of each level, from the day on which the person was expected: 1, 3 and 14 in all
(docs/domain.md: arrival-unconfirmed)."""
PLAN_DAYS: Final = (30, 14, 14)
"""Of each level, from the arrival or from when somebody walked in (docs/domain.md: plan-agreed)."""
EXPIRY_NOTICE: Final = timedelta(days=30)
"""How long before its end a consent is to be asked for anew (docs/domain.md: consent-expiry)."""


def _by(priority: str, place: str) -> Limit:
    """The limits of a priority at a place."""
    return lambda level, start, context: due(context, priority, level, place, start)


def _owing(file: CentreFile, referral: Referral, since: datetime, limit: Limit) -> Owing:
    """Something that the centre of this referral owes."""
    return Owing(file.id, referral.centre, referral.preview.country, referral.centre, since, limit)


def _answers(file: CentreFile) -> Mapping[UUID, Owing]:
    def owing(referral: Referral) -> Owing:
        def late(deadline: DeadlineDue, now: datetime) -> CentreFile:
            return file.with_referral(replace(referral, overdue_level=deadline.level, changed_at=now))

        def until(move: DeadlineMove, now: datetime) -> CentreFile:
            return file.with_referral(replace(referral, answer_due_at=move.due_at, changed_at=now))

        limit = _by(referral.preview.priority, referral.place)
        found = _owing(file, referral, referral.answer_owed_from or referral.received_at, limit)
        due_at, level = referral.answer_due_at, referral.overdue_level
        return replace(found, late=late, until=until, due_at=due_at, level=level)

    return {each.id: owing(each) for each in file.referrals if each.status == "received"}


def _answered(_before: CentreFile, after: CentreFile, id_: UUID) -> bool:
    """Not if it was withdrawn meanwhile."""
    referral = after.referral(id_)
    return referral is not None and referral.answered_at is not None


def _contacts(file: CentreFile) -> Mapping[UUID, Owing]:
    arrival, referral = file.arrival, file.held_by(file.centre or "")
    if file.status != "arrived_not_contacted" or arrival is None or referral is None:
        return {}

    def late(deadline: DeadlineDue, _now: datetime) -> CentreFile:
        return replace(file, arrival=replace(arrival, contact_overdue_level=deadline.level))

    def until(move: DeadlineMove, _now: datetime) -> CentreFile:
        return replace(file, arrival=replace(arrival, contact_due_at=move.due_at))

    since = arrival.contact_owed_from or last_second_at(referral.place, arrival.arrived_on)
    limit = _by(contact_priority(file.vulnerability_present), referral.place)
    found, level = _owing(file, referral, since, limit), arrival.contact_overdue_level
    return {file.id: replace(found, late=late, until=until, due_at=arrival.contact_due_at, level=level)}


def _contacted(_before: CentreFile, after: CentreFile, _id: UUID) -> bool:
    return bool(after.contacts)


def _renewals(file: CentreFile) -> Mapping[UUID, Owing]:
    found = {}
    for referral in file.referrals:
        if referral.renewal is not None and referral.held:
            found[referral.id] = _renewal(file, referral)
    return found


def _renewal(file: CentreFile, referral: Referral) -> Owing:
    renewal = referral.renewal
    assert renewal is not None, "the caller has looked"

    def late(deadline: DeadlineDue, _now: datetime) -> CentreFile:
        return file.with_referral(replace(referral, renewal=replace(renewal, overdue_level=deadline.level)))

    def until(move: DeadlineMove, _now: datetime) -> CentreFile:
        return file.with_referral(replace(referral, renewal=replace(renewal, due_at=move.due_at)))

    owing = _owing(file, referral, renewal.lost_at, _by(RENEWAL_PRIORITY, referral.place))
    return replace(owing, late=late, until=until, due_at=renewal.due_at, level=renewal.overdue_level)


def _renewed(_before: CentreFile, after: CentreFile, id_: UUID) -> bool:
    """By a new consent, or an end by the centre; not by a withdrawal in Germany, nor when a consent is lost anew."""
    referral = after.referral(id_)
    return referral is not None and (referral.status in CARED_FOR or (referral.held and referral.renewal is None))


def _arrivals(file: CentreFile) -> Mapping[UUID, Owing]:
    """Who has left and was to have arrived, and whom a centre waits for."""
    referral, departure = leading(file), file.departure
    if file.arrival is not None or referral is None or not referral.held or departure is None:
        return {}
    if departure.status != "departed" or departure.arrival_expected_on is None:
        return {}

    def limit(level: int, start: datetime, context: Context) -> Due:
        return Counted(referral.place, start, ARRIVAL_WORKING_DAYS[level - 1]).due(context.working_days)

    def late(deadline: DeadlineDue, _now: datetime) -> CentreFile:
        return replace(file, arrival_missed=Missed(since, deadline.level))

    since = last_second_at(referral.place, departure.arrival_expected_on)
    level = Missed.of(file.arrival_missed, since)
    return {file.id: replace(_owing(file, referral, since, limit), late=late, level=level)}


def _arrived(_before: CentreFile, after: CentreFile, _id: UUID) -> bool:
    return after.arrival is not None


def _calls(file: CentreFile) -> Mapping[UUID, Owing]:
    """Whom a centre has taken on, with a consent, who is to leave Germany, and whom it has not called."""
    referral, departure = leading(file), file.departure
    if referral is None or not referral.held or referral.renewal is not None:
        return {}
    if departure is None or departure.status not in ("planned", "booked") or departure.earliest is None:
        return {}
    if file.arrival is not None or referral.walk_in or file.preparation.called_by(referral.centre):
        return {}
    since = leaves(referral.place, departure.earliest)

    def late(deadline: DeadlineDue, _now: datetime) -> CentreFile:
        return replace(file, preparation=replace(file.preparation, call_missed=Missed(since, deadline.level)))

    def keep(owing: CentreFile, due_at: datetime) -> CentreFile:
        return replace(owing, preparation=replace(owing.preparation, call_term=Term(since, owed_from, due_at)))

    def until(move: DeadlineMove, _now: datetime) -> CentreFile:
        return keep(file, move.due_at)

    can = (referral.taken_on_at, file.journey_told_at, referral.renewed_at)
    owed_from = max(each for each in can if each is not None)
    owing = _owing(file, referral, since, limit_before(referral.place, owed_from))
    due_at = Term.of(file.preparation.call_term, since, owed_from)
    level = Missed.of(file.preparation.call_missed, since)
    return {file.id: replace(owing, owed_from=owed_from, late=late, until=until, keep=keep, due_at=due_at, level=level)}


def _called(before: CentreFile, after: CentreFile, _id: UUID) -> bool:
    return len(after.preparation.calls) > len(before.preparation.calls)


def _plans(file: CentreFile) -> Mapping[UUID, Owing]:
    """Who is there, and in the care of a centre with a consent, and has agreed on no plan."""
    referral, arrival = leading(file), file.arrival
    if file.plan is not None or referral is None or referral.status != "in_progress" or referral.renewal is not None:
        return {}
    since = referral.taken_on_at
    if arrival is not None and not referral.walk_in:
        since = arrival.contact_owed_from or last_second_at(referral.place, arrival.arrived_on)
    if referral.reopened_at is not None:
        since = max(since, referral.reopened_at)

    def late(deadline: DeadlineDue, _now: datetime) -> CentreFile:
        return replace(file, plan_missed=Missed(since, deadline.level))

    level = Missed.of(file.plan_missed, since)
    return {file.id: replace(_owing(file, referral, since, _plan_limit), late=late, level=level)}


def _plan_limit(level: int, start: datetime, _context: Context) -> Due:
    return Due(start + timedelta(days=PLAN_DAYS[level - 1]))


def _planned(_before: CentreFile, after: CentreFile, _id: UUID) -> bool:
    return after.plan is not None


def _expiries(file: CentreFile) -> Mapping[UUID, Owing]:
    """Consents on which a centre holds a person and that the person has not taken back: such a one is a renewal."""
    found = {}
    for referral in file.referrals:
        ends_at = known_until(file.consents, referral.centre, referral.centre_country)
        if referral.held and referral.renewal is None and ends_at is not None:
            found[referral.id] = _expiring(file, referral, ends_at - EXPIRY_NOTICE)
    return found


def _expiring(file: CentreFile, referral: Referral, since: datetime) -> Owing:
    def late(deadline: DeadlineDue, _now: datetime) -> CentreFile:
        return file.with_referral(replace(referral, expiry_missed=Missed(since, deadline.level)))

    owing = _owing(file, referral, since, _expiry)
    return replace(owing, late=late, level=Missed.of(referral.expiry_missed, since))


def _expiry(_level: int, start: datetime, _context: Context) -> Due:
    return Due(start + EXPIRY_NOTICE)


def _prolonged(before: CentreFile, after: CentreFile, id_: UUID) -> bool:
    """Another consent ends later."""
    ended, ends = _expiries(before).get(id_), _expiries(after).get(id_)
    return ended is not None and ends is not None and ends.since > ended.since


def _adoptions(file: CentreFile) -> Mapping[UUID, Owing]:
    """A case that the centre has opened, and that a desk asks for."""
    asked, intake = file.adoption, file.walked_in
    if asked is None or intake is None or asked.adopted_at is not None:
        return {}

    def late(deadline: DeadlineDue, _now: datetime) -> CentreFile:
        return replace(file, adoption=replace(asked, overdue_level=deadline.level))

    owing = _owing(file, intake, asked.requested_at, _by(ADOPTION_PRIORITY, intake.place))
    return {file.id: replace(owing, late=late, level=asked.overdue_level)}


def _adoption_answered(before: CentreFile, after: CentreFile, _id: UUID) -> bool:
    return after.adopted or after.adoption_declined_at != before.adoption_declined_at


ANSWER: Final = Ladder(REFERRAL_ANSWER, CentreFile, OWNER_ROLES, TOLD, _answers, _answered)
CONTACT: Final = Ladder(FIRST_CONTACT, CentreFile, OWNER_ROLES, TOLD, _contacts, _contacted)
RENEWAL: Final = Ladder(CONSENT_RENEWAL, CentreFile, OWNER_ROLES, TOLD, _renewals, _renewed)
ARRIVAL: Final = Ladder(ARRIVAL_CONFIRMATION, CentreFile, OWNER_ROLES, TOLD, _arrivals, _arrived)
CALL: Final = Ladder(
    PRE_DEPARTURE_CALL,
    CentreFile,
    OWNER_ROLES,
    TOLD,
    _calls,
    _called,
    notice=before_departure.NOTICE,
    tells_of_moves=True,
)
PLAN: Final = Ladder(REINTEGRATION_PLAN, CentreFile, OWNER_ROLES, TOLD, _plans, _planned)
EXPIRY: Final = Ladder(CONSENT_EXPIRY, CentreFile, OWNER_ROLES[:1], TOLD, _expiries, _prolonged, notice=EXPIRY_NOTICE)
ADOPTIONS: Final = Ladder(ADOPTION_ANSWER, CentreFile, OWNER_ROLES, TOLD, _adoptions, _adoption_answered)
LADDERS: Final = (ANSWER, CONTACT, RENEWAL, ARRIVAL, CALL, PLAN, EXPIRY, ADOPTIONS)
