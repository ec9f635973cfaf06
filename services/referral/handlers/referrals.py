"""Referring a person to a centre, and taking a referral back."""

from __future__ import annotations

from datetime import date, datetime

from chassis.pure.decision import Context, Decision, Refused
from chassis.pure.states import States
from referral import refusals
from referral.answers import ReferralOutcome
from referral.commands import Refer, WithdrawReferral
from referral.domain.case import MOST_REFERRALS, Case
from referral.domain.consent import REFERRAL_PURPOSE
from referral.domain.journey import Journey
from referral.domain.referral import Referral, Withdrawal, as_told
from referral.events import DepartureWindow, ReferralWithdrawn, ReturneeReferred
from referral.handlers.care import open_for, sealed_needs
from referral.handlers.desk import own_act, own_case, own_case_or_void
from referral.limits import receipt_due
from referral.reference import Reference
from vocabulary.copying import replace
from vocabulary.countries import GERMANY, day_at
from vocabulary.reference import Centre, Fallback
from vocabulary.refusals import country_not_active, country_suspended, limit_reached, unknown_code

CODED_ATTRIBUTES = {"needs": "needs", "wishes": "wishes", "skills": "isco08"}
"""What a referral says in codes, and the list of each."""


def refer(states: States, command: Refer, context: Context) -> Decision | Refused:
    """Hands the case over: to the centre that its region belongs to, or to the one that the scout names."""
    case = own_case(states, command.case_id, context.actor)
    if isinstance(case, Refused):
        return case
    day = day_at(GERMANY, context.now)
    for attribute, code_list in CODED_ATTRIBUTES.items():
        known = getattr(context.reference, code_list)
        for index, code in enumerate(getattr(command, attribute)):
            if known.get(code, on=day) is None:
                return unknown_code(f"/{attribute}/{index}", code_list)
    centre = _centre_for(case, command, context.reference, day)
    if isinstance(centre, Refused):
        return centre
    if not case.covered(REFERRAL_PURPOSE, centre.code, centre.country, context.now):
        return refusals.CONSENT_MISSING
    if same := open_for(case, command.needs, context.vault):
        return refusals.need_already_referred(same)
    if len(case.referrals) >= MOST_REFERRALS:
        return limit_reached(MOST_REFERRALS, "referrals", "Name several needs in one referral.")
    id_ = context.random_id()
    receipt = receipt_due(context, command.priority, centre.place, context.now)
    key, needs = sealed_needs(case, id_, command.needs, context.vault)
    referral = Referral(
        id=id_,
        root_id=id_,
        to_centre=centre.code,
        centre_country=centre.country,
        country=case.country,
        priority=command.priority,
        needs=needs,
        wishes=tuple(sorted(set(command.wishes))),
        skills=tuple(sorted(set(command.skills))),
        referred_at=context.now,
        receipt_due_at=receipt.at,
        centre_region=centre.admin1,
    )
    after = own_act(case.with_referral(referral, key), context.now, "ReturneeReferred", id_, centre.code)
    event = _returnee_referred(after, referral, tuple(sorted(set(command.needs))), context.reference)
    return Decision((after,), (event,), answer=ReferralOutcome.of(after, referral))


def withdraw_referral(states: States, command: WithdrawReferral, context: Context) -> Decision | Refused:
    """Takes a referral back. What the person is in a centre's care for is not over by that: the centre, which is told,
    confirms what becomes of the support, and until then the withdrawal is noted."""
    case = own_case_or_void(states, command.case_id, context.actor)
    if isinstance(case, Refused):
        return case
    referral = case.referral(command.referral_id)
    if referral is None:
        return refusals.REFERRAL_NOT_FOUND
    if context.reference.withdraw_reasons.get(command.reason, on=day_at(GERMANY, context.now)) is None:
        return unknown_code("/reason", "withdraw_reasons")
    at = referral.taken_back_at(context.now)
    if referral.status == "in_progress":
        if referral.withdrawal_asked_at is not None:
            return refusals.WITHDRAWAL_ASKED
        noted = replace(referral, withdrawal=Withdrawal(command.reason, at, noted=True))
        after, event = _taken_back(case, noted, command.reason, at)
    elif referral.allows("withdraw"):
        after, event = withdrawn(case, referral, command.reason, at)
    else:
        return refusals.not_to_be_withdrawn(referral)
    outcome = ReferralOutcome.of(after, after.referral(referral.id) or referral)
    return Decision((after,), (event,), answer=outcome)


