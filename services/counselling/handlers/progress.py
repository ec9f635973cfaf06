"""What the providers in Germany and the placement desks tell: courses, offers, work.

Either may be heard of before the referral: then the file begins as `unknown`.
"""

from __future__ import annotations

from dataclasses import replace

from chassis.pure.decision import NOTHING, Context, Decision
from chassis.pure.states import States
from counselling.contracts import (
    CandidacyClosed,
    CourseCompleted,
    EmploymentStarted,
    EnrolmentCancelled,
    EnrolmentConfirmed,
    JobOfferAccepted,
    JobOfferDeclined,
    JobOffered,
    JobOfferExpired,
)
from counselling.domain.centre_file import CentreFile
from counselling.domain.progress import Course, Employment, Offer, change, put
from counselling.handlers.incoming import file_of


def enrolment_confirmed(states: States, message: EnrolmentConfirmed, _context: Context) -> Decision:
    """The person has a seat in a course."""
    return _course(states, message, Course(message.enrolment_id, message.provider, "confirmed"))


def enrolment_cancelled(states: States, message: EnrolmentCancelled, _context: Context) -> Decision:
    """The enrolment ended without completion. One that never had a seat has not been shown here."""
    known = any(course.id == message.enrolment_id for course in file_of(states, message).courses)
    if not known:
        return NOTHING
    return _course(states, message, Course(message.enrolment_id, message.provider, "cancelled"))


def course_completed(states: States, message: CourseCompleted, _context: Context) -> Decision:
    """The person brings a finished course along."""
    course = Course(
        id=message.enrolment_id,
        provider=message.provider,
        status="completed_passed" if message.result == "passed" else "completed_attended",
        course_code=message.course_code,
        isco08=message.isco08,
        category=message.category,
        units=message.units,
        finished_on=message.finished_on,
        skills=message.skills,
    )
    return _course(states, message, course)


def job_offered(states: States, message: JobOffered, _context: Context) -> Decision:
    """An employer offers work."""
    file = file_of(states, message)
    offer = Offer(
        id=message.offer_id,
        candidacy_id=message.candidacy_id,
        isco08=message.isco08,
        offered_on=message.offered_on,
        starts_on=message.starts_on,
        formal=message.formal,
    )
    return Decision((replace(file, offers=put(file.offers, offer)),))


def job_offer_accepted(states: States, message: JobOfferAccepted, _context: Context) -> Decision:
    """The person takes the offer."""
    file = file_of(states, message)
    offers = change(
        file.offers,
        lambda offer: offer.id == message.offer_id,
        lambda offer: replace(offer, status="accepted", decided_on=message.accepted_on),
    )
    return _offers(file, offers)


def job_offer_declined(states: States, message: JobOfferDeclined, context: Context) -> Decision:
    """The person does not take the offer; nothing follows from it."""
    file = file_of(states, message)
    day = context.occurred_at.date()
    offers = change(
        file.offers,
        lambda offer: offer.id == message.offer_id,
        lambda offer: replace(offer, status="declined", decided_on=day, reason=message.reason),
    )
    return _offers(file, offers)


def job_offer_expired(states: States, message: JobOfferExpired, _context: Context) -> Decision:
    """Nobody answered the offer in time."""
    file = file_of(states, message)
    offers = change(
        file.offers,
        lambda offer: offer.id == message.offer_id,
        lambda offer: replace(offer, status="expired"),
    )
    return _offers(file, offers)


def candidacy_closed(states: States, message: CandidacyClosed, _context: Context) -> Decision:
    """An offer of this candidacy that nobody has answered is void."""
    file = file_of(states, message)
    offers = change(
        file.offers,
        lambda offer: offer.candidacy_id == message.candidacy_id and offer.status == "offered",
        lambda offer: replace(offer, status="closed", reason=message.reason),
    )
    return _offers(file, offers)


def employment_started(states: States, message: EmploymentStarted, _context: Context) -> Decision:
    """The person has begun to work."""
    file = file_of(states, message)
    employment = Employment(
        id=message.employment_id,
        offer_id=message.offer_id,
        isco08=message.isco08,
        started_on=message.started_on,
        employment_type=message.employment_type,
        formal=message.formal,
        subsidised=message.subsidised,
    )
    return Decision((replace(file, employments=put(file.employments, employment)),))


def _course(
    states: States, message: EnrolmentConfirmed | EnrolmentCancelled | CourseCompleted, course: Course
) -> Decision:
    file = file_of(states, message)
    return Decision((replace(file, courses=put(file.courses, course)),))


def _offers(file: CentreFile, offers: tuple[Offer, ...]) -> Decision:
    """Nothing is written, and no file begun, for offers that this service has never heard of."""
    return NOTHING if offers == file.offers else Decision((replace(file, offers=offers),))
