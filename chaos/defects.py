"""Planted defects: honest mistakes that the judge must find. `CHAOS_DEFECT=<name>` installs one into a process.

Each is what somebody might write, and what passes every test that does not crash anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import asyncpg

from chaos import defects_of_doors, defects_of_notes, defects_of_processes, defects_of_restores
from chassis.consumer import positions, progress
from chassis.consumer.dispatch import Dispatcher
from chassis.consumer.positions import Positions, Verdict
from chassis.consumer.transport import Consumer
from chassis.outbox import relay
from chassis.outbox.low_water import LowWater
from chassis.outbox.relay import Relay
from chassis.postgres import storage, writes
from chassis.postgres.database import is_outage
from chassis.postgres.writes import Writes
from chassis.runtime import loops
from chassis.work import deadlines


def no_positions() -> None:
    """How far a partition was read is trusted to be the inbox: what comes again is handled again."""
    advance = Positions.advance

    def advance_anyway(self: Positions, inbound: Any) -> Verdict:
        verdict = advance(self, inbound)
        return Verdict.NEXT if verdict is Verdict.REPEAT and inbound.fault is None else verdict

    Positions.advance = advance_anyway  # type: ignore[method-assign]


def offsets_before_commit() -> None:
    """Auto-commit, as most examples have it: how far it was read is noted when the batch comes in."""
    handle, commit, effects = Consumer._handle, Consumer._commit, Dispatcher.handle

    async def commit_first(self: Consumer, records: Any, terms: Any) -> bool:
        await commit(self, records, terms)
        await self._offsets.tell_now()
        return await handle(self, records, terms)

    async def committed_already(self: Consumer, records: Any, terms: Any) -> None:
        """Nothing is left to do."""

    async def progress_first(self: Dispatcher, records: Any, terms: Any = progress.NO_TERMS) -> None:
        writes = Writes()
        progress.save(writes, records, terms)
        async with self._shop.pool.acquire(timeout=10) as connection, connection.transaction():
            await writes.execute(connection)
        await effects(self, records)

    Consumer._handle = commit_first  # type: ignore[method-assign]
    Consumer._commit = committed_already  # type: ignore[method-assign]
    Dispatcher.handle = progress_first  # type: ignore[method-assign]


def id_cursor_relay() -> None:
    """The relay remembers the last id that it has published and reads on from there."""

    async def no_look(self: LowWater, connection: Any, at_most: int) -> None:
        """A cursor needs none."""

    def move(self: LowWater, published_up_to: int) -> bool:
        if published_up_to != relay.EVERYTHING:
            self.mark = max(self.mark, published_up_to)
        return False

    LowWater.look = no_look  # type: ignore[method-assign]
    LowWater.settle = move  # type: ignore[method-assign]


def mark_forgets_writers() -> None:
    """The mark moves to the last id of a round while others still write: a look at the lock table seemed needless."""

    async def nobody(_self: LowWater, _connection: Any) -> set[str]:
        return set()

    LowWater._writing = nobody  # type: ignore[method-assign]


def mark_before_publish() -> None:
    """Rows are taken out of the outbox first, so that nobody publishes them twice."""
    publish = Relay._publish

    async def take_then_publish(self: Relay, connection: asyncpg.Connection, rows: list[asyncpg.Record]) -> list[int]:
        await connection.execute(relay._DELETE, [row["id"] for row in rows])
        return await publish(self, connection, rows)

    Relay._publish = take_then_publish  # type: ignore[method-assign]


def competing_relays() -> None:
    """The lock's key is a hash of its name. Python salts hashes: every process has a lock of its own."""
    relay.LOCK = hash("relay")


def position_outside_transaction() -> None:
    """Positions are written after the commit, in a transaction of their own, to make the big one shorter."""
    transaction, save = Dispatcher._transaction, positions.save
    waiting: ContextVar[list[Positions]] = ContextVar("waiting")

    def remember(_writes: Writes, seen: Positions) -> None:
        waiting.get().append(seen)

    async def effects_then_positions(self: Dispatcher, batch: Any, terms: Any) -> None:
        waiting.set([])
        await transaction(self, batch, terms)
        for seen in waiting.get():
            writes = Writes()
            save(writes, seen)
            async with self._shop.pool.acquire(timeout=10) as connection, connection.transaction():
                await writes.execute(connection)

    positions.save = remember
    Dispatcher._transaction = effects_then_positions  # type: ignore[method-assign]


