"""Refusals that several services give: one code for one idea, spelled here and nowhere else.

The `field` says which day, code or person is meant; `detail` and `remedy` say more where the place gives more to say.
"""

from __future__ import annotations

from chassis.pure.decision import Refused


def case_ref_misread() -> Refused:
    """The reference of a case was heard or typed wrong."""
    return Refused(
        "case_ref_misread",
        "The reference cannot be right: its last character does not fit the others.",
        "Read it again, such as PH-7K3M9QX-F.",
        "case_ref",
        status=422,
    )


def profile_not_told(remedy: str) -> Refused:
    """The desk has handed over no profile of the person."""
    return Refused("profile_not_told", "Germany has told no profile of this person.", remedy, status=404)


def nothing_looked_for() -> Refused:
    """A search without anything by which a person could be found."""
    return Refused(
        "nothing_looked_for",
        "Nothing is given by which a person could be found.",
        "Give a reference, a name or a phone number; of a number at least seven digits.",
        status=422,
    )


def birth_date_alone() -> Refused:
    """A search by a birth date and nothing else: it would show people whom nobody has looked for."""
    return Refused(
        "birth_date_alone",
        "Many people have the same birth date.",
        "Give a reference, a name or a phone number as well.",
        status=422,
    )


def hold_not_found(cases: str) -> Refused:
    """No such hold on one of the `cases`, such as /cases."""
    return Refused(
        "hold_not_found",
        "This case has no such hold, or it was released.",
        f"GET {cases}/{{case_id}}/retention lists its holds.",
        status=404,
    )


def too_many_holds(most: int, cases: str) -> Refused:
    """More than anybody needs on one of the `cases`."""
    return Refused(
        "too_many_holds",
        f"The case has {most} holds already.",
        f"Release those that are over: POST {cases}/{{case_id}}/holds/{{hold_id}}/release.",
    )


def not_a_centre() -> Refused:
    """The organisation of the token is no centre, or one that is not open today."""
    return Refused(
        "not_a_centre",
        "The token's organisation is no centre that is open today.",
        "Use a token of an open centre, or have yours added to the list that GET /code-lists/centres shows.",
        status=403,
    )


_HAND_OVER = (
    "Hand people over (redirect, reject or complete their referral, let it fail, record their consent), or record that"
    " somebody has arrived, has not come or was spoken with; for anything else ask the programme desk."
)


def access_suspended() -> Refused:
    """The programme pauses in the country of the token's organisation."""
    return Refused(
        "access_suspended",
        "The programme is suspended in the country of the token's organisation: its people see nothing now.",
        _HAND_OVER,
        status=403,
    )


def access_ended() -> Refused:
    """The programme has left the country of the token's organisation, or keeps no centre there."""
    return Refused(
        "access_ended",
        "The programme has ended, or keeps no centre, in the country of the token's organisation: its people see"
        " nothing now.",
        _HAND_OVER,
        status=403,
    )


def unknown_code(field: str, code_list: str, remedy: str = "") -> Refused:
    """A code that its list does not have, or not today: of a reason, an occupation, a centre, a country."""
    return Refused(
        "unknown_code",
        "A code is not in its list, or not in force on this day.",
        remedy or f"Use codes of GET /code-lists/{code_list} that are in force.",
        field,
        422,
    )


def unknown_code_of_event(field: str, code_list: str) -> Refused:
    """The same in an event, which is parked: its sender knows a newer list, or a wrong code."""
    remedy = f"Add it to the list that GET /code-lists/{code_list} shows and retry the event, or discard it."
    return unknown_code(field, code_list, remedy)


def limit_reached(most: int, what: str, remedy: str) -> Refused:
    """A document keeps everything that ever belonged to it, up to a bound that no honest use comes near: every command
    reads and writes all of it."""
    return Refused("limit_reached", f"There are {most} {what} already; no more are kept in one place.", remedy)


def date_in_past(field: str) -> Refused:
    """What is planned, offered or agreed lies behind."""
    return Refused("date_in_past", "The day or time is over.", "Give one that is still to come.", field, 422)


def date_in_future(field: str) -> Refused:
    """What is said to have happened lies ahead."""
    return Refused("date_in_future", "The day has not come yet.", "Give the day on which it happened.", field, 422)


def dates_reversed(field: str, detail: str) -> Refused:
    """Of two days, the later one was given before the earlier one."""
    return Refused("dates_reversed", detail, "Check both days, and give the earlier one first.", field, 422)


def date_out_of_bounds(field: str, detail: str, remedy: str) -> Refused:
    """A day or time that is too far away, or outside of what a course, an offer or a plan allows."""
    return Refused("date_out_of_bounds", detail, remedy, field, 422)


def admin1_elsewhere(country: str) -> Refused:
    """A subdivision of another country; `country` says whose country it must be of."""
    return Refused(
        "admin1_elsewhere",
        "The subdivision lies in another country.",
        f"Give an ISO 3166-2 code of {country}, such as NG-ED for NG, or leave the field out.",
        "/admin1",
        422,
    )


