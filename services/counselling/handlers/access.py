"""Whose case it is: looked up under lock, in every command, whatever the API has found before."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chassis.pure.decision import Actor, Context, Refused, Visit
from chassis.pure.states import States
from counselling import refusals
from counselling.domain.centre_file import CentreFile
from counselling.domain.referral import Referral
from counselling.domain.sight import Sight, leading_of, own_referrals, sight_of
from vocabulary.centres import shut
from vocabulary.countries import day_at
from vocabulary.roles import PROGRAMME_MANAGER
from vocabulary.switch import ACTIVE, status_on


def referral_of(
    states: States, case_id: UUID, referral_id: UUID, actor: Actor
) -> tuple[CentreFile, Referral] | Refused:
    """The referral and its file, if it went to the actor's centre."""
    found = _referral(states, case_id, referral_id)
    if isinstance(found, Refused) or found[1].centre == actor.org:
        return found
    return refusals.OTHER_ORGANISATION


def _referral(states: States, case_id: UUID, referral_id: UUID) -> tuple[CentreFile, Referral] | Refused:
    file = states.get(CentreFile, case_id)
    referral = None if file is None else file.referral(referral_id)
    return refusals.REFERRAL_NOT_FOUND if file is None or referral is None else (file, referral)


def to_be_ended(
    states: States, case_id: UUID, referral_id: UUID, context: Context
) -> tuple[CentreFile, Referral] | Refused:
    """The referral and its file, for whoever may say that nothing more comes of it: its centre; the programme's
    management for a centre that has closed, or lies in a country where the programme is suspended or has ended."""
    if context.actor.role != PROGRAMME_MANAGER:
        return referral_of(states, case_id, referral_id, context.actor)
    found = _referral(states, case_id, referral_id)
    if isinstance(found, Refused):
        return found
    centre, country = found[1].centre, found[1].centre_country
    away = status_on(context.reference.countries, country, day_at(country, context.now)) != ACTIVE
    return found if away or has_closed(centre, country, context) else refusals.CENTRE_OPEN


def has_closed(centre: str, country: str, context: Context) -> bool:
    """Whether this centre is one no more today, where it lay."""
    return context.reference.centres.get(centre, on=day_at(country, context.now)) is None


def care_of(states: States, case_id: UUID, actor: Actor) -> tuple[CentreFile, Referral] | Refused:
    """The file, and the referral by which the actor's centre has the person in its care.

    Why not, by the centre's own referrals alone: whom else the scout has asked meanwhile is not for it.
    """
    file = states.get(CentreFile, case_id)
    if file is None or file.status == "unknown":
        return refusals.FILE_NOT_FOUND
    referral = file.held_by(actor.org)
    if referral is not None:
        return file, referral
    own = own_referrals(file, actor.org)
    if not own:
        return refusals.OTHER_ORGANISATION
    return refusals.REFERRAL_UNANSWERED if any(each.live for each in own) else refusals.FILE_CLOSED


def sight_in(file: CentreFile, context: Context) -> Sight:
    """How much of the file an answer may tell its caller: what it may read, and in a suspended country nothing."""
    sight = sight_of(file, context.actor.org, context.now)
    reading = Visit(context.actor.org, "read_file", context.actor.country)
    return "trace" if sight != "nothing" and shut(reading, context.reference, context.now) else sight


def known_whole(states: States, case_id: UUID, context: Context) -> tuple[CentreFile, Referral] | Refused:
    """The file, and the referral by which the actor's centre has the person, or had to the end, if it may know all."""
    file = states.get(CentreFile, case_id)
    referral = None if file is None else leading_of(file, context.actor.org)
    if file is not None and referral is not None and sight_in(file, context) == "whole":
        return file, referral
    found = care_of(states, case_id, context.actor)
    return found if isinstance(found, Refused) else refusals.CONSENT_GONE


def by_centre(file: CentreFile, referral: Referral) -> dict[str, Any]:
    """What every event about a referral says: the case, the centre, the country of return."""
    return {"case_id": file.id, "centre": referral.centre, "country": referral.preview.country}
