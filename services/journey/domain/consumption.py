"""What each service did with a record: handled by a time at the latest, parked, retried, discarded, or not yet.

Services tell of the records that they have parked, one by one, and of all others only how far they have read, at most
once a minute. So three documents are kept: per service the `Reader`, per stretch of a partition what was `Handled` by
when, and per parked record the `Mishap`. None of them knows a case: a place is all that leads to it, by the ledger.

A service whose database was put back tells so, and how far it had read. What it had told before of records from there
on is undone. An `era` counts how often that was: what was told in an era before the last one that reaches back to a
record says nothing of this record any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, pairwise
from typing import Final, Literal, NamedTuple, TypeAlias
from uuid import UUID, uuid5

from journey.contracts.operations import Change
from vocabulary.copying import replace

What: TypeAlias = Literal["handled", "parked", "waiting", "retried", "discarded", "settled", "not_yet", "unknown"]
"""`settled`: it was parked and is not any more, and whether it was handled or discarded, and when, nobody has told.
`waiting`: nothing is wrong with the record, one before it is parked. `not_yet`: as of the last report the service
had not come so far. `unknown`: it has told nothing by which this could be known."""

BEHIND: Final = "behind"
OPEN: Final = frozenset({"parked", "retried", "failed"})
STRETCH: Final = 256
"""Offsets per document of what was handled."""
RECENT: Final = timedelta(hours=1)
"""So long before the last sample of a stretch every one is kept."""
QUARTER: Final = timedelta(minutes=15)
"""Before that the last one of each quarter of an hour: "at the latest" stays true, and is coarser by that."""
STEPS: Final = 50
"""What is kept of a record that is tried again and again: how it began, and the last ones."""


class Place(NamedTuple):
    """Where a record stands."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Reader:
    """A service as it has reported last. `restores`: how far it had read whenever its database was put back."""

    id: UUID
    """By which it tells of its operation."""
    service: str
    reported_at: datetime
    parked: int = 0
    outbox_oldest_seconds: int = 0
    places: tuple[Place, ...] = ()
    """What is read next of each partition."""
    restores: tuple[tuple[Place, ...], ...] = ()

    @property
    def status(self) -> Literal["heard"]:
        """It has reported."""
        return "heard"

    @property
    def era(self) -> int:
        """How often its database was put back."""
        return len(self.restores)

    def next_offset(self, place: Place) -> int | None:
        """What it reads next of the partition of this place; None if it does not read it."""
        return next((each.offset for each in self.places if each[:2] == place[:2]), None)

    def era_of(self, place: Place) -> int:
        """The era from which on something is known of this record."""
        for era, places in reversed([*enumerate(self.restores, 1)]):
            if next((each.offset for each in places if each[:2] == place[:2]), 0) <= place.offset:
                return era
        return 0


