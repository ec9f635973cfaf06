"""Consents: given, and taken back with effect at once."""

from __future__ import annotations

from datetime import datetime

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
from referral.reference import Reference
from vocabulary.ages import MINOR
from vocabulary.copying import replace
from vocabulary.countries import GERMANY, begin_of_day_at, end_of_day_at
from vocabulary.refusals import limit_reached
from vocabulary.roles import SCOUTS_DESK
from vocabulary.signing import Place


def grant_consent(states: States, command: GrantConsent, context: Context) -> Decision | Refused:
    """The person has signed, with evidence kept elsewhere."""
    case = states.get(Case, command.case_id)
    if case is None:
        return refusals.CASE_NOT_FOUND
    if not _may(context.actor, case, case.held_by(context.actor.org)):
        return refusals.OTHER_ORGANISATION
    if case.void_at is not None:
        return refusals.CASE_VOID
    place = _signed_in(case, context.actor)
    if refused := _why_not(case, command, context.reference, place, context.now):
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
        begins_at=begin_of_day_at(place, command.granted_on),
        expires_at=end_of_day_at(place, command.valid_until),
        guardian=command.guardian,
        recorded_by=context.actor.org,
    )
    granted = case.with_consent(consent).knowable_again(case, context.now)
    case = own_act(granted, context.now, "ConsentGranted", consent.id, consent.purpose)
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
    after, events = taken_back(case, consent, context.now)
    return Decision((after,), events, answer=ConsentOutcome.of(after, after.consent(consent.id) or consent))


def taken_back(
    case: Case, consent: Consent, at: datetime
) -> tuple[Case, tuple[ConsentWithdrawn | ReferralWithdrawn, ...]]:
    """The case without a consent, and without the unanswered referrals that have no other."""
    consent = replace(consent, withdrawn_at=at)
    after = own_act(case.with_consent(consent), at, "ConsentWithdrawn", consent.id, consent.purpose)
    event = ConsentWithdrawn(
        case_id=case.id,
        consent_id=consent.id,
        purpose=consent.purpose,
        recipients=consent.recipients,
        effective_at=at,
    )
    after, ended = _without_ground(after, consent)
    return after, (event, *ended)


def _may(actor: Actor, case: Case, as_centre: bool) -> bool:
    return case.opened_by == actor.org if actor.role in SCOUTS_DESK else as_centre


def _signed_in(case: Case, actor: Actor) -> str:
    """The country of the organisation that records the consent: Germany, or where the centre lies."""
    return GERMANY if actor.role in SCOUTS_DESK else case.country_of(actor.org)


def _why_not(case: Case, command: GrantConsent, reference: Reference, place: str, now: datetime) -> Refused | None:
    """What is wrong with it, where it was signed."""
    signed_in = Place(place, reference, reference.consent_texts, reference.providers)
    return signed_in.why_not(command, case.consents, now, minor=case.age_band == MINOR)


def _without_ground(case: Case, consent: Consent) -> tuple[Case, tuple[ReferralWithdrawn, ...]]:
    ended = []
    for referral in case.referrals:
        if consent.names(REFERRAL_PURPOSE, referral.to_centre, referral.centre_country):
            lost_at = ground_lost_at(case, referral)
            if lost_at is not None:
                case, event = withdrawn(case, referral, "consent_withdrawn", lost_at)
                ended.append(event)
    return case, tuple(ended)
