"""Consents: given, and taken back with effect at once."""

from __future__ import annotations

from dataclasses import replace

from chassis.decision import Context, Decision, Refused
from chassis.states import States
from referral import refusals
from referral.commands import GrantConsent, WithdrawConsent
from referral.domain.case import Case
from referral.domain.consent import Consent
from referral.events import ConsentGranted, ConsentWithdrawn, ReferralWithdrawn
from referral.handlers.desk import consent_case, own_act, today
from referral.handlers.referrals import withdrawn


def grant_consent(states: States, command: GrantConsent, context: Context) -> Decision | Refused:
    """The person has signed, with evidence kept elsewhere."""
    case = consent_case(states, command.case_id, context.actor)
    if isinstance(case, Refused):
        return case
    if refused := _why_not(case, command, context):
        return refused
    consent = Consent(
        id=context.new_id(),
        purpose=command.purpose,
        recipients=tuple(sorted(set(command.recipients))),
        text_version=command.text_version,
        language=command.language,
        evidence_ref=command.evidence_ref,
        granted_on=command.granted_on,
        valid_until=command.valid_until,
        guardian=command.guardian,
        recorded_by=context.actor.org,
    )
    case = own_act(case.with_consent(consent), context, "ConsentGranted", consent.id, consent.purpose)
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
    )
    return Decision((case,), (event,), answer=_answer(case, consent))


def withdraw_consent(states: States, command: WithdrawConsent, context: Context) -> Decision | Refused:
    """Taken back: referrals that no centre has answered, and that rest on it, are withdrawn with it."""
    case = consent_case(states, command.case_id, context.actor)
    if isinstance(case, Refused):
        return case
    consent = case.consent(command.consent_id)
    if consent is None:
        return refusals.CONSENT_NOT_FOUND
    if consent.withdrawn_at is not None:
        return refusals.CONSENT_WITHDRAWN
    consent = replace(consent, withdrawn_at=context.now)
    case = own_act(case.with_consent(consent), context, "ConsentWithdrawn", consent.id, consent.purpose)
    event = ConsentWithdrawn(
        case_id=case.id,
        consent_id=consent.id,
        purpose=consent.purpose,
        recipients=consent.recipients,
        effective_at=context.now,
    )
    case, ended = _without_ground(case, context)
    return Decision((case,), (event, *ended), answer=_answer(case, consent))


def _why_not(case: Case, command: GrantConsent, context: Context) -> Refused | None:
    day = today(context)
    purpose = context.reference.purposes.get(command.purpose)
    if purpose is None:
        return refusals.unknown_code("/purpose", "consent_purposes")
    if not {recipient.partition(":")[0] for recipient in command.recipients} <= set(purpose.recipient_kinds):
        return refusals.RECIPIENT_KIND
    if command.granted_on > day:
        return refusals.GRANTED_IN_FUTURE
    if command.valid_until < max(day, command.granted_on):
        return refusals.ENDS_BEFORE_IT_BEGINS
    if case.age_band == "under_18" and not command.guardian:
        return refusals.GUARDIAN_REQUIRED
    return None


def _without_ground(case: Case, context: Context) -> tuple[Case, tuple[ReferralWithdrawn, ...]]:
    ended = []
    for referral in case.referrals:
        centre = context.reference.centres.get(referral.to_centre)
        country = case.country if centre is None else centre.country
        if referral.unanswered and not case.covered("referral", referral.to_centre, country, today(context)):
            case, event = withdrawn(case, referral, "consent_withdrawn", context)
            ended.append(event)
    return case, tuple(ended)


def _answer(case: Case, consent: Consent) -> dict[str, str]:
    return {"case_id": str(case.id), "consent_id": str(consent.id), "status": consent.status}
