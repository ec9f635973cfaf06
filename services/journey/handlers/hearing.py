"""What each event says of a journey: which word goes into which slot. The slots keep the largest word, so nothing here
asks what was known before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final

from chassis.pure.messages import Contract
from journey.contracts import counselling, placement, referral, training
from journey.domain.centre import Answer, Arrival, Centres, Done, Turn
from journey.domain.consents import Consent
from journey.domain.desk import AHEAD, Adopted, Aged, Asked, Corrected, Departure, Desk, Ended, Opened, Owner
from journey.domain.journey import Journey
from journey.domain.owed import ANSWER, Deadline
from journey.domain.referrals import ENDS
from journey.domain.waiting import waits_of
from journey.domain.words import first, heard, last, later, latest
from journey.domain.work import Candidacy, Completion, Enrolment, Interview, Job, Offered, Reply, Work
from vocabulary.arrivals import ARRIVAL
from vocabulary.consents import consent_ends_at
from vocabulary.copying import replace
from vocabulary.roles import CENTRE_COUNSELLOR
from vocabulary.terms import DepartureWord, departure_word
from vocabulary.voiding import ASSESSMENT, CALL, CONTACT, PLAN

Fold = Callable[[Journey, Any, datetime], Journey]
"""The document after an event that happened then."""
OfOwner = Callable[[Owner, Any, datetime], Owner]
OfDesk = Callable[[Desk, Any, datetime], Desk]
OfCentres = Callable[[Centres, Any, datetime], Centres]
OfWork = Callable[[Work, Any, datetime], Work]


def _desk(part: OfDesk) -> Fold:
    return lambda journey, told, at: replace(journey, desk=part(journey.desk, told, at))


def _centres(part: OfCentres) -> Fold:
    return lambda journey, told, at: replace(journey, centres=part(journey.centres, told, at))


def _work(part: OfWork) -> Fold:
    return lambda journey, told, at: replace(journey, work=part(journey.work, told, at))


def _at_desk(part: OfOwner) -> Fold:
    return _desk(lambda desk, told, at: replace(desk, owner=part(desk.owner, told, at)))


def _at_centre(part: OfOwner) -> Fold:
    return _centres(lambda centres, told, at: replace(centres, owner=part(centres.owner, told, at)))


# --- the owner of the case -------------------------------------------------------------------------------------------


def _registered(owner: Owner, told: referral.CaseOpened, at: datetime) -> Owner:
    opened = Opened(at, told.opened_by, told.country, told.case_ref, told.target_group)
    return replace(owner, opened=later(owner.opened, opened))


def _put_right(owner: Owner, told: referral.CaseCorrected, at: datetime) -> Owner:
    return replace(owner, corrected=later(owner.corrected, Corrected(at, told.country)))


def _void(owner: Owner, _told: referral.CaseVoided | counselling.CaseVoided, at: datetime) -> Owner:
    return replace(owner, void_at=latest(owner.void_at, at))


def _walked_in(owner: Owner, told: counselling.CaseOpened, at: datetime) -> Owner:
    return _taken_in(owner, told, at)


def _taken_in_otherwise(owner: Owner, told: counselling.CaseCorrected, at: datetime) -> Owner:
    return _taken_in(owner, told, told.opened_at, said_at=at)


def _taken_in(owner: Owner, told: counselling.CaseOpened, at: datetime, said_at: datetime | None = None) -> Owner:
    who = (told.centre, told.country, told.case_ref, told.target_group, told.referral_id)
    age = Aged(at, told.age_band, said_at=said_at)
    return replace(owner, opened=later(owner.opened, Opened(at, *who, said_at)), age=later(owner.age, age))


def _adopted(owner: Owner, told: counselling.CaseAdopted, at: datetime) -> Owner:
    return replace(owner, adopted=later(owner.adopted, Adopted(at, told.desk)))


def _asked_for(owner: Owner, _told: referral.AdoptionRequested, at: datetime) -> Owner:
    return replace(owner, asked_for_at=latest(owner.asked_for_at, at))


def _declined(owner: Owner, _told: counselling.AdoptionDeclined, at: datetime) -> Owner:
    return replace(owner, declined_at=latest(owner.declined_at, at))


def _aged(owner: Owner, told: Any, at: datetime) -> Owner:
    return replace(owner, age=later(owner.age, Aged(at, told.age_band, "changed")))


def _allowed(owner: Owner, told: Any, _at: datetime) -> Owner:
    ends_at = consent_ends_at(told.valid_until, told.expires_at)
    return _with_consent(owner, told, Consent(told.purpose, told.recipients, ends_at))


def _taken_back(owner: Owner, told: Any, _at: datetime) -> Owner:
    return _with_consent(owner, told, Consent(told.purpose, told.recipients, told.effective_at, withdrawn=True))


def _with_consent(owner: Owner, told: Any, consent: Consent) -> Owner:
    known = owner.consents.get(told.consent_id)
    return replace(owner, consents={**owner.consents, told.consent_id: consent.merged(known)})


def _ended(owner: Owner, told: Any, at: datetime) -> Owner:
    return replace(owner, ended=later(owner.ended, Ended(at, "started", told.ended_on)))


def _goes_on(owner: Owner, _told: Any, at: datetime) -> Owner:
    return replace(owner, ended=later(owner.ended, Ended(at, "stopped")))


def _held(owner: Owner, told: Any, _at: datetime) -> Owner:
    return replace(owner, holds=tuple(sorted({*owner.holds, told.hold_id})))


def _released(owner: Owner, told: Any, _at: datetime) -> Owner:
    return replace(owner, released=tuple(sorted({*owner.released, told.hold_id})))


# --- the desk in Germany ---------------------------------------------------------------------------------------------


def _referred(desk: Desk, told: referral.ReturneeReferred, at: datetime) -> Desk:
    earliest = None if told.departure is None else told.departure.earliest
    of = (told.to_centre, told.country, told.root_referral_id, told.priority)
    asked = Asked(told.referred_at, *of, earliest=earliest)
    owner = replace(desk.owner, age=later(desk.owner.age, Aged(at, told.age_band)))
    return replace(desk, owner=owner, asked=heard(desk.asked, told.referral_id, asked))


def _withdrawn(desk: Desk, told: referral.ReferralWithdrawn, at: datetime) -> Desk:
    return replace(desk, withdrawn=last(desk.withdrawn, told.referral_id, at))


def _handed_over(desk: Desk, told: referral.HandoverPackageSent, at: datetime) -> Desk:
    return replace(desk, packages=last(desk.packages, told.referral_id, at))


def _not_handed_over(desk: Desk, told: referral.HandoverPackageVoided, at: datetime) -> Desk:
    return replace(desk, void_packages=last(desk.void_packages, told.referral_id, at))


def _planned(desk: Desk, told: referral.DeparturePlanned | referral.DepartureRescheduled, at: datetime) -> Desk:
    return replace(desk, departure=later(desk.departure, Departure(at, told.status, told.latest)))


def _departed(desk: Desk, told: referral.ReturneeDeparted, at: datetime) -> Desk:
    word = Departure(at, "departed", expected_on=told.arrival_expected_on)
    return replace(desk, departure=later(desk.departure, word))


def _left_otherwise(desk: Desk, told: referral.DepartureCorrected, at: datetime) -> Desk:
    return _said_otherwise(desk, told, departure_word(told.status, "departed"), told.arrival_expected_on, None, at)


def _not_left(desk: Desk, told: referral.DepartureVoided, at: datetime) -> Desk:
    """What the departure was before holds since it was told; if nobody had told of one, it is not known."""
    word = departure_word(told.status, "undecided")
    return _said_otherwise(desk, told, word, told.arrival_expected_on, told.latest, at)


def _said_otherwise(
    desk: Desk, told: Any, status: DepartureWord, expected_on: date | None, latest: date | None, at: datetime
) -> Desk:
    word = Departure(
        told.told_at or told.reported_at,
        status,
        latest if status in AHEAD else None,
        expected_on if status == "departed" else None,
        said_at=at,
    )
    return replace(desk, departure=later(desk.departure, word))


def _departure(status: str) -> OfDesk:
    return lambda desk, _told, at: replace(desk, departure=later(desk.departure, Departure(at, status)))


def _destroyed(desk: Desk, _told: Any, at: datetime) -> Desk:
    return replace(desk, destroyed_at=latest(desk.destroyed_at, at))


# --- the centres -----------------------------------------------------------------------------------------------------


def _received(journey: Journey, told: counselling.ReferralReceived, at: datetime) -> Journey:
    """The one deadline of which it is told when it begins: the centre owes an answer."""
    centres = journey.centres
    received = first(centres.received, told.referral_id, told.received_at)
    centres = _answered("received")(replace(centres, received=received), told, at)
    who = (CENTRE_COUNSELLOR, told.centre, told.centre)
    owed = Deadline(at, "set", "counselling", ANSWER, told.referral_id, told.answer_due_at, *who)
    return _with_deadline(replace(journey, centres=centres), owed, first_level=True)


def _answered(status: str) -> OfCentres:
    def part(centres: Centres, told: Any, at: datetime) -> Centres:
        reason = getattr(told, "reason", None) or getattr(told, "outcome_code", None)
        answer = Answer(at, status, told.centre, told.country, reason, getattr(told, "ends_case", None))
        if status in ENDS or status == "reopened":
            turn = Turn(at, "ended" if status in ENDS else "reopened")
            turns = heard(centres.turns.get(told.referral_id, {}), at, turn)
            centres = replace(centres, turns={**centres.turns, told.referral_id: turns})
        return replace(centres, answers=heard(centres.answers, told.referral_id, answer))

    return part


def _redirected(centres: Centres, told: counselling.ReferralRedirected, at: datetime) -> Centres:
    child = Asked(at, told.to_centre, told.to_country, told.root_referral_id, parent_id=told.referral_id)
    centres = replace(centres, children=heard(centres.children, told.child_referral_id, child))
    return _answered("redirected")(centres, told, at)


def _done(record: str) -> OfCentres:
    return lambda centres, told, at: _with_done(centres, record, at, Done(at, "told", told.centre))


def _with_done(centres: Centres, record: str, told_at: datetime, word: Done) -> Centres:
    words = heard(centres.done.get(record, {}), told_at, word)
    return replace(centres, done={**centres.done, record: words})


def _arrived(centres: Centres, told: counselling.ArrivedInCountry, at: datetime) -> Centres:
    return _with_arrival(centres, Arrival(at, at, "reported", told.centre, told.arrived_on))


def _corrected(centres: Centres, told: counselling.ArrivalCorrected, at: datetime) -> Centres:
    return _with_arrival(centres, Arrival(told.reported_at, at, "corrected", told.centre, told.arrived_on))


def _voided(centres: Centres, told: counselling.RecordVoided, at: datetime) -> Centres:
    if told.record == ARRIVAL:
        return _with_arrival(centres, Arrival(told.reported_at, at, "voided", told.centre))
    return _with_done(centres, told.record, told.reported_at, Done(at, "voided", told.centre))


def _with_arrival(centres: Centres, word: Arrival) -> Centres:
    return replace(centres, arrivals=heard(centres.arrivals, word.reported_at, word))


# --- courses, and the way into work ----------------------------------------------------------------------------------


def _enrolled(status: str) -> Fold:
    def fold(journey: Journey, told: Any, at: datetime) -> Journey:
        word = Enrolment(at, status, told.provider, told.session_id)
        return replace(journey, courses=heard(journey.courses, told.enrolment_id, word))

    return fold


def _completed(journey: Journey, told: Any, at: datetime) -> Journey:
    word = Completion(at, getattr(told, "result", "void"), told.provider, told.session_id)
    return replace(journey, completions=heard(journey.completions, told.enrolment_id, word))


def _candidacy(status: str) -> OfWork:
    def part(work: Work, told: Any, at: datetime) -> Work:
        word = Candidacy(at, status, getattr(told, "reason", None))
        return replace(work, candidacies=heard(work.candidacies, told.candidacy_id, word))

    return part


def _interview(status: str) -> OfWork:
    def part(work: Work, told: Any, at: datetime) -> Work:
        return replace(work, interviews=heard(work.interviews, told.candidacy_id, Interview(at, status)))

    return part


def _shortlisted(work: Work, told: placement.CandidateShortlisted, at: datetime) -> Work:
    centres = {**work.centres, told.candidacy_id: told.centre} if told.centre is not None else work.centres
    return _candidacy("shortlisted")(replace(work, centres=centres), told, at)


def _offer(status: str) -> OfWork:
    def part(work: Work, told: Any, at: datetime) -> Work:
        word = Offered(at, status, told.candidacy_id, told.starts_on)
        answer_by = first(work.answer_by, told.offer_id, told.expires_at)
        return replace(work, offers=heard(work.offers, told.offer_id, word), answer_by=answer_by)

    return part


def _replied(status: str) -> OfWork:
    return lambda work, told, at: replace(work, replies=heard(work.replies, told.offer_id, Reply(at, status)))


def _job(status: str) -> OfWork:
    def part(work: Work, told: Any, at: datetime) -> Work:
        word = Job(at, status, told.candidacy_id, told.offer_id, told.started_on)
        return replace(work, jobs=heard(work.jobs, told.employment_id, word))

    return part


def _record_voided(work: Work, told: placement.PlacementRecordVoided, _at: datetime) -> Work:
    return replace(work, voided=tuple(sorted({*work.voided, told.record_id})))


# --- what is owed ----------------------------------------------------------------------------------------------------


def _owed(service: str, status: str, *, missed: int) -> Fold:
    """`missed`: by how much the level of the event differs from the one up to which it was missed. It is told before
    the first one that it approaches."""

    def fold(journey: Journey, told: Any, at: datetime) -> Journey:
        level = 1 if status == "approaching" else told.level
        who = (told.owner_role, told.owner_org, told.centre, level + missed)
        word = Deadline(at, status, service, told.deadline_type, told.subject_id, told.due_at, *who)
        return _with_deadline(journey, word, first_level=level <= 1 or status == "met")

    return fold


def _with_deadline(journey: Journey, word: Deadline, *, first_level: bool) -> Journey:
    """A word on the first level, or on that it was done, says by when it was to be done."""
    limits = heard(journey.limits, word.key, word.limit) if first_level else journey.limits
    return replace(journey, limits=limits, deadlines=heard(journey.deadlines, word.key, word))


def _deadlines(service: str, module: Any) -> Mapping[type[Contract], Fold]:
    return {
        module.DeadlineApproaching: _owed(service, "approaching", missed=-1),
        module.DeadlineMoved: _owed(service, "moved", missed=-1),
        module.DeadlineMissed: _owed(service, "missed", missed=0),
        module.DeadlineMet: _owed(service, "met", missed=0),
    }


_FOLDS: Final[Mapping[type[Contract], Fold]] = {
    referral.CaseOpened: _at_desk(_registered),
    referral.CaseCorrected: _at_desk(_put_right),
    referral.CaseVoided: _at_desk(_void),
    referral.AdoptionRequested: _at_desk(_asked_for),
    referral.AgeBandChanged: _at_desk(_aged),
    referral.ConsentGranted: _at_desk(_allowed),
    referral.ConsentWithdrawn: _at_desk(_taken_back),
    referral.RetentionStarted: _at_desk(_ended),
    referral.RetentionStopped: _at_desk(_goes_on),
    referral.RetentionHeld: _at_desk(_held),
    referral.RetentionReleased: _at_desk(_released),
    referral.ReturneeReferred: _desk(_referred),
    referral.ReferralWithdrawn: _desk(_withdrawn),
    referral.HandoverPackageSent: _desk(_handed_over),
    referral.HandoverPackageVoided: _desk(_not_handed_over),
    referral.DeparturePlanned: _desk(_planned),
    referral.DepartureRescheduled: _desk(_planned),
    referral.DepartureCancelled: _desk(_departure("cancelled")),
    referral.DepartureMissed: _desk(_departure("missed")),
    referral.DepartureDiverted: _desk(_departure("diverted")),
    referral.ReturneeDeparted: _desk(_departed),
    referral.DepartureCorrected: _desk(_left_otherwise),
    referral.DepartureVoided: _desk(_not_left),
    referral.ProfileDestroyed: _desk(_destroyed),
    **_deadlines("referral", referral),
    counselling.CaseOpened: _at_centre(_walked_in),
    counselling.CaseCorrected: _at_centre(_taken_in_otherwise),
    counselling.CaseVoided: _at_centre(_void),
    counselling.CaseAdopted: _at_centre(_adopted),
    counselling.AdoptionDeclined: _at_centre(_declined),
    counselling.AgeBandChanged: _at_centre(_aged),
    counselling.ConsentGranted: _at_centre(_allowed),
    counselling.ConsentWithdrawn: _at_centre(_taken_back),
    counselling.RetentionStarted: _at_centre(_ended),
    counselling.RetentionStopped: _at_centre(_goes_on),
    counselling.RetentionHeld: _at_centre(_held),
    counselling.RetentionReleased: _at_centre(_released),
    counselling.ReferralReceived: _received,
    counselling.ReferralAccepted: _centres(_answered("accepted")),
    counselling.ReferralRejected: _centres(_answered("rejected")),
    counselling.ReferralRedirected: _centres(_redirected),
    counselling.ReferralCompleted: _centres(_answered("completed")),
    counselling.ReferralFailed: _centres(_answered("failed")),
    counselling.ReferralReopened: _centres(_answered("reopened")),
    counselling.PreDepartureCallHeld: _centres(_done(CALL)),
    counselling.ArrivedInCountry: _centres(_arrived),
    counselling.ArrivalCorrected: _centres(_corrected),
    counselling.RecordVoided: _centres(_voided),
    counselling.FirstContactMade: _centres(_done(CONTACT)),
    counselling.NeedsAssessed: _centres(_done(ASSESSMENT)),
    counselling.ReintegrationPlanAgreed: _centres(_done(PLAN)),
    **_deadlines("counselling", counselling),
    training.EnrolmentRequested: _enrolled("requested"),
    training.EnrolmentWaitlisted: _enrolled("waitlisted"),
    training.EnrolmentConfirmed: _enrolled("confirmed"),
    training.EnrolmentCancelled: _enrolled("cancelled"),
    training.CourseCompleted: _completed,
    training.CompletionCorrected: _completed,
    training.CompletionVoided: _completed,
    placement.CandidateShortlisted: _work(_shortlisted),
    placement.CandidatePresented: _work(_candidacy("presented")),
    placement.InterviewArranged: _work(_candidacy("interview")),
    placement.InterviewReported: _work(_interview("held")),
    placement.InterviewVoided: _work(_interview("void")),
    placement.CandidacyClosed: _work(_candidacy("closed")),
    placement.JobOffered: _work(_offer("offered")),
    placement.JobOfferCorrected: _work(_offer("corrected")),
    placement.JobOfferAccepted: _work(_replied("accepted")),
    placement.JobOfferDeclined: _work(_replied("declined")),
    placement.JobOfferExpired: _work(_replied("expired")),
    placement.JobOfferRetracted: _work(_replied("retracted")),
    placement.EmploymentStarted: _work(_job("started")),
    placement.EmploymentCorrected: _work(_job("corrected")),
    placement.PlacementRecordVoided: _work(_record_voided),
    **_deadlines("placement", placement),
}


def _settled(fold: Fold) -> Fold:
    def folded(journey: Journey, told: Any, at: datetime) -> Journey:
        after = fold(journey, told, at)
        return journey if after == journey else replace(after, waits=waits_of(after))

    return folded


HEARD: Final[Mapping[type[Contract], Fold]] = {contract: _settled(fold) for contract, fold in _FOLDS.items()}
"""What each event changes. What is not here changes nothing of a journey: that it came stands in the ledger."""
