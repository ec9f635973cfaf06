"""What a centre can read one by one, and who may see how much of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from chassis.pure.answers import Answer
from chassis.pure.calendar import WorkingDays
from chassis.pure.decision import Context, Refused
from chassis.pure.resources import Resource
from chassis.pure.retention import Clock
from chassis.pure.sealing import Vault
from chassis.pure.states import States, by_id, by_link
from counselling import refusals
from counselling.answers import (
    Assessments,
    AssessmentView,
    FileSummary,
    FileView,
    PackageView,
    ReferralView,
)
from counselling.domain.assessment import Assessment
from counselling.domain.centre_file import CentreFile
from counselling.domain.glass import Glass
from counselling.domain.same_person import SamePerson
from counselling.domain.sight import consent_lost_at, own_referrals, seen_by, sight_of
from counselling.domain.signed import SignedConsent
from counselling.domain.walk_in import WalkIn
from counselling.handlers import RECEIVING
from counselling.handlers.care import levels_of, readable
from counselling.handlers.consents import answers_for
from counselling.handlers.holds import walked_in
from counselling.handlers.walk_ins import keys_kept
from counselling.limits import answer_estimated, contact_estimated, renewal_estimated
from counselling.outcomes import AdoptionView, BreakGlassView, DestructionOutcome, SamePersonView, correction_for
from counselling.persons import ProfileView, SignedConsents
from vocabulary.handed import ProfileKey, SealedProfile
from vocabulary.holding import RetentionView
from vocabulary.profiles import FIELDS, NEEDS, part_in_clear
from vocabulary.receiving import PartView
from vocabulary.roles import PROGRAMME_MANAGER

V = TypeVar("V", FileView, FileSummary)


Shown = Callable[[States, UUID, Context, Collection[str]], Answer | Refused]
"""What somebody is shown; last, who of the centre it is."""


class Scope(NamedTuple):
    """Whose referrals and files are listed: those of `centre`, None for all. `reader` is the centre that asks and is
    shown what it may know; None for the programme's management."""

    centre: str | None
    reader: str | None


def show_file(states: States, case_id: UUID, context: Context, person: Collection[str] = ()) -> FileView | Refused:
    """The file, as far as the caller may know it (`domain/sight.py`); the programme's management sees all of it.

    `person`, here and below: who of the centre looks, if an opening without a consent is to count.
    """
    file = _readable(states, case_id, context)
    if isinstance(file, Refused):
        return file
    whole = context.actor.role == PROGRAMME_MANAGER
    if whole:
        waits = correction_for(file, None, context.now)
        view = FileView.model_validate(file).model_copy(update={"correction": waits})
    else:
        view = FileView.to_centre(file, context.actor.org, context.now, person)
    whole = whole or seen_by(file, context.actor.org, person, context.now)[0] == "whole"
    marked = tuple(_marked(each, file, context, whole=whole) for each in view.referrals)
    beside = _same_person(states, case_id, context) if whole else ()
    asked = file.adoption if whole and file.adoption is not None and file.adoption.shown(context.now) else None
    adoption = None if asked is None else AdoptionView.model_validate(asked)
    view = view.model_copy(update={"referrals": marked, "same_person": beside, "adoption": adoption})
    return with_estimate(view, file, context.working_days)


def _same_person(states: States, case_id: UUID, context: Context) -> tuple[SamePersonView, ...]:
    """The other cases of the person, as the caller's centre has found them; for the programme's management, as any."""
    found = [each for each in states.linked(SamePerson, case_id) if each.stands(context.now)]
    if context.actor.role != PROGRAMME_MANAGER:
        found = [each for each in found if each.centre == context.actor.org]
    return tuple(SamePersonView.of(each, case_id, context.now) for each in found)


def _marked(view: ReferralView, file: CentreFile, context: Context, *, whole: bool) -> ReferralView:
    """The view of a referral with what depends on the moment, on what the calendars say now, and on the sight."""
    referral = file.referral(view.referral_id)
    assert referral is not None, "a view is of a referral of its file"
    estimated = renewal_estimated(referral, context.working_days)
    package = file.packages.get(referral.id) if whole else None
    return view.model_copy(
        update={
            "answer_due_estimated": answer_estimated(referral, context.working_days),
            "consent_lost_at": consent_lost_at(file, referral, context.now),
            "package": None if package is None or package.void else PackageView.model_validate(package),
            "renewal": view.renewal and view.renewal.model_copy(update={"due_estimated": estimated}),
        }
    )


