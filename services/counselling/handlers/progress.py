"""What the providers in Germany and the placement desks tell: courses, offers, work.

Either may be heard of before the referral: then the file begins as `unknown`. An end may be heard of before its
beginning, if the record of that was missing and comes late: it is kept until then (`domain/progress.py:Early`).
"""

from __future__ import annotations

from typing import Final

from chassis.pure.decision import NOTHING, Context, Decision, Refused
from chassis.pure.states import States
from counselling.contracts import (
    CandidacyClosed,
    CompletionCorrected,
    CompletionVoided,
    CourseCompleted,
    EmploymentCorrected,
    EmploymentStarted,
    EnrolmentCancelled,
    EnrolmentConfirmed,
    JobOfferAccepted,
    JobOfferCorrected,
    JobOfferDeclined,
    JobOffered,
    JobOfferExpired,
    JobOfferRetracted,
    PlacementRecordVoided,
)
from counselling.domain.centre_file import CentreFile
from counselling.domain.progress import Course, CourseStatus, Employment, Offer, OfferEnd, put
from counselling.handlers.incoming import file_of
from vocabulary.copying import replace
from vocabulary.countries import TIME_ZONES, day_at
from vocabulary.refusals import unknown_code_of_event

RETRACTED: Final = "offer_retracted"
"""Of the reasons for which a candidacy is closed, the one that tells by itself that there was an offer."""


def enrolment_confirmed(states: States, event: EnrolmentConfirmed, _context: Context) -> Decision:
    """The person has a seat in a course; one that is told of late may have come to its end before."""
    file = file_of(states, event.case_id)
    if any(course.id == event.enrolment_id for course in file.courses):
        return NOTHING
    status: CourseStatus = "cancelled" if event.enrolment_id in file.early.cancelled else "confirmed"
    file = replace(file, early=file.early.without(event.enrolment_id))
    return _course(file, Course(event.enrolment_id, event.provider, status))


def enrolment_cancelled(states: States, event: EnrolmentCancelled, _context: Context) -> Decision:
    """The enrolment ended without completion, and stays so. One that never had a seat is not shown here."""
    file = file_of(states, event.case_id)
    if not any(course.id == event.enrolment_id for course in file.courses):
        return Decision((replace(file, early=file.early.with_cancelled(event.enrolment_id)),))
    return _course(file, Course(event.enrolment_id, event.provider, "cancelled"))


def completion_voided(states: States, event: CompletionVoided, context: Context) -> Decision:
    """It has not ended: the person has a seat, unless the provider tells at once that it is over, or has since."""
    file = file_of(states, event.case_id)
    known = next((course for course in file.courses if course.id == event.enrolment_id), None)
    if known is not None and known.settled(context.occurred_at):
        return NOTHING
    if event.enrolment_id in file.early.cancelled:
        file = replace(file, early=file.early.without(event.enrolment_id))
        return _course(file, Course(event.enrolment_id, event.provider, "cancelled"))
    return _course(file, Course(event.enrolment_id, event.provider, "confirmed", told_at=context.occurred_at))


def course_completed(
    states: States, event: CourseCompleted | CompletionCorrected, context: Context
) -> Decision | Refused:
    """The person brings a finished course along; how it ended, as was told last. A course that was ever listed will do:
    courses are retired."""
    file = file_of(states, event.case_id)
    known = next((course for course in file.courses if course.id == event.enrolment_id), None)
    if known is not None and known.settled(context.occurred_at):
        return NOTHING
    if event.course_code not in context.reference.courses:
        return unknown_code_of_event("/course_code", "courses")
    course = Course(
        id=event.enrolment_id,
        provider=event.provider,
        status="completed_passed" if event.result == "passed" else "completed_attended",
        course_code=event.course_code,
        isco08=event.isco08,
        category=event.category,
        units=event.units,
        finished_on=event.finished_on,
        skills=event.skills,
        told_at=context.occurred_at,
    )
    return _course(file, course)


def job_offered(states: States, event: JobOffered, _context: Context) -> Decision:
    """An employer offers work; an offer that is told of late may be over, or was corrected, or there was none."""
    file = file_of(states, event.case_id)
    if event.offer_id in file.early.voided or any(offer.id == event.offer_id for offer in file.offers):
        return NOTHING
    return _offered(file, event)


