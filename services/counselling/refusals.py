"""Every no of this service that a caller can get: what is wrong, and what to do about it.

Constants where the words are always the same, functions where they depend on the state. None repeats a value
that was sent, and none tells of another centre.
"""

from __future__ import annotations

from typing import Final

from chassis.pure.decision import Refused
from counselling.domain.referral import Referral

REFERRAL_NOT_FOUND: Final = Refused(
    "referral_not_found",
    "There is no referral with this id.",
    "Take the id from GET /inbox or GET /files.",
    status=404,
)
FILE_NOT_FOUND: Final = Refused(
    "file_not_found",
    "No case with this id has been referred to a centre.",
    "Take the id from GET /inbox or GET /files.",
    status=404,
)
OTHER_ORGANISATION: Final = Refused(
    "other_organisation",
    "This case is not with your centre.",
    "Use a token of the centre that holds the referral.",
    status=403,
)
OTHER_ORGANISATION_LISTED: Final = Refused(
    "other_organisation",
    "You may list your own centre only.",
    "Leave the parameter out.",
    "centre",
    403,
)
ASSESSMENTS_CLOSED: Final = Refused(
    "other_organisation",
    "Your centre has not taken this person on: assessments are shown only to the centre that has.",
    "Accept the referral first.",
    status=403,
)
CONSENT_MISSING: Final = Refused(
    "consent_missing",
    "The person's consent to hand the case over does not cover your centre, or not any more.",
    "Ask the scout to obtain one for your centre; until then you can only reject or redirect the referral.",
)
CONSENT_NOT_FOR_TARGET: Final = Refused(
    "consent_missing",
    "The person's consent to hand the case over does not cover the other centre.",
    "Ask the scout to obtain a consent for it, or reject the referral so that the scout finds another way.",
    "/to_centre",
)
APPOINTMENT_PAST: Final = Refused(
    "appointment_in_past",
    "The first appointment lies in the past.",
    "Give a time to come, or leave the field out if nothing is agreed yet.",
    "/first_appointment",
    422,
)
APPOINTMENT_TOO_LATE: Final = Refused(
    "appointment_too_late",
    "The first appointment is more than two years away.",
    "Check the year.",
    "/first_appointment",
    422,
)
SAME_CENTRE: Final = Refused(
    "same_centre",
    "The referral is with this centre already.",
    "Name another centre, or accept or reject the referral.",
    "/to_centre",
    422,
)
UNKNOWN_CENTRE: Final = Refused(
    "unknown_centre",
    "There is no such centre.",
    "Use a code of the list of centres, such as centre:NG-LOS.",
    "/to_centre",
    422,
)
CENTRE_NOT_OPEN: Final = Refused(
    "centre_not_open",
    "The other centre is not open: not yet, or not any more.",
    "Name a centre that is open today.",
    "/to_centre",
)
COUNTRY_NOT_ACTIVE: Final = Refused(
    "country_not_active",
    "The programme is suspended or has ended in the other centre's country.",
    "Name a centre in a country where the programme is active, or reject the referral.",
    "/to_centre",
)
TOO_MANY_REDIRECTIONS: Final = Refused(
    "too_many_redirections",
    "The referral has been passed on as often as it may be.",
    "Accept it, or reject it with a reason, so that the scout decides with the person anew.",
)
REDIRECTION_LOOP: Final = Refused(
    "redirection_loop",
    "The other centre has passed this referral on already.",
    "Name a centre that has not had it, or accept or reject it.",
    "/to_centre",
)
REFERRAL_UNANSWERED: Final = Refused(
    "referral_unanswered",
    "Your centre has not answered the referral of this case.",
    "Accept the referral first.",
)
FILE_CLOSED: Final = Refused(
    "file_closed",
    "Nothing is open in this file: its last referral has ended.",
    "Ask the scout for a new referral.",
)
ALREADY_ARRIVED: Final = Refused(
    "already_arrived",
    "The arrival of this person is recorded already.",
    "Read the file; a wrong day needs the operators.",
)
ARRIVAL_BEFORE_DEPARTURE: Final = Refused(
    "arrival_before_departure",
    "The day of arrival is before the day of departure from Germany.",
    "Check the day; if the departure is wrong, ask the scout to correct it first.",
    "/arrived_on",
    422,
)
ADMIN1_ELSEWHERE: Final = Refused(
    "admin1_elsewhere",
    "The subdivision lies in another country than the person returned to.",
    "Give an ISO 3166-2 code of the country of return or of the centre's, or leave the field out.",
    "/admin1",
    422,
)
NOT_ARRIVED: Final = Refused(
    "not_arrived",
    "The person's arrival is not recorded.",
    "Record the arrival first.",
)
CONTACT_BEFORE_ARRIVAL: Final = Refused(
    "contact_before_arrival",
    "The day of the contact is before the arrival.",
    "Give the day on which you spoke after the arrival.",
    "/contacted_on",
    422,
)
NOT_IN_CONTACT: Final = Refused(
    "not_in_contact",
    "No contact with the person after the arrival is recorded.",
    "Record the first contact, then the assessment.",
)
ASSESSMENT_BEFORE_CONTACT: Final = Refused(
    "assessment_before_contact",
    "The day of the assessment is before the first contact.",
    "Check the day.",
    "/assessed_on",
    422,
)
UNKNOWN_DOMAIN: Final = Refused(
    "unknown_code",
    "A domain of needs is not in the list.",
    "Use the domains of the list of needs, such as economic or social.",
    "/levels",
    422,
)


def unknown_code(field: str, code_list: str) -> Refused:
    """A code that its list does not have today."""
    return Refused(
        "unknown_code",
        "The code is not in its list, or not in force today.",
        f"Use a code of schemas/reference/{code_list}.v1.csv.",
        field,
        422,
    )


def date_in_future(field: str) -> Refused:
    """What is said to have happened lies ahead."""
    return Refused("date_in_future", "The day has not come yet at the centre.", "Give the day it happened.", field, 422)


def not_waiting(referral: Referral) -> Refused:
    """An answer to a referral that does not wait for one."""
    if referral.status == "withdrawn":
        return Refused(
            "referral_withdrawn",
            "The referral has been withdrawn in Germany.",
            "Nothing is left to do. If the person wants support after all, ask the scout for a new referral.",
        )
    return Refused(
        "referral_answered",
        f"The referral has been answered: it is {referral.status.replace('_', ' ')}.",
        "Read the file. An answer cannot be changed.",
    )


def not_in_progress(referral: Referral) -> Refused:
    """A completion of a referral that has not begun, or has ended."""
    return Refused(
        "referral_not_in_progress",
        f"The referral is {referral.status.replace('_', ' ')}: only one in progress can be completed.",
        "A referral is in progress once it is accepted and the arrival is recorded.",
    )
