"""Whom a centre takes in by itself: the file, who the person is, and the first consent. Nobody in Germany is asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from chassis.pure.decision import NOTHING, Cleared, Context, Deadline, DeadlineDue, Decision, Refused
from chassis.pure.sealing import InClear, Rewrap, VaultError, all_rewrapped
from chassis.pure.states import States
from counselling import refusals
from counselling.commands import OpenFile, SetProfile
from counselling.domain.centre_file import ACT_OF_PROFILE, CentreFile
from counselling.domain.intake import Intake
from counselling.domain.journey import Contact
from counselling.domain.referral import Referral
from counselling.domain.sight import own_referrals
from counselling.domain.walk_in import WalkIn
from counselling.events import CaseOpened
from counselling.handlers.access import sight_in
from counselling.handlers.ages import band_ends_of, band_of, by_profile
from counselling.handlers.consents import of_opening, told, with_signed
from counselling.handlers.deadlines import PROFILE_DESTRUCTION, PROFILE_MARKS
from counselling.outcomes import FileOpened, WalkInOutcome
from counselling.reference import Reference
from vocabulary import regions
from vocabulary.ages import MINOR
from vocabulary.case_ref import case_ref
from vocabulary.centres import countries_of
from vocabulary.copying import replace
from vocabulary.countries import day_at
from vocabulary.finding import FOUND_BY, MARKING, marks_of
from vocabulary.profiles import part_in_clear
from vocabulary.reference import Centre
from vocabulary.refusals import not_a_centre, unknown_code
from vocabulary.roles import DATA_PROTECTION_OFFICER
from vocabulary.terms import AgeBand

MARKED_AGAIN_AFTER: Final = timedelta(days=1)
"""Of a profile that does not open: a key file that lacks is put back."""


def open_file(_states: States, command: OpenFile, context: Context) -> Decision | Refused:
    """Somebody has come to the centre: they are in its care at once, with the consent that they sign there."""
    centre: Centre | None = context.reference.centres.get(context.actor.org)
    if centre is None:
        return not_a_centre()
    country = command.country or centre.country
    if refused := why_not_taken_down(command, country, centre, context):
        return refused
    band = band_of(command.age_band, command.ages)
    if band is None:
        return refusals.BAND_RULED_OUT
    consent = of_opening(command, centre, context, minor=band == MINOR)
    if isinstance(consent, Refused):
        return consent
    referral = _taken_in(command, country, band, centre, context)
    reference = case_ref(context.random_id(), centres=True)
    contact = Contact("in_person", 1, day_at(centre.country, context.now))
    file = CentreFile(command.case_id, contacts=(contact,), case_ref=reference).with_referral(referral)
    file = with_signed(file, consent, context)
    sealed = command.profile
    walk_in = WalkIn(
        id=file.id,
        case_ref=reference,
        centre=centre.code,
        opened_at=context.now,
        target_group=command.target_group,
        sex=command.sex,
        profile=sealed or {},
        profile_set_at=None if sealed is None else context.now,
        marks=command.marks,
        marking=MARKING,
    )
    event = CaseOpened(
        case_id=file.id,
        centre=centre.code,
        country=country,
        case_ref=reference,
        referral_id=referral.id,
        target_group=command.target_group,
        language=command.language,
        return_type=command.return_type,
        age_band=band,
        sex=command.sex,
        admin1=command.admin1,
        skills=command.skills,
        opened_at=context.now,
    )
    answer = FileOpened(
        case_id=file.id,
        case_ref=reference,
        referral_id=referral.id,
        consent_id=consent.id,
        status=file.status,
    )
    ends = band_ends_of(file, command.ages)
    return Decision((file, walk_in, consent), (event, told(consent, file)), (ends,), answer=answer)


def set_profile(states: States, command: SetProfile, context: Context) -> Decision | Refused:
    """Who the person is, as it is known now; what was known before, and its keys, are gone. Nor is it
    destroyed any more. Its birth date says what the age band is."""
    found = _own(states, command.case_id, context)
    if isinstance(found, Refused):
        return found
    file, walk_in = found
    file, told_age, ends = by_profile(file, command.ages, context.now)
    walk_in = replace(walk_in.known(command.profile, command.marks, context.now), marking=MARKING)
    file = file.with_act(ACT_OF_PROFILE, context.now)
    outcome = WalkInOutcome(case_id=walk_in.id, profile=walk_in.status)
    return Decision((file, walk_in), told_age, (ends, Cleared(PROFILE_DESTRUCTION, walk_in.id)), outcome)


def rewrap(states: States, message: Rewrap, context: Context) -> Decision:
    """Another generation seals now: keys come to it, and so do the hashes by which the person is found, which would
    lead to nobody once the generation before is destroyed. Raises `VaultError`."""
    walk_in = states.get(WalkIn, message.id)
    if walk_in is None:
        return NOTHING
    keys = {part: (part, sealed.key) for part, sealed in walk_in.profile.items()}
    after = all_rewrapped(context.vault, walk_in.id, keys)
    profile = {part: replace(sealed, key=after[part]) for part, sealed in walk_in.profile.items()}
    if profile == walk_in.profile:
        return NOTHING
    try:
        marked = _marked_anew(walk_in, context)
    except VaultError:
        marked = walk_in
    return Decision((replace(marked, profile=profile),))


def mark_again(states: States, deadline: DeadlineDue, context: Context) -> Decision:
    """Somebody was taken down when people were found by less: they are found by as much as everybody now."""
    walk_in = states.get(WalkIn, deadline.owner)
    if walk_in is None or not walk_in.profile:
        return NOTHING
    try:
        return Decision((_marked_anew(walk_in, context),))
    except VaultError:
        again = context.now + MARKED_AGAIN_AFTER
        return Decision(deadlines=(Deadline(PROFILE_MARKS, walk_in.id, walk_in.id, again),))


def mark(states: States, message: InClear, context: Context) -> Decision:
    """An earlier version has made the hashes, or none: also while its processes still run beside those of this one. A
    profile that does not open stays as it is, and is counted (`ph_unsealed`); the others are in no need of its key."""
    walk_in = states.get(WalkIn, message.id)
    if walk_in is None or not walk_in.profile or walk_in.marking >= MARKING:
        return NOTHING
    try:
        return Decision((_marked_anew(walk_in, context),))
    except VaultError:
        return NOTHING


def _marked_anew(walk_in: WalkIn, context: Context) -> WalkIn:
    """With what somebody is found by, from the profile as it rests. Raises `VaultError`."""
    if walk_in.voided_at is not None:
        return replace(walk_in, marks=(), marking=MARKING)
    fields = dict[str, str]()
    for part, sealed in walk_in.profile.items():
        if part in FOUND_BY:
            fields |= part_in_clear(context.vault, walk_in.id, part, sealed)
    return replace(walk_in, marks=marks_of(context.vault.marks, fields), marking=MARKING)


def _own(states: States, case_id: UUID, context: Context) -> tuple[CentreFile, WalkIn] | Refused:
    """Whom the actor's centre has taken in, if a consent lets it know the person now."""
    found = taken_in_here(states, case_id, context)
    if isinstance(found, Refused):
        return found
    if found[0].adopted:
        return refusals.PROFILE_OF_THE_DESK
    return found if sight_in(found[0], context) == "whole" else refusals.CONSENT_GONE


