"""Who may see how much of a case."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from chassis.pure.decision import Actor, Refused
from journey import refusals
from journey.domain.journey import Journey, id_of_reference
from journey.domain.sight import sight_of
from vocabulary import case_ref


class Scope(NamedTuple):
    """What a list is bound to: the envelopes of one case, for an operator."""

    case_id: UUID


class AllWaits(NamedTuple):
    """What a list of waiting cases is bound to: all of them, as they stand now, for operators and the programme."""

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


def seen_of(journey: Journey | None, actor: Actor, now: datetime) -> frozenset[str] | Refused:
    """The services of which the actor sees the part of a case. Of one that they may not see they are told the same as
    of one that is not there."""
    seen = frozenset() if journey is None else sight_of(journey, actor.role, actor.org, actor.country, now)
    return seen or refusals.CASE_NOT_FOUND


class Promised(NamedTuple):
    """What the list of those who wait for an offer is bound to: people whom the programme promises one, on this day.

    `ends_case`: the reasons of `fail_reasons` with which a case is over for everybody.
    """

    today: date
    ends_case: tuple[str, ...]
