"""Who may see how much of a case."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from typing import NamedTuple, Self
from uuid import UUID

from chassis.pure.decision import Actor, Refused
from chassis.pure.retention import Rule
from journey import refusals
from journey.domain.journey import Journey, id_of_reference
from journey.domain.sight import Eyes, Sight, sight_of
from journey.reference import Reference
from vocabulary import case_ref
from vocabulary.centres import countries_of
from vocabulary.countries import GERMANY, day_at


class Scope(NamedTuple):
    """What a list is bound to: the envelopes of one case, for an operator, within their terms."""

    case_id: UUID
    terms: tuple[Rule, ...]
    now: datetime


class AllWaits(NamedTuple):
    """What a list of waiting cases is bound to: all of them, as they stand now and within their terms, for operators
    and the programme."""

    terms: tuple[Rule, ...]
    now: datetime


def asked_for(text: str) -> UUID | Refused:
    """The id by which somebody looks for a case: its own, that of a referral, or that of a reference as people write
    it."""
    reference = case_ref.read(text)
    if reference is not None:
        return id_of_reference(reference)
    try:
        return UUID(text)
    except ValueError:
        return refusals.CASE_UNREADABLE


def subjects_of(journey: Journey | None, text: str) -> set[UUID]:
    """Whom a search is about, for the audit: the case that is found by it, else the id as it was asked for."""
    if journey is not None:
        return {journey.id}
    with suppress(ValueError):
        return {UUID(text)}
    return set()


def seen_of(journey: Journey | None, actor: Actor, lists: Reference, now: datetime) -> Sight | Refused:
    """What the actor sees of a case. Of one that they may not see they are told the same as of one that is not
    there."""
    sight = None if journey is None else sight_of(journey, _eyes(actor, lists, now))
    return refusals.CASE_NOT_FOUND if sight is None else sight


def _eyes(actor: Actor, lists: Reference, now: datetime) -> Eyes:
    """Where a centre lies is told by the code list: a token may say anything, and a provider lies in Germany."""
    centre = lists.centres.get(actor.org)
    countries = () if centre is None else countries_of(centre, lists.fallbacks, day_at(centre.country, now))
    home = GERMANY if centre is None else centre.country
    return Eyes(actor.role, actor.org, home, countries, now)


class Promised(NamedTuple):
    """What the list of those who wait for an offer is bound to: people whom the programme promises one, on this day.

    `ends_case`: the reasons of `fail_reasons` with which a case is over for everybody.
    """

    today: date
    ends_case: tuple[str, ...]
    terms: tuple[Rule, ...]
    now: datetime

    @classmethod
    def at(cls, now: datetime, lists: Reference) -> Self:
        """Those of this moment."""
        return cls(day_at(GERMANY, now), lists.ends_case, lists.terms, now)
