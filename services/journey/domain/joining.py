"""The facts of several cases of one person, as those of the one under which the person is counted.

Each case keeps its own: a link that was an error is undone, and they part again.
"""

from __future__ import annotations

from typing import TypeVar

from journey.domain.facts import Dated, Named, last, later
from journey.domain.outcome import Outcome
from vocabulary.copying import replace

D = TypeVar("D", bound=Dated)
N = TypeVar("N", bound=Named)


def joined(known: Outcome) -> Outcome:
    """The case with the facts of the others: of what a person has once, such as an arrival, what was told last. A case
    that was opened in error has none."""
    others = known.others
    known = known.as_put_right if known.void_at is None else Outcome(known.id, others=others)
    for id_ in sorted(others):
        if others[id_].void_at is None:
            known = _with(known, others[id_].as_put_right)
    return known


def _with(known: Outcome, other: Outcome) -> Outcome:
    """What a desk or a centre said when it opened the case, and when it referred the person, is that of the first."""
    arrival = known.arrival
    if other.arrival is not None and other.arrival.outdates(arrival):
        arrival = other.arrival
    agreed = [each for each in (known.plan_agreed, other.plan_agreed) if each is not None]
    duties = {(each.service, each.type, each.subject): each for each in (*known.duties, *other.duties)}
    return replace(
        known.recorded(*other.records).having_left(*other.left),
        opening=known.opening or other.opening,
        adopted=known.adopted or other.adopted,
        profile=known.profile or other.profile,
        band=_later(known.band, other.band),
        askings=_all(known.askings, other.askings),
        planned_at=last(known.planned_at, other.planned_at),
        departure=_later(known.departure, other.departure),
        arrival=arrival,
        never_arrived_at=last(known.never_arrived_at, other.never_arrived_at),
        contact=_later(known.contact, other.contact),
        plan_agreed=min(agreed, key=lambda each: (each.on, each.at), default=None),
        plan=_later(known.plan, other.plan),
        void=tuple(sorted({*known.void, *other.void})),
        courses=_all(known.courses, other.courses),
        offers=_all(known.offers, other.offers),
        closed=tuple(sorted({*known.closed, *other.closed})),
        works=_all(known.works, other.works),
        duties=tuple(duties[each] for each in sorted(duties)),
    )


def _later(known: D | None, other: D | None) -> D | None:
    return known if other is None else later(known, other)


def _all(known: tuple[N, ...], others: tuple[N, ...]) -> tuple[N, ...]:
    """Of both: the things of two cases have ids of their own."""
    return tuple(sorted((*known, *others), key=lambda each: each.id))
