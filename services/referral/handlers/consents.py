"""Consents: given, and taken back with effect at once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from chassis.pure.decision import (
    Actor,
    Context,
    Decision,
    Refused,
)
from chassis.pure.states import States
from referral import refusals
from referral.answers import ConsentOutcome
from referral.commands import GrantConsent, WithdrawConsent
from referral.domain.case import MOST_CONSENTS, Case
from referral.domain.consent import REFERRAL_PURPOSE, Consent
from referral.events import ConsentGranted, ConsentWithdrawn, ReferralWithdrawn
from referral.handlers.desk import own_act
from referral.handlers.referrals import ground_lost_at, withdrawn
from referral.reference import Purpose, Reference
from vocabulary.countries import GERMANY, day_at, end_of_day_at
from vocabulary.refusals import date_in_future, date_in_past, limit_reached, unknown_code
from vocabulary.roles import SCOUTS_DESK

CANONICAL_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
"""Readers compare recipients letter by letter: another spelling of the id would never be found."""
TEXT_IN_FORCE = "Use a code of GET /code-lists/consent_texts that was in force on the day of the signature."


def grant_consent(states: States, command: GrantConsent, context: Context) -> Decision | Refused:
    """The person has signed, with evidence kept elsewhere."""
    case = states.get(Case, command.case_id)
    if case is None:
        return refusals.CASE_NOT_FOUND
    if not _may(context.actor, case, case.held_by(context.actor.org)):
        return refusals.OTHER_ORGANISATION
    place = _signed_in(case, context.actor)
    if refused := _why_not(case, command, context.reference, place, day_at(place, context.now)):
        return refused
    if len(case.consents) >= MOST_CONSENTS:
        return limit_reached(MOST_CONSENTS, "consents", "Name several recipients in one consent.")
    consent = Consent(
        id=context.new_id(),
        purpose=command.purpose,
        recipients=tuple(sorted(set(command.recipients))),
        text_version=command.text_version,
        language=command.language,
        evidence_ref=command.evidence_ref,
        granted_on=command.granted_on,
        valid_until=command.valid_until,
        begins_at=end_of_day_at(place, command.granted_on - timedelta(days=1)),
        expires_at=end_of_day_at(place, command.valid_until),
        guardian=command.guardian,
        recorded_by=context.actor.org,
    )
    case = own_act(case.with_consent(consent), context.now, "ConsentGranted", consent.id, consent.purpose)
    event = ConsentGranted(
        case_id=case.id,
        consent_id=consent.id,
        purpose=consent.purpose,
        recipients=consent.recipients,
        text_version=consent.text_version,
        language=consent.language,
        evidence_ref=consent.evidence_ref,
        granted_on=consent.granted_on,
        valid_until=consent.valid_until,
        expires_at=consent.expires_at,
    )
    return Decision((case,), (event,), answer=ConsentOutcome.of(case, consent))


def withdraw_consent(states: States, command: WithdrawConsent, context: Context) -> Decision | Refused:
    """Taken back: referrals that no centre has answered, and that rest on it, are withdrawn with it.

    A centre that has, or had, the person in its care takes a withdrawal down too, and so does whoever recorded the
    consent, whatever has become of the support since: it must be as easy as the consent was.
    """
    case = states.get(Case, command.case_id)
    if case is None:
        return refusals.CASE_NOT_FOUND
    consent = case.consent(command.consent_id)
    org = context.actor.org
    if not _may(context.actor, case, case.taken_on_by(org) or (consent is not None and consent.recorded_by == org)):
        return refusals.OTHER_ORGANISATION
    if consent is None:
        return refusals.CONSENT_NOT_FOUND
    if consent.withdrawn_at is not None:
        return refusals.CONSENT_WITHDRAWN
    consent = replace(consent, withdrawn_at=context.now)
    after = own_act(case.with_consent(consent), context.now, "ConsentWithdrawn", consent.id, consent.purpose)
    event = ConsentWithdrawn(
        case_id=case.id,
        consent_id=consent.id,
        purpose=consent.purpose,
        recipients=consent.recipients,
        effective_at=context.now,
    )
    after, ended = _without_ground(after, consent)
    return Decision((after,), (event, *ended), answer=ConsentOutcome.of(after, consent))


def _may(actor: Actor, case: Case, as_centre: bool) -> bool:
    return case.opened_by == actor.org if actor.role in SCOUTS_DESK else as_centre


def _signed_in(case: Case, actor: Actor) -> str:
    """The country of the organisation that records the consent: Germany, or where the centre lies."""
    return GERMANY if actor.role in SCOUTS_DESK else case.country_of(actor.org)


def _why_not(case: Case, command: GrantConsent, reference: Reference, place: str, day: date) -> Refused | None:
    """What is wrong with it on this day of the place where it was signed."""
    purpose = reference.purposes.get(command.purpose)
    if purpose is None:
        return unknown_code("/purpose", "consent_purposes")
    if not {recipient.partition(":")[0] for recipient in command.recipients} <= set(purpose.recipient_kinds):
        return refusals.RECIPIENT_KIND
    if not all(_is_known(recipient, purpose, reference) for recipient in command.recipients):
        return refusals.UNKNOWN_RECIPIENT
    if command.granted_on > day:
        return date_in_future("/granted_on")
    if reference.consent_texts.get(command.text_version, on=command.granted_on) is None:
        return unknown_code("/text_version", "consent_texts", TEXT_IN_FORCE)
    if command.valid_until < command.granted_on:
        return refusals.ENDS_BEFORE_IT_BEGINS
    if command.valid_until < day:
        return date_in_past("/valid_until")
    if case.age_band == "under_18" and not command.guardian:
        return refusals.GUARDIAN_REQUIRED
    if _signed_before_withdrawal(case, command, place, reference):
        return refusals.SIGNED_BEFORE_WITHDRAWAL
    return None


def _signed_before_withdrawal(case: Case, command: GrantConsent, place: str, reference: Reference) -> bool:
    """Whether the person has since taken the same back: what was signed before says nothing of what they want now.

    On the day of the withdrawal itself they may have signed anew; a day does not tell which came first.
    """
    return any(
        each.withdrawn_at is not None
        and command.granted_on < day_at(place, each.withdrawn_at)
        and each.purpose == command.purpose
        and _overlap(each.recipients, command.recipients, reference)
        for each in case.consents
    )


def _overlap(some: Iterable[str], others: Iterable[str], reference: Reference) -> bool:
    """Whether an organisation is among both: by itself, or by the country that it lies in."""
    some, others = set(some), set(others)
    return not some.isdisjoint(_with_countries(others, reference)) or not others.isdisjoint(
        _with_countries(some, reference)
    )


def _with_countries(recipients: Iterable[str], reference: Reference) -> set[str]:
    centres = (reference.centres.get(each) for each in recipients)
    of_centres = {f"country:{centre.country}" for centre in centres if centre is not None}
    of_providers = {f"country:{GERMANY}" for each in recipients if each.startswith("provider:")}
    return {*recipients, *of_centres, *of_providers}


def _is_known(recipient: str, purpose: Purpose, reference: Reference) -> bool:
    kind, _, code = recipient.partition(":")
    match kind:
        case "centre":
            return recipient in reference.centres
        case "provider":
            return recipient in reference.providers
        case "country":
            # All training providers are in Germany; any other purpose names countries of the programme.
            return code == GERMANY if "provider" in purpose.recipient_kinds else code in reference.countries
        case _:
            return CANONICAL_ID.fullmatch(code) is not None


def _without_ground(case: Case, consent: Consent) -> tuple[Case, tuple[ReferralWithdrawn, ...]]:
    ended = []
    for referral in case.referrals:
        if consent.names(REFERRAL_PURPOSE, referral.to_centre, referral.centre_country):
            lost_at = ground_lost_at(case, referral)
            if lost_at is not None:
                case, event = withdrawn(case, referral, "consent_withdrawn", lost_at)
                ended.append(event)
    return case, tuple(ended)