def withdrawn(case: Case, referral: Referral, reason: str, at: datetime) -> tuple[Case, ReferralWithdrawn]:
    """The case with the referral taken back, and the event that says so."""
    return _taken_back(case, referral.stepped("withdraw", closed_at=at, reason=reason), reason, at)


def _taken_back(case: Case, after: Referral, reason: str, at: datetime) -> tuple[Case, ReferralWithdrawn]:
    case = own_act(case.with_referral(after), at, "ReferralWithdrawn", after.id, reason)
    event = ReferralWithdrawn(
        case_id=case.id,
        referral_id=after.id,
        to_centre=after.to_centre,
        country=after.country,
        reason=reason,
        walk_in=after.walk_in or None,
    )
    return case, event


def ground_lost_at(case: Case, referral: Referral) -> datetime | None:
    """When the person took back what an unanswered referral rests on. None: they did not, or something else covers it.

    It does not depend on the clock, so that it comes out the same whether the withdrawal of the consent or the
    redirection to this centre was heard of first.
    """
    if not referral.unanswered:
        return None
    named = [
        each for each in case.consents if each.names(REFERRAL_PURPOSE, referral.to_centre, referral.centre_country)
    ]
    at = max((each.withdrawn_at for each in named if each.withdrawn_at is not None), default=None)
    if at is None or case.covered(REFERRAL_PURPOSE, referral.to_centre, referral.centre_country, at):
        return None
    return at


def _centre_for(case: Case, command: Refer, reference: Reference, day: date) -> Centre | Refused:
    """The centre to refer to, or why there is none (routing by country status, region and opening days)."""
    country = reference.countries.get(case.country, on=day)
    if country is None or country.status == "ended":
        return country_not_active()
    if country.status == "suspended":
        return country_suspended()
    fallback = reference.fallbacks.get(case.country, on=day)
    if command.to_centre is None:
        by_region = reference.centre_for(case.country, case.admin1, day) if country.status == "active" else None
        return by_region or refusals.no_active_centre(fallback)
    named = reference.centres.get(command.to_centre, on=day)
    if named is None:
        return unknown_code("/to_centre", "centres")
    if named.country == case.country:
        return named if country.status == "active" else refusals.no_active_centre(fallback)
    return _from_afar(named, fallback, reference, day)


def _from_afar(named: Centre, fallback: Fallback | None, reference: Reference, day: date) -> Centre | Refused:
    """A centre in another country: only the one that stands in for a country without a centre, while it may itself."""
    if fallback is None or fallback.desk != named.code:
        return refusals.CENTRE_ELSEWHERE
    its_country = reference.countries.get(named.country, on=day)
    return named if its_country is not None and its_country.status == "active" else country_suspended()


def _returnee_referred(
    case: Case, referral: Referral, needs: tuple[str, ...], reference: Reference
) -> ReturneeReferred:
    return ReturneeReferred(
        case_id=case.id,
        case_ref=case.case_ref,
        referral_id=referral.id,
        root_referral_id=referral.root_id,
        to_centre=referral.to_centre,
        country=case.country,
        admin1=case.admin1,
        priority=referral.priority,
        needs=as_told(reference.open_to_others(needs, reference.needs)),
        wishes=referral.wishes,
        skills=referral.skills,
        language=case.language,
        target_group=case.target_group,
        return_type=case.return_type,
        age_band=case.age_band,
        household_size=case.household_size,
        vulnerability_present=case.vulnerability_present,
        departure=_window(case.journey),
        referred_at=referral.referred_at,
    )


def _window(journey: Journey) -> DepartureWindow | None:
    if journey.status not in {"planned", "booked"} or journey.earliest is None or journey.latest is None:
        return None
    return DepartureWindow(earliest=journey.earliest, latest=journey.latest)
