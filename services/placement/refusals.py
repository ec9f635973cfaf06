"""Every refusal of this service: its code, what is wrong, and what to do about it."""

from __future__ import annotations

from typing import Final

from chassis.pure.decision import Refused
from vocabulary.refusals import (
    admin1_elsewhere,
    consent_missing,
    date_out_of_bounds,
    dates_reversed,
    not_found,
    nothing_corrected,
    nothing_recorded,
    nothing_requested,
    other_organisation,
    profile_not_told,
    request_pending,
    same_person,
)

OTHER_ORGANISATION: Final = other_organisation(
    "This belongs to another desk: yours acts for its centre's country and for those that it is the fallback of.",
    "Ask the desk of that country; for one without a centre, the desk that stands in for it.",
)

EMPLOYER_NOT_FOUND: Final = not_found("employer", "Register it, or take the id from GET /employers.", "/employer_id")
VACANCY_NOT_FOUND: Final = not_found("vacancy", "Take the id from GET /vacancies.")
CANDIDATE_NOT_FOUND: Final = Refused(
    "candidate_not_found",
    "There is no such candidate, or no consent lets this desk see the person.",
    "Check the id; ask the scout whether the case was referred and the consent `matching` granted.",
    status=404,
)
CANDIDACY_NOT_FOUND: Final = not_found("candidacy", "Take the id from GET /vacancies/{vacancy_id}.")
NOT_ON_THE_WAY: Final = Refused(
    "not_on_the_way",
    "The way into this vacancy is over, or no consent lets your desk know the person.",
    "Read the candidacy for where it stands; for a consent `matching` ask the person, and have it recorded.",
    status=403,
)
PROFILE_NOT_TOLD: Final = profile_not_told(
    "It comes within seconds of the pick. If it stays away, ask the desk that opened the case to set one. Of who has "
    "walked in at a centre none comes: ask its counsellors."
)
OFFER_NOT_FOUND: Final = not_found("offer", "Take the id from GET /offers.")

ADMIN1_ELSEWHERE: Final = admin1_elsewhere("the employer's country")
OFFER_EXPIRY_OUT_OF_BOUNDS: Final = date_out_of_bounds(
    "/expires_at",
    "An offer can be answered for at least one hour and at most 90 days.",
    "Give a time within these bounds, or leave it out for 14 days.",
)
INTERVIEW_TOO_FAR: Final = date_out_of_bounds(
    "/at", "An interview is arranged for at most a year ahead.", "Give the day and time that was agreed."
)
INTERVIEW_TOO_EARLY: Final = date_out_of_bounds(
    "/held_on",
    "Before that day the employer did not know of the person.",
    "Give the day of the interview; GET /candidacies/{candidacy_id} says when the person was presented.",
)
INTERVIEW_REPORTED: Final = Refused(
    "interview_reported",
    "What became of the latest interview is told already.",
    "Arrange another one first, if they meet once more.",
)
CLOSER_INADMISSIBLE: Final = Refused(
    "closer_inadmissible",
    "This reason cannot be given by that party.",
    "Give the party whose decision it was; the service's README lists which reasons each may give.",
    "/by",
    422,
)

VACANCY_CLOSED: Final = Refused(
    "vacancy_closed",
    "The vacancy takes nobody any more.",
    "Extend it if it has expired, pick an open vacancy, or publish a new one.",
)
NO_OPENING_LEFT: Final = Refused(
    "no_opening_left",
    "Every opening of the vacancy is offered or was accepted.",
    "Wait until an offer is declined or ends; the person stays on the list of the employer.",
)
OPENINGS_TAKEN: Final = Refused(
    "openings_taken",
    "More openings are offered or accepted than are left by this.",
    "Give at least as many as are offered or accepted; GET /vacancies/{vacancy_id} says how many are free.",
    "/openings",
)
CANDIDACY_EXISTS: Final = Refused(
    "candidacy_exists",
    "The person is on the way into this vacancy already.",
    "Go on with that candidacy.",
    "/case_id",
)
SAME_PERSON_AHEAD: Final = Refused(
    "same_person_ahead",
    "Under another case the same person is as far on the way into this vacancy already.",
    "Go on with that candidacy and close this one. If they are two people, ask the centre to undo the link.",
)
FILE_VOID: Final = Refused(
    "file_void",
    "The centre has opened this case in error: there is nobody to be placed by it.",
    "If an offer or work was recorded in error as well, void it; else ask the centre under which case the person is.",
)
MINOR: Final = Refused("minor", "Minors cannot have candidacies.", "Ask the centre for schooling or training instead.")
MATCHING_CONSENT_MISSING: Final = consent_missing(
    "The person has given no consent `matching` that holds for this desk now.",
    "Ask the person; the scout records the consent for this centre or the country where it lies.",
)
NOT_THE_COUNTRY_OF_RETURN: Final = Refused(
    "not_the_country_of_return",
    "The vacancy lies in another country than the one that the person returns to.",
    "Pick a vacancy in the person's country of return, or publish one there.",
    "/vacancy_id",
)
PRESENTATION_CONSENT_MISSING: Final = consent_missing(
    "The person has given no consent `presentation` that holds for this employer now.",
    "Ask the person about this employer; the scout records the consent for exactly it.",
)
NO_OPEN_REFERRAL: Final = Refused(
    "no_open_referral",
    "No referral of the person is open: it was withdrawn, or a centre rejected, completed or ended it.",
    "Ask the scout to refer the person again.",
)
NOT_READY: Final = Refused(
    "not_ready",
    "The assessment says that the person cannot work now.",
    "Ask the centre to support the person and to assess anew.",
)
BEGUN_TOO_LONG_AGO: Final = date_out_of_bounds(
    "/started_on", "The first day of work is more than a year ago.", "Check the year."
)
OFFERED_TOO_LONG_AGO: Final = date_out_of_bounds(
    "/offered_on", "The day of the offer is more than a year ago.", "Check the year."
)
OFFER_AFTER_ANSWER: Final = dates_reversed("/offered_on", "The day of the offer is after the person's answer.")
NOTHING_RECORDED: Final = nothing_recorded("candidacy")
WORK_RECORDED: Final = Refused(
    "work_recorded",
    "The work that was offered has begun, as is recorded.",
    "If it has not, void the employment first; if only the day of the offer is wrong, correct it.",
)
UNCHANGED: Final = nothing_corrected("candidacy")
CORRECTION_PENDING: Final = request_pending(
    "a correction in this candidacy", "A colleague confirms or rejects it first; unanswered it lapses."
)
NO_CORRECTION: Final = nothing_requested(
    "correction in this candidacy", "Request it: POST /candidacies/{candidacy_id}/offer/correct, or one of its like."
)
SAME_PERSON: Final = same_person("A correction in a candidacy", "person of your centre's desk")
OFFER_OVER: Final = Refused("offer_over", "The time to answer the offer is over.", "Ask the employer for a new offer.")
