"""Every refusal of this service: what is wrong and what to do about it, without personal data."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

from chassis.pure.decision import Refused

NOT_A_PROVIDER: Final = Refused(
    "not_a_provider",
    "Your organisation is not in the list of training providers.",
    "Use a token of a provider, or have the provider added to providers.v1.csv.",
    status=403,
)
OTHER_ORGANISATION: Final = Refused(
    "other_organisation",
    "This belongs to another organisation.",
    "Ask the provider of the course, or the scouts who asked for the enrolment.",
    status=403,
)
SESSION_NOT_FOUND: Final = Refused(
    "session_not_found", "There is no such course session.", "Take the id from GET /sessions.", status=404
)
CASE_NOT_FOUND: Final = Refused(
    "case_not_found",
    "Nothing is known here of such a case.",
    "Open and refer the case first; if that was a moment ago, wait for its events and send the request again.",
    "/case_id",
    404,
)
ENROLMENT_NOT_FOUND: Final = Refused(
    "enrolment_not_found", "There is no such enrolment.", "Take the id from GET /enrolments.", status=404
)

OCCUPATION_UNKNOWN: Final = Refused(
    "occupation_unknown",
    "The code is not a unit group of ISCO-08.",
    "Use a code of isco08.v1.csv; codes of ISCO-88 mean other occupations.",
    "/isco08",
    422,
)
OCCUPATION_NOT_TAUGHT: Final = Refused(
    "occupation_not_taught",
    "The occupation belongs to none of the trades that the provider teaches.",
    "Use a code of one of its trades in trades.v1.csv, or have the trade added to the provider.",
    "/isco08",
    422,
)
STARTS_IN_PAST: Final = Refused(
    "starts_in_past", "The first day of the course is over.", "Give today or a later day.", "/starts_on", 422
)
ENDS_BEFORE_START: Final = Refused(
    "ends_before_start",
    "The last day of the course lies before its first.",
    "Give the first day or a later one.",
    "/ends_on",
    422,
)
CANCEL_REASON_UNKNOWN: Final = Refused(
    "cancel_reason_unknown",
    "The reason is not in the list of reasons in force.",
    "Use a code of session_cancel_reasons.v1.csv.",
    "/reason",
    422,
)
FINISHED_ON_INADMISSIBLE: Final = Refused(
    "finished_on_inadmissible",
    "The day lies before the first day of the course, or has not come yet.",
    "Give the day on which the person finished, from the first day of the course to today.",
    "/finished_on",
    422,
)
UNITS_EXCEED_COURSE: Final = Refused(
    "units_exceed_course",
    "The course has fewer teaching units.",
    "Give the units that the person took part in, at most those of the course.",
    "/units",
    422,
)
DEPARTURE_OUT_OF_CALENDAR: Final = Refused(
    "departure_out_of_calendar",
    "There are no working days for the time of this departure.",
    "Give a day from 2017-02 to 2100.",
    "before",
    422,
)

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
ALREADY_ENROLLED: Final = Refused(
    "already_enrolled",
    "The person has a seat in this session, or is on its waiting list.",
    "Go on with that enrolment; GET /enrolments?case_id= shows it.",
    "/case_id",
)
CONSENT_MISSING: Final = Refused(
    "consent_missing",
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


def wrong_state(is_: str, *needed: str) -> Refused:
    """The enrolment is not where the command needs it to be."""
    return Refused(
        "wrong_state",
        f"The enrolment is {is_}; this needs one that is {' or '.join(sorted(needed))}.",
        "Read the enrolment and decide anew; a cancelled one stays cancelled, but may be requested again.",
    )


def at(refused: Refused, field: str) -> Refused:
    """The same refusal, pointing to `field`."""
    return replace(refused, field=field)
