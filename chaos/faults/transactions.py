"""Transactions of others: they stand in the way, lock in the wrong order, are old, long, or late."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import suppress
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg

from chaos.app import SERVICES as CHASSIS_SERVICES
from chaos.faults.base import InVainError, Scene
from chaos.shop import SELLER, Sell
from chassis.clock import Clock
from chassis.postgres.storage import Storage
from chassis.pure.decision import Actor
from chassis.telemetry.tracing import NO_TRACE, Resource, Tracer
from chassis.work.unit_of_work import Cause, UnitOfWork

TABLES = {"shop": "basket", "till": "till"}
_HOT = "select id from {} order by updated_at desc limit 30"
LEAST, MOST = 3, 8
"""How often somebody gets in the way; more than the least until a deadlock was found."""
TOLD_WITHIN = 11.0
"""Seconds until PostgreSQL has told of it: a session that has gone idle waits ten seconds before it counts."""
_DEADLOCKS = "select deadlocks from pg_stat_database where datname = current_database()"
_TRIGGER = """
create or replace function chaos_serialization() returns trigger language plpgsql as $$
begin
    if random() < 0.3 then
        raise exception 'could not serialize access' using errcode = '40001';
    end if;
    return new;
end $$;
create trigger chaos_serialization before insert or update on {0} for each row execute function chaos_serialization();
"""
_NO_TRIGGER = "drop trigger if exists chaos_serialization on {0}; drop function if exists chaos_serialization"


async def _connect(scene: Scene, service: str) -> asyncpg.Connection:
    options = {"application_name": "chaos", "lock_timeout": "2500", "deadlock_timeout": "30s"}
    return await asyncpg.connect(scene.world.dsn[service], timeout=5, server_settings=options)


class Deadlocks:
    """Somebody locks the rows that are hot now, in the wrong order, and is patient: the services are the victims."""

    name = "deadlock"
    needs = frozenset({"postgres", "kafka"})  # batches must flow: they lock many rows

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        service = dice.choice(("till", "till", "shop"))
        before = await scene.world.value(service, _DEADLOCKS)
        connection = await _connect(scene, service)
        scene.world.journal.begin(self.name, service)
        found = 0
        try:
            for number in range(MOST):
                await self._get_in_the_way(connection, TABLES[service], dice)
                found = await scene.world.value(service, _DEADLOCKS) - before
                if found and number + 1 >= LEAST:
                    break
        finally:
            await connection.close(timeout=2)
            scene.world.journal.end(self.name, service)
        told_by = time.monotonic() + TOLD_WITHIN
        while not found and time.monotonic() < told_by:
            await asyncio.sleep(0.5)
            found = await scene.world.value(service, _DEADLOCKS) - before
        scene.world.journal.note(self.name, f"{found} in {service}")
        if not found:
            raise InVainError(f"nobody met a deadlock in {service}")

    async def _get_in_the_way(self, connection: asyncpg.Connection, table: str, dice: random.Random) -> None:
        hot = [row["id"] for row in await connection.fetch(_HOT.format(table))]
        chosen = sorted(dice.sample(hot, min(len(hot), 12)), reverse=True)
        with suppress(asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            async with connection.transaction():
                for id_ in chosen:
                    await connection.execute(f"select from {table} where id = $1 for update", id_)
                    await asyncio.sleep(0.15)


class SerializationFailures:
    """Writes fail with SQLSTATE 40001 for a while."""

    name = "serialization_failure"
    needs = frozenset({"postgres"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        service = dice.choice(tuple(TABLES))
        table = dice.choice((TABLES[service], "stream", "position", "outbox"))
        connection = await _connect(scene, service)
        scene.world.journal.begin(self.name, f"{service} {table}")
        try:
            await connection.execute(_TRIGGER.format(table))
            await asyncio.sleep(dice.uniform(3, 5))
        finally:
            await connection.execute("set lock_timeout = '20s'")
            await connection.execute(_NO_TRIGGER.format(table))
            await connection.close(timeout=2)
            scene.world.journal.end(self.name, f"{service} {table}")


class OldSnapshot:
    """Somebody holds a snapshot open: dead rows of the outbox stay."""

    name = "old_snapshot"
    needs = frozenset({"snapshot"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        service = dice.choice(tuple(TABLES))
        connection = await _connect(scene, service)
        scene.world.journal.begin(self.name, service)
        try:
            with suppress(asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError):
                async with connection.transaction(isolation="repeatable_read"):
                    await connection.fetchval("select count(*) from outbox")
                    await asyncio.sleep(dice.uniform(8, 12))
        finally:
            connection.terminate()
            scene.world.journal.end(self.name, service)


class LongTransactions:
    """Other writers of the shop: each sells into a basket of its own, and commits seconds later.

    Their outbox ids are lower than those of much that is published before them.
    """

    name = "long_transaction"
    needs = frozenset({"slow"})
    writers = 5

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        scene.world.journal.begin(self.name, "shop")
        try:
            await asyncio.gather(*(self._write(scene, dice.uniform(1, 8)) for _ in range(self.writers)))
        finally:
            scene.world.journal.end(self.name, "shop")

    async def _write(self, scene: Scene, seconds: float) -> None:
        basket = uuid4()
        service = CHASSIS_SERVICES["shop"]
        work = UnitOfWork(Storage(service.kinds), None, Tracer(Resource.create({})), Clock())
        command = Sell(basket, 1)
        connection = await _connect(scene, "shop")
        try:
            async with connection.transaction():
                await work.load(connection, service.commands[Sell].needs(command))
                work.decide(service.commands[Sell], command, Cause(Actor(*SELLER), datetime.now(UTC), NO_TRACE))
                await work.save(connection)
                await asyncio.sleep(seconds)
                scene.world.ledger.unanswered.add((basket, 1))
            scene.world.ledger.unanswered.discard((basket, 1))
            scene.world.ledger.sales[basket] = [1]
        except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError):
            scene.world.journal.note(self.name, "a long transaction was cut short")
        finally:
            connection.terminate()


class Slow:
    """Some transactions of the services themselves commit late, with their outbox rows written."""

    name = "late_commits"
    needs = frozenset({"slow"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        scene.world.journal.begin(self.name)
        scene.world.raise_flag("slow", "0.05 2")
        try:
            await asyncio.sleep(dice.uniform(5, 8))
        finally:
            scene.world.lower_flag("slow")
            scene.world.journal.end(self.name)


FAULTS = (Deadlocks(), SerializationFailures(), OldSnapshot(), LongTransactions(), Slow())
