"""An offer or a start of work that was recorded wrongly: one person of the desk says what is right, a second one
confirms it (docs/domain.md: corrections).

Afterwards everything is as if it had been recorded rightly from the start, the count of the promise included; what it
was before stays in the candidacy. Where there was no offer, the employer owes an answer on the person from then on, and
a vacancy that was filled by it takes people again; whose candidacy has closed meanwhile stays out.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from chassis.pure.decision import Cleared, Context, Decision, Refused
from chassis.pure.states import States
from placement import refusals
from placement.answers import CandidacyOutcome
from placement.commands import (
    ConfirmCorrection,
    CorrectEmployment,
    CorrectOffer,
    RejectCorrection,
    VoidEmployment,
    VoidOffer,
)
from placement.domain import consents
from placement.domain.candidacy import Candidacy
from placement.domain.candidate import Candidate
from placement.domain.correction import MOST_CORRECTIONS, Correction, CorrectionRequest, Facts, Record
from placement.domain.terms import STRONG_EVIDENCE
from placement.domain.vacancy import Vacancy
from placement.events import EmploymentCorrected, JobOfferCorrected, PlacementRecordVoided
from placement.handlers.deadlines import OFFER_EXPIRY
from placement.handlers.desk import Scene, candidacy_closed, ids_of, whatever_state
from placement.handlers.offers import (
    LONGEST_AGO,
    employment_of,
    employment_started,
    job_offered,
    offer_of,
    why_not_begun,
)
from placement.handlers.vacancies import opened_again
from placement.limits import feedback_due
from vocabulary.confirming import seconded
from vocabulary.copying import replace
from vocabulary.refusals import date_in_future, limit_reached, unknown_code
from vocabulary.seconding import waiting

LAPSES_AFTER: Final = timedelta(days=7)
"""Until then a colleague has looked at it, or somebody asks anew (docs/domain.md: corrections)."""

GROUND: Final = "consent_withdrawn"
"""Why a candidacy closes that has no consent to rest on; `consent_end` says whether it was taken back or has ended."""


def correct_offer(states: States, command: CorrectOffer, context: Context) -> Decision | Refused:
    """Asks for the offer to have been made on another day, or of another kind."""
    facts = Facts(command.offered_on, employment_type=command.employment_type)
    return _requested(states, command, "job_offer", facts, context)


def void_offer(states: States, command: VoidOffer, context: Context) -> Decision | Refused:
    """Asks for the offer to be void: there was none."""
    return _requested(states, command, "job_offer", None, context)


def correct_employment(states: States, command: CorrectEmployment, context: Context) -> Decision | Refused:
    """Asks for the work to have begun on another day, or to be shown by something else."""
    facts = Facts(command.started_on, command.evidence_type)
    return _requested(states, command, "employment", facts, context)


def void_employment(states: States, command: VoidEmployment, context: Context) -> Decision | Refused:
    """Asks for the employment to be void: the person did not begin to work."""
    return _requested(states, command, "employment", None, context)


def confirm(states: States, command: ConfirmCorrection, context: Context) -> Decision | Refused:
    """Does what another person of the same desk has asked for, unless the candidacy says otherwise by now."""
    found = _answered(states, command, context)
    if isinstance(found, Refused):
        return found
    scene, wanted = found
    if refused := _why_not(scene, wanted.record, wanted.facts):
        return refused
    was = _recorded(scene.candidacy, wanted.record)
    assert was is not None, "asked for before"
    kept = Correction(wanted.record, was, wanted.facts, wanted.reason, context.now)
    candidacy = replace(scene.candidacy, correction=None, corrections=(*scene.candidacy.corrections, kept))
    scene = replace(scene, candidacy=candidacy)
    if wanted.facts is None:
        return _voided(states, scene, wanted, context)
    if wanted.record == "job_offer":
        return _offer_corrected(states, scene, wanted.facts, wanted.reason)
    return _work_corrected(states, scene, wanted.facts, wanted.reason)


def reject(states: States, command: RejectCorrection, context: Context) -> Decision | Refused:
    """Does not do what another person of the same desk has asked for."""
    found = _answered(states, command, context)
    if isinstance(found, Refused):
        return found
    scene, _ = found
    return _saved(scene.vacancy, replace(scene.candidacy, correction=None))


def _requested(
    states: States,
    command: CorrectOffer | VoidOffer | CorrectEmployment | VoidEmployment,
    record: Record,
    facts: Facts | None,
    context: Context,
) -> Decision | Refused:
    scene = whatever_state(states, command, context)
    if isinstance(scene, Refused):
        return scene
    if waiting(scene.candidacy.correction, context.now) is not None:
        return refusals.CORRECTION_PENDING
    if context.reference.correction_reasons.get(command.reason, on=scene.today) is None:
        return unknown_code("/reason", "correction_reasons")
    if refused := _why_not(scene, record, facts):
        return refused
    if len(scene.candidacy.corrections) >= MOST_CORRECTIONS:
        return limit_reached(MOST_CORRECTIONS, "corrections", "Ask the programme desk: somebody should look at this.")
    asked = (command.reason, context.now, context.now + LAPSES_AFTER, command.by[0])
    wanted = CorrectionRequest(*asked, context.actor.org, record, facts)
    return _saved(scene.vacancy, replace(scene.candidacy, correction=wanted))


def _answered(
    states: States, command: ConfirmCorrection | RejectCorrection, context: Context
) -> tuple[Scene, CorrectionRequest] | Refused:
    """The candidacy, and what somebody else of the same desk wants; of another desk's request nobody is told."""
    scene = whatever_state(states, command, context)
    if isinstance(scene, Refused):
        return scene
    request = scene.candidacy.correction
    request = request if request is not None and request.org == context.actor.org else None
    nothing, same_person = refusals.NO_CORRECTION, refusals.SAME_PERSON
    wanted = seconded(request, command.by, context.now, nothing=nothing, same_person=same_person)
    return wanted if isinstance(wanted, Refused) else (scene, wanted)


