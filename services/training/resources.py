"""What can be read one by one, and who may see how much of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from chassis.pure.decision import Actor, Context, Refused
from chassis.pure.resources import Resource
from chassis.pure.states import Need, States, by_id, by_link
from training import refusals
from training.answers import EnrolmentDetail, PersonView, ProfileView, SessionDetail
from training.domain.enrolment import Enrolment
from training.domain.learner import Learner
from training.domain.session import CourseSession
from training.handlers import RECEIVING
from vocabulary.countries import GERMANY, day_at
from vocabulary.handed import ProfileKey, SealedProfile
from vocabulary.receiving import PartView
from vocabulary.roles import PROGRAMME_MANAGER, TRAINING_CLERK


class Scope(NamedTuple):
    """Whose enrolments somebody reads: those in a provider's courses, or those that a desk asked for; all if both are
    None, for the programme."""

    provider: str | None = None
    requested_by: str | None = None

    def holds(self, session: CourseSession, enrolment: Enrolment) -> bool:
        """Whether it is one of them."""
        return self.provider in (None, session.provider) and self.requested_by in (None, enrolment.requested_by)


def scope_of(actor: Actor) -> Scope:
    """What an actor may see."""
    if actor.role == TRAINING_CLERK:
        return Scope(provider=actor.org)
    return Scope() if actor.role == PROGRAMME_MANAGER else Scope(requested_by=actor.org)


def show_session(states: States, session_id: UUID, context: Context) -> SessionDetail | Refused:
    """The course; only its provider and the programme see who takes part and who waits."""
    session = states.get(CourseSession, session_id)
    if session is None:
        return refusals.SESSION_NOT_FOUND
    actor = context.actor
    enrolments = None
    if actor.role == PROGRAMME_MANAGER or (actor.role == TRAINING_CLERK and actor.org == session.provider):
        enrolments = tuple(_detail(states, session, each, context) for each in session.enrolments)
    return SessionDetail.on(session, day_at(GERMANY, context.now), enrolments=enrolments)


def show_enrolment(states: States, enrolment_id: UUID, context: Context) -> EnrolmentDetail | Refused:
    """The enrolment, for the provider of the course, the organisation that asked for it, and the programme."""
    for session in states.linked(CourseSession, enrolment_id):
        enrolment = session.enrolment(enrolment_id)
        if enrolment is None:
            continue
        if not scope_of(context.actor).holds(session, enrolment):
            return refusals.OTHER_ORGANISATION
        return _detail(states, session, enrolment, context)
    return refusals.ENROLMENT_NOT_FOUND


def show_profile(states: States, enrolment_id: UUID, context: Context) -> ProfileView | Refused:
    """Who the person is and how they are reached, opened for this look, for the provider that has a seat for them,
    until the course is over and as long as a consent lets it know them."""
    provider = context.actor.org
    for session in states.linked(CourseSession, enrolment_id):
        enrolment = session.enrolment(enrolment_id)
        if enrolment is None:
            continue
        if session.provider != provider:
            return refusals.OTHER_ORGANISATION
        learner = states.get(Learner, enrolment.case_id)
        known = learner is not None and learner.shown_to(provider, context.now)
        if not known or enrolment.status != "confirmed" or enrolment.anonymous or session.over:
            return refusals.NOT_TAKING_PART
        return _opened(states, enrolment, context)
    return refusals.ENROLMENT_NOT_FOUND


def _opened(states: States, enrolment: Enrolment, context: Context) -> ProfileView | Refused:
    case_id = enrolment.case_id
    profile, keys = states.get(SealedProfile, case_id), states.linked(ProfileKey, case_id)
    if profile is None and not keys:
        return refusals.PROFILE_NOT_TOLD
    # When a seat became theirs depends on the order in which others gave theirs up: no state keeps that.
    parts = RECEIVING.opened(profile, keys, context.actor.org, enrolment.requested_at, context.vault)
    views = tuple(PartView(part=each.part, status=each.status, since=each.since) for each in parts)
    fields = {name: value for each in parts for name, value in each.fields.items()}
    return ProfileView.model_validate({"case_id": case_id, "enrolment_id": enrolment.id, "parts": views, **fields})


def people_of_session(states: States, session_id: UUID) -> Iterable[Need]:
    """Everybody who is or was enrolled in it."""
    session = states.get(CourseSession, session_id)
    return () if session is None else [by_id(Learner, each.case_id) for each in session.enrolments]


def person_of_enrolment(states: States, enrolment_id: UUID) -> Iterable[Need]:
    """The person whose enrolment it is."""
    found = (session.enrolment(enrolment_id) for session in states.linked(CourseSession, enrolment_id))
    return [by_id(Learner, each.case_id) for each in found if each is not None]


def profile_of_enrolment(states: States, enrolment_id: UUID) -> Iterable[Need]:
    """The person whose enrolment it is, with what Germany has handed over of them."""
    for need in person_of_enrolment(states, enrolment_id):
        yield from (need, by_id(SealedProfile, need.id), by_link(ProfileKey, need.id))


SESSION = Resource(lambda id_: (by_id(CourseSession, id_),), show_session, people_of_session)
ENROLMENT = Resource(lambda id_: (by_link(CourseSession, id_),), show_enrolment, person_of_enrolment)
PROFILE = Resource(lambda id_: (by_link(CourseSession, id_),), show_profile, profile_of_enrolment)


def _detail(states: States, session: CourseSession, enrolment: Enrolment, context: Context) -> EnrolmentDetail:
    """The enrolment with what the caller may know of the person now: a provider by a consent that holds."""
    learner = states.get(Learner, enrolment.case_id)
    for_provider = context.actor.role == TRAINING_CLERK
    if learner is not None and for_provider and not learner.shown_to(session.provider, context.now):
        learner = None
    over = for_provider and not enrolment.live
    region = context.reference.region_of(session.provider)
    return EnrolmentDetail.of(
        session,
        enrolment,
        must_end_by=None if learner is None or over else learner.must_end_by(region),
        person=_person(learner, for_provider=for_provider),
    )


def _person(learner: Learner | None, *, for_provider: bool) -> PersonView | None:
    if learner is None or learner.profile is None:
        return None
    profile = learner.profile
    return PersonView(
        case_ref=learner.case_ref,
        language=profile.language,
        age_band=profile.age_band,
        target_group=None if for_provider else profile.target_group,
        country=None if for_provider else profile.country,
    )
