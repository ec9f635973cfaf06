"""Every no of this service: what is wrong, and what to do about it. None repeats a value that was sent."""

from __future__ import annotations

from typing import Final

from chassis.pure.decision import Refused
from referral.domain.journey import MAX_EARLY_DAYS, MAX_WINDOW_DAYS, Journey
from referral.domain.referral import Referral
from vocabulary.reference import Fallback

CASE_NOT_FOUND: Final = Refused(
    "case_not_found", "There is no case with this id.", "Take the id from GET /cases.", status=404
)
CASE_EXISTS: Final = Refused("case_exists", "A case with this id exists.", "Send the request again with a new key.")
UNKNOWN_CASE: Final = Refused(
    "unknown_case",
    "The event is about a case that this service never opened.",
    "Cases are opened here: find out who made the id up, or what a restored backup lacks. Then discard or retry.",
)
OTHER_ORGANISATION: Final = Refused(
    "other_organisation",
    "This case is kept by another organisation.",
    "Use a token of the organisation that opened the case.",
    status=403,
)
OTHER_ORGANISATION_LISTED: Final = Refused(
    "other_organisation",
    "These are the cases of another organisation.",
    "Leave org out, or name your own.",
    "org",
    status=403,
)
CASE_REF_MISREAD: Final = Refused(
    "case_ref_misread",
    "The reference cannot be right: its last character does not fit the others.",
    "Read it again, such as PH-7K3M9QX-F.",
    "case_ref",
    status=422,
)
NOT_A_RETURNEE_FROM_GERMANY: Final = Refused(
    "target_group_not_served_here",
    "Only people who return from Germany are registered here.",
    "Everybody else walks in at a country centre, which opens the case itself.",
    "/target_group",
    422,
)
UNKNOWN_COUNTRY: Final = Refused(
    "unknown_code",
    "The country is none of the programme's partner countries.",
    "Use a code of schemas/reference/countries.v1.csv, such as NG.",
    "/country",
    422,
)
ADMIN1_ELSEWHERE: Final = Refused(
    "admin1_elsewhere",
    "The region lies in another country than the one the person returns to.",
    "Use a code of that country, such as NG-ED for NG, or leave the field out.",
    "/admin1",
    422,
)
VAULT_LOCKED: Final = Refused(
    "vault_locked",
    "The profile does not open with the key that this process was given.",
    "Tell the operators: PROFILE_KEY_FILE is not the key that the profile was sealed with, or the profile was changed.",
    status=503,
)
PROFILE_NOT_FOUND: Final = Refused(
    "profile_not_found", "This case has no profile.", "Set one: PUT /cases/{case_id}/profile.", status=404
)
PROFILE_DESTROYED: Final = Refused(
    "profile_destroyed",
    "The profile of this case was destroyed; its key is gone.",
    "Nothing can bring it back. Set a new profile if the person wants that.",
    status=404,
)
CONSENT_NOT_FOUND: Final = Refused(
    "consent_not_found", "There is no consent with this id.", "Take the id from GET /cases/{case_id}.", status=404
)
CONSENT_WITHDRAWN: Final = Refused(
    "consent_withdrawn", "This consent has been withdrawn.", "Nothing is left to do; ask for a new consent if needed."
)
RECIPIENT_KIND: Final = Refused(
    "recipient_not_for_purpose",
    "A recipient is of a kind that this purpose does not know.",
    "See the list consent_purposes: a referral names centres or countries, a presentation one employer.",
    "/recipients",
    422,
)
UNKNOWN_RECIPIENT: Final = Refused(
    "unknown_code",
    "A recipient is none that the code lists know, or the id of an employer is not spelled as it was given out.",
    "Use codes of centres, providers or countries; for an employer its id in small letters, as placement gave it out.",
    "/recipients",
    422,
)
ENDS_BEFORE_IT_BEGINS: Final = Refused(
    "dates_reversed",
    "The consent ends before it was given, or has ended already.",
    "Give a last day that is still to come.",
    "/valid_until",
    422,
)
GUARDIAN_REQUIRED: Final = Refused(
    "guardian_consent_required",
    "The person is under 18: a guardian must have consented.",
    "Record the guardian's consent with guardian = true.",
    "/guardian",
    422,
)
CONSENT_MISSING: Final = Refused(
    "consent_missing",
    "No valid consent of the person covers this centre.",
    "Record a consent with the purpose referral that names the centre or its country.",
)
COUNTRY_SUSPENDED: Final = Refused(
    "country_suspended",
    "The programme is suspended in this country: nobody is referred there now.",
    "Keep the case open; the programme desk says when referrals are possible again.",
)
COUNTRY_ENDED: Final = Refused(
    "country_not_active",
    "The programme has ended, or has not begun, in this country.",
    "Ask the programme desk for another way.",
)
UNKNOWN_CENTRE: Final = Refused(
    "unknown_centre",
    "There is no such centre, or it is not open today.",
    "Use a code of the list centres, or leave the field out: the region decides.",
    "/to_centre",
    422,
)
CENTRE_ELSEWHERE: Final = Refused(
    "centre_elsewhere",
    "The centre lies in another country than the one the person returns to.",
    "Name a centre of that country, or leave the field out: the region decides.",
    "/to_centre",
    422,
)
REFERRAL_NOT_FOUND: Final = Refused(
    "referral_not_found", "There is no referral with this id.", "Take the id from GET /referrals.", status=404
)
WINDOW_REVERSED: Final = Refused(
    "dates_reversed", "The window ends before it begins.", "Give the earlier day first.", "/latest", 422
)
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
DEPARTED_LONG_BEFORE: Final = Refused(
    "departed_before_window",
    f"The departure lies more than {MAX_EARLY_DAYS} days before the first day that was planned.",
    "Check the month and the year.",
    "/departed_on",
    422,
)
ARRIVES_BEFORE_DEPARTURE: Final = Refused(
    "dates_reversed",
    "The arrival is expected before the departure.",
    "Check both days.",
    "/arrival_expected_on",
    422,
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


def unknown_code(field: str, code_list: str) -> Refused:
    """A code that its list does not have today."""
    return Refused(
        "unknown_code",
        "A code is not in its list, or not in force today.",
        f"Use codes of schemas/reference/{code_list}.v1.csv.",
        field,
        422,
    )


def in_past(field: str) -> Refused:
    """A plan for a day that is over."""
    return Refused("date_in_past", "The day is over.", "Give a day to come.", field, 422)


def in_future(field: str) -> Refused:
    """What is said to have happened lies ahead."""
    return Refused("date_in_future", "The day has not come yet.", "Give the day it happened.", field, 422)


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
    return Refused(
        "referral_answered",
        f"The referral is {referral.status.replace('_', ' ')}: it can be withdrawn only until the centre has answered.",
        "Talk with the centre.",
    )


def journey_not_in_state(journey: Journey, step: str) -> Refused:
    """The journey is not where this step begins."""
    return Refused(
        "journey_not_in_state",
        f"The journey is {journey.status}: the step {step} does not follow from there.",
        "Read the case. A window is planned, then booked; a cancelled journey is planned anew.",
    )
