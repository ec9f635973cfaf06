"""Planted defects of notes: when they are written, of what, and whether anybody comes back to them."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from chassis.consumer.dispatch import Dispatcher
from chassis.consumer.noting import NoteBook
from chassis.postgres.writes import Writes


def noted_afterwards() -> None:
    """Notes are no effects: they are written after the commit, so that it is not held up by them."""
    transaction, read = Dispatcher._transaction, NoteBook.read
    waiting: ContextVar[list[tuple[Any, Any]]] = ContextVar("waiting")

    def remember(_self: NoteBook, _writes: Writes, judged: Any, parked: Any) -> None:
        waiting.get().append((list(judged), list(parked)))

    async def effects_then_notes(self: Dispatcher, batch: Any, terms: Any, notes: NoteBook) -> None:
        waiting.set([])
        await transaction(self, batch, terms, notes)
        for judged, parked in waiting.get():
            writes = Writes()
            read(notes, writes, judged, parked)
            async with self._shop.pool.acquire(timeout=10) as connection, connection.transaction():
                await writes.execute(connection)

    NoteBook.read = remember  # type: ignore[method-assign]
    Dispatcher._transaction = effects_then_notes  # type: ignore[method-assign]


def only_handled_is_noted() -> None:
    """What is parked has had no effect yet: it seemed to be noted once it has."""
    read = NoteBook.read

    def read_what_was_handled(self: NoteBook, writes: Writes, judged: Any, parked: Any) -> None:
        aside = {inbound.place for inbound, _ in parked}
        read(self, writes, [each for each in judged if each[0].place not in aside], ())

    NoteBook.read = read_what_was_handled  # type: ignore[method-assign]


def notes_left_as_they_were() -> None:
    """A note is written once: whoever handles a parked record later does not come back to it."""
    if "settled" not in Dispatcher._settle_once.__code__.co_names:
        raise AttributeError("a note is settled in another way by now: plant this elsewhere")

    async def leave(_self: NoteBook, *_: Any) -> None:
        """It was told once."""

    NoteBook.settled = leave  # type: ignore[method-assign]


ALL: dict[str, Callable[[], None]] = {
    defect.__name__: defect for defect in (noted_afterwards, only_handled_is_noted, notes_left_as_they_were)
}
