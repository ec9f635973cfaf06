"""Every no of this service: what is wrong, and what to do about it. None repeats a value that was sent."""

from __future__ import annotations

from typing import Final

from chassis.pure.decision import Refused
from referral.domain.journey import MAX_EARLY_DAYS, MAX_WINDOW_DAYS
from referral.domain.referral import Referral
from vocabulary.holding import MOST_HOLDS
from vocabulary.reference import Fallback
from vocabulary.refusals import (
    admin1_elsewhere,
    consent_missing,
    consent_withdrawn,
    date_out_of_bounds,
    dates_reversed,
    hold_not_found,
    not_found,
    nothing_corrected,
    nothing_recorded,
    nothing_requested,
    other_organisation,
    profile_destroyed,
    profile_not_found,
    referral_answered,
    request_pending,
    same_person,
    too_many_holds,
    unknown_code,
)

CASE_NOT_FOUND: Final = not_found("case", "Take the id from GET /cases.")
CASE_VOID: Final = Refused(
    "case_void",
    "This case was opened in error, and is void.",
    "If the person is real, open a case for them; nothing new is done in this one.",
)
OFFER_STANDS: Final = Refused(
    "offer_stands",
    "An employer has offered the person work, and a placement desk has still to do with them.",
    "Ask that desk to close the candidacy, or to void the offer if it was recorded in error as well.",
)
CASE_OF_A_CENTRE: Final = Refused(
    "case_of_a_centre",
    "A centre has registered this person, and your desk has adopted the case with what the centre had taken down.",
    "Neither of you changes that any more. Tell the programme desk what is wrong; who the person is, you can say in "
    "the profile.",
)
CENTRE_ASKED: Final = Refused(
    "centre_asked",
    "A centre of the country that is registered has the person, or is asked to.",
    "Take the referral back first, for the reason country_changed.",
    "/country",
)
AGE_BY_BIRTH_DATE: Final = Refused(
    "age_by_birth_date",
    "The birth date in the profile says the age band.",
    "Set the profile with the right birth date: the age band follows it.",
    "/age_band",
)
CASE_EXISTS: Final = Refused("case_exists", "A case with this id exists.", "Send the request again with a new key.")
CASE_OF_EVENT_NOT_FOUND: Final = not_found(
    "case",
    "No desk has opened it, and no centre: find out who made the id up, or what a restored backup lacks. Then discard"
    " or retry.",
)
OTHER_ORGANISATION: Final = other_organisation(
    "This case is kept by another organisation.", "Use a token of the organisation that opened the case."
)
OTHER_ORGANISATION_LISTED: Final = other_organisation(
    "These are the cases of another organisation.", "Leave org out, or name your own.", "org"
)
NOT_A_RETURNEE_FROM_GERMANY: Final = Refused(
    "target_group_not_served_here",
    "Only people who return from Germany are registered here.",
    "Everybody else walks in at a country centre, which opens the case itself.",
    "/target_group",
    422,
)
NO_CASE_OF_A_CENTRE: Final = not_found(
    "case",
    "Read the reference again with the person. What a desk has opened cannot be adopted; what a centre opens is known"
    " here within seconds.",
)
CASE_OF_A_DESK: Final = Refused(
    "case_of_a_desk",
    "A desk keeps this case already.",
    "If it is yours, GET /cases?case_ref= finds it. A desk that keeps a case hands it over to no other one here.",
)
ADOPTION_PENDING: Final = request_pending(
    "this case", "Its centre answers, or you ask a week after the request has lapsed: GET /adoptions of that desk."
)
PERSON_DECLINED: Final = Refused(
    "person_declined",
    "The person did not want your desk to have this case.",
    "Leave it with the centre. Your desk may ask again thirty days after the answer: GET /adoptions has it.",
)
DESTRUCTION_PENDING: Final = request_pending(
    "the destruction of this case's keys", "A colleague confirms or rejects it: GET /cases/{case_id} shows it."
)
NO_DESTRUCTION: Final = nothing_requested(
    "destruction of this case's keys", "Request it: POST /cases/{case_id}/profile/destruction/request."
)
SAME_PERSON_DESTROYS: Final = same_person("The destruction of a case's keys", "person of your desk")
ADMIN1_ELSEWHERE: Final = admin1_elsewhere("the country of return")
HOLD_NOT_FOUND: Final = hold_not_found("/cases")
TOO_MANY_HOLDS: Final = too_many_holds(MOST_HOLDS, "/cases")
PROFILE_NOT_FOUND: Final = profile_not_found("/cases/{case_id}/profile")
PROFILE_DESTROYED: Final = profile_destroyed()
CONSENT_NOT_FOUND: Final = not_found("consent", "Take the id from GET /cases/{case_id}.")
CONSENT_WITHDRAWN: Final = consent_withdrawn()
CONSENT_MISSING: Final = consent_missing(
    "No valid consent of the person covers this centre.",
    "Record a consent with the purpose referral that names the centre or its country.",
)
CENTRE_ELSEWHERE: Final = Refused(
    "centre_elsewhere",
    "The centre lies in another country than the one the person returns to.",
    "Name a centre of that country, or leave the field out: the region decides.",
    "/to_centre",
    422,
)
REFERRAL_NOT_FOUND: Final = not_found("referral", "Take the id from GET /referrals.")
WINDOW_REVERSED: Final = dates_reversed("/latest", "The window ends before it begins.")
WINDOW_TOO_LONG: Final = Refused(
    "window_too_long",
    f"The window is longer than {MAX_WINDOW_DAYS} days.",
    "Give the days between which the person can leave.",
    "/latest",
    422,
)
BOOKED_IS_ONE_DAY: Final = Refused(
    "booked_is_one_day",
    "The departure is booked: it moves to another day, not to a window.",
    "Give the same day as earliest and latest, or cancel and plan anew.",
    "/latest",
    422,
)
DEPARTED_LONG_BEFORE: Final = date_out_of_bounds(
    "/departed_on",
    f"The departure lies more than {MAX_EARLY_DAYS} days before the first day that was planned.",
    "Check the month and the year.",
)
ARRIVES_BEFORE_DEPARTURE: Final = dates_reversed(
    "/arrival_expected_on", "The arrival is expected before the departure."
)
MISSED_BEFORE_WINDOW: Final = dates_reversed("/missed_on", "The day is before the first day of the planned departure.")
DIVERTED_BEFORE_DEPARTURE: Final = dates_reversed("/diverted_on", "The day is before the departure from Germany.")
DEPARTED_AFTER_DIVERSION: Final = dates_reversed(
    "/departed_on", "The day is after the one on which they were diverted."
)
DEPARTED_AFTER_ARRIVAL: Final = dates_reversed(
    "/departed_on", "The day is after the one on which a centre saw the person in the country."
)
UNCHANGED: Final = nothing_corrected("case")
NO_DEPARTURE: Final = nothing_recorded("case")
COUNTRY_OF_RETURN: Final = Refused(
    "country_of_return",
    "The person returns to this country: whoever is there has arrived.",
    "The centre records the arrival. Name another country, or leave the field out if nobody knows.",
    "/to_country",
    422,
)
UNKNOWN_COUNTRY: Final = unknown_code(
    "/to_country", "countries", "Give a code of ISO 3166-1 alpha-2, or XK; leave the field out if nobody knows."
)
WITHDRAWAL_ASKED: Final = Refused(
    "withdrawal_asked",
    "The centre, which has the person in its care, was asked to end the referral before.",
    "Talk with the centre: it has to say what becomes of the support.",
)