def _recorded(candidacy: Candidacy, record: Record) -> Facts | None:
    offer, work = candidacy.offer, candidacy.employment
    if record == "job_offer":
        return None if offer is None else Facts(offer.offered_on, employment_type=offer.employment_type)
    return None if work is None else Facts(work.started_on, work.evidence_type)


def _why_not(scene: Scene, record: Record, facts: Facts | None) -> Refused | None:
    """Why it cannot have been like that: asked for when somebody wants it, and when it is confirmed."""
    recorded = _recorded(scene.candidacy, record)
    if recorded is None:
        return refusals.NOTHING_RECORDED
    if facts is None:
        return refusals.WORK_RECORDED if record == "job_offer" and scene.candidacy.employment else None
    if scene.candidate.void:
        return refusals.FILE_VOID
    if facts == recorded:
        return refusals.UNCHANGED
    if record == "employment":
        return why_not_begun(facts.day, scene.today)
    if facts.day > scene.today:
        return date_in_future("/offered_on")
    if facts.day < scene.today - LONGEST_AGO:
        return refusals.OFFERED_TOO_LONG_AGO
    answered_on = offer_of(scene.candidacy).answered_on
    return refusals.OFFER_AFTER_ANSWER if answered_on is not None and facts.day > answered_on else None


def _offer_corrected(states: States, scene: Scene, facts: Facts, reason: str) -> Decision:
    """Work that has begun is of the kind that was offered: of another kind, it is corrected too."""
    before = offer_of(scene.candidacy)
    kind = facts.employment_type or before.employment_type
    offer = replace(before, offered_on=facts.day, employment_type=kind)
    candidacy = replace(scene.candidacy, offer=offer)
    told = job_offered(scene.candidate, scene.vacancy, candidacy)
    event = JobOfferCorrected(**dict(told), reported_at=offer.told_at, reason=reason)
    if candidacy.employment is None or kind == before.employment_type:
        return _counted(states, scene, candidacy, event)
    return _counted(states, scene, candidacy, event, _of_work(scene, candidacy, reason))


