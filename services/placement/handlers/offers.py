"""The programme's promise: a job offer, its answer or its end, and the first day of work."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from chassis.pure.decision import (
    NOTHING,
    Cleared,
    Context,
    Deadline,
    DeadlineDue,
    Decision,
    Refused,
)
from chassis.pure.states import States
from placement import refusals
from placement.answers import CandidacyOutcome
from placement.commands import AcceptOffer, DeclineOffer, MakeOffer, StartEmployment
from placement.domain import consents
from placement.domain.candidacy import Candidacy, Employment, Offer, Step
from placement.domain.candidate import Candidate
from placement.domain.terms import STRONG_EVIDENCE, DistanceBand
from placement.domain.vacancy import Vacancy
from placement.events import (
    EmploymentStarted,
    JobOfferAccepted,
    JobOfferDeclined,
    JobOffered,
    JobOfferExpired,
)
from placement.handlers.deadlines import OFFER_EXPIRY
from placement.handlers.desk import Scene, candidacy_closed, ids_of, paused, scene_of
from placement.handlers.vacancies import ended
from vocabulary.refusals import date_in_future, date_in_past, unknown_code
from vocabulary.regions import same_region

DEFAULT_ANSWER_TIME: Final = timedelta(days=14)
"""Where the employer names no date (docs/domain.md: offer-expiry)."""
ANSWER_TIME: Final = (timedelta(hours=1), timedelta(days=90))
"""Least and most: an offer can be answered at all, and keeps no opening for ever (docs/domain.md: offer-expiry)."""

LONGEST_AGO: Final = timedelta(days=365)
"""A day of work, or of an offer, that is recorded later is a slip of the pen (docs/domain.md: work-bounds)."""


def make_offer(states: States, command: MakeOffer, context: Context) -> Decision | Refused:
    """An employer who may know the person offers work; an opening is reserved. Made before arrival, it counts as day 0.

    The consent `presentation` must hold now: one that has ended by its day no longer carries a step.
    """
    scene = scene_of(states, command, context, "offer")
    if isinstance(scene, Refused):
        return scene
    if (refused := paused(scene.vacancy.country, context)) is not None:
        return refused
    if not scene.vacancy.takes_people(scene.today):
        return refusals.VACANCY_CLOSED
    if not scene.vacancy.free:
        return refusals.NO_OPENING_LEFT
    employer = consents.employer(scene.vacancy.employer_id)
    if not consents.covered(scene.candidate.consents, "presentation", employer, context.now):
        return refusals.PRESENTATION_CONSENT_MISSING
    if command.starts_on < scene.today:
        return date_in_past("/starts_on")
    expires_at = command.expires_at or context.now + DEFAULT_ANSWER_TIME
    if not ANSWER_TIME[0] <= expires_at - context.now <= ANSWER_TIME[1]:
        return refusals.OFFER_EXPIRY_OUT_OF_BOUNDS
    offer = Offer(
        id=context.new_id(),
        employment_type=command.employment_type or scene.vacancy.employment_type,
        hours_per_week=command.hours_per_week,
        wage_band=command.wage_band or scene.vacancy.wage_band,
        starts_on=command.starts_on,
        offered_on=scene.today,
        expires_at=expires_at,
        formal=command.formal,
        subsidised=command.subsidised,
        reported_at=context.now,
    )
    candidacy = scene.candidacy.offered(offer)
    vacancy = scene.vacancy.updated(candidacy)
    event = job_offered(scene.candidate, vacancy, candidacy)
    return Decision(
        (scene.candidate.offered(offer.offered_on), vacancy),
        (event,),
        (Deadline(OFFER_EXPIRY, offer.id, vacancy.id, expires_at),),
        CandidacyOutcome.of(vacancy, candidacy),
    )


def accept_offer(states: States, command: AcceptOffer, context: Context) -> Decision | Refused:
    """The person takes the offer. Whoever takes the last opening fills the vacancy."""
    scene = _open_offer(states, command, context, "accept")
    if isinstance(scene, Refused):
        return scene
    candidacy = scene.candidacy.accepted(scene.today)
    vacancy = scene.vacancy.updated(candidacy)
    event = JobOfferAccepted(
        **ids_of(vacancy, candidacy),
        offer_id=offer_of(candidacy).id,
        accepted_on=scene.today,
    )
    filling = ended(vacancy, "filled") if vacancy.ended is None and vacancy.filled else Decision((vacancy,))
    (vacancy,) = filling.states
    return Decision(
        (vacancy,),
        (event, *filling.events),
        (Cleared(OFFER_EXPIRY, offer_of(candidacy).id), *filling.deadlines),
        CandidacyOutcome.of(vacancy, candidacy),
    )


def decline_offer(states: States, command: DeclineOffer, context: Context) -> Decision | Refused:
    """The person does not take the offer. Nothing follows from it but a free opening."""
    scene = _open_offer(states, command, context, "decline")
    if isinstance(scene, Refused):
        return scene
    reasons = context.reference.decline_reasons
    if reasons.get(command.reason, on=scene.today) is None:
        return unknown_code("/reason", "decline_reasons")
    candidacy = scene.candidacy.declined(command.reason, scene.today)
    vacancy = scene.vacancy.updated(candidacy)
    event = JobOfferDeclined(
        **ids_of(vacancy, candidacy),
        offer_id=offer_of(candidacy).id,
        reason=command.reason,
    )
    return Decision(
        (vacancy,),
        (event, *candidacy_closed(vacancy, (candidacy,), "person_declined", "person")),
        (Cleared(OFFER_EXPIRY, offer_of(candidacy).id),),
        CandidacyOutcome.of(vacancy, candidacy),
    )


def offer_expires(states: States, deadline: DeadlineDue, _context: Context) -> Decision:
    """Nobody answered in time. The event carries the time that was agreed, not when the worker came by."""
    vacancy = states.get(Vacancy, deadline.owner)
    candidacy = None if vacancy is None else vacancy.candidacy_of_offer(deadline.subject)
    if vacancy is None or candidacy is None or not candidacy.allows("expire"):
        return NOTHING
    candidacy = candidacy.expired()
    vacancy = vacancy.updated(candidacy)
    event = JobOfferExpired(
        **ids_of(vacancy, candidacy),
        offer_id=deadline.subject,
        expired_at=offer_of(candidacy).expires_at,
    )
    closed = candidacy_closed(vacancy, (candidacy,), "offer_expired", "system")
    return Decision((vacancy,), (event, *closed))


def start_employment(states: States, command: StartEmployment, context: Context) -> Decision | Refused:
    """The person has begun to work. Formal only if the offer was, and evidence says so."""
    scene = scene_of(states, command, context, "start")
    if isinstance(scene, Refused):
        return scene
    if scene.candidate.void:
        return refusals.FILE_VOID
    if refused := why_not_begun(command.started_on, scene.today):
        return refused
    offer = offer_of(scene.candidacy)
    employment = Employment(
        id=context.new_id(),
        started_on=command.started_on,
        evidence_type=command.evidence_type,
        formal=offer.formal and command.evidence_type in STRONG_EVIDENCE,
        reported_at=context.now,
    )
    candidacy = scene.candidacy.started(employment)
    vacancy = scene.vacancy.updated(candidacy)
    candidate = scene.candidate.employed(command.started_on)
    event = employment_started(candidate, vacancy, candidacy)
    return Decision((candidate, vacancy), (event,), answer=CandidacyOutcome.of(vacancy, candidacy))


def why_not_begun(started_on: date, today: date) -> Refused | None:
    """Why no work can have begun on this day (docs/domain.md: work-bounds)."""
    if started_on > today:
        return date_in_future("/started_on")
    return refusals.BEGUN_TOO_LONG_AGO if started_on < today - LONGEST_AGO else None


def offer_of(candidacy: Candidacy) -> Offer:
    """The offer of a candidacy that has one."""
    assert candidacy.offer is not None, "the candidacy has no offer"
    return candidacy.offer


def employment_of(candidacy: Candidacy) -> Employment:
    """The employment of a candidacy that has one."""
    assert candidacy.employment is not None, "no work has begun"
    return candidacy.employment


def _open_offer(states: States, command: AcceptOffer | DeclineOffer, context: Context, step: Step) -> Scene | Refused:
    """An offer that can be answered now; its time ends it even before its deadline fires."""
    scene = scene_of(states, command, context, step)
    if not isinstance(scene, Refused) and offer_of(scene.candidacy).expires_at <= context.now:
        return refusals.OFFER_OVER
    return scene


def _distance(candidate: Candidate, vacancy: Vacancy) -> DistanceBand:
    if candidate.admin1 is None or vacancy.admin1 is None:
        return "unknown"
    return "same_admin1" if same_region(candidate.admin1, vacancy.admin1) else "same_country"


def job_offered(candidate: Candidate, vacancy: Vacancy, candidacy: Candidacy) -> JobOffered:
    """All that is told of an offer, as it stands."""
    offer = offer_of(candidacy)
    return JobOffered(
        **ids_of(vacancy, candidacy),
        offer_id=offer.id,
        employer_id=vacancy.employer_id,
        isco08=vacancy.isco08,
        employment_type=offer.employment_type,
        hours_per_week=offer.hours_per_week,
        wage_band=offer.wage_band,
        starts_on=offer.starts_on,
        offered_on=offer.offered_on,
        expires_at=offer.expires_at,
        formal=offer.formal,
        subsidised=offer.subsidised,
        distance_band=_distance(candidate, vacancy),
        target_group=candidate.target_group,
    )


def employment_started(candidate: Candidate, vacancy: Vacancy, candidacy: Candidacy) -> EmploymentStarted:
    """All that is told of a start of work, as it stands."""
    offer, employment = offer_of(candidacy), employment_of(candidacy)
    return EmploymentStarted(
        **ids_of(vacancy, candidacy),
        employment_id=employment.id,
        offer_id=offer.id,
        employer_id=vacancy.employer_id,
        isco08=vacancy.isco08,
        started_on=employment.started_on,
        employment_type=offer.employment_type,
        formal=employment.formal,
        subsidised=offer.subsidised,
        evidence_type=employment.evidence_type,
        target_group=candidate.target_group,
    )
