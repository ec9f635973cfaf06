"""From a human's pick to the employer's door: shortlist, present, close."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from chassis.pure.decision import (
    Cleared,
    Context,
    Decision,
    Refused,
)
from chassis.pure.states import States
from placement import refusals
from placement.answers import CandidacyOutcome
from placement.commands import CloseCandidacy, Present, Shortlist
from placement.domain import consents
from placement.domain.candidacy import CLOSERS, Candidacy
from placement.domain.candidate import MOST_PICKS, Candidate
from placement.domain.vacancy import MOST_CANDIDACIES, Vacancy
from placement.events import CandidatePresented, CandidateShortlisted, JobOfferRetracted
from placement.handlers.deadlines import OFFER_EXPIRY
from placement.handlers.desk import Scene, candidacy_closed, cases_of, desk_of, ids_of, paused, rests_on, scene_of
from placement.handlers.vacancies import opened_again
from placement.limits import feedback_due
from vocabulary.countries import day_at
from vocabulary.refusals import limit_reached


def shortlist(states: States, command: Shortlist, context: Context) -> Decision | Refused:
    """A human picks a person for a vacancy, also while all its openings are offered to others: one of them may decline.

    Of whom no consent lets the desk know it is told the same as of nobody at all. Who has two cases is picked once.
    """
    desk = desk_of(context)
    if isinstance(desk, Refused):
        return desk
    vacancy = states.get(Vacancy, command.vacancy_id)
    if vacancy is None:
        return refusals.VACANCY_NOT_FOUND.at("/vacancy_id")
    if vacancy.country not in desk.countries:
        return refusals.OTHER_ORGANISATION.at("/vacancy_id")
    candidate = states.get(Candidate, command.case_id)
    if candidate is None or not desk.eyes(context.now).named_by(candidate):
        return refusals.CANDIDATE_NOT_FOUND.at("/case_id")
    if candidate.country != vacancy.country:
        return refusals.NOT_THE_COUNTRY_OF_RETURN
    today = day_at(vacancy.country, context.now)
    refused = (
        paused(vacancy.country, context)
        or _not_eligible(candidate)
        or _full(vacancy, cases_of(states, candidate), today)
        or _picked_too_often(states, candidate)
    )
    if refused is not None:
        return refused
    candidacy = Candidacy(context.new_id(), candidate.id, desk.centre, today)
    vacancy = vacancy.joined(candidacy)
    event = CandidateShortlisted(**ids_of(vacancy, candidacy), isco08=vacancy.isco08, centre=desk.centre)
    return Decision((vacancy,), (event,), answer=CandidacyOutcome.of(vacancy, candidacy))


def present(states: States, command: Present, context: Context) -> Decision | Refused:
    """The employer learns of the person, and owes an answer: only with the person's consent for exactly this employer.

    The consent that the candidacy rests on so far must hold too, and is asked for first: what has lost its ground goes
    no further, even before its deadline has closed it, and tells nothing of the person.
    """
    scene = scene_of(states, command, context, "present")
    if isinstance(scene, Refused):
        return scene
    if (refused := paused(scene.vacancy.country, context)) is not None:
        return refused
    desk = rests_on("matching", scene.vacancy, scene.candidacy, context.reference)
    if not consents.covered(scene.candidate.consents, "matching", desk, context.now):
        return refusals.MATCHING_CONSENT_MISSING
    if (refused := _not_eligible(scene.candidate)) is not None:
        return refused
    if not scene.vacancy.takes_people(scene.today):
        return refusals.VACANCY_CLOSED
    employer = consents.employer(scene.vacancy.employer_id)
    if not consents.covered(scene.candidate.consents, "presentation", employer, context.now):
        return refusals.PRESENTATION_CONSENT_MISSING
    due = feedback_due(scene.vacancy.country, context.now, context)
    candidacy = scene.candidacy.presented(scene.today, context.now, due.at)
    vacancy = scene.vacancy.updated(candidacy)
    event = CandidatePresented(**ids_of(vacancy, candidacy), employer_id=vacancy.employer_id)
    return Decision((vacancy,), (event,), answer=CandidacyOutcome.of(vacancy, candidacy))


def close_candidacy(states: States, command: CloseCandidacy, context: Context) -> Decision | Refused:
    """Person, employer or officer end it. An offer ends here only if its employer retracts it, which is then told.

    If an opening that was accepted is free again by that, a vacancy that was filled takes people again.
    """
    parties, among = CLOSERS[command.reason]
    if command.by not in parties:
        return refusals.CLOSER_INADMISSIBLE
    scene = scene_of(states, command, context, "close", among)
    if isinstance(scene, Refused):
        return scene
    candidacy = scene.candidacy.closed(command.reason, command.by)
    again = opened_again(scene.vacancy.updated(candidacy), scene.today)
    (vacancy,) = again.states
    closed = candidacy_closed(vacancy, (candidacy,), command.reason, command.by)
    expiry = () if candidacy.offer is None else (Cleared(OFFER_EXPIRY, candidacy.offer.id),)
    return Decision(
        (vacancy,),
        (*_retracted(scene, candidacy), *closed, *again.events),
        (*expiry, *again.deadlines),
        CandidacyOutcome.of(vacancy, candidacy),
    )


def _retracted(scene: Scene, candidacy: Candidacy) -> tuple[JobOfferRetracted, ...]:
    if candidacy.offer is None or candidacy.offer.status != "retracted":
        return ()
    ids = ids_of(scene.vacancy, candidacy)
    return (JobOfferRetracted(**ids, offer_id=candidacy.offer.id, retracted_on=scene.today),)


def _picked_too_often(states: States, candidate: Candidate) -> Refused | None:
    vacancies = states.linked(Vacancy, candidate.id)
    if sum(each.case_id == candidate.id for vacancy in vacancies for each in vacancy.candidacies) < MOST_PICKS:
        return None
    return limit_reached(MOST_PICKS, "candidacies of this person", "Ask the operators: a program may be picking.")


def _not_eligible(candidate: Candidate) -> Refused | None:
    """The hard gates besides consent. What is not known (age, readiness) does not count against a person."""
    if candidate.minor:
        return refusals.MINOR
    if not candidate.referrals.open:
        return refusals.NO_OPEN_REFERRAL
    if candidate.readiness == "not_now":
        return refusals.NOT_READY
    return None


def _full(vacancy: Vacancy, cases: Collection[UUID], today: date) -> Refused | None:
    if not vacancy.takes_people(today):
        return refusals.VACANCY_CLOSED.at("/vacancy_id")
    if vacancy.live_candidacies_of(cases):
        return refusals.CANDIDACY_EXISTS
    if len(vacancy.candidacies) >= MOST_CANDIDACIES:
        return limit_reached(MOST_CANDIDACIES, "candidacies", "Publish the vacancy anew.")
    return None
