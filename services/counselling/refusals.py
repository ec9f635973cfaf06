"""Every no of this service that a caller can get: what is wrong, and what to do about it.

Constants where the words are always the same, functions where they depend on the state. None repeats a value
that was sent, and none tells of another centre.
"""

from __future__ import annotations

from typing import Final

from chassis.pure.decision import Refused
from counselling.domain.referral import Referral
from vocabulary.holding import MOST_HOLDS
from vocabulary.refusals import (
    admin1_elsewhere,
    consent_missing,
    consent_withdrawn,
    date_out_of_bounds,
    dates_reversed,
    hold_not_found,
    not_found,
    nothing_corrected,
    nothing_requested,
    other_organisation,
    profile_destroyed,
    profile_not_found,
    profile_not_told,
    referral_answered,
    request_pending,
    same_person,
    too_many_holds,
    unknown_code,
)

REFERRAL_NOT_FOUND: Final = not_found("referral", "Take the id from GET /inbox or GET /files.")
FILE_NOT_FOUND: Final = not_found("file", "Take the id from GET /inbox or GET /files.")
OTHER_ORGANISATION: Final = other_organisation(
    "This case is not with your centre.", "Use a token of the centre that holds the referral."
)
OTHER_ORGANISATION_LISTED: Final = other_organisation(
    "You may list your own centre only.", "Leave the parameter out.", "centre"
)
CENTRE_OPEN: Final = Refused(
    "centre_open",
    "The centre of this referral is open in an active country, and says itself how it ends.",
    "Ask the centre to end it. You can once it has closed, or while its country is not active.",
    status=403,
)
NOT_TAKEN_ON: Final = Refused(
    "not_taken_on",
    "Your centre has not taken this person on, or no consent lets it know them any more.",
    "Accept the referral first; if it is accepted, record a new consent with the person.",
    status=403,
)
PROFILE_NOT_TOLD: Final = profile_not_told(
    "It comes within seconds of the acceptance. If it stays away, ask the desk that referred the person to set one."
)
CONSENT_MISSING: Final = consent_missing(
    "The person's consent to hand the case over does not cover your centre, or not any more.",
    "Ask the scout to obtain one for your centre; until then you can only reject or redirect the referral.",
)
CONSENT_GONE: Final = consent_missing(
    "The person's consent to hand the case over does not cover your centre any more.",
    "Record a new consent with the person; until then you can record arrival and contacts, and complete the referral.",
)
CONSENT_MISSING_TO_REOPEN: Final = consent_missing(
    "The person's consent to hand the case over does not cover your centre, or not any more.",
    "Record a new consent with the person, or ask the scout to obtain one; then reopen the referral.",
)
CONSENT_NOT_FOR_TARGET: Final = consent_missing(
    "The person's consent to hand the case over does not cover the other centre.",
    "Ask the scout to obtain a consent for it, or reject the referral so that the scout finds another way.",
    "/to_centre",
)
APPOINTMENT_TOO_LATE: Final = date_out_of_bounds(
    "/first_appointment", "The first appointment is more than two years away.", "Check the year."
)
SAME_CENTRE: Final = Refused(
    "same_centre",
    "The referral is with this centre already.",
    "Name another centre, or accept or reject the referral.",
    "/to_centre",
    422,
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
REASON_OF_THE_FILE: Final = Refused(
    "reason_of_the_file",
    "That somebody never arrived is told of the person, not of one referral.",
    "Use POST /files/{case_id}/never-arrived: it fails every referral that your centre holds.",
    "/reason",
    422,
)
REASON_OF_A_CENTRE: Final = Refused(
    "reason_of_a_centre",
    "That a case is over for everybody is said by a centre that has the person in its care.",
    "Let it fail for another reason, such as service_ended.",
    "/reason",
    422,
)
STILL_EXPECTED: Final = Refused(
    "still_expected",
    "The day by which the person is expected is not over.",
    "Wait until it is over at your centre. If you know more, let the referral fail with that reason.",
)
REFERRAL_UNANSWERED: Final = Refused(
    "referral_unanswered",
    "Your centre has not answered the referral of this case.",
    "Accept the referral first.",
)
FILE_CLOSED: Final = Refused(
    "file_closed",
    "Nothing is open for your centre in this file: the last referral to it has ended.",
    "Reopen what your centre has ended, with the person's consent, or take them in: POST /files.",
)
ALREADY_ARRIVED: Final = Refused(
    "already_arrived",
    "The arrival of this person is recorded already.",
    "Read the file; a wrong day can be corrected: POST /files/{case_id}/arrival/correct.",
)
ARRIVAL_TOO_LONG_AGO: Final = date_out_of_bounds(
    "/arrived_on", "The day of arrival is more than a year before it was recorded.", "Check the year."
)
ARRIVAL_AFTER_CONTACT: Final = dates_reversed(
    "/arrived_on", "The day of arrival is after the first contact in the country."
)
CONTACTED: Final = Refused(
    "contacts_recorded",
    "Contacts after the arrival are recorded: the person has arrived.",
    "If the day is wrong, correct it: POST /files/{case_id}/arrival/correct.",
)
UNCHANGED: Final = nothing_corrected("file")
CORRECTION_PENDING: Final = request_pending(
    "a correction in this file", "A colleague confirms or rejects it first; unanswered it lapses."
)
NO_CORRECTION: Final = nothing_requested(
    "correction in this file",
    "Request it: POST /files/{case_id}/arrival/correct, or /void; /intake/correct of who walked in, or /intake/void.",
)
SAME_PERSON: Final = same_person("A correction in a file", "person of your centre")
INTAKE_OF_THE_DESK: Final = Refused(
    "kept_by_the_desk",
    "A desk in Germany has this case: a scout has referred the person.",
    "Ask that desk to put right what it tells of the person.",
)
INTAKE_HANDED_OVER: Final = Refused(
    "kept_by_the_desk",
    "A desk in Germany has adopted this case, with what your centre had taken down of the person.",
    "Neither of you changes that any more. Tell the programme desk what is wrong; who the person is, that desk can say "
    "in the profile.",
)
FILE_VOID: Final = Refused(
    "file_closed",
    "This file is void: it was opened in error.",
    "Take the person in who is there: POST /files.",
)
BAND_OF_BIRTH_DATE: Final = Refused(
    "age_band_ruled_out",
    "The age band of this person follows the birth date in their profile.",
    "Put the birth date right: PUT /files/{case_id}/profile.",
    "/age_band",
    422,
)
ARRIVAL_RECORDED: Final = Refused(
    "already_arrived",
    "An arrival from abroad is recorded: only who has returned has one.",
    "Void the arrival first, or name a group of people who return.",
    "/target_group",
)
LINKED_FILE: Final = Refused(
    "already_linked",
    "This case is linked to another one as the same person's, or a colleague has asked for that.",
    "Reject what waits, or undo the link that was an error: POST /files/{case_id}/links/{same_as}/undo.",
)
NOT_TO_BE_VOID: Final = Refused(
    "not_to_be_void",
    "This file cannot be void now.",
    "If it was opened in error, tell the data protection officer, who can look why and clear it.",
)
ADOPTION_WAITS: Final = request_pending(
    "the adoption of this case by a desk in Germany",
    "Decline it first: POST /files/{case_id}/adoption/decline.",
)
WORK_RECORDED: Final = Refused(
    "later_recorded",
    "An offer of work, or work, is recorded for this person.",
    "Ask the placement desk to void it first, if it was recorded in error as well.",
)
NOT_OPENED_HERE: Final = Refused(
    "not_opened_here",
    "Your centre has not opened this case: it was asked to take the person on.",
    "Name the case that your centre has opened in the path, and this one as same_as.",
)
OTHER_CASE_NOT_KNOWN: Final = Refused(
    "case_not_known",
    "This is no other case of a person whom your centre may know all of now.",
    "Find it: POST /files/search. If no consent lets your centre know the person any more, record one with them first.",
    "/same_as",
    422,
)
NO_ADOPTION_ASKED: Final = nothing_requested(
    "adoption of this case", "A desk in Germany asks for it by the reference: POST /adoptions of the referral service."
)
NOT_FROM_GERMANY: Final = Refused(
    "not_from_germany",
    "Only the case of a person who has returned from Germany goes to a desk there.",
    "Decline: POST /files/{case_id}/adoption/decline. Your centre goes on with the case.",
)
ANOTHER_CASE: Final = Refused(
    "already_linked",
    "This case is linked to another one of the person, or a colleague has asked for that.",
    "A case that only your centre has is adopted; of two cases each stays where it is. Decline, or undo the link.",
)
ADOPTION_NOT_SIGNED: Final = consent_missing(
    "The person has not signed that this desk is to have their case, or not any more.",
    "Record a consent with the purpose `adoption` that names the desk: POST /files/{case_id}/consents.",
)
LINKED: Final = Refused(
    "already_linked",
    "One of the two cases is linked to another one already, or a colleague has asked for that.",
    "Read both files: `same_person` shows it. Confirm or reject what waits, or undo a link that was an error.",
)
NOT_TO_BE_LINKED: Final = Refused(
    "not_to_be_linked",
    "These two cases cannot be linked now.",
    "If both files show that they are one person's, tell the data protection officer, who can look why and clear it.",
)
NOT_LINKED: Final = Refused(
    "not_linked",
    "These two cases are not linked.",
    "Read the file: `same_person` shows the cases that it is linked to.",
)
NO_LINK_ASKED: Final = nothing_requested("link of these two cases", "Request it: POST /files/{case_id}/links.")
SAME_PERSON_LINKS: Final = same_person("A link of two cases", "person of your centre")
DESTRUCTION_PENDING: Final = request_pending(
    "the destruction of this profile's keys",
    "A colleague confirms or rejects it: GET /files/{case_id}/profile/destruction shows it.",
)
NO_DESTRUCTION: Final = nothing_requested(
    "destruction of this profile's keys", "Request it: POST /files/{case_id}/profile/destruction/request."
)
SAME_PERSON_DESTROYS: Final = same_person("The destruction of a profile's keys", "person of your centre")
CONSENT_HOLDS: Final = Refused(
    "consent_holds",
    "A consent lets your centre know this person now.",
    "Read the file as it is: GET /files/{case_id}.",
)
GLASS_OPEN: Final = Refused(
    "already_open",
    "You have opened this file already, and the hour is not over.",
    "Read the file: GET /files/{case_id}.",
)
GLASS_NOT_FOUND: Final = not_found("break_glass", "Take the id from GET /break-glass.")
GLASS_REVIEWED: Final = Refused(
    "already_reviewed",
    "This was reviewed already.",
    "Read what was said: GET /break-glass?status=reviewed.",
)
WALKED_IN: Final = Refused(
    "already_arrived",
    "This person has walked in: they are there.",
    "If nothing more comes of the support, let it fail with a reason.",
)
NOBODY_WHO_RETURNS: Final = Refused(
    "nobody_who_returns",
    "This person lives here, or has not returned from abroad: there is no day of arrival.",
    "Record contacts and assessments; they need no arrival.",
)
ARRIVAL_AFTER_WALKING_IN: Final = dates_reversed(
    "/arrived_on", "The day of arrival is after the day on which the person walked in."
)
BAND_RULED_OUT: Final = Refused(
    "age_band_ruled_out",
    "Who was born on the birth date of the profile does not count to this age band.",
    "Name the band that the birth date gives, or put the birth date right; `unknown` leaves it to the birth date.",
    "/age_band",
    422,
)
LIVES_ELSEWHERE: Final = Refused(
    "lives_elsewhere",
    "Your centre does not act for this country.",
    "Leave the field out for your own country, or name one without a centre for which yours stands in.",
    "/country",
    422,
)
LIVES_IN_ANOTHER_REGION: Final = admin1_elsewhere("the country where the person lives")
NEED_OF_HEALTH: Final = Refused(
    "need_of_health",
    "A need tells of the person's health.",
    "Name further_needs instead, and take it down in an assessment, where it rests sealed.",
    "/needs",
    422,
)
NO_PROFILE: Final = profile_not_found("/files/{case_id}/profile")
PROFILE_GONE: Final = profile_destroyed()
FOR_THE_CENTRE_ITSELF: Final = Refused(
    "consent_for_another",
    "A consent to be advised is for the centre that records it.",
    "Leave the recipients out. Another centre records its own.",
    "/recipients",
    422,
)
KEPT_BY_THE_DESK: Final = Refused(
    "kept_by_the_desk",
    "The desk in Germany keeps this person's consents for placement: a scout has referred them, or adopted the case.",
    "Record it there: POST /cases/{case_id}/consents of the referral service, which lets your centre in.",
    "/purpose",
)
PROFILE_OF_THE_DESK: Final = Refused(
    "kept_by_the_desk",
    "The desk in Germany keeps this person's profile: a scout has referred them, or adopted the case.",
    "Ask that desk to set it anew; your centre is shown it within seconds.",
)
HELD_BY_THE_DESK: Final = Refused(
    "kept_by_the_desk",
    "The desk in Germany tells every service what holds these records: a scout has referred them, or has the case.",
    "POST /cases/{case_id}/holds of the referral service holds them, here too.",
)
HOLD_NOT_FOUND: Final = hold_not_found("/files")
TOO_MANY_HOLDS: Final = too_many_holds(MOST_HOLDS, "/files")
SIGNED_NOT_FOUND: Final = not_found("consent", "Take the id from GET /files/{case_id}/consents.")
SIGNED_WITHDRAWN: Final = consent_withdrawn()
ARRIVAL_BEFORE_DEPARTURE: Final = dates_reversed(
    "/arrived_on", "The day of arrival is before the day of departure from Germany, as the scout has recorded it."
)
ADMIN1_ELSEWHERE: Final = admin1_elsewhere("the country of return, or of the centre's")
NOT_ARRIVED: Final = Refused(
    "not_arrived",
    "The person's arrival is not recorded.",
    "Record the arrival first.",
)
CONTACT_BEFORE_ARRIVAL: Final = dates_reversed("/contacted_on", "The day of the contact is before the arrival.")
NOT_IN_CONTACT: Final = Refused(
    "not_in_contact",
    "No contact with the person after the arrival is recorded.",
    "Record the first contact, then the assessment.",
)
ASSESSMENT_BEFORE_CONTACT: Final = dates_reversed(
    "/assessed_on", "The day of the assessment is before the first contact."
)
CALL_BEFORE_REFERRAL: Final = dates_reversed("/held_on", "The day of the call is before your centre was asked.")
CALL_AFTER_DEPARTURE: Final = dates_reversed(
    "/held_on", "The day of the call is after the departure from Germany, or after the arrival."
)
CALL_NOT_FOUND: Final = not_found("call", "Take the id from GET /files/{case_id}; your centre voids its own calls.")
CONTACT_NOT_FOUND: Final = not_found("contact", "Take the id from GET /files/{case_id}.")
ASSESSMENT_NOT_FOUND: Final = not_found(
    "assessment",
    "Take the id from GET /files/{case_id}/assessments: only one of the known journey can be void, and none that was "
    "made before assessments could be. Make another.",
)
PLAN_NOT_FOUND: Final = not_found(
    "plan",
    "Read the file: only a plan that is shown there can be void, none from before plans could be. Agree on another.",
)
LATER_RECORDED: Final = Refused(
    "later_recorded",
    "An assessment or a plan is recorded that needs this contact.",
    "If the person was spoken with by the day of the first of them, record that contact, then void this one. Else void "
    "what rests on it first.",
)
PLAN_BEFORE_CONTACT: Final = dates_reversed("/agreed_on", "The day of the plan is before the first contact.")
MEASURE_OF_HEALTH: Final = Refused(
    "measure_of_health",
    "A measure tells of the person's health.",
    "Name further_support instead, and take it down in an assessment, where it rests sealed.",
    "/measures",
    422,
)
UNKNOWN_DOMAIN: Final = unknown_code(
    "/levels", "needs", "Use domains that the entries of GET /code-lists/needs have, such as economic or social."
)


def not_waiting(referral: Referral) -> Refused:
    """An answer to a referral that does not wait for one."""
    if referral.status == "withdrawn":
        return Refused(
            "referral_withdrawn",
            "The referral has been withdrawn in Germany.",
            "Nothing is left to do. If the person wants support after all, ask the scout for a new referral.",
        )
    return referral_answered(referral.status, "Read the file. An answer cannot be changed.")