def _work_corrected(states: States, scene: Scene, facts: Facts, reason: str) -> Decision:
    assert facts.evidence_type is not None, "work is shown by something"
    formal = offer_of(scene.candidacy).formal and facts.evidence_type in STRONG_EVIDENCE
    work = employment_of(scene.candidacy)
    work = replace(work, started_on=facts.day, evidence_type=facts.evidence_type, formal=formal)
    candidacy = replace(scene.candidacy, employment=work)
    return _counted(states, scene, candidacy, _of_work(scene, candidacy, reason))


def _of_work(scene: Scene, candidacy: Candidacy, reason: str) -> EmploymentCorrected:
    told = employment_started(scene.candidate, scene.vacancy, candidacy)
    return EmploymentCorrected(**dict(told), reported_at=employment_of(candidacy).told_at, reason=reason)


def _voided(states: States, scene: Scene, wanted: CorrectionRequest, context: Context) -> Decision:
    before, vacancy = scene.candidacy, scene.vacancy
    told = {**ids_of(vacancy, before), "record": wanted.record, "reason": wanted.reason}
    if wanted.record == "employment":
        assert before.employment is not None, "asked for before"
        event = PlacementRecordVoided(**told, record_id=before.employment.id)
        return _counted(states, scene, before.without_employment(), event)
    offer = offer_of(before)
    due = feedback_due(vacancy.country, context.now, context)
    candidacy = _with_ground(scene, before.without_offer(context.now, due.at), context)
    event = PlacementRecordVoided(**told, record_id=offer.id)
    decision = _counted(states, scene, candidacy, event)
    candidate, after = decision.states
    again = opened_again(after, scene.today)
    closed = (candidacy,) if candidacy.status != before.status and candidacy.status == "closed" else ()
    return decision._replace(
        states=(candidate, *again.states),
        events=(
            *decision.events,
            *candidacy_closed(after, closed, GROUND, candidacy.closed_by or "system"),
            *again.events,
        ),
        deadlines=(Cleared(OFFER_EXPIRY, offer.id), *again.deadlines),
    )


def _with_ground(scene: Scene, candidacy: Candidacy, context: Context) -> Candidacy:
    """An offer needed no consent, and being presented does: without one that holds now, the candidacy is closed."""
    employer = consents.employer(scene.vacancy.employer_id)
    given = scene.candidate.consents
    if candidacy.status == "closed" or consents.covered(given, "presentation", employer, context.now):
        return candidacy
    taken_back = any(each.withdrawn and each.purpose == "presentation" and each.names(employer) for each in given)
    return (
        candidacy.closed(GROUND, "person", "withdrawn") if taken_back else candidacy.closed(GROUND, "system", "expired")
    )


def _counted(
    states: States,
    scene: Scene,
    candidacy: Candidacy,
    *events: JobOfferCorrected | EmploymentCorrected | PlacementRecordVoided,
) -> Decision:
    """The decision in which the person's offers and work are counted anew, over all vacancies."""
    changed = _saved(scene.vacancy, candidacy)
    [vacancy] = changed.states
    others = [each for each in states.linked(Vacancy, candidacy.case_id) if each.id != vacancy.id]
    ways = [each for one in (vacancy, *others) for each in one.candidacies if each.case_id == candidacy.case_id]
    candidate: Candidate = scene.candidate.counted(ways)
    return changed._replace(states=(candidate, vacancy), events=events)


def _saved(vacancy: Vacancy, candidacy: Candidacy) -> Decision:
    after = vacancy.updated(candidacy)
    return Decision((after,), answer=CandidacyOutcome.of(after, candidacy))