def job_offer_corrected(states: States, event: JobOfferCorrected, _context: Context) -> Decision:
    """The offer was another: as if that had been told at once; what became of it stays."""
    file = file_of(states, event.case_id)
    known = next((offer for offer in file.offers if offer.id == event.offer_id), None)
    if known is None:
        return _offered(file, event)
    offer = replace(known, offered_on=event.offered_on, starts_on=event.starts_on, formal=event.formal)
    return Decision((replace(file, offers=put(file.offers, offer)),))


def record_voided(states: States, event: PlacementRecordVoided, _context: Context) -> Decision:
    """There was no such offer, or no such work."""
    file = file_of(states, event.case_id)
    offers = tuple(each for each in file.offers if each.id != event.record_id)
    work = tuple(each for each in file.employments if each.id != event.record_id)
    return Decision((replace(file, offers=offers, employments=work, early=file.early.with_voided(event.record_id)),))


def _offered(file: CentreFile, event: JobOffered | JobOfferCorrected) -> Decision:
    offer = Offer(
        id=event.offer_id,
        candidacy_id=event.candidacy_id,
        isco08=event.isco08,
        offered_on=event.offered_on,
        starts_on=event.starts_on,
        formal=event.formal,
    )
    early = file.early.without(offer.id, offer.candidacy_id)
    return Decision((replace(file, offers=put(file.offers, file.early.ended(offer)), early=early),))


def job_offer_accepted(states: States, event: JobOfferAccepted, _context: Context) -> Decision:
    """The person takes the offer."""
    return _ended(file_of(states, event.case_id), OfferEnd(event.offer_id, "accepted", event.accepted_on))


def job_offer_declined(states: States, event: JobOfferDeclined, context: Context) -> Decision | Refused:
    """The person does not take the offer, on this day at the place of the work; nothing follows from it."""
    if event.country not in TIME_ZONES:
        return unknown_code_of_event("/country", "countries")
    day = day_at(event.country, context.occurred_at)
    return _ended(file_of(states, event.case_id), OfferEnd(event.offer_id, "declined", day, event.reason))


def job_offer_retracted(states: States, event: JobOfferRetracted, _context: Context) -> Decision:
    """The employer takes the offer back, whatever the person has answered."""
    return _ended(file_of(states, event.case_id), OfferEnd(event.offer_id, "retracted", event.retracted_on))


def job_offer_expired(states: States, event: JobOfferExpired, _context: Context) -> Decision:
    """Nobody answered the offer in time."""
    return _ended(file_of(states, event.case_id), OfferEnd(event.offer_id, "expired"))


def candidacy_closed(states: States, event: CandidacyClosed, _context: Context) -> Decision:
    """An offer of this candidacy that nobody has answered is void. Most that are closed have none."""
    file = file_of(states, event.case_id)
    end = OfferEnd(event.candidacy_id, "closed", reason=event.reason)
    if not any(offer.candidacy_id == event.candidacy_id for offer in file.offers) and event.reason != RETRACTED:
        return NOTHING
    return _ended(file, end)


def employment_started(states: States, event: EmploymentStarted, _context: Context) -> Decision:
    """The person has begun to work; what is told of late may have been corrected, or was no work."""
    file = file_of(states, event.case_id)
    if event.employment_id in file.early.voided or any(each.id == event.employment_id for each in file.employments):
        return NOTHING
    return _employed(file, event)


def employment_corrected(states: States, event: EmploymentCorrected, _context: Context) -> Decision:
    """The work began otherwise: as if that had been told at once."""
    return _employed(file_of(states, event.case_id), event)


def _employed(file: CentreFile, event: EmploymentStarted | EmploymentCorrected) -> Decision:
    employment = Employment(
        id=event.employment_id,
        offer_id=event.offer_id,
        isco08=event.isco08,
        started_on=event.started_on,
        employment_type=event.employment_type,
        formal=event.formal,
        subsidised=event.subsidised,
    )
    return Decision((replace(file, employments=put(file.employments, employment)),))


def _course(file: CentreFile, course: Course) -> Decision:
    return Decision((replace(file, courses=put(file.courses, course)),))


def _ended(file: CentreFile, end: OfferEnd) -> Decision:
    """The file with an offer that is over; the end of one that nobody has told of yet is kept for it."""
    if end.id in file.early.voided:
        return NOTHING
    if not any(end.id in (offer.id, offer.candidacy_id) for offer in file.offers):
        return Decision((replace(file, early=file.early.with_end(end)),))
    offers = tuple(end.of(offer) for offer in file.offers)
    return NOTHING if offers == file.offers else Decision((replace(file, offers=offers),))
