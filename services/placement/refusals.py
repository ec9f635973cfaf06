"""Every refusal of this service: its code, what is wrong, and what to do about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chassis.pure.decision import Refused

CENTRE_UNKNOWN: Final = Refused(
    "centre_unknown",
    "The centre is not in the list of centres.",
    "Add it to centres.v1.csv if it is new, else have the sender correct its code.",
    "/to_centre",
    422,
)
ORGANISATION_NOT_A_CENTRE: Final = Refused(
    "organisation_not_a_centre",
    "The token's organisation is no centre that is open today.",
    "Use a token of a placement officer of an open centre.",
    status=403,
)
OTHER_ORGANISATION: Final = Refused(
    "other_organisation",
    "This belongs to another desk: yours acts for its centre's country and for those that it is the fallback of.",
    "Ask the desk of that country; for one without a centre, the desk that fallbacks.v1.csv names.",
    status=403,
)

EMPLOYER_NOT_FOUND: Final = Refused(
    "employer_not_found", "There is no such employer.", "Register it, or check the id.", "/employer_id", 404
)
VACANCY_NOT_FOUND: Final = Refused("vacancy_not_found", "There is no such vacancy.", "Check the id.", status=404)
CANDIDATE_NOT_FOUND: Final = Refused(
    "candidate_not_found",
    "There is no such candidate, or no consent lets this desk see the person.",
    "Check the id; ask the scout whether the case was referred and the consent `matching` granted.",
    status=404,
)
CANDIDACY_NOT_FOUND: Final = Refused("candidacy_not_found", "There is no such candidacy.", "Check the id.", status=404)
OFFER_NOT_FOUND: Final = Refused("offer_not_found", "There is no such offer.", "Check the id.", status=404)

OCCUPATION_UNKNOWN: Final = Refused(
    "occupation_unknown",
    "The code is no unit group of ISCO-08.",
    "Use a code of isco08.v1.csv; codes of ISCO-88 mean other occupations.",
    "/isco08",
    422,
)
ADMIN1_OF_OTHER_COUNTRY: Final = Refused(
    "admin1_of_other_country",
    "The subdivision lies in another country than the employer.",
    "Give an ISO 3166-2 code of the employer's country, or leave it out.",
    "/admin1",
    422,
)
EXPIRES_IN_PAST: Final = Refused(
    "expires_in_past",
    "The last day of the vacancy is over.",
    "Give today or a later day.",
    "/expires_on",
    422,
)
STARTS_IN_PAST: Final = Refused(
    "starts_in_past",
    "The day on which the work begins is over.",
    "Give today or a later day.",
    "/starts_on",
    422,
)
OFFER_EXPIRY_INADMISSIBLE: Final = Refused(
    "offer_expiry_inadmissible",
    "An offer can be answered for at least one hour and at most 90 days.",
    "Give a time within these bounds, or leave it out for 14 days.",
    "/expires_at",
    422,
)
STARTED_IN_FUTURE: Final = Refused(
    "started_in_future",
    "The day on which the work began has not come yet.",
    "Report the start on that day or later.",
    "/started_on",
    422,
)
DECLINE_REASON_UNKNOWN: Final = Refused(
    "decline_reason_unknown",
    "The reason is not in the list of decline reasons in force.",
    "Use a code of decline_reasons.v1.csv; no_reason_given is one of them.",
    "/reason",
    422,
)
CLOSER_INADMISSIBLE: Final = Refused(
    "closer_inadmissible",
    "This reason cannot be given by that party.",
    "Give the party whose decision it was; the service's README lists which reasons each may give.",
    "/by",
    422,
)

VACANCY_CLOSED: Final = Refused(
    "vacancy_closed", "The vacancy takes nobody any more.", "Pick an open vacancy, or publish a new one."
)
NO_OPENING_LEFT: Final = Refused(
    "no_opening_left",
    "Every opening of the vacancy is reserved.",
    "Wait until a candidacy closes, or pick another vacancy.",
)
CANDIDACY_EXISTS: Final = Refused(
    "candidacy_exists",
    "The person is on the way into this vacancy already.",
    "Go on with that candidacy.",
    "/case_id",
)
MINOR: Final = Refused("minor", "Minors cannot have candidacies.", "Ask the centre for schooling or training instead.")
MATCHING_CONSENT_MISSING: Final = Refused(
    "matching_consent_missing",
    "The person has given no consent `matching` that holds for this desk now.",
    "Ask the person; the scout records the consent for this centre or the country where it lies.",
)
NOT_THE_COUNTRY_OF_RETURN: Final = Refused(
    "not_the_country_of_return",
    "The vacancy lies in another country than the one that the person returns to.",
    "Pick a vacancy in the person's country of return, or publish one there.",
    "/vacancy_id",
)
PRESENTATION_CONSENT_MISSING: Final = Refused(
    "presentation_consent_missing",
    "The person has given no consent `presentation` that holds for this employer now.",
    "Ask the person about this employer; the scout records the consent for exactly it.",
)
NO_OPEN_REFERRAL: Final = Refused(
    "no_open_referral",
    "No referral of the person is open: it was withdrawn, or the centre rejected it.",
    "Ask the scout to refer the person again.",
)
NOT_READY: Final = Refused(
    "not_ready",
    "The assessment says that the person cannot work now.",
    "Ask the centre to support the person and to assess anew.",
)
OFFER_OVER: Final = Refused("offer_over", "The time to answer the offer is over.", "Ask the employer for a new offer.")


def wrong_state(is_: str, *needed: str) -> Refused:
    """The candidacy is not where the command needs it to be."""
    return Refused(
        "wrong_state",
        f"The candidacy is {is_}; this needs one that is {' or '.join(sorted(needed))}.",
        "Read the candidacy and decide anew; a closed one stays closed, but a new one may begin at once.",
    )


def at(refused: Refused, field: str) -> Refused:
    """The same refusal, pointing to `field`."""
    return replace(refused, field=field)
