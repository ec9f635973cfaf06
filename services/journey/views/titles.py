"""What each event means in plain words: a line of a timeline. They speak of cases and organisations, of no person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from journey.domain.wait import Wanted

_TYPE = re.compile(r"ph\.([a-z]+)\.([A-Za-z]+)\.v[0-9]+")

OF_ALL: Final[Mapping[str, str]] = {
    "AgeBandChanged": "the person counts to another age band",
    "AuditSealed": "the audit is sealed up to here",
    "ConsentGranted": "the person has allowed something to organisations",
    "ConsentWithdrawn": "the person has taken a consent back",
    "DeadlineApproaching": "a deadline approaches",
    "DeadlineMissed": "a deadline was missed",
    "DeadlineMet": "what was owed by a deadline is done",
    "DeadlineMoved": "a deadline has moved with its calendar",
    "ProfileKeyDestroyed": "a copy of a key of the profile is destroyed",
    "RetentionStarted": "the case has ended; terms run",
    "RetentionStopped": "the case goes on; no term runs",
    "RetentionHeld": "the records are held beyond their terms",
    "RetentionReleased": "a hold on the records is over",
    "RecordParked": "a record could not be handled and is parked",
    "RecordRetried": "an operator wants a parked record handled again",
    "AttemptFailed": "a parked record could not be handled again",
    "RecordHandled": "a parked record is handled",
    "RecordDiscarded": "an operator has discarded a parked record",
    "ProgressReported": "the service tells how far it has read",
}
"""Events that several services tell."""
OF_SERVICES: Final[Mapping[str, Mapping[str, str]]] = {
    "referral": {
        "CaseOpened": "a desk has registered the person",
        "CaseCorrected": "what the desk had registered of the person was corrected",
        "CaseVoided": "the case was opened in error",
        "AdoptionRequested": "a desk asks for the case that a centre has opened",
        "ReturneeReferred": "the desk asks a centre to take the person on",
        "ReferralWithdrawn": "the desk takes the referral back",
        "HandoverPackageSent": "the desk has handed over what the centre needs",
        "HandoverPackageVoided": "nothing was handed over after all",
        "DeparturePlanned": "a departure is planned",
        "DepartureRescheduled": "the departure has moved",
        "DepartureCancelled": "the departure is cancelled",
        "DepartureMissed": "the person did not leave as planned",
        "ReturneeDeparted": "the person has left Germany",
        "DepartureCorrected": "the departure was corrected",
        "DepartureVoided": "the person has not left Germany after all",
        "DepartureDiverted": "the person is in another country than planned",
        "ProfileSealed": "the profile was sealed anew",
        "ProfileDestroyed": "the keys of all that is known of the person are destroyed",
        "ProfileKeyShared": "a key of the profile was handed over",
        "ProfileKeyRevoked": "a key of the profile was taken back",
        "CountrySwitched": "the programme in the country was suspended or taken up again",
    },
    "training": {
        "CourseSessionScheduled": "a course is offered",
        "CourseSessionCancelled": "a course does not take place",
        "EnrolmentRequested": "a seat in a course is asked for",
        "EnrolmentConfirmed": "the person has a seat in a course",
        "EnrolmentWaitlisted": "the person waits for a seat in a course",
        "EnrolmentCancelled": "the person does not take the course",
        "CourseCompleted": "the person has taken the course to its end",
        "CompletionCorrected": "how the course ended was corrected",
        "CompletionVoided": "the person has not taken the course to its end after all",
    },
    "counselling": {
        "CaseOpened": "a centre has taken the person in",
        "CaseAdopted": "a desk in Germany has the case from now on",
        "CaseCorrected": "what was taken down of the person was wrong, and is put right",
        "CaseVoided": "a centre has opened the case in error: there is none",
        "AdoptionDeclined": "the centre does not hand the case over to a desk",
        "ReferralReceived": "the referral is in the inbox of the centre",
        "ReferralAccepted": "the centre takes the person on",
        "ReferralRejected": "the centre does not take the person on",
        "ReferralRedirected": "the centre passes the referral on to another one",
        "ReferralCompleted": "the support has come to an end",
        "ReferralFailed": "nothing more comes of the referral",
        "ReferralReopened": "the centre goes on with the referral",
        "PreDepartureCallHeld": "the centre has called the person before the departure",
        "NeverArrived": "the person did not come, as far as the centre knows",
        "ArrivedInCountry": "the person is in the country",
        "ArrivalCorrected": "the arrival was corrected",
        "RecordVoided": "a record was voided",
        "CasesLinked": "it was found to be the same person's as another case",
        "LinkUndone": "it is not the same person's as another case after all",
        "FirstContactMade": "the centre has spoken with the person",
        "NeedsAssessed": "what the person needs is assessed",
        "LevelsDestroyed": "the levels of assessments are destroyed",
        "ProfileDestroyed": "what the centre had taken down of who the person is is destroyed",
        "ReintegrationPlanAgreed": "person and centre have agreed on a plan",
    },
    "placement": {
        "VacancyPublished": "an employer looks for people",
        "VacancyClosed": "a vacancy takes nobody any more",
        "VacancyUpdated": "a vacancy has changed",
        "VacancyReopened": "a vacancy takes people again",
        "CandidateShortlisted": "a desk has picked the person for a vacancy",
        "CandidatePresented": "the person was presented to an employer",
        "InterviewArranged": "employer and person are to meet",
        "InterviewReported": "what became of an interview was told",
        "InterviewCorrected": "what became of an interview was corrected",
        "InterviewVoided": "an interview has not been after all",
        "CandidacyClosed": "the way into a vacancy has ended",
        "JobOffered": "an employer offers work",
        "JobOfferAccepted": "the person takes the offer",
        "JobOfferDeclined": "the person does not take the offer",
        "JobOfferRetracted": "the employer has taken the offer back",
        "JobOfferExpired": "nobody answered the offer in time",
        "EmploymentStarted": "the person has begun to work",
        "JobOfferCorrected": "an offer was corrected",
        "EmploymentCorrected": "a start of work was corrected",
        "PlacementRecordVoided": "an offer or a start of work was voided",
    },
    "journey": {},
}
"""Events of one service."""
WAITS: Final[Mapping[Wanted, str]] = {
    "referral": "a referral to a centre",
    "receipt": "word that the referral is in the inbox of its centre",
    "answer": "the centre's answer to the referral",
    "rerouting": "another way than the referral that was rejected",
    "departure": "the departure from Germany, or word of it",
    "new_departure": "a new plan for the departure",
    "arrival": "word of the arrival",
    "first_contact": "the first contact after the arrival",
    "assessment": "an assessment of what the person needs",
    "plan": "a plan that person and centre agree on",
    "word_on_withdrawal": "the centre's word on a referral that the desk has taken back",
    "seat": "a seat in a course",
    "course": "the end of a course",
    "presentation": "the presentation to an employer",
    "employer_feedback": "an employer's answer on the person",
    "offer_answer": "the person's answer to an offer of work",
    "employment_start": "word that the work has begun",
    "job_offer": "an offer of work",
    "duty": "something that is owed by a deadline",
}
"""What a case waits for."""


def name_of(type_: str | None) -> tuple[str, str]:
    """Service and name of a type, such as `ph.referral.CaseOpened.v1`; empty for what is none."""
    found = _TYPE.fullmatch(type_ or "")
    return (found[1], found[2]) if found else ("", "")


def title_of(type_: str | None) -> str:
    """What an event of this type means."""
    service, name = name_of(type_)
    return OF_SERVICES.get(service, {}).get(name) or OF_ALL.get(name) or "an event of a type that is not known here"
