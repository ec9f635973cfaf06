"""The centre's answer to a referral: accept, reject, redirect."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from chassis.pure.decision import Context, Decision, Refused
from chassis.pure.states import States
from counselling import refusals
from counselling.commands import AcceptReferral, RedirectReferral, RejectReferral
from counselling.domain.centre_file import MAX_REDIRECTIONS, CentreFile
from counselling.domain.consent import covered
from counselling.domain.referral import Referral
from counselling.domain.sight import KNOWING
from counselling.events import ReferralAccepted, ReferralRedirected, ReferralRejected
from counselling.handlers.access import by_centre, referral_of, sight_in
from counselling.handlers.incoming import received
from counselling.limits import answer_estimated, contact_priority, due
from counselling.outcomes import RedirectionOutcome, ReferralOutcome
from counselling.reference import Reference
from vocabulary.countries import day_at
from vocabulary.reference import Centre
from vocabulary.refusals import country_not_active, country_suspended, date_in_past, unknown_code

LATEST_APPOINTMENT = timedelta(days=730)
"""Further ahead a date is a slip of the pen (docs/domain.md: appointment-horizon)."""


def accept(states: States, command: AcceptReferral, context: Context) -> Decision | Refused:
    """Takes the person on; needs a consent that covers this centre now."""
    found = referral_of(states, command.case_id, command.referral_id, context.actor)
    if isinstance(found, Refused):
        return found
    file, referral = found
    if refused := _why_not_accept(file, referral, command, context):
        return refused
    accepted = referral.accepted(context.now, command.first_appointment)
    if file.arrival is not None:
        accepted = accepted.started()
    taken_on = file.with_referral(accepted)
    if takes_on_anew(file):
        taken_on = contact_owed(taken_on, accepted, context)
    event = ReferralAccepted(
        **by_centre(taken_on, referral), referral_id=referral.id, first_appointment=command.first_appointment
    )
    answer = ReferralOutcome.of(taken_on, accepted, sight_in(taken_on, context))
    return Decision((taken_on,), (event,), answer=answer)


def reject(states: States, command: RejectReferral, context: Context) -> Decision | Refused:
    """Does not take the person on, for a reason of the list."""
    found = referral_of(states, command.case_id, command.referral_id, context.actor)
    if isinstance(found, Refused):
        return found
    file, referral = found
    if not referral.allows("reject"):
        return refusals.not_waiting(referral)
    if context.reference.reject_reasons.get(command.reason, on=_day(referral, context)) is None:
        return unknown_code("/reason", "reject_reasons")
    rejected = referral.ended("reject", context.now, command.reason)
    file = file.with_referral(rejected)
    event = ReferralRejected(**by_centre(file, referral), referral_id=referral.id, reason=command.reason)
    answer = ReferralOutcome.of(file, rejected, sight_in(file, context))
    return Decision((file,), (event,), answer=answer)


def redirect(states: States, command: RedirectReferral, context: Context) -> Decision | Refused:
    """Passes the referral on in one step: a child is in the other centre's inbox, with a limit of its own."""
    found = referral_of(states, command.case_id, command.referral_id, context.actor)
    if isinstance(found, Refused):
        return found
    file, referral = found
    target = _target_of(file, referral, command, context)
    if isinstance(target, Refused):
        return target
    answer_due = due(context, referral.preview.priority, 1, target.place, context.now)
    child = referral.child(context.random_id(), target, context.now, answer_due.at)
    passed_on = referral.ended("redirect", context.now, command.reason)
    known = sight_in(file, context) in KNOWING
    file = file.with_referral(passed_on).with_referral(child)
    event = ReferralRedirected(
        **by_centre(file, referral),
        referral_id=referral.id,
        child_referral_id=child.id,
        root_referral_id=referral.root_id,
        to_centre=target.code,
        to_country=target.country,
        reason=command.reason,
    )
    answer = RedirectionOutcome.of(
        file,
        passed_on,
        sight_in(file, context),
        child_referral_id=child.id,
        to_centre=child.centre,
        answer_due_at=child.answer_due_at if known else None,
        answer_due_estimated=answer_estimated(child, context.working_days) if known else None,
    )
    return Decision((file,), (event, received(file, child)), answer=answer)


def _day(referral: Referral, context: Context) -> date:
    """The day at the centre that answers."""
    return day_at(referral.centre_country, context.now)


def _why_not_accept(file: CentreFile, referral: Referral, command: AcceptReferral, context: Context) -> Refused | None:
    if not referral.allows("accept"):
        return refusals.not_waiting(referral)
    if not covered(file.consents, referral.centre, referral.centre_country, context.now):
        return refusals.CONSENT_MISSING
    appointment: datetime | None = command.first_appointment
    if appointment is not None and appointment <= context.now:
        return date_in_past("/first_appointment")
    if appointment is not None and appointment > context.now + LATEST_APPOINTMENT:
        return refusals.APPOINTMENT_TOO_LATE
    return None


def _target_of(file: CentreFile, referral: Referral, command: RedirectReferral, context: Context) -> Centre | Refused:
    """The centre to redirect to, or why not."""
    if not referral.allows("redirect"):
        return refusals.not_waiting(referral)
    if context.reference.redirect_reasons.get(command.reason, on=_day(referral, context)) is None:
        return unknown_code("/reason", "redirect_reasons")
    if command.to_centre == referral.centre:
        return refusals.SAME_CENTRE
    centre = _open_centre(context.reference, command.to_centre, _day(referral, context))
    if isinstance(centre, Refused):
        return centre
    return _why_not_there(file, referral, centre, context.now) or centre


def _open_centre(reference: Reference, code: str, day: date) -> Centre | Refused:
    """The centre as it is today; not one that is closed, nor one in a country that is suspended."""
    centre = reference.centres.get(code, on=day)
    if centre is None:
        return unknown_code("/to_centre", "centres")
    country = reference.countries.get(centre.country, on=day)
    if country is not None and country.status == "suspended":
        return country_suspended("/to_centre")
    if country is None or country.status != "active":
        return country_not_active("/to_centre")
    return centre


def _why_not_there(file: CentreFile, referral: Referral, centre: Centre, at: datetime) -> Refused | None:
    """Whether the referral has been there, has been passed on too often, or may not be shown there."""
    passed_on_by = file.redirected_under(referral.root_id)
    if centre.code in passed_on_by:
        return refusals.REDIRECTION_LOOP
    if len(passed_on_by) >= MAX_REDIRECTIONS:
        return refusals.TOO_MANY_REDIRECTIONS
    if not covered(file.consents, centre.code, centre.country, at):
        return refusals.CONSENT_NOT_FOR_TARGET
    return None


def takes_on_anew(file: CentreFile) -> bool:
    """Whether a centre that takes the person on now owes the first contact: they are there, and in nobody's care."""
    return file.arrival is not None and not file.contacts and not any(each.held for each in file.live)


def contact_owed(file: CentreFile, referral: Referral, context: Context) -> CentreFile:
    """The first contact with somebody who had arrived before this centre took them on: owed from now."""
    priority = contact_priority(file.vulnerability_present)
    contact = due(context, priority, 1, referral.place, context.now)
    return file.contact_owed_by(contact.at, context.now)
