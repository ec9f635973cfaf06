"""What is owed on the way into work, kind by kind.

The employer owes an answer on everybody who was presented: an interview, an offer, or a no. It is counted from the
presentation, and anew from an interview; any step of the candidacy ends the waiting. The desk owes everybody who has
arrived an offer of work, which is the promise of the programme, and of whoever took one word of the first day of work.

Level 1 tells the desk, level 2 the manager of its centre, level 3 the programme desk; then it is quiet. No deadline
closes a candidacy (docs/domain.md: never-by-a-clock).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from chassis.pure.decision import Context, Counted, DeadlineDue, DeadlineMove, Due
from placement.domain.candidacy import Candidacy
from placement.domain.candidate import Candidate
from placement.domain.vacancy import Vacancy
from placement.events import DeadlineApproaching, DeadlineMet, DeadlineMissed, DeadlineMoved
from placement.handlers.deadlines import EMPLOYER_FEEDBACK, EMPLOYMENT_START, JOB_OFFER_TARGET
from placement.limits import feedback_due
from vocabulary import roles
from vocabulary.copying import replace
from vocabulary.countries import last_second_at
from vocabulary.deadlines import Ladder, Limit, Owing, Told
from vocabulary.missed import Missed

TOLD: Final = Told(DeadlineApproaching, DeadlineMissed, DeadlineMet, DeadlineMoved)
OWNER_ROLES: Final = (roles.PLACEMENT_OFFICER, roles.CENTRE_MANAGER, roles.PROGRAMME_MANAGER)
OFFER_DAYS: Final = (60, 30, 90)
"""Of each level, from the day of arrival, or from when the first centre had the person: 60, 90 and 180 in all
(docs/domain.md: job-offer-target)."""
START_WORKING_DAYS: Final = (1, 5, 5)
"""Of each level, from the day on which the work was to begin (docs/domain.md: start-passed)."""


def _on_candidacy(vacancy: Vacancy, candidacy: Candidacy, since: datetime) -> Owing:
    """Something that is owed on one candidacy."""

    def limit(level: int, start: datetime, context: Context) -> Due:
        return feedback_due(vacancy.country, start, context, level)

    return Owing(candidacy.case_id, candidacy.centre, vacancy.country, candidacy.centre, since, limit)


def _feedback(vacancy: Vacancy) -> Mapping[UUID, Owing]:
    def owing(candidacy: Candidacy, due_at: datetime) -> Owing:
        def late(deadline: DeadlineDue, _now: datetime) -> Vacancy:
            return vacancy.updated(replace(candidacy, overdue_level=deadline.level))

        def until(move: DeadlineMove, _now: datetime) -> Vacancy:
            return vacancy.updated(replace(candidacy, answer_due_at=move.due_at))

        found = _on_candidacy(vacancy, candidacy, candidacy.answer_owed_from or due_at)
        return replace(found, late=late, until=until, due_at=due_at, level=candidacy.overdue_level)

    return {each.id: owing(each, each.answer_due_at) for each in vacancy.candidacies if each.answer_due_at is not None}


def _answered(before: Vacancy, after: Vacancy, id_: UUID) -> bool:
    """By an interview, an offer, or the employer's no; not by what ends it otherwise."""
    waited, now = before.candidacy(id_), after.candidacy(id_)
    if waited is None or now is None:
        return False
    if now.status == "closed":
        return now.closed_by == "employer"
    corrected = len(now.interviews_corrected) > len(waited.interviews_corrected)
    return now.status == "offered" or (now.interview != waited.interview and not corrected)


def _starts(vacancy: Vacancy) -> Mapping[UUID, Owing]:
    """Offers that were taken: has the work begun?"""
    found = {}
    for each in vacancy.candidacies:
        if each.status == "accepted" and each.offer is not None:
            since = last_second_at(vacancy.country, each.offer.starts_on)
            owing = replace(_on_candidacy(vacancy, each, since), limit=_start_limit(vacancy.country))
            late, level = _start_late(vacancy, each, since), Missed.of(each.start_missed, since)
            found[each.id] = replace(owing, late=late, level=level)
    return found


def _start_late(vacancy: Vacancy, candidacy: Candidacy, since: datetime) -> Callable[[DeadlineDue, datetime], Vacancy]:
    return lambda deadline, _now: vacancy.updated(replace(candidacy, start_missed=Missed(since, deadline.level)))


def _start_limit(country: str) -> Limit:
    return lambda level, start, context: Counted(country, start, START_WORKING_DAYS[level - 1]).due(
        context.working_days
    )


def _started(_before: Vacancy, after: Vacancy, id_: UUID) -> bool:
    candidacy = after.candidacy(id_)
    return candidacy is not None and candidacy.status == "started"


def _targets(candidate: Candidate) -> Mapping[UUID, Owing]:
    """Who has arrived and may be placed, and has had no offer yet: since the arrival, since a desk could act, or since
    who was a minor is one no more.

    Whoever leaves, comes back or goes to another centre is owed it from the same time.
    """
    profile, place, arrival = candidate.profile, candidate.place, candidate.arrival
    if profile is None or place is None or arrival is None or candidate.offers or candidate.minor:
        return {}
    if candidate.status != "active":
        return {}
    here = max(last_second_at(profile.country, arrival.on), candidate.had_from or place.at)
    since = max(here, candidate.of_age_from or here)

    def late(deadline: DeadlineDue, _now: datetime) -> Candidate:
        return replace(candidate, offer_missed=Missed(since, deadline.level))

    found = Owing(candidate.id, place.centre, profile.country, place.centre, since, _target_limit, late)
    return {candidate.id: replace(found, level=Missed.of(candidate.offer_missed, since))}


def _target_limit(level: int, start: datetime, _context: Context) -> Due:
    return Due(start + timedelta(days=OFFER_DAYS[level - 1]))


def _offered(_before: Candidate, after: Candidate, _id: UUID) -> bool:
    return after.offers > 0


FEEDBACK: Final = Ladder(EMPLOYER_FEEDBACK, Vacancy, OWNER_ROLES, TOLD, _feedback, _answered)
START: Final = Ladder(EMPLOYMENT_START, Vacancy, OWNER_ROLES, TOLD, _starts, _started)
TARGET: Final = Ladder(JOB_OFFER_TARGET, Candidate, OWNER_ROLES, TOLD, _targets, _offered)
LADDERS: Final = (FEEDBACK, START, TARGET)
