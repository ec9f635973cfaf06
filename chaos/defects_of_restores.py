"""Planted defects of what is believed: strangers, a database that takes no deletes, and one that was put back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import asyncpg

from chassis.consumer import inbound
from chassis.kafka.past import opened
from chassis.outbox import relay, telling
from chassis.outbox.lineage import Comparison, Loss, Told
from chassis.outbox.telling import Telling
from chassis.work.gate import Gate

GUARD = "with may_delete as (delete from outbox where false)"


def strangers_believed() -> None:
    """Whoever writes an event of a type that is read must be its owner: the type says so."""
    if not hasattr(inbound, "_stranger"):
        raise AttributeError("owners are looked at in another way by now: plant this elsewhere")

    def nobody(*_: Any) -> None:
        return None

    inbound._stranger = nobody


def deletes_untried() -> None:
    """Whether rows may be deleted shows when they are: nobody asks before they are published."""
    if GUARD not in relay._READ:
        raise AttributeError("the outbox is read in another way by now: plant this elsewhere")
    relay._READ = relay._READ.replace(GUARD, "")


def past_uncompared() -> None:
    """A leader takes the ends of its topics for what its database has told, and begins."""

    async def begin(connection: Any, reader: Any, topics: Any, *_: Any) -> Telling:
        async with opened(reader) as past:
            ends = {place: Told(each.end) for place, each in (await past.bounds(topics)).items() if each is not None}
        await telling.write(connection, ends)
        return Telling(ends)

    telling.begun = begin


def shorter_topic_believed() -> None:
    """A topic that ends before what was told ends there: it is as it is."""
    losses = Comparison.losses.fget
    if losses is None:
        raise AttributeError("losses are told in another way by now: plant this elsewhere")

    def those_of_databases(self: Comparison) -> list[Loss]:
        return [each for each in losses(self) if each.kind == "database"]

    Comparison.losses = property(those_of_databases)  # type: ignore[method-assign,assignment]


def gate_left_open() -> None:
    """That something is forgotten is the relay's affair: everybody else goes on."""
    look = Gate.look

    async def look_and_leave_open(self: Gate, pool: asyncpg.Pool) -> bool:
        await look(self, pool)
        self.closed = False
        return True

    Gate.look = look_and_leave_open  # type: ignore[method-assign]


ALL: dict[str, Callable[[], None]] = {
    defect.__name__: defect
    for defect in (strangers_believed, deletes_untried, past_uncompared, shorter_topic_believed, gate_left_open)
}
