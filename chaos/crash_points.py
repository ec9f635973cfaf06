"""Named places where a process dies, or dawdles, when a file asks it to: test-side, wrapped around the chassis.

`<instance>.crash` in the flags' directory holds `<point> <probability>`; the process kills itself there like SIGKILL:

- `after_commit`: a batch or command is committed, nobody has heard of it
- `before_offset_commit`: the batch is done and the relay is awake; Kafka does not know yet
- `after_publish`: the batches of the outbox are on their way, or acknowledged a moment ago
- `before_delete`: all of it is acknowledged, and still in the table

`slow` and `<instance>.slow` hold `<probability> <seconds>`: a transaction that has written outbox rows or deadlines
waits so long before it commits: rows with higher ids are there, and published, before it.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from functools import wraps
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from chaos.till import flag
from chassis.consumer.dispatch import Dispatcher
from chassis.consumer.offsets import Offsets
from chassis.outbox.publisher import Publisher
from chassis.postgres.writes import Writes
from chassis.work.command_bus import CommandBus

POINTS = ("after_commit", "before_offset_commit", "after_publish", "before_delete")
MOMENT = 0.01
"""Seconds within which a process dies after it has handed a batch to the producer."""


def install(instance: str) -> None:
    """Wraps the places. Each costs one look into a directory while no file asks for anything."""
    wish = flag(f"{instance}.crash")

    def due(point: str) -> bool:
        words = _words(wish)
        return bool(words) and words[0] == point and random.random() < float(words[1])

    def die_after(owner: type[Any], name: str, point: str) -> None:
        original = getattr(owner, name)

        @wraps(original)
        async def wrapper(*arguments: Any, **options: Any) -> Any:
            result = await original(*arguments, **options)
            if due(point):
                _die()
            return result

        setattr(owner, name, wrapper)

    die_after(Dispatcher, "_transaction", "after_commit")
    die_after(CommandBus, "_once", "after_commit")
    die_after(Publisher, "send", "before_delete")
    _die_before_offsets(due)
    _die_while_publishing(due)
    _dawdle(flag("slow"), flag(f"{instance}.slow"))


def _die_before_offsets(due: Any) -> None:
    original = Offsets.tell_now

    async def tell(self: Offsets) -> None:
        if due("before_offset_commit"):
            _die()
        await original(self)

    Offsets.tell_now = tell  # type: ignore[method-assign]


def _die_while_publishing(due: Any) -> None:
    original = AIOKafkaProducer.send_batch

    async def send_batch(self: AIOKafkaProducer, *arguments: Any, **options: Any) -> Any:
        future = await original(self, *arguments, **options)
        if due("after_publish"):
            asyncio.get_running_loop().call_later(random.uniform(0, MOMENT), _die)
        return future

    AIOKafkaProducer.send_batch = send_batch


def _dawdle(*wishes: Path) -> None:
    execute, commit = Writes.execute, Writes.commit

    def seconds(writes: Writes) -> float:
        matters = any(part.name in {"outbox_appended", "deadlines_set"} for part in writes._parts)
        words = next(filter(None, map(_words, wishes)), []) if matters else []
        return float(words[1]) if words and random.random() < float(words[0]) else 0.0

    async def execute_and_wait(self: Writes, connection: Any) -> None:
        await execute(self, connection)
        if pause := seconds(self):
            await asyncio.sleep(pause)

    async def commit_late(self: Writes, connection: Any) -> None:
        if pause := seconds(self):
            async with connection.transaction():
                await commit(self, connection)
                await asyncio.sleep(pause)
        else:
            await commit(self, connection)

    Writes.execute = execute_and_wait  # type: ignore[method-assign]
    Writes.commit = commit_late  # type: ignore[method-assign]


def _words(wish: Path) -> list[str]:
    try:
        return wish.read_text().split()
    except FileNotFoundError:
        return []


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
