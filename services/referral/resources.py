"""What a desk can read one by one, and who may see how much of it."""

from __future__ import annotations

from uuid import UUID

from chassis.pure.decision import Actor, Context, Refused
from chassis.pure.resources import Resource
from chassis.pure.states import States, by_id, by_link
from referral import refusals
from referral.answers import (
    Allowed,
    CaseView,
    CountryView,
    Hop,
    ReferralDetail,
    ReferralView,
    Timeline,
    destruction_of,
)
from referral.domain.case import Case
from referral.domain.country import CountrySwitch
from referral.domain.profile import Profile
from referral.handlers.care import opened
from referral.handlers.sharing import profile_in_clear
from referral.reference import Reference
from vocabulary.countries import GERMANY, day_at
from vocabulary.holding import RetentionView
from vocabulary.profiles import ProfileView
from vocabulary.roles import DATA_PROTECTION_OFFICER, PROGRAMME_MANAGER, SCOUTS_DESK
from vocabulary.switch import id_of


def show_case(states: States, case_id: UUID, context: Context) -> CaseView | Refused:
    """The case with its consents, referrals and journey."""
    case = _readable(states.get(Case, case_id), context.actor)
    if isinstance(case, Refused):
        return case
    case = opened(case, context.vault)
    referrals = tuple(ReferralView.shown(each, context.working_days) for each in case.referrals)
    wanted = destruction_of(case, context.now) if context.actor.org == case.opened_by else None
    view = CaseView.model_validate(case).model_copy(update={"referrals": referrals, "destruction": wanted})
    return view.without(hidden_from(context.actor, context.reference))


def show_timeline(states: States, case_id: UUID, context: Context) -> Timeline | Refused:
    """What happened to the case. No entry tells of health."""
    case = _readable(states.get(Case, case_id), context.actor)
    if isinstance(case, Refused):
        return case
    return Timeline.model_validate({"case_id": case.id, "items": case.timeline}, from_attributes=True)


def show_allowed(states: States, case_id: UUID, context: Context) -> Allowed | Refused:
    """What the person has allowed: for the desk, and for the data protection officer, whoever's case it is."""
    case = states.get(Case, case_id)
    if context.actor.role != DATA_PROTECTION_OFFICER:
        readable = _readable(case, context.actor)
        return readable if isinstance(readable, Refused) else Allowed.model_validate(readable)
    return refusals.CASE_NOT_FOUND if case is None else Allowed.model_validate(case)


def show_retention(states: States, case_id: UUID, _context: Context) -> RetentionView | Refused:
    """Since when the case has ended, and what holds it: for the data protection officer, whoever's case it is."""
    case = states.get(Case, case_id)
    return refusals.CASE_NOT_FOUND if case is None else RetentionView.model_validate(case)


def show_referral(states: States, referral_id: UUID, context: Context) -> ReferralDetail | Refused:
    """The referral with all centres that it was redirected to."""
    found = next(iter(states.linked(Case, referral_id)), None)
    if found is None:
        return refusals.REFERRAL_NOT_FOUND
    case = _readable(found, context.actor)
    if isinstance(case, Refused):
        return case
    referral = opened(case, context.vault).referral(referral_id)
    if referral is None:
        return refusals.REFERRAL_NOT_FOUND
    chain = tuple(Hop.model_validate(each) for each in case.chain(referral.root_id))
    view = ReferralDetail.shown(referral, context.working_days, case_id=case.id, case_ref=case.case_ref, chain=chain)
    return view.without(hidden_from(context.actor, context.reference))


def show_profile(states: States, case_id: UUID, context: Context) -> ProfileView | Refused:
    """The profile in clear. Its tag is a keyed hash of the clear text: it tells nothing to others."""
    case = _readable(states.get(Case, case_id), context.actor)
    if isinstance(case, Refused):
        return case
    if context.actor.role not in SCOUTS_DESK:
        return refusals.OTHER_ORGANISATION
    profile = states.get(Profile, case_id)
    if profile is None:
        return refusals.PROFILE_NOT_FOUND
    if profile.status == "destroyed":
        return refusals.PROFILE_DESTROYED
    return ProfileView.model_validate({"case_id": case_id, **profile_in_clear(case, profile, context.vault)})


def show_country(states: States, country_id: UUID, context: Context) -> CountryView | Refused:
    """The switch of a country, and what was requested."""
    day = day_at(GERMANY, context.now)
    code = next((row.code for row in context.reference.countries.on(day) if id_of(row.code) == country_id), None)
    if code is None:
        return refusals.COUNTRY_NOT_FOUND
    found = states.get(CountrySwitch, country_id) or CountrySwitch(country_id, code)
    return CountryView.of(found, context.now)


CASE = Resource(lambda case_id: (by_id(Case, case_id),), show_case)
TIMELINE = Resource(lambda case_id: (by_id(Case, case_id),), show_timeline)
ALLOWED = Resource(lambda case_id: (by_id(Case, case_id),), show_allowed)
RETENTION = Resource(lambda case_id: (by_id(Case, case_id),), show_retention)
COUNTRY = Resource(lambda country_id: (by_id(CountrySwitch, country_id),), show_country)
REFERRAL = Resource(lambda referral_id: (by_link(Case, referral_id),), show_referral)
PROFILE = Resource(lambda case_id: (by_id(Case, case_id), by_id(Profile, case_id)), show_profile)


def hidden_from(actor: Actor, reference: Reference) -> frozenset[str]:
    """Codes that the caller may not see: what tells of somebody's health is no concern of the management's."""
    return reference.of_health if actor.role == PROGRAMME_MANAGER else frozenset()


def _readable(case: Case | None, actor: Actor) -> Case | Refused:
    """The case, if the caller may read it: its own desk, or the programme's management."""
    if case is None:
        return refusals.CASE_NOT_FOUND
    own = case.opened_by == actor.org and actor.role in SCOUTS_DESK
    return case if own or actor.role == PROGRAMME_MANAGER else refusals.OTHER_ORGANISATION
