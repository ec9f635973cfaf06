"""Aggregates: how a handler names the ones it needs, and the identity map it reads them from.

One table per kind: `id, version, status, links, data, updated_at`. `links` holds every other id by which the document
can be found (an order's customers, a customer's orders). So there are just two ways to ask: by id and by link.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, cast
from uuid import UUID

from pydantic import TypeAdapter


class ConcurrentUpdateError(Exception):
    """Another transaction wrote an aggregate or a position first; the caller does the work again on fresh state."""


class Aggregate(Protocol):
    """A frozen standard-library dataclass with an id and a status."""

    @property
    def id(self) -> UUID:
        """The primary key; never changes."""

    @property
    def status(self) -> str:
        """What worklists filter on."""


S = TypeVar("S", bound=Aggregate)


@dataclass(frozen=True, slots=True)
class Kind(Generic[S]):
    """An aggregate type and its table. A service lists its kinds in lock order: roots first."""

    state: type[S]
    table: str
    links: Callable[[S], Iterable[UUID]] | None = None


class Need(NamedTuple):
    """One thing a handler needs: the `state` with this id, or every one that is linked to it."""

    state: type[Any]
    id: UUID
    linked: bool = False


def by_id(state: type[Any], id_: UUID) -> Need:
    """The aggregate with this id; absent is allowed, the handler decides what that means."""
    return Need(state, id_)


def by_link(state: type[Any], id_: UUID) -> Need:
    """All aggregates whose links contain this id."""
    return Need(state, id_, linked=True)


class Entry:
    """One aggregate in memory: its state, the version it was read at, and whether it must be written, or erased."""

    __slots__ = ("changed", "erased", "links", "state", "version")

    def __init__(self, state: Any, version: int, links: frozenset[UUID] = frozenset()) -> None:
        self.state = state
        self.version = version
        self.links = links
        self.changed = False
        self.erased = False


class States:
    """The identity map of one transaction. Handlers read it; only the unit of work writes it."""

    def __init__(self, kinds: Iterable[Kind[Any]]) -> None:
        self.kinds = {kind.state: kind for kind in kinds}
        self.entries: dict[type[Any], dict[UUID, Entry]] = {state: {} for state in self.kinds}

    def get(self, state: type[S], id_: UUID) -> S | None:
        """The aggregate with this id, as earlier messages of the same batch left it."""
        entry = self.entries[state].get(id_)
        return None if entry is None else cast(S, entry.state)

    def linked(self, state: type[S], id_: UUID) -> list[S]:
        """Every aggregate linked to this id, in order of id."""
        found = [entry.state for entry in self.entries[state].values() if id_ in entry.links]
        return sorted(found, key=lambda aggregate: cast(Aggregate, aggregate).id)

    def put(self, aggregate: Any) -> None:
        """Replaces the aggregate in memory and marks it for writing, unless nothing changed."""
        kind = self.kinds[type(aggregate)]
        entries = self.entries[kind.state]
        entry = entries.get(aggregate.id)
        if entry is None:
            entry = entries[aggregate.id] = Entry(aggregate, 0)
        elif entry.state == aggregate:
            return
        entry.state = aggregate
        entry.changed = True
        if kind.links is not None:
            entry.links = frozenset(kind.links(aggregate))

    def erase(self, aggregate: Any) -> None:
        """Its row goes with this transaction. Nothing else may be decided on it there."""
        self.entries[type(aggregate)][aggregate.id].erased = True

    def touch(self, id_: UUID) -> None:
        """Marks the aggregate for writing though it stays as it is.

        Its version then tells others, who have read it without a lock, that something about it has changed.
        """
        for entries in self.entries.values():
            if id_ in entries:
                entries[id_].changed = True


class Codec:
    """JSON of one kind. The adapter is built once: building it costs milliseconds, using it microseconds."""

    def __init__(self, kind: Kind[Any]) -> None:
        self.adapter: TypeAdapter[Any] = TypeAdapter(kind.state)

    def dump(self, state: Any) -> str:
        """The state as JSON text."""
        return self.adapter.dump_json(state).decode()

    def load(self, text: str) -> Any:
        """The state from JSON text. Raises `pydantic.ValidationError` if a stored document no longer fits its type."""
        return self.adapter.validate_json(text)
