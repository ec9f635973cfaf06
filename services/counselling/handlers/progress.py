"""What the providers in Germany and the placement desks tell: courses, offers, work.

Either may be heard of before the referral: then the file begins as `unknown`.
"""

from __future__ import annotations

from dataclasses import replace

from chassis.pure.decision import NOTHING, Context, Decision, Refused
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
from vocabulary.countries import TIME_ZONES, day_at
from vocabulary.refusals import unknown_code_of_event


def enrolment_confirmed(states: States, event: EnrolmentConfirmed, _context: Context) -> Decision:
    """The person has a seat in a course."""
    return _course(states, event, Course(event.enrolment_id, event.provider, "confirmed"))


def enrolment_cancelled(states: States, event: EnrolmentCancelled, _context: Context) -> Decision:
    """The enrolment ended without completion. One that never had a seat has not been shown here."""
    known = any(course.id == event.enrolment_id for course in file_of(states, event).courses)
    if not known:
        return NOTHING
    return _course(states, event, Course(event.enrolment_id, event.provider, "cancelled"))


def course_completed(states: States, event: CourseCompleted, context: Context) -> Decision | Refused:
    """The person brings a finished course along. A course that was ever listed will do: courses are retired."""
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
    )
    return _course(states, event, course)


def job_offered(states: States, event: JobOffered, _context: Context) -> Decision:
    """An employer offers work."""
    file = file_of(states, event)
    offer = Offer(
        id=event.offer_id,
        candidacy_id=event.candidacy_id,
        isco08=event.isco08,
        offered_on=event.offered_on,
        starts_on=event.starts_on,
        formal=event.formal,
    )
    return Decision((replace(file, offers=put(file.offers, offer)),))


def job_offer_accepted(states: States, event: JobOfferAccepted, _context: Context) -> Decision:
    """The person takes the offer."""
    file = file_of(states, event)
    offers = change(
        file.offers,
        lambda offer: offer.id == event.offer_id,
        lambda offer: replace(offer, status="accepted", decided_on=event.accepted_on),
    )
    return _offers(file, offers)


def job_offer_declined(states: States, event: JobOfferDeclined, context: Context) -> Decision | Refused:
    """The person does not take the offer, on this day at the place of the work; nothing follows from it."""
    if event.country not in TIME_ZONES:
        return unknown_code_of_event("/country", "countries")
    file = file_of(states, event)
    day = day_at(event.country, context.occurred_at)
    offers = change(
        file.offers,
        lambda offer: offer.id == event.offer_id,
        lambda offer: replace(offer, status="declined", decided_on=day, reason=event.reason),
    )
    return _offers(file, offers)


def job_offer_expired(states: States, event: JobOfferExpired, _context: Context) -> Decision:
    """Nobody answered the offer in time."""
    file = file_of(states, event)
    offers = change(
        file.offers,
        lambda offer: offer.id == event.offer_id,
        lambda offer: replace(offer, status="expired"),
    )
    return _offers(file, offers)


def candidacy_closed(states: States, event: CandidacyClosed, _context: Context) -> Decision:
    """An offer of this candidacy that nobody has answered is void."""
    file = file_of(states, event)
    offers = change(
        file.offers,
        lambda offer: offer.candidacy_id == event.candidacy_id and offer.status == "offered",
        lambda offer: replace(offer, status="closed", reason=event.reason),
    )
    return _offers(file, offers)


def employment_started(states: States, event: EmploymentStarted, _context: Context) -> Decision:
    """The person has begun to work."""
    file = file_of(states, event)
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


def _course(
    states: States, event: EnrolmentConfirmed | EnrolmentCancelled | CourseCompleted, course: Course
) -> Decision:
    file = file_of(states, event)
    return Decision((replace(file, courses=put(file.courses, course)),))


def _offers(file: CentreFile, offers: tuple[Offer, ...]) -> Decision:
    """Nothing is written, and no file begun, for offers that this service has never heard of."""
    return NOTHING if offers == file.offers else Decision((replace(file, offers=offers),))
