"""Registering a person, and the profile under lock and key."""

from __future__ import annotations

from chassis.pure.decision import Cleared, Context, Decision, Refused
from chassis.pure.states import States
from referral import refusals
from referral.answers import CaseOutcome, ProfileOutcome
from referral.commands import OpenCase, SetProfile
from referral.domain.case import Case
from referral.events import CaseOpened
from referral.handlers.ages import by_profile
from referral.handlers.deadlines import PROFILE_DESTRUCTION
from referral.handlers.desk import own_act, own_case
from referral.handlers.sharing import with_profile
from vocabulary import regions
from vocabulary.case_ref import case_ref
from vocabulary.copying import replace
from vocabulary.countries import GERMANY, day_at
from vocabulary.refusals import unknown_code


def open_case(states: States, command: OpenCase, context: Context) -> Decision | Refused:
    """A person was registered; nothing is shared with anybody yet."""
    if command.target_group != "RETURNEE_DE":
        return refusals.NOT_A_RETURNEE_FROM_GERMANY
    if context.reference.countries.get(command.country, on=day_at(GERMANY, context.now)) is None:
        return unknown_code("/country", "countries")
    if command.admin1 is not None and (
        refused := regions.why_not(command.admin1, [command.country], refusals.ADMIN1_ELSEWHERE)
    ):
        return refused
    if states.get(Case, command.case_id) is not None:
        return refusals.CASE_EXISTS
    case = Case(
        id=command.case_id,
        case_ref=case_ref(context.random_id()),
        opened_by=context.actor.org,
        opened_at=context.now,
        target_group=command.target_group,
        country=command.country,
        admin1=command.admin1,
        language=command.language,
        return_type=command.return_type,
        age_band=command.age_band,
        sex=command.sex,
        household_id=command.household_id,
        household_size=command.household_size,
        vulnerability_present=command.vulnerability_present,
    )
    case = own_act(case, context.now, "CaseOpened", case.id)
    event = CaseOpened(
        case_id=case.id,
        case_ref=case.case_ref,
        target_group=case.target_group,
        country=case.country,
        language=case.language,
        household_id=case.household_id,
        return_type=case.return_type,
        opened_by=case.opened_by,
        sex=case.sex,
    )
    sealed = command.profile
    if sealed is None:
        return Decision((case,), (event,), answer=CaseOutcome.of(case))
    case, told, band_ends = by_profile(case, command.ages, context.now)
    case, profile = with_profile(replace(case, profile_set_at=context.now), sealed, command.marks)
    return Decision((case, profile), (event, *told), (band_ends,), CaseOutcome.of(case))


def set_profile(states: States, command: SetProfile, context: Context) -> Decision | Refused:
    """The profile as it is now; the one before, and its key, are gone. Its birth date says what the age band is. Who
    sets one wants the keys to stay: what was asked for before is off."""
    case = own_case(states, command.case_id, context.actor)
    if isinstance(case, Refused):
        return case
    case = replace(case, destruction=None, profile_set_at=context.now)
    case, profile = with_profile(case, command.profile, command.marks)
    case, told, band_ends = by_profile(case, command.ages, context.now)
    deadlines = (band_ends, Cleared(PROFILE_DESTRUCTION, case.id))
    return Decision((case, profile), told, deadlines, ProfileOutcome.of(profile))
