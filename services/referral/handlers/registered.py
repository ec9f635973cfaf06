"""What was registered of a person wrongly is put right, and a case that was opened in error is void (docs/domain.md:
registrations-corrected).

One person of the desk says so: no promise rests on it. What was told of the person is told anew, as far as it was told
at all; what was registered before stays. A country leads to a centre: so it is put right while no centre is asked. A
case is void once nothing is under way in it; then the person's consents are taken back, which ends elsewhere what rests
on them.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from chassis.pure.decision import Context, Decision, Refused
from chassis.pure.states import States
from referral import refusals
from referral.answers import CaseOutcome
from referral.commands import CorrectCase, VoidCase
from referral.domain.case import Case
from referral.domain.consent import MATCHING_PURPOSE
from referral.domain.receiver import Engagement
from referral.domain.registered import MOST_CORRECTIONS, Registered, RegistrationCorrection
from referral.events import CaseCorrected, CaseVoided, PersonCorrected, ReferralEvent
from referral.handlers.ages import moved_to, put_right
from referral.handlers.consents import taken_back
from referral.handlers.desk import own_act, own_case
from vocabulary import regions
from vocabulary.copying import replace
from vocabulary.countries import GERMANY, day_at
from vocabulary.refusals import limit_reached, unknown_code, wrong_state

VOIDABLE = ("failed", "open", "unserved")
"""Nobody has the person, or is asked to."""
NOT_UNDER_WAY = ("cancelled", "undecided")
"""Of a journey: what is planned is called off before, and a departure that was none is void."""
NOT_THERE = ("booked", "cancelled", "departed", "missed", "never_arrived", "planned", "undecided")
"""Of a journey while its country may be another one: nobody has seen the person in it, nor beside it."""


def correct(states: States, command: CorrectCase, context: Context) -> Decision | Refused:
    """Something was registered wrongly: all is as if this had been registered at once."""
    case = _to_be_put_right(states, command, context)
    if isinstance(case, Refused):
        return case
    was, now = case.registered, command.registered
    if was == now:
        return refusals.UNCHANGED
    if refused := _why_not_so(case, now, context):
        return refused
    kept = RegistrationCorrection(was, now, command.reason, context.now)
    facts = {**asdict(now), "age_band": was.age_band}
    after = replace(case, **facts, corrections=(*case.corrections, kept))
    after = own_act(after, context.now, CaseCorrected.__name__, case.id, command.reason)
    told: list[ReferralEvent] = []
    if _told_of(case) != _told_of(after):
        told.append(_corrected(after, command.reason))
    if was.age_band != now.age_band:
        after, aged = put_right(after, now.age_band, context.now)
        told += aged
    moved = moved_to(after) if was.country != now.country else ()
    return Decision((after,), tuple(told), moved, CaseOutcome.of(after))


def void(states: States, command: VoidCase, context: Context) -> Decision | Refused:
    """The case was opened for another person, or twice: there is none. Nothing new is done in it."""
    case = _to_be_put_right(states, command, context)
    if isinstance(case, Refused):
        return case
    if case.status not in VOIDABLE:
        return wrong_state("case", case.status, *VOIDABLE)
    if case.journey.status not in NOT_UNDER_WAY:
        return wrong_state("journey", case.journey.status, *NOT_UNDER_WAY)
    if case.offers and any(_is_way_into_work(each) for each in case.engagements):
        return refusals.OFFER_STANDS
    after, told = case, list[ReferralEvent]()
    for consent in case.consents:
        if consent.withdrawn_at is None:
            after, ended = taken_back(after, consent, context.now)
            told += ended
    after = without(after, command.reason, context.now)
    event = CaseVoided(case_id=case.id, country=case.country, reason=command.reason)
    return Decision((after,), (*told, event), answer=CaseOutcome.of(after))


def without(case: Case, reason: str, at: datetime) -> Case:
    """The case that is none."""
    kept = RegistrationCorrection(case.registered, None, reason, at)
    return own_act(replace(case, corrections=(*case.corrections, kept)), at, CaseVoided.__name__, case.id, reason)


def _is_way_into_work(engagement: Engagement) -> bool:
    """Whether a placement desk has still to do with the person: no consent that is taken back ends an offer."""
    return not engagement.over and engagement.by is not None and engagement.by.purpose == MATCHING_PURPOSE


def _to_be_put_right(states: States, command: CorrectCase | VoidCase, context: Context) -> Case | Refused:
    case = own_case(states, command.case_id, context.actor)
    if isinstance(case, Refused):
        return case
    if case.of_a_centre:
        return refusals.CASE_OF_A_CENTRE
    if context.reference.correction_reasons.get(command.reason, on=day_at(GERMANY, context.now)) is None:
        return unknown_code("/reason", "correction_reasons")
    if len(case.corrections) >= MOST_CORRECTIONS:
        return limit_reached(
            MOST_CORRECTIONS, "corrections", "Ask the programme desk: somebody should look at this case."
        )
    return case


def _why_not_so(case: Case, now: Registered, context: Context) -> Refused | None:
    """Why the person cannot be registered like that."""
    if context.reference.countries.get(now.country, on=day_at(GERMANY, context.now)) is None:
        return unknown_code("/country", "countries")
    if now.admin1 is not None and (refused := regions.why_not(now.admin1, [now.country], refusals.ADMIN1_ELSEWHERE)):
        return refused
    if now.country != case.country:
        if any(each.open for each in case.referrals):
            return refusals.CENTRE_ASKED
        if case.journey.status not in NOT_THERE:
            return wrong_state("journey", case.journey.status, *NOT_THERE)
    if now.age_band != case.age_band and case.profile_keys and case.birth_date_known is not False:
        return refusals.AGE_BY_BIRTH_DATE
    return None


def _told_of(case: Case) -> tuple[object, ...]:
    """What others know of the person, the age band apart."""
    of_opening = (case.country, case.language, case.return_type, case.household_id, case.sex)
    return (*of_opening, *(_referred(case) if case.referrals else ()))


def _referred(case: Case) -> tuple[str | None, int, bool]:
    return case.admin1, case.household_size, case.vulnerability_present


def _corrected(case: Case, reason: str) -> CaseCorrected:
    admin1, household_size, vulnerability_present = _referred(case)
    person = PersonCorrected(admin1=admin1, household_size=household_size, vulnerability_present=vulnerability_present)
    return CaseCorrected(
        case_id=case.id,
        target_group=case.target_group,
        country=case.country,
        language=case.language,
        return_type=case.return_type,
        household_id=case.household_id,
        sex=case.sex,
        referred=person if case.referrals else None,
        reason=reason,
    )
