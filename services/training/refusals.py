"""Every refusal of this service: what is wrong and what to do about it, without personal data."""

from __future__ import annotations

from datetime import date
from typing import Final

from chassis.pure.decision import Refused
from vocabulary.refusals import (
    consent_missing,
    dates_reversed,
    not_found,
    nothing_corrected,
    nothing_recorded,
    other_organisation,
    profile_not_told,
)

NOT_A_PROVIDER: Final = Refused(
    "not_a_provider",
    "Your organisation is not in the list of training providers.",
    "Use a token of a provider of GET /code-lists/providers, or have yours added to that list.",
    status=403,
)
OTHER_ORGANISATION: Final = other_organisation(
    "This belongs to another organisation.",
    "Ask the provider of the course, or the scouts who asked for the enrolment.",
)
NOT_YOUR_CASE: Final = other_organisation(
    "The case is with another desk.", "Have the desk that opened the case ask for the course.", "/case_id"
)
SESSION_NOT_FOUND: Final = not_found("session", "Take the id from GET /sessions.")
CASE_NOT_FOUND: Final = not_found(
    "case",
    "Open and refer the case first; if that was a moment ago, wait for its events and send the request again.",
    "/case_id",
)
ENROLMENT_NOT_FOUND: Final = not_found("enrolment", "Take the id from GET /enrolments.")

OCCUPATION_NOT_TAUGHT: Final = Refused(
    "occupation_not_taught",
    "The occupation belongs to none of the trades that the provider teaches.",
    "Use a code of one of the provider's trades in GET /code-lists/trades, or have the trade added to the provider.",
    "/isco08",
    422,
)
ENDS_BEFORE_START: Final = dates_reversed("/ends_on", "The last day of the course lies before its first.")
FINISHED_BEFORE_START: Final = dates_reversed(
    "/finished_on", "The person cannot have finished before the first day of the course."
)
UNITS_EXCEED_COURSE: Final = Refused(
    "units_exceed_course",
    "The course has fewer teaching units.",
    "Give the units that the person took part in, at most those of the course.",
    "/units",
    422,
)

NO_RESULT: Final = nothing_recorded("enrolment")
UNCHANGED: Final = nothing_corrected("enrolment")

SESSION_CANCELLED: Final = Refused(
    "session_cancelled", "The course session was cancelled.", "Choose another one from GET /sessions."
)
SESSION_OVER: Final = Refused(
    "session_over", "The last day of the course is over.", "Record the results of those who took part instead."
)
ENROLMENT_CLOSED: Final = Refused(
    "enrolment_closed",
    "The first day of the course is over; nobody can be enrolled any more.",
    "Choose another one from GET /sessions?open=true.",
    "/session_id",
)
NOT_TAKING_PART: Final = Refused(
    "not_taking_part",
    "The person has no seat in the course now, or no consent lets your organisation know them.",
    "Read the enrolment for where it stands; who the person is can be read while it is `confirmed`.",
    status=403,
)
PROFILE_NOT_TOLD: Final = profile_not_told(
    "It comes within seconds of the seat. If it stays away, ask the desk that asked for the seat to set one."
)
ALREADY_ENROLLED: Final = Refused(
    "already_enrolled",
    "The person has a seat in this session, or is on its waiting list.",
    "Go on with that enrolment; GET /enrolments?case_id= shows it.",
    "/case_id",
)
CONSENT_MISSING: Final = consent_missing(
    "The person has given no consent `training` that holds for this provider to the last day of the course.",
    "Ask the person; record the consent for this provider, or for country:DE, in the referral service.",
    "/case_id",
)
PERSON_DEPARTED: Final = Refused(
    "person_departed",
    "The person has left Germany.",
    "Choose an online course; GET /sessions shows which are.",
    "/case_id",
)
COURSES_OVERLAP: Final = Refused(
    "courses_overlap",
    "The person is enrolled in another session, or waits for one, on some of the same days.",
    "Choose a session at another time, or cancel the other enrolment first.",
    "/session_id",
)
WAITING_LIST_FULL: Final = Refused(
    "waiting_list_full",
    "Every seat is taken, and the waiting list is full.",
    "Choose another session, or ask the provider for one more.",
    "/session_id",
)


def course_ends_too_late(ends_on: date, must_end_by: date, working_days: int) -> Refused:
    """The person may have to leave before the course is over, or too soon after it."""
    return Refused(
        "course_ends_too_late",
        f"The course ends on {ends_on}; for this departure it must end by {must_end_by}, "
        f"{working_days} working days before it.",
        f"Choose a course that ends on {must_end_by} or earlier, or an online course.",
        "/session_id",
    )