def commits_unguarded() -> None:
    """A command's write is a transaction of its own, and nobody asks whether all of it was written."""

    async def commit(self: Writes, connection: Any) -> None:
        await connection.fetchrow(writes._counting(tuple(self._parts), self._single), *self._arguments())

    Writes.commit = commit  # type: ignore[method-assign]


def versions_unchecked() -> None:
    """Whoever writes last wins: an aggregate is written whatever its version has become meanwhile."""
    saved = storage._saved

    def blind(kind: Any) -> writes.Part:
        part = saved(kind)
        return part._replace(statement=part.statement.replace("where t.version = excluded.version - 1 ", ""))

    storage._saved = blind


def moved_timer_fires() -> None:
    """Who fires a deadline takes it by its name, and does not ask whether it has been moved since it was read."""
    as_it_was = "and d.due_at = due.at and d.level = due.level"
    if as_it_was not in deadlines._CLAIM:
        raise AttributeError("deadlines are claimed in another way by now: plant this elsewhere")
    deadlines._CLAIM = deadlines._CLAIM.replace(as_it_was, "")


def given_up_is_overtaken() -> None:
    """Nobody notes that a batch was given up: the next one, fetched already, is handled as if it were the first."""
    if "seek_back" not in Consumer._on_batch.__code__.co_names:
        raise AttributeError("a batch is given up in another way by now: plant this elsewhere")

    def stay(_self: Consumer) -> None:
        """It seemed to need no note."""

    Consumer.seek_back = stay  # type: ignore[method-assign]


def given_up_counts_as_done() -> None:
    """Nobody asks whether a batch was handled or given up: its offsets are committed all the same."""
    handle = Consumer._handle

    async def handle_or_not(self: Consumer, records: Any, terms: Any) -> bool:
        await handle(self, records, terms)
        return True

    Consumer._handle = handle_or_not  # type: ignore[method-assign]


def outage_retried_aside() -> None:
    """A batch that meets an outage is retried aside, so that it does not hold up the next ones."""
    handle, aside = Dispatcher.handle, set()

    async def again(self: Dispatcher, records: Any, *more: Any) -> None:
        while True:
            await asyncio.sleep(1)
            try:
                return await handle(self, records, *more)
            except Exception as error:
                if not is_outage(error):
                    raise

    async def handle_or_put_aside(self: Dispatcher, records: Any, *more: Any) -> None:
        try:
            await handle(self, records, *more)
        except Exception as error:
            if not is_outage(error):
                raise
            aside.add(asyncio.create_task(again(self, records, *more)))

    Dispatcher.handle = handle_or_put_aside  # type: ignore[method-assign]


def newest_first() -> None:
    """What has just happened goes out first: the outbox is a stack."""
    if "order by id limit" not in relay._READ:
        raise AttributeError("the outbox is read in another way by now: plant this elsewhere")
    relay._READ = relay._READ.replace("order by id limit", "order by id desc limit")


def parked_blocks_nobody() -> None:
    """A parked record holds up nothing, not even later records of its own key."""
    if not hasattr(Positions, "is_blocked"):
        raise AttributeError("a key is blocked in another way by now: plant this elsewhere")

    def never(_self: Positions, _inbound: Any) -> bool:
        return False

    Positions.is_blocked = never  # type: ignore[method-assign]


def positions_forgotten() -> None:
    """A key of which nobody has heard for some seconds needs its position no more."""
    observe = loops.observe

    async def observe_and_forget(pool: asyncpg.Pool, *more: Any) -> int:
        await pool.execute("delete from position where last_recorded < now() - interval '8 s' and not blocked")
        return await observe(pool, *more)

    loops.observe = observe_and_forget


ALL: dict[str, Callable[[], None]] = (
    {
        defect.__name__: defect
        for defect in (
            no_positions,
            offsets_before_commit,
            id_cursor_relay,
            mark_forgets_writers,
            mark_before_publish,
            competing_relays,
            position_outside_transaction,
            commits_unguarded,
            versions_unchecked,
            moved_timer_fires,
            given_up_is_overtaken,
            given_up_counts_as_done,
            outage_retried_aside,
            newest_first,
            parked_blocks_nobody,
            positions_forgotten,
        )
    }
    | defects_of_processes.ALL
    | defects_of_restores.ALL
    | defects_of_doors.ALL
    | defects_of_notes.ALL
)


def install(name: str) -> None:
    """Plants the defect into this process. Raises `KeyError` if there is none of this name."""
    ALL[name]()
