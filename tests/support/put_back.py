"""A service whose database is put back to a backup, and all that an operator and a worker then do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from chassis.kafka.kinds import kinds
from chassis.operators import restore
from chassis.operators.restore import Plan, Reconciled
from chassis.vault.vault import KeyVault
from chassis.work.repeater import Repeater
from tests.support.brokers import Broker
from tests.support.cluster import Cluster
from tests.support.past import adopt, reader
from tests.support.restores import EMPTY, led, relay_of, until_value
from tests.support.servers import run
from tests.support.service_process import ServiceProcess

P = TypeVar("P", bound=ServiceProcess)


class PutBack:
    """A service beside its topics. `publish` what it has told, make a `backup`, go on, and put it back."""

    def __init__(self, cluster: Cluster, broker: Broker, service: Any, folder: Path) -> None:
        self.cluster, self.broker, self.service, self.folder = cluster, broker, service, folder
        self.kinds = kinds()
        self.topics = self.kinds.written_by(service.name)

    async def adopt(self, process: ServiceProcess) -> None:
        """Its database is new, and the topics may have the events of another test."""
        await adopt(await self.dsn(process), self.broker.bootstrap, *self.topics)

    async def dsn(self, process: ServiceProcess) -> str:
        """The address of its database."""
        return self.cluster.dsn(await process.pool.fetchval("select current_database()"))

    @asynccontextmanager
    async def relay(self, dsn: str) -> AsyncIterator[None]:
        """A relay on this database meanwhile."""
        async with led(relay_of(dsn, self.broker.bootstrap, topics=self.topics, kinds=self.kinds)):
            yield

    async def publish(self, dsn: str) -> None:
        """Everything that waits."""
        async with self.relay(dsn):
            await until_value(dsn, EMPTY, 0)

    async def told(self, keys: Collection[str]) -> list[str]:
        """The types of what stands in the topics about these keys, whatever is their order."""
        found = [record for topic in self.topics for record in await self.broker.read(topic, keys)]
        return sorted(dict(record.headers)["ce_type"].decode().split(".")[2] for record in found)

    async def backup(self, dsn: str) -> str:
        """The database as it is now, beside it; its address."""
        name = dsn.rpartition("/")[2]
        dump = self.folder / name
        run("pg_dump", "--format=custom", "--file", dump, dsn)
        back = await self.cluster.create_database(f"{name}_back")
        run("pg_restore", "--no-owner", "--dbname", back, dump)
        return back

    async def plan(self, dsn: str) -> Plan:
        """What `ph restore plan` finds."""
        return await self._on(dsn, lambda c, *where: restore.plan(c, *where, self.kinds, self.events))

    async def reconcile(self, dsn: str) -> tuple[Plan, Reconciled]:
        """What `ph restore reconcile` does."""
        return await self._on(
            dsn, lambda c, *where: restore.reconcile(c, *where, "INC-1", "the backup", self.kinds, self.events)
        )

    @property
    def events(self) -> tuple[type[Any], ...]:
        """What the service repeats."""
        return tuple(self.service.repeats)

    async def _on(self, dsn: str, work: Any) -> Any:
        connection = await asyncpg.connect(dsn)
        try:
            return await work(connection, reader(self.broker.bootstrap), self.topics)
        finally:
            await connection.close()


async def looks(process: ServiceProcess) -> bool:
    """Whether its gate is open, once it has looked."""
    process.app.state.gate = process.workshop.gate
    async with process.pool.acquire() as connection:
        return await process.workshop.gate.look(connection)


async def repeats(process: ServiceProcess, vault: KeyVault) -> int:
    """What its worker does behind the gate; how many events it has repeated."""
    repeater = Repeater(process.workshop, process.service.repeats, process.service.subject, vault)
    done = 0
    while found := await repeater.step():
        done += found
    return done
