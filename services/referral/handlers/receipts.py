"""What the desk owes to a referral that it has sent: to see to it that it has come, another way if it was rejected, and
if it was accepted what the centre needs before the departure, and word of that.

A referral is watched from both ends: this end waits for the confirmation that the other one has it. Whatever swallowed
a referral on its way, a lost record, a reader that skipped it, a parked event, shows here, at the desk that sent it. As
on the other side, a deadline says what is owed and changes nothing else (docs/domain.md: never-by-a-clock).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from chassis.pure.decision import Context, Counted, DeadlineDue, DeadlineMove, Due
from referral.domain.case import Case
from referral.domain.journey import AHEAD, BEGUN
from referral.domain.referral import Referral
from referral.events import DeadlineApproaching, DeadlineMet, DeadlineMissed, DeadlineMoved
from referral.handlers.deadlines import DEPARTURE_CONFIRMATION, HANDOVER_PACKAGE, REFERRAL_RECEIPT, REFERRAL_REROUTING
from referral.handlers.desk import own_act
from referral.limits import receipt_due
from vocabulary import before_departure, roles
from vocabulary.before_departure import leaves, limit_before
from vocabulary.copying import replace
from vocabulary.countries import GERMANY, last_second_at
from vocabulary.deadlines import Ladder, Owing, Told
from vocabulary.missed import Missed, Term

TOLD: Final = Told(DeadlineApproaching, DeadlineMissed, DeadlineMet, DeadlineMoved)
DEPARTURE_WORKING_DAYS: Final = (1, 2)
"""Of each level, from the last day on which the person was to leave (docs/domain.md: departure-unconfirmed)."""
REROUTING_WORKING_DAYS: Final = (3, 2)
"""Of each level, from the rejection, counted where the scout works (docs/domain.md: rerouting)."""


def _receipts(case: Case) -> Mapping[UUID, Owing]:
    """Referrals of which nobody has confirmed that they are in a centre's inbox."""

    def owing(referral: Referral) -> Owing:
        def late(deadline: DeadlineDue, _now: datetime) -> Case:
            return _noted(case, deadline, deadline.due_at, referral, receipt_overdue=True)

        def until(move: DeadlineMove, now: datetime) -> Case:
            return _noted(case, move, now, referral, receipt_due_at=move.due_at)

        def limit(_level: int, start: datetime, context: Context) -> Due:
            return receipt_due(context, referral.priority, referral.place, start)

        found = Owing(case.id, referral.to_centre, referral.country, case.opened_by, referral.referred_at, limit)
        level = int(referral.receipt_overdue)
        return replace(found, late=late, until=until, due_at=referral.receipt_due_at, level=level)

    return {each.id: owing(each) for each in case.referrals if each.owed == "receipt" and each.receipt_due_at}


def _confirmed(_before: Case, after: Case, id_: UUID) -> bool:
    referral = after.referral(id_)
    return referral is not None and referral.status != "withdrawn"


def _reroutings(case: Case) -> Mapping[UUID, Owing]:
    """The referral that was rejected last, if nothing else is going on."""
    if case.over or case.employed or any(each.open for each in case.referrals):
        return {}
    ended = [(each.closed_at, each.id, each) for each in case.referrals if each.closed_at is not None]
    if not ended:
        return {}
    since, _, last = max(ended, key=lambda each: each[:2])
    if last.status != "rejected":
        return {}

    def limit(level: int, start: datetime, context: Context) -> Due:
        return Counted(GERMANY, start, REROUTING_WORKING_DAYS[level - 1]).due(context.working_days)

    def late(deadline: DeadlineDue, _now: datetime) -> Case:
        duties = replace(last.duties, rerouting_missed=Missed(since, deadline.level))
        return _noted(case, deadline, deadline.due_at, last, duties=duties)

    def until(move: DeadlineMove, now: datetime) -> Case:
        return _noted(case, move, now, last)

    found = Owing(case.id, last.to_centre, last.country, case.opened_by, since, limit)
    return {last.id: replace(found, late=late, until=until, level=Missed.of(last.duties.rerouting_missed, since))}


def _rerouted(_before: Case, after: Case, _id: UUID) -> bool:
    return any(each.open for each in after.referrals)