def show_assessments(
    states: States, case_id: UUID, context: Context, person: Collection[str] = ()
) -> Assessments | Refused:
    """Every assessment with its levels, for the centre that has the person in its care; after the end, its own."""
    file = _readable(states, case_id, context)
    if isinstance(file, Refused):
        return file
    centre = context.actor.org
    sight, glass = seen_by(file, centre, person, context.now)
    if sight != "whole":
        return refusals.NOT_TAKEN_ON
    found = sorted(readable(states, file, centre), key=lambda each: (each.assessed_on, each.id), reverse=True)
    items = tuple(_assessment(file, each, context.vault) for each in found)
    return Assessments(case_id=case_id, items=items, break_glass=_by(glass))


def show_profile(
    states: States, case_id: UUID, context: Context, person: Collection[str] = ()
) -> ProfileView | Refused:
    """Who the person is, opened for this look, for the centre that has them in its care and may know them: as the
    centre has taken it down itself of somebody who walked in, as Germany has handed it over of anybody else. Of whose
    case a desk has adopted it is both: the centre's own where the desk's says nothing, or does not open."""
    file = _readable(states, case_id, context)
    if isinstance(file, Refused):
        return file
    sight, glass = seen_by(file, context.actor.org, person, context.now)
    if sight != "whole":
        return refusals.NOT_TAKEN_ON
    walk_in = states.get(WalkIn, case_id)
    own = refusals.NO_PROFILE if walk_in is None else _taken_down(walk_in, context)
    alone = walk_in is not None and not file.adopted
    view = own if alone else _beside(_handed_over(states, file, context), own)
    return view if isinstance(view, Refused) else view.model_copy(update={"break_glass": _by(glass)})


def _by(glass: Glass | None) -> BreakGlassView | None:
    return None if glass is None else BreakGlassView.model_validate(glass)


def _beside(told: ProfileView | Refused, own: ProfileView | Refused) -> ProfileView | Refused:
    """What Germany has handed over, and beside it what the centre has taken down itself, if there is anything."""
    if isinstance(told, Refused) or isinstance(own, Refused):
        return told if isinstance(own, Refused) else own
    mine = {each.part: each for each in own.parts}
    parts = tuple(each if each.status == "open" else mine.get(each.part, each) for each in told.parts)
    return told.model_copy(
        update={name: value for name, value in own if getattr(told, name) is None} | {"parts": parts}
    )


def _taken_down(walk_in: WalkIn, context: Context) -> ProfileView | Refused:
    if walk_in.centre != context.actor.org:
        return refusals.NOT_TAKEN_ON
    if walk_in.status != "sealed":
        return refusals.PROFILE_GONE if walk_in.status == "destroyed" else refusals.NO_PROFILE
    since = walk_in.profile_set_at or walk_in.opened_at
    views = tuple(PartView(part=part, status="open", since=since) for part in FIELDS if part in walk_in.profile)
    fields: dict[str, Any] = {}
    for part, sealed in walk_in.profile.items():
        fields |= part_in_clear(context.vault, walk_in.id, part, sealed)
    return ProfileView.model_validate({"case_id": walk_in.id, "parts": views, **fields})


def show_destruction(states: States, case_id: UUID, context: Context) -> DestructionOutcome | Refused:
    """What somebody wants of the keys of a walk-in's profile, for who may want it too."""
    walk_in = keys_kept(states, case_id, context)
    return walk_in if isinstance(walk_in, Refused) else DestructionOutcome.of(walk_in, context.now)


def show_retention(states: States, case_id: UUID, _context: Context) -> RetentionView | Refused:
    """Since when the case of a walk-in has ended, and what holds it: for the data protection officer, at any centre."""
    found = walked_in(states, case_id)
    if isinstance(found, Refused):
        return found
    file, _, clock = found
    shown = {"id": file.id, "ended": file.ended, "holds": clock.holds}
    return RetentionView.model_validate(shown, from_attributes=True)