def taken_in_here(states: States, case_id: UUID, context: Context) -> tuple[CentreFile, WalkIn] | Refused:
    """Whom the actor's centre has taken in by itself."""
    file, walk_in = states.get(CentreFile, case_id), states.get(WalkIn, case_id)
    if file is not None and walk_in is None and own_referrals(file, context.actor.org):
        return refusals.PROFILE_OF_THE_DESK
    if file is None or walk_in is None:
        return refusals.FILE_NOT_FOUND
    return (file, walk_in) if walk_in.centre == context.actor.org else refusals.OTHER_ORGANISATION


def keys_kept(states: States, case_id: UUID, context: Context) -> WalkIn | Refused:
    """Whose keys the actor may want destroyed: of whom their centre has taken in; the data protection officer, to whom
    people may write, of anybody, also once that centre has closed."""
    if context.actor.role == DATA_PROTECTION_OFFICER:
        return states.get(WalkIn, case_id) or refusals.FILE_NOT_FOUND
    found = taken_in_here(states, case_id, context)
    return found if isinstance(found, Refused) else found[1]


def why_not_taken_down(command: OpenFile | Intake, country: str, centre: Centre, context: Context) -> Refused | None:
    """What is wrong with what was taken down."""
    lists: Reference = context.reference
    if country not in countries_of(centre, lists.fallbacks, day_at(centre.country, context.now)):
        return refusals.LIVES_ELSEWHERE
    if command.admin1 is not None and (
        refused := regions.why_not(command.admin1, [country], refusals.LIVES_IN_ANOTHER_REGION)
    ):
        return refused
    needs = [lists.needs.get(need) for need in command.needs]
    if None in needs:
        return unknown_code("/needs", "needs")
    if any(need is not None and need.special_category for need in needs):
        return refusals.NEED_OF_HEALTH
    if any(wish not in lists.wishes for wish in command.wishes):
        return unknown_code("/wishes", "wishes")
    if any(skill not in lists.isco08 for skill in command.skills):
        return unknown_code("/skills", "isco08")
    return None


def _taken_in(command: OpenFile, country: str, band: AgeBand, centre: Centre, context: Context) -> Referral:
    """The support that begins: a referral that nobody sent."""
    id_ = context.random_id()
    intake = Intake(
        target_group=command.target_group,
        country=country,
        admin1=command.admin1,
        language=command.language,
        return_type=command.return_type,
        age_band=band,
        sex=command.sex,
        household_size=command.household_size,
        vulnerability_present=command.vulnerability_present,
        priority=command.priority,
        needs=command.needs,
        wishes=command.wishes,
        skills=command.skills,
    )
    return Referral(
        id=id_,
        root_id=id_,
        centre=centre.code,
        centre_country=centre.country,
        centre_region=centre.admin1,
        preview=intake.preview(context.now),
        received_at=context.now,
        answer_due_at=context.now,
        answered_at=context.now,
        status="in_progress",
        walk_in=True,
    )
