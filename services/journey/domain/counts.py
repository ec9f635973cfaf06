"""What each event adds to the `Outcome` of its case, by the class of its contract.

Every function answers the same whatever else was heard before and however often (`journey.domain.facts`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import ModuleType
from typing import Any, Final

from chassis.pure.messages import Contract
from journey.contracts import counselling, placement, referral, training
from journey.domain.centre import Answer
from journey.domain.counting import HANDOVER_PACKAGE, counted
from journey.domain.facts import (
    Adopted,
    Arrival,
    Asking,
    Band,
    Begun,
    Cancelled,
    Completed,
    Duty,
    Failure,
    Left,
    Made,
    Met,
    Opening,
    Place,
    Plan,
    Profile,
    PutRight,
    Recorded,
    first,
    last,
    later,
)
from journey.domain.outcome import Outcome
from journey.domain.words import later as said_later
from vocabulary.arrivals import ARRIVAL
from vocabulary.copying import replace
from vocabulary.voiding import CALL, CONTACT, PLAN

Fold = Callable[[Outcome, Any, datetime], Outcome]
OFFER: Final = "job_offer"
EMPLOYMENT: Final = "employment"
EMPLOYER_FEEDBACK: Final = "employer_feedback"
"""The records of placement that can be voided."""


# --- the person -------------------------------------------------------------------------------------------------------


def _opened(known: Outcome, event: referral.CaseOpened, at: datetime) -> Outcome:
    told = Opening(at, event.target_group, event.country, event.return_type, event.sex, event.opened_by)
    return replace(_opened_so(known, told), case_ref=event.case_ref)


def _put_right(known: Outcome, event: referral.CaseCorrected, at: datetime) -> Outcome:
    vulnerable = None if event.referred is None else event.referred.vulnerability_present
    told = PutRight(at, event.country, event.return_type, event.sex, vulnerable)
    return replace(known, put_right=later(known.put_right, told))


def _void(known: Outcome, _event: referral.CaseVoided | counselling.CaseVoided, at: datetime) -> Outcome:
    return replace(known, void_at=last(known.void_at, at))


def _walked_in(known: Outcome, event: counselling.CaseOpened, at: datetime) -> Outcome:
    return _taken_in(known, event, at)


def _taken_in_otherwise(known: Outcome, event: counselling.CaseCorrected, at: datetime) -> Outcome:
    return _taken_in(known, event, event.opened_at, at)


def _taken_in(known: Outcome, event: counselling.CaseOpened, at: datetime, said_at: datetime | None = None) -> Outcome:
    who = (event.target_group, event.country, event.return_type, event.sex)
    told = Opening(at, *who, centre=event.centre, skills=event.skills, said_at=said_at)
    known = replace(_opened_so(known, told), case_ref=event.case_ref)
    place = Place(at, event.centre)
    known = known.asking(event.referral_id, lambda asking: replace(asking, opened=later(asking.opened, place)))
    return _with_band(known, Band(at, changed=False, band=event.age_band, said_at=said_at))


def _opened_so(known: Outcome, told: Opening) -> Outcome:
    return replace(known, opening=told) if told.outdates(known.opening) else known


def _adopted(known: Outcome, event: counselling.CaseAdopted, at: datetime) -> Outcome:
    return replace(known, adopted=later(known.adopted, Adopted(at, event.desk)))


def _referred(known: Outcome, event: referral.ReturneeReferred, at: datetime) -> Outcome:
    told = Profile(
        at,
        event.target_group,
        event.country,
        event.return_type,
        event.vulnerability_present,
        tuple(sorted(event.skills)),
    )
    known = replace(known, profile=later(known.profile, told), case_ref=known.case_ref or event.case_ref)
    sent = Place(event.referred_at, event.to_centre)

    def change(asking: Asking) -> Asking:
        return replace(asking, root_id=event.root_referral_id, sent=later(asking.sent, sent))

    return _aged(known.asking(event.referral_id, change), event, at, changed=False)


def _aged(known: Outcome, event: Any, at: datetime, *, changed: bool = True) -> Outcome:
    return _with_band(known, Band(at, changed, event.age_band))


def _with_band(known: Outcome, told: Band) -> Outcome:
    return replace(known, band=told) if told.outdates(known.band) else known


# --- referrals --------------------------------------------------------------------------------------------------------


def _received(known: Outcome, event: counselling.ReferralReceived, _at: datetime) -> Outcome:
    def change(asking: Asking) -> Asking:
        return replace(
            asking,
            root_id=event.root_referral_id,
            received_at=first(asking.received_at, event.received_at),
            answer_due_at=first(asking.answer_due_at, event.answer_due_at),
        )

    return known.asking(event.referral_id, change)


def _accepted(known: Outcome, event: counselling.ReferralAccepted, at: datetime) -> Outcome:
    told = Place(at, event.centre)
    return known.asking(event.referral_id, lambda asking: replace(asking, accepted=later(asking.accepted, told)))


def _rejected(known: Outcome, event: counselling.ReferralRejected, at: datetime) -> Outcome:
    return known.asking(event.referral_id, lambda asking: replace(asking, rejected_at=first(asking.rejected_at, at)))


def _redirected(known: Outcome, event: counselling.ReferralRedirected, at: datetime) -> Outcome:
    told = Place(at, event.to_centre, event.referral_id)
    root = event.root_referral_id

    def before(asking: Asking) -> Asking:
        return replace(asking, root_id=root, redirected_at=first(asking.redirected_at, at))

    def after(asking: Asking) -> Asking:
        return replace(asking, root_id=root, passed_on=later(asking.passed_on, told))

    return known.asking(event.referral_id, before).asking(event.child_referral_id, after)


def _withdrawn(known: Outcome, event: referral.ReferralWithdrawn, at: datetime) -> Outcome:
    return known.asking(event.referral_id, lambda asking: replace(asking, withdrawn_at=last(asking.withdrawn_at, at)))


def _failed(known: Outcome, event: counselling.ReferralFailed, at: datetime) -> Outcome:
    told = Failure(at, event.reason)
    return known.asking(event.referral_id, lambda asking: replace(asking, failure=later(asking.failure, told)))


def _reopened(known: Outcome, event: counselling.ReferralReopened, at: datetime) -> Outcome:
    return known.asking(event.referral_id, lambda asking: replace(asking, reopened_at=last(asking.reopened_at, at)))


def _answered(status: str, fold: Fold | None = None) -> Fold:
    """The last word of the centre, and what else the event tells."""

    def answered(known: Outcome, event: Any, at: datetime) -> Outcome:
        told = Answer(at, status, event.centre, event.country)
        known = known.asking(event.referral_id, lambda asking: replace(asking, answer=said_later(asking.answer, told)))
        return known if fold is None else fold(known, event, at)

    return answered


# --- return and centre ------------------------------------------------------------------------------------------------


def _departure_planned(known: Outcome, _event: referral.DeparturePlanned, at: datetime) -> Outcome:
    return replace(known, planned_at=last(known.planned_at, at))


def _departed(known: Outcome, event: referral.ReturneeDeparted, at: datetime) -> Outcome:
    return known.having_left(Left(at, at, event.departed_on))


def _left_otherwise(known: Outcome, event: referral.DepartureCorrected, at: datetime) -> Outcome:
    return known.having_left(Left(event.reported_at, at, event.departed_on))


def _not_left(known: Outcome, event: referral.DepartureVoided, at: datetime) -> Outcome:
    return known.having_left(Left(event.reported_at, at, None))


def _arrived(known: Outcome, event: counselling.ArrivedInCountry, at: datetime) -> Outcome:
    return _told_of_arrival(known, Arrival(at, at, event.arrived_on))


def _arrival_corrected(known: Outcome, event: counselling.ArrivalCorrected, at: datetime) -> Outcome:
    return _told_of_arrival(known, Arrival(event.reported_at, at, event.arrived_on))


def _voided(known: Outcome, event: counselling.RecordVoided, at: datetime) -> Outcome:
    if event.record == ARRIVAL:
        return _told_of_arrival(known, Arrival(event.reported_at, at, None))
    return replace(known, void=tuple(sorted({*known.void, (event.record, event.reported_at)})))


def _told_of_arrival(known: Outcome, told: Arrival) -> Outcome:
    return replace(known, arrival=told) if told.outdates(known.arrival) else known


def _never_arrived(known: Outcome, _event: counselling.NeverArrived, at: datetime) -> Outcome:
    return replace(known, never_arrived_at=last(known.never_arrived_at, at))


def _contacted(known: Outcome, event: counselling.FirstContactMade, at: datetime) -> Outcome:
    return known.recorded(Recorded(CONTACT, at, event.contacted_on))


def _called(known: Outcome, event: counselling.PreDepartureCallHeld, at: datetime) -> Outcome:
    return known.recorded(Recorded(CALL, at, event.held_on))


def _planned(known: Outcome, event: counselling.ReintegrationPlanAgreed, at: datetime) -> Outcome:
    plan = Plan(at, event.plan_version, tuple(sorted(each.code for each in event.measures)))
    return known.recorded(Recorded(PLAN, at, event.agreed_on, plan))


def _not_handed_over(known: Outcome, event: referral.HandoverPackageVoided, at: datetime) -> Outcome:
    def change(duty: Duty) -> Duty:
        return replace(duty, undone_at=last(duty.undone_at, at))

    return known.duty("referral", HANDOVER_PACKAGE, event.referral_id, change)


# --- courses ----------------------------------------------------------------------------------------------------------


def _requested(known: Outcome, event: training.EnrolmentRequested, at: datetime) -> Outcome:
    return known.course(event.enrolment_id, lambda course: replace(course, requested_at=first(course.requested_at, at)))


def _confirmed(known: Outcome, event: training.EnrolmentConfirmed, at: datetime) -> Outcome:
    return known.course(event.enrolment_id, lambda course: replace(course, confirmed_at=first(course.confirmed_at, at)))


def _left(known: Outcome, event: training.EnrolmentCancelled, at: datetime) -> Outcome:
    told = Cancelled(at, event.reason)
    return known.course(event.enrolment_id, lambda course: replace(course, cancelled=later(course.cancelled, told)))


def _learned(known: Outcome, event: training.CourseCompleted | training.CompletionCorrected, at: datetime) -> Outcome:
    told = Completed(at, event.category, event.isco08)
    return known.course(event.enrolment_id, lambda course: replace(course, completed=later(course.completed, told)))


def _not_learned(known: Outcome, event: training.CompletionVoided, at: datetime) -> Outcome:
    return known.course(event.enrolment_id, lambda course: replace(course, void_at=last(course.void_at, at)))


# --- offers and work --------------------------------------------------------------------------------------------------


def _offered(known: Outcome, event: placement.JobOffered, at: datetime) -> Outcome:
    told = _made(event, at)
    return known.offer(event.offer_id, lambda offer: replace(offer, made=later(offer.made, told)))


def _offer_corrected(known: Outcome, event: placement.JobOfferCorrected, at: datetime) -> Outcome:
    told = _made(event, at)
    return known.offer(event.offer_id, lambda offer: replace(offer, correction=later(offer.correction, told)))


def _made(event: placement.JobOffered | placement.JobOfferCorrected, at: datetime) -> Made:
    return Made(at, event.offered_on, event.employment_type, event.candidacy_id)


def _offer_accepted(known: Outcome, event: placement.JobOfferAccepted, _at: datetime) -> Outcome:
    return known.offer(
        event.offer_id, lambda offer: replace(offer, accepted_on=first(offer.accepted_on, event.accepted_on))
    )


def _offer_declined(known: Outcome, event: placement.JobOfferDeclined, at: datetime) -> Outcome:
    return known.offer(event.offer_id, lambda offer: replace(offer, declined_at=first(offer.declined_at, at)))


def _offer_expired(known: Outcome, event: placement.JobOfferExpired, at: datetime) -> Outcome:
    return known.offer(event.offer_id, lambda offer: replace(offer, expired_at=first(offer.expired_at, at)))


def _offer_retracted(known: Outcome, event: placement.JobOfferRetracted, at: datetime) -> Outcome:
    return known.offer(event.offer_id, lambda offer: replace(offer, retracted_at=first(offer.retracted_at, at)))


def _closed(known: Outcome, event: placement.CandidacyClosed, _at: datetime) -> Outcome:
    return replace(known, closed=tuple(sorted({*known.closed, event.candidacy_id})))


def _began_to_work(known: Outcome, event: placement.EmploymentStarted, at: datetime) -> Outcome:
    told = _begun(event, at)
    return known.work(event.employment_id, lambda work: replace(work, told=later(work.told, told)))


def _work_corrected(known: Outcome, event: placement.EmploymentCorrected, at: datetime) -> Outcome:
    told = _begun(event, at)
    return known.work(event.employment_id, lambda work: replace(work, correction=later(work.correction, told)))


def _begun(event: placement.EmploymentStarted | placement.EmploymentCorrected, at: datetime) -> Begun:
    return Begun(at, event.started_on, event.isco08, event.employment_type, event.formal, event.subsidised)


def _placement_voided(known: Outcome, event: placement.PlacementRecordVoided, at: datetime) -> Outcome:
    if event.record == OFFER:
        return known.offer(event.record_id, lambda offer: replace(offer, voided_at=first(offer.voided_at, at)))
    if event.record == EMPLOYMENT:
        return known.work(event.record_id, lambda work: replace(work, voided_at=first(work.voided_at, at)))
    return known


def _not_met(known: Outcome, event: placement.InterviewVoided, _at: datetime) -> Outcome:
    """What the employer owed was not done by an interview that has not been."""
    return replace(known, void=tuple(sorted({*known.void, (EMPLOYER_FEEDBACK, event.reported_at)})))


# --- deadlines --------------------------------------------------------------------------------------------------------


def _missed(service: str) -> Fold:
    def fold(known: Outcome, event: Any, _at: datetime) -> Outcome:
        def change(duty: Duty) -> Duty:
            return replace(duty, missed=tuple(sorted({*duty.missed, event.level})))

        return known.duty(service, event.deadline_type, event.subject_id, change)

    return fold


def _met(service: str) -> Fold:
    def fold(known: Outcome, event: Any, at: datetime) -> Outcome:
        told = Met(at, event.due_at, event.level)

        def change(duty: Duty) -> Duty:
            mets = tuple(sorted({*duty.mets, told}, key=repr)) if duty.type == EMPLOYER_FEEDBACK else ()
            return replace(duty, met=later(duty.met, told), mets=mets)

        return known.duty(service, event.deadline_type, event.subject_id, change)

    return fold


def _deadlines(service: str, contracts: ModuleType) -> dict[type[Contract], Fold]:
    return {contracts.DeadlineMissed: _missed(service), contracts.DeadlineMet: _met(service)}


FACTS: Final[Mapping[type[Contract], Fold]] = {
    referral.CaseOpened: _opened,
    referral.CaseCorrected: _put_right,
    referral.CaseVoided: _void,
    referral.ReturneeReferred: _referred,
    referral.AgeBandChanged: _aged,
    referral.ReferralWithdrawn: _withdrawn,
    referral.HandoverPackageVoided: _not_handed_over,
    referral.DeparturePlanned: _departure_planned,
    referral.ReturneeDeparted: _departed,
    referral.DepartureCorrected: _left_otherwise,
    referral.DepartureVoided: _not_left,
    counselling.CaseOpened: _walked_in,
    counselling.CaseCorrected: _taken_in_otherwise,
    counselling.CaseVoided: _void,
    counselling.CaseAdopted: _adopted,
    counselling.AgeBandChanged: _aged,
    counselling.ReferralReceived: _answered("received", _received),
    counselling.ReferralAccepted: _answered("accepted", _accepted),
    counselling.ReferralRejected: _answered("rejected", _rejected),
    counselling.ReferralRedirected: _answered("redirected", _redirected),
    counselling.ReferralCompleted: _answered("completed"),
    counselling.ReferralFailed: _answered("failed", _failed),
    counselling.ReferralReopened: _answered("reopened", _reopened),
    counselling.ArrivedInCountry: _arrived,
    counselling.ArrivalCorrected: _arrival_corrected,
    counselling.RecordVoided: _voided,
    counselling.NeverArrived: _never_arrived,
    counselling.PreDepartureCallHeld: _called,
    counselling.FirstContactMade: _contacted,
    counselling.ReintegrationPlanAgreed: _planned,
    training.EnrolmentRequested: _requested,
    training.EnrolmentConfirmed: _confirmed,
    training.EnrolmentCancelled: _left,
    training.CourseCompleted: _learned,
    training.CompletionCorrected: _learned,
    training.CompletionVoided: _not_learned,
    placement.JobOffered: _offered,
    placement.JobOfferCorrected: _offer_corrected,
    placement.JobOfferAccepted: _offer_accepted,
    placement.JobOfferDeclined: _offer_declined,
    placement.JobOfferExpired: _offer_expired,
    placement.JobOfferRetracted: _offer_retracted,
    placement.CandidacyClosed: _closed,
    placement.EmploymentStarted: _began_to_work,
    placement.EmploymentCorrected: _work_corrected,
    placement.PlacementRecordVoided: _placement_voided,
    placement.InterviewVoided: _not_met,
    **_deadlines("referral", referral),
    **_deadlines("counselling", counselling),
    **_deadlines("placement", placement),
}
"""The fact that each event tells."""


def _heard(fold: Fold) -> Fold:
    return lambda known, event, at: known if known.over else counted(fold(known, event, at))


HEARD: Final[Mapping[type[Contract], Fold]] = {contract: _heard(fold) for contract, fold in FACTS.items()}
"""What each event makes of a document: its fact, and with it the case's part in the figures. None, once its term is
over: the case is counted as somebody's."""