@dataclass(frozen=True, slots=True)
class Sample:
    """Everything below `next_offset` was handled by then."""

    era: int
    next_offset: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Handled:
    """By when a service had come how far within a stretch of a partition."""

    id: UUID
    reader: UUID
    topic: str
    partition: int
    samples: tuple[Sample, ...] = ()

    @property
    def status(self) -> Literal["handled"]:
        """Up to the last sample."""
        return "handled"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that has become of a parked record."""

    era: int
    change: Change
    at: datetime
    failure: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Mishap:
    """A record that a service has parked, and what has become of it."""

    id: UUID
    reader: UUID
    service: str
    topic: str
    partition: int
    offset: int
    steps: tuple[Step, ...] = ()

    @property
    def status(self) -> Change:
        """What was told last."""
        return self.steps[-1].change if self.steps else "parked"

    @property
    def place(self) -> Place:
        """Where the record stands."""
        return Place(self.topic, self.partition, self.offset)


@dataclass(frozen=True, slots=True)
class Consumption:
    """What a service did with a record."""

    service: str
    what: What
    at: datetime | None = None
    """Since when it is so; of what was simply handled, by when at the latest; of `not_yet`, as of when."""
    at_latest: bool = False
    """It was earlier, and nobody has told when."""
    failure: str | None = None
    """Why it was parked last."""
    attempts: int = 1
    steps: tuple[Step, ...] = ()
    """Everything that became of it after it was parked; empty if it never was."""


def handled_id(reader: UUID, place: Place) -> UUID:
    """The document of the stretch in which this place lies."""
    return uuid5(reader, f"handled:{place.topic}:{place.partition}:{place.offset // STRETCH}")


def mishap_id(reader: UUID, place: Place) -> UUID:
    """The document of the record at this place."""
    return uuid5(reader, f"mishap:{place.topic}:{place.partition}:{place.offset}")


def reported(
    reader: Reader, at: datetime, places: Iterable[Place], *, parked: int, outbox_oldest_seconds: int, restored: bool
) -> Reader:
    """The service after a report."""
    places = tuple(places)
    return replace(
        reader,
        reported_at=at,
        parked=parked,
        outbox_oldest_seconds=outbox_oldest_seconds,
        places=places,
        restores=(*reader.restores, places) if restored else reader.restores,
    )


def read_on(handled: Handled, sample: Sample) -> Handled:
    """The stretch after a report; the same if it tells nothing new of it."""
    last = handled.samples[-1] if handled.samples else None
    if last is not None and last.era == sample.era and sample.next_offset <= last.next_offset:
        return handled
    return replace(handled, samples=_thinned((*handled.samples, sample)))


def stepped(mishap: Mishap, step: Step) -> Mishap:
    """The record after something has become of it."""
    steps = (*mishap.steps, step)
    return replace(mishap, steps=steps if len(steps) <= STEPS else (steps[0], *steps[-STEPS + 1 :]))


def consumption(
    service: str, place: Place, reader: Reader | None, handled: Handled | None, mishap: Mishap | None
) -> Consumption:
    """What the service did with the record at this place. `handled`: the first stretch that reaches beyond it."""
    era = 0 if reader is None else reader.era_of(place)
    if steps := told_of(mishap, reader):
        last = steps[-1]
        if is_settled(last, reader):
            return Consumption(service, "settled", at_latest=True, attempts=last.attempt, steps=steps)
        return Consumption(service, _what(last), last.at, failure=last.failure, attempts=last.attempt, steps=steps)
    samples = () if handled is None else handled.samples
    sample = next((each for each in samples if each.era >= era and each.next_offset > place.offset), None)
    if sample is not None:
        return Consumption(service, "handled", sample.at, at_latest=True)
    if reader is None or reader.next_offset(place) is None:
        return Consumption(service, "unknown")
    return Consumption(service, "not_yet", reader.reported_at)


def told_of(mishap: Mishap | None, reader: Reader | None) -> tuple[Step, ...]:
    """What holds of what was told of a parked record."""
    if mishap is None:
        return ()
    era = 0 if reader is None else reader.era_of(mishap.place)
    return tuple(step for step in mishap.steps if step.era >= era)


def is_settled(last: Step, reader: Reader | None) -> bool:
    """Whether a record stood still before its reader's database was put back, and does not in the one that was."""
    return last.change in OPEN and reader is not None and last.era < reader.era


def _what(step: Step) -> What:
    if step.change == "failed" or (step.change == "parked" and step.failure != BEHIND):
        return "parked"
    return "waiting" if step.change == "parked" else step.change


def _thinned(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    newest = samples[-1].at
    kept = (
        each
        for each, following in pairwise(samples)
        if newest - each.at <= RECENT or _quarter(each) != _quarter(following)
    )
    return (*chain(kept, samples[-1:]),)


def _quarter(sample: Sample) -> tuple[int, float]:
    return sample.era, sample.at.timestamp() // QUARTER.total_seconds()