def _handed_over(states: States, file: CentreFile, context: Context) -> ProfileView | Refused:
    centre = context.actor.org
    referral = file.held_by(centre)
    if referral is None:
        return refusals.NOT_TAKEN_ON
    profile, keys = states.get(SealedProfile, file.id), states.linked(ProfileKey, file.id)
    if profile is None and not keys:
        return refusals.PROFILE_NOT_TOLD
    since = referral.reopened_at or referral.answered_at or referral.received_at
    parts = RECEIVING.opened(profile, keys, centre, since, context.vault)
    views = tuple(PartView(part=each.part, status=each.status, since=each.since) for each in parts)
    fields = {name: value for each in parts for name, value in each.fields.items()}
    if (told := fields.pop(NEEDS, None)) is not None:
        roots = {str(each.root_id) for each in own_referrals(file, centre)}
        fields[NEEDS] = sorted({code for root, codes in told.items() if root in roots for code in codes})
    return ProfileView.model_validate({"case_id": file.id, "parts": views, **fields})


def with_estimate(view: V, file: CentreFile, days: WorkingDays) -> V:
    """The view of the file, or its line, whose arrival says whether the first contact is due by an estimated day."""
    if view.arrival is None:
        return view
    marked = view.arrival.model_copy(update={"first_contact_due_estimated": contact_estimated(file, days)})
    return view.model_copy(update={"arrival": marked})


def show_signed(states: States, case_id: UUID, context: Context) -> SignedConsents | Refused:
    """What the person has signed at centres, for who takes it back: a centre sees its own, and what one that has closed
    has left to it; the data protection officer all of it."""
    file = states.get(CentreFile, case_id)
    found = [each for each in states.linked(SignedConsent, case_id) if answers_for(each, file, context)]
    if not found:
        return refusals.FILE_NOT_FOUND
    found.sort(key=lambda each: (each.granted_on, each.id))
    return SignedConsents.model_validate({"case_id": case_id, "items": found}, from_attributes=True)


FILE = Resource(lambda case_id: (by_id(CentreFile, case_id), by_link(SamePerson, case_id)), show_file)
ASSESSMENTS = Resource(lambda case_id: (by_id(CentreFile, case_id), by_link(Assessment, case_id)), show_assessments)

PROFILE = Resource(
    lambda case_id: (
        by_id(CentreFile, case_id),
        by_id(SealedProfile, case_id),
        by_link(ProfileKey, case_id),
        by_id(WalkIn, case_id),
    ),
    show_profile,
)


def to_person(resource: Resource, show: Shown, person: Collection[str]) -> Resource:
    """What this person is shown of it, also by break-glass. For looks: a command's `If-Match` is held to what a consent
    lets its caller see."""
    return Resource(resource.needs, lambda states, case_id, context: show(states, case_id, context, person))


DESTRUCTION = Resource(lambda case_id: (by_id(CentreFile, case_id), by_id(WalkIn, case_id)), show_destruction)
RETENTION = Resource(lambda case_id: (by_id(CentreFile, case_id), by_id(Clock, case_id)), show_retention)
SIGNED = Resource(lambda case_id: (by_id(CentreFile, case_id), by_link(SignedConsent, case_id)), show_signed)


def _readable(states: States, case_id: UUID, context: Context) -> CentreFile | Refused:
    """The file, if the caller may read it."""
    actor = context.actor
    file = states.get(CentreFile, case_id)
    if file is None or (file.status == "unknown" and actor.role != PROGRAMME_MANAGER):
        return refusals.FILE_NOT_FOUND
    if actor.role != PROGRAMME_MANAGER and sight_of(file, actor.org, context.now) == "nothing":
        return refusals.OTHER_ORGANISATION
    return file


def _assessment(file: CentreFile, assessment: Assessment, vault: Vault) -> AssessmentView:
    return AssessmentView(
        assessment_ref=assessment.id,
        centre=assessment.centre,
        assessed_on=assessment.assessed_on,
        levels=levels_of(file, assessment, vault),
    )
