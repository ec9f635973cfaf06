"""Facts that are kept so that no order of events changes what is known in the end.

What is told of one thing stands in one slot, and a slot keeps the largest word: the last one by the time at which it
happened, and of several at one time the one that follows from the others. Largest is the same in whatever order words
come, and however often. Each topic fills slots of its own; what several topics say together follows from the slots.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Protocol, TypeVar


class Ordered(Protocol):
    """A word that can be compared with others of its slot."""

    @property
    def order(self) -> tuple[Any, ...]:
        """By what it is compared."""


W = TypeVar("W", bound=Ordered)
K = TypeVar("K")


class Word:
    """A frozen dataclass with a time and a status. `STEPS`: the statuses, each after those from which it can follow at
    the same moment. What is one of `LAST` stays so, whatever is told with a later time."""

    __slots__ = ()

    STEPS: ClassVar[tuple[str, ...]] = ()
    LAST: ClassVar[frozenset[str]] = frozenset()
    at: datetime
    status: str

    @property
    def order(self) -> tuple[Any, ...]:
        """A last word, then the time, then the step."""
        return (self.status in self.LAST, self.at, self.STEPS.index(self.status))


def later(known: W | None, told: W) -> W:
    """The larger of two words of a slot."""
    return told if known is None or told.order > known.order else known


def heard(slots: Mapping[K, W], key: K, told: W) -> Mapping[K, W]:
    """The slots with one more word; the very same if it says nothing new."""
    kept = later(slots.get(key), told)
    return {**slots, key: kept} if kept is not slots.get(key) else slots


def first(slots: Mapping[K, datetime], key: K, at: datetime) -> Mapping[K, datetime]:
    """The slots with the earliest time at which something was told."""
    return {**slots, key: min(at, slots.get(key, at))}


def last(slots: Mapping[K, datetime], key: K, at: datetime) -> Mapping[K, datetime]:
    """The slots with the latest time at which something was told."""
    return {**slots, key: latest(slots.get(key), at)}


def latest(known: datetime | None, at: datetime) -> datetime:
    """The later of two times."""
    return at if known is None else max(known, at)