def unknown_region(detail: str, remedy: str) -> Refused:
    """A subdivision that its country does not have, or has no more; the remedy names those that it may be."""
    return Refused("unknown_code", detail, remedy, "/admin1", 422)


def consent_missing(detail: str, remedy: str, field: str = "") -> Refused:
    """The person has given no consent for this that holds now; `detail` says for what."""
    return Refused("consent_missing", detail, remedy, field)


def recipient_not_for_purpose() -> Refused:
    """A consent names an organisation of a kind that its purpose does not know."""
    return Refused(
        "recipient_not_for_purpose",
        "A recipient is of a kind that this purpose does not know.",
        "See GET /code-lists for the kinds of each purpose: a referral names centres or countries, a presentation one"
        " employer.",
        "/recipients",
        422,
    )


def guardian_required() -> Refused:
    """A minor consents by a guardian."""
    return Refused(
        "guardian_consent_required",
        "The person is under 18: a guardian must have consented.",
        "Record the guardian's consent with guardian = true.",
        "/guardian",
        422,
    )


def signed_before_withdrawal() -> Refused:
    """What was signed before a withdrawal says nothing of what the person wants now."""
    return Refused(
        "signed_before_withdrawal",
        "The person has taken back, after that day, a consent for the same purpose and one of these recipients.",
        "Ask the person anew: give the day on which they have signed since.",
        "/granted_on",
        422,
    )


def consent_withdrawn() -> Refused:
    """A consent can be taken back once."""
    return Refused(
        "consent_withdrawn",
        "This consent has been withdrawn.",
        "Nothing is left to do; ask for a new consent if needed.",
    )


def profile_not_found(address: str) -> Refused:
    """Nobody has taken down who the person is; `address` is where that is done."""
    return Refused("profile_not_found", "This case has no profile.", f"Set one: PUT {address}.", status=404)


def profile_destroyed() -> Refused:
    """Who the person is can be read no more."""
    return Refused(
        "profile_destroyed",
        "The profile of this case was destroyed; its key is gone.",
        "Nothing can bring it back. Set a new profile if the person wants that.",
        status=404,
    )


def wrong_state(thing: str, is_: str, *needed: str) -> Refused:
    """The present state does not allow it, and reading it anew is all that can be done."""
    return Refused(
        "wrong_state",
        f"The {thing} is {is_}; this needs one that is {' or '.join(sorted(needed))}.",
        f"Read the {thing} and decide anew.",
    )


def other_organisation(detail: str, remedy: str, field: str = "") -> Refused:
    """It exists, and belongs to somebody else."""
    return Refused("other_organisation", detail, remedy, field, 403)


def not_found(thing: str, remedy: str, field: str = "") -> Refused:
    """There is no such thing, or its existence must not be told."""
    return Refused(f"{thing}_not_found", f"There is no {_words(thing)} with this id.", remedy, field, 404)


def country_suspended(field: str = "") -> Refused:
    """The programme pauses in the country."""
    return Refused(
        "country_suspended",
        "The programme is suspended in this country: nobody is referred or presented there now.",
        "Name a place in another country, or wait: the programme desk says when it is possible again.",
        field,
    )


def country_not_active(field: str = "") -> Refused:
    """The programme has left the country, or has not come."""
    return Refused(
        "country_not_active",
        "The programme has ended, or has not begun, in this country.",
        "Name a place in another country, or ask the programme desk for another way.",
        field,
    )


def referral_answered(is_: str, remedy: str) -> Refused:
    """Only a referral that waits for the centre's answer can be answered or taken back."""
    return Refused("referral_answered", f"The centre has answered the referral: it is {_words(is_)}.", remedy)


def request_pending(what: str, remedy: str) -> Refused:
    """Somebody has asked for it already, and a second person has not answered."""
    return Refused("request_pending", f"Somebody has requested {what}, and nobody has answered.", remedy)


def nothing_requested(what: str, remedy: str) -> Refused:
    """There is nothing that a second person could answer."""
    return Refused(
        "nothing_requested",
        f"No {what} waits for a second person: there was none, it was answered, or it lapsed.",
        remedy,
    )


def same_person(what: str, who: str) -> Refused:
    """Who has asked for what takes two people cannot be both."""
    return Refused(
        "same_person",
        f"{what} needs two people, and this token's person has requested it.",
        f"Have another {who} confirm or reject it; unanswered it lapses.",
        status=403,
    )


def nothing_corrected(thing: str) -> Refused:
    """A correction to what is recorded already."""
    return Refused(
        "nothing_corrected",
        "It is recorded like this already.",
        f"Read the {thing}; if it is right, nothing is left to do.",
    )


def nothing_recorded(thing: str) -> Refused:
    """What is not recorded cannot be put right."""
    return Refused(
        "nothing_recorded",
        f"The {thing} has no such record.",
        f"Read the {thing}: only what is recorded there can be corrected or voided.",
    )


def _words(name: str) -> str:
    return name.replace("_", " ")