CONSENT_MISSING_TO_HAND_OVER: Final = consent_missing(
    "No valid consent of the person lets this centre know them now.",
    "Record a consent with the purpose referral that names the centre or its country, or take the referral back.",
)
NO_PACKAGE: Final = nothing_recorded("referral")

COUNTRY_NOT_FOUND: Final = not_found("country", "Take the code from GET /code-lists/countries.")
REQUEST_PENDING: Final = request_pending(
    "a change of this country's status",
    "Another programme manager confirms or rejects it first: GET /countries/{country} shows what was requested.",
)
NOTHING_REQUESTED: Final = nothing_requested(
    "change of this country's status", "Request it: POST /countries/{country}/status/request."
)
SAME_PERSON: Final = same_person("A change of a country's status", "programme manager")


def status_unchanged(status: str) -> Refused:
    """It is so already."""
    return Refused(
        "status_unchanged",
        f"The switch of this country says {status} already.",
        "Read GET /countries/{country}; a country may also be suspended by the list of countries itself.",
    )


def no_active_centre(fallback: Fallback | None) -> Refused:
    """The country has no centre; who advises instead, if anybody does."""
    if fallback is None:
        remedy = "Ask the programme desk for another way."
    elif fallback.desk.startswith("centre:"):
        remedy = (
            f"{fallback.desk} advises from afar: with a consent that names it, refer with to_centre {fallback.desk}."
        )
    else:
        remedy = f"{fallback.desk} advises from afar, and takes no referrals by this way: ask there."
    return Refused("no_active_centre", "The country has no centre that is open.", remedy)


def need_already_referred(referral: Referral) -> Refused:
    """An open referral asks for the same."""
    return Refused(
        "need_already_referred",
        f"Referral {referral.id} is open for at least one of these needs.",
        "Wait for its answer, or withdraw it before you refer elsewhere.",
        "/needs",
    )


def not_to_be_withdrawn(referral: Referral) -> Refused:
    """The referral is past the point where the scout can take it back."""
    return referral_answered(referral.status, "Talk with the centre: it has to say what becomes of the referral now.")


def handover_incomplete(*missing: str) -> Refused:
    """Something that every package has is missing."""
    return Refused(
        "handover_incomplete",
        f"The package lacks what every package has: {', '.join(sorted(missing))}.",
        "Hand that over too, then name it. Where there is nothing to hand over, the item says just that.",
        "/items",
        422,
    )