def _packages(case: Case) -> Mapping[UUID, Owing]:
    """Referrals by which a centre waits for somebody who is to leave, and to which nothing was handed over."""
    earliest = case.journey.earliest
    if case.over or case.journey.status not in AHEAD or earliest is None:
        return {}
    since = leaves(GERMANY, earliest)

    def owing(referral: Referral) -> Owing:
        def late(deadline: DeadlineDue, _now: datetime) -> Case:
            duties = replace(referral.duties, package_missed=Missed(since, deadline.level))
            return _noted(case, deadline, deadline.due_at, referral, duties=duties)

        def keep(owing: Case, due_at: datetime) -> Case:
            known = owing.referral(referral.id) or referral
            duties = replace(known.duties, package_term=Term(since, owed_from, due_at))
            return owing.with_referral(replace(known, duties=duties))

        def until(move: DeadlineMove, now: datetime) -> Case:
            return _told(keep(case, move.due_at), move, now, referral.id)

        taken_on = referral.taken_on_at
        owed_from = max(taken_on, case.journey.told_at or taken_on, case.knowable_since(referral) or taken_on)
        limit = limit_before(GERMANY, owed_from)
        found = Owing(case.id, referral.to_centre, referral.country, case.opened_by, since, limit, owed_from=owed_from)
        due_at = Term.of(referral.duties.package_term, since, owed_from)
        level = Missed.of(referral.duties.package_missed, since)
        return replace(found, late=late, until=until, keep=keep, due_at=due_at, level=level)

    waited_for = (each for each in case.referrals if each.status == "accepted" and each.duties.package is None)
    return {each.id: owing(each) for each in waited_for if case.knowable(each)}


def _handed_over(_before: Case, after: Case, id_: UUID) -> bool:
    referral = after.referral(id_)
    return referral is not None and referral.duties.package is not None


def _departures(case: Case) -> Mapping[UUID, Owing]:
    """Whether somebody has left whom a centre waits for: it owes word of the arrival only once it is told so."""
    journey = case.journey
    referral = next((each for each in case.referrals if each.status == "accepted"), None)
    if case.over or referral is None or journey.status not in AHEAD or journey.latest is None:
        return {}
    since = last_second_at(GERMANY, journey.latest)

    def limit(level: int, start: datetime, context: Context) -> Due:
        return Counted(GERMANY, start, DEPARTURE_WORKING_DAYS[level - 1]).due(context.working_days)

    def late(deadline: DeadlineDue, _now: datetime) -> Case:
        missed = replace(case, departure_missed=Missed(since, deadline.level))
        return _told(missed, deadline, deadline.due_at, case.id)

    def until(move: DeadlineMove, now: datetime) -> Case:
        return _told(case, move, now, case.id)

    found = Owing(case.id, referral.to_centre, referral.country, case.opened_by, since, limit)
    return {case.id: replace(found, late=late, until=until, level=Missed.of(case.departure_missed, since))}


def _left_or_not(_before: Case, after: Case, _id: UUID) -> bool:
    """By word of a departure, or that there was none, or of the arrival; not by another plan."""
    return after.journey.status in BEGUN or after.journey.status == "missed"


def _noted(case: Case, message: DeadlineDue | DeadlineMove, at: datetime, referral: Referral, **changes: Any) -> Case:
    """The case with the changed referral, and what became of the deadline in its timeline."""
    changed = case.with_referral(replace(referral, **changes)) if changes else case
    return _told(changed, message, at, referral.id)


def _told(case: Case, message: DeadlineDue | DeadlineMove, at: datetime, subject: UUID) -> Case:
    type_ = "DeadlineMoved" if isinstance(message, DeadlineMove) else "DeadlineMissed"
    return own_act(case, at, type_, subject, f"{message.name}_level_{message.level}")


RECEIPT: Final = Ladder(REFERRAL_RECEIPT, Case, (roles.SCOUT,), TOLD, _receipts, _confirmed)
REROUTING: Final = Ladder(
    REFERRAL_REROUTING, Case, (roles.SCOUT, roles.PROGRAMME_MANAGER), TOLD, _reroutings, _rerouted
)
DEPARTURE: Final = Ladder(
    DEPARTURE_CONFIRMATION,
    Case,
    (roles.SCOUT, roles.PROGRAMME_MANAGER),
    TOLD,
    _departures,
    _left_or_not,
    tells_of_moves=True,
)
PACKAGE: Final = Ladder(
    HANDOVER_PACKAGE,
    Case,
    (roles.SCOUT, roles.PROGRAMME_MANAGER),
    TOLD,
    _packages,
    _handed_over,
    notice=before_departure.NOTICE,
    tells_of_moves=True,
)
LADDERS: Final = (RECEIPT, REROUTING, PACKAGE, DEPARTURE)
