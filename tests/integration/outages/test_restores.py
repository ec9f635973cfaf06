"""Ways in which a database or a broker comes back as it was: each is noticed. A crash or a clean switch is none."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.operators import restore
from deploy.local.kafka import Kafka
from deploy.local.places import LOCAL, free_ports
from tests.support.brokers import Broker
from tests.support.cluster import Cluster
from tests.support.past import adopt, reader
from tests.support.proxy import Proxy
from tests.support.restores import (
    EMPTY,
    TOPIC,
    halted,
    led,
    relay_of,
    sell,
    sold_and_published,
    until_halted,
    until_value,
    value,
)
from tests.support.servers import Server, run
from tests.support.toy_process import through

pytestmark = pytest.mark.timeout(240)

TILL, OTHER = UUID(int=1), UUID(int=2)
SWITCHED_WITHIN = 10
"""Seconds after which a switchover that has lost nothing must be over, without anybody's help."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server of its own, running, empty."""
    server = Server(tmp_path)
    server.start()
    yield server
    server.stop()


async def prepared(server: Server, broker: Broker, *settings: str) -> None:
    """Makes the database beside a topic that other tests have written to."""
    await server.prepare(*settings)
    await adopt(server.dsn, broker.bootstrap, TOPIC)


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[Kafka]:
    """A broker of its own, running, with the toy service's topic to come."""
    kafka = Kafka(tmp_path / "kafka", LOCAL / "cache", tmp_path / "kafka.log", free_ports())
    kafka.start()
    yield kafka
    kafka.stop()


@pytest.fixture
async def topic(own_kafka: Kafka) -> Broker:
    """The topic, on that broker."""
    broker = Broker(own_kafka.bootstrap)
    await broker.create_topic(TOPIC)
    return broker


async def still_halts(dsn: str, bootstrap: str) -> None:
    """A relay on this database publishes nothing."""
    waiting = await value(dsn, EMPTY)
    async with led(relay_of(dsn, bootstrap)):
        await until_halted(dsn, "database")
        await asyncio.sleep(0.3)
    assert await value(dsn, EMPTY) == waiting != 0


async def test_a_dump_that_is_restored(dsn: str, cluster: Cluster, broker: Broker, tmp_path: Path) -> None:
    till, name = uuid4(), f"{dsn.rpartition('/')[2]}_restored"
    await sold_and_published(dsn, broker.bootstrap, till)
    run("pg_dump", "--format=custom", "--file", tmp_path / "dump", dsn)
    await sold_and_published(dsn, broker.bootstrap, till)
    restored = await cluster.create_database(name)
    try:
        run("pg_restore", "--dbname", restored, tmp_path / "dump")
        await sell(restored, till)
        await still_halts(restored, broker.bootstrap)
    finally:
        await cluster.drop_database(name)
    assert await broker.sequences(TOPIC, {str(till)}) == {str(till): [1, 2]}


async def test_a_volume_that_is_put_back_to_a_snapshot(server: Server, broker: Broker) -> None:
    till = uuid4()
    await prepared(server, broker)
    await sold_and_published(server.dsn, broker.bootstrap, till)
    server.stop()
    snapshot = server.copied("snapshot")
    server.start()
    await sold_and_published(server.dsn, broker.bootstrap, till)
    server.stop()
    server.put_back(snapshot)
    server.start()
    await sell(server.dsn, till)
    await still_halts(server.dsn, broker.bootstrap)
    assert await broker.sequences(TOPIC, {str(till)}) == {str(till): [1, 2]}


async def test_a_recovery_to_a_point_in_time(server: Server, broker: Broker, tmp_path: Path) -> None:
    till, archive = uuid4(), tmp_path / "archive"
    archive.mkdir()
    await prepared(server, broker, "archive_mode = on", f"archive_command = 'cp %p {archive}/%f'")
    base = server.backed_up("base")
    await sold_and_published(server.dsn, broker.bootstrap, till)
    await value(server.dsn, "select pg_create_restore_point('noon')")
    await sold_and_published(server.dsn, broker.bootstrap, till)
    await value(server.dsn, "select pg_switch_wal()")
    server.stop()
    server.put_back(base)
    (server.data / "recovery.signal").touch()
    with (server.data / "postgresql.auto.conf").open("a") as settings:
        settings.write(
            f"restore_command = 'cp {archive}/%f %p'\nrecovery_target_name = 'noon'\n"
            "recovery_target_action = 'promote'\narchive_mode = off\n"
        )
    server.start()
    await until_value(server.dsn, "select pg_is_in_recovery()", expected=False)
    assert await value(server.dsn, "select sequence from stream") == 1
    await sell(server.dsn, till)
    await still_halts(server.dsn, broker.bootstrap)


async def test_a_failover_that_lost_the_last_transactions(server: Server, broker: Broker) -> None:
    till = uuid4()
    await prepared(server, broker)
    standby = server.standby()
    try:
        await sold_and_published(server.dsn, broker.bootstrap, till)
        await until_value(standby.dsn, "select sequence from stream", 1)
        standby.stop()
        await sold_and_published(server.dsn, broker.bootstrap, till)
        server.crash()
        standby.start()
        await standby.promoted()
        await sell(standby.dsn, till)
        await still_halts(standby.dsn, broker.bootstrap)
    finally:
        standby.stop()


async def test_a_switchover_that_lost_nothing_goes_on_by_itself(server: Server, broker: Broker) -> None:
    till = uuid4()
    await prepared(server, broker)
    standby = server.standby()
    door = Proxy(server.port)
    await door.open()
    try:
        async with led(relay_of(through(server.dsn, door.port), broker.bootstrap)):
            await sell(server.dsn, till, till)
            await until_value(server.dsn, EMPTY, 0)
            await until_value(standby.dsn, "select sequence from stream", 2)
            server.crash()
            await standby.promoted()
            door.reset()
            door.target = standby.port
            async with asyncio.timeout(SWITCHED_WITHIN):
                await sell(standby.dsn, till)
                await until_value(standby.dsn, EMPTY, 0)
            assert await halted(standby.dsn) == []
        first = dict.fromkeys((await broker.sequences(TOPIC, {str(till)}))[str(till)])
        assert list(first) == [1, 2, 3]
    finally:
        await door.close()
        standby.stop()


async def test_a_crash_that_loses_the_relays_last_deletes_is_no_restore(server: Server, broker: Broker) -> None:
    till = uuid4()
    # Nothing else writes what an asynchronous commit has left.
    await prepared(server, broker, "wal_writer_delay = '10s'", "wal_writer_flush_after = '1GB'", "autovacuum = off")
    await sold_and_published(server.dsn, broker.bootstrap, till, till, till)
    server.crash()
    server.start()
    assert await value(server.dsn, EMPTY) == 3, "the deletes are lost"
    async with led(relay_of(server.dsn, broker.bootstrap)):
        await until_value(server.dsn, EMPTY, 0)
        await sell(server.dsn, till)
        await until_value(server.dsn, EMPTY, 0)
        assert await halted(server.dsn) == []
    numbers = (await broker.sequences(TOPIC, {str(till)}))[str(till)]
    assert numbers == [1, 2, 3, 4]


class Disks:
    """The disks of a broker: snapshots of its data while it runs, and one in the place of what it has."""

    def __init__(self, kafka: Kafka, directory: Path) -> None:
        self._kafka, self._directory = kafka, directory
        self._data = kafka.directory / "data"

    def snapshot(self, name: str) -> None:
        """A copy such as a volume snapshot is: the broker recovers from it as from a crash."""
        shutil.copytree(self._data, self._directory / name)

    def put(self, name: str) -> None:
        """The broker runs on, with this copy."""
        self._kafka.program.kill()
        shutil.rmtree(self._data)
        shutil.copytree(self._directory / name, self._data)
        self._kafka.start()


@pytest.fixture
async def disks(own_kafka: Kafka, topic: Broker, server: Server, tmp_path: Path) -> Disks:
    """Those of the broker, and a database that has told it something."""
    await server.prepare()
    await sold_and_published(server.dsn, topic.bootstrap, TILL, TILL, OTHER)
    return Disks(own_kafka, tmp_path)


async def test_what_a_broker_on_an_older_disk_lacks_is_listed(disks: Disks, topic: Broker, server: Server) -> None:
    disks.snapshot("older")
    await sold_and_published(server.dsn, topic.bootstrap, TILL, TILL, OTHER)
    disks.put("older")
    await sell(server.dsn, TILL)
    async with led(relay_of(server.dsn, topic.bootstrap)):
        await until_halted(server.dsn, "broker")
        assert await value(server.dsn, EMPTY) == 1
        connection = await asyncpg.connect(server.dsn)
        try:
            plan = await restore.plan(connection, reader(topic.bootstrap), (TOPIC,))
            missing = {(each.key, each.first, each.last, each.certain) for each in plan.missing}
            assert missing == {(str(TILL), 3, 4, True), (str(OTHER), 2, 2, True)}
            assert plan.comparison.forgotten == []
            _, done = await restore.reconcile(connection, reader(topic.bootstrap), (TOPIC,), "INC-2", "disk is gone")
            assert done.renumbered == 0
        finally:
            await connection.close()
        await until_value(server.dsn, EMPTY, 0)
        assert await halted(server.dsn) == []
    assert await topic.sequences(TOPIC, {str(TILL)}) == {str(TILL): [1, 2, 5]}


async def test_a_relay_that_goes_on_beside_a_broker_on_an_older_disk_keeps_what_the_newer_one_lacks(
    disks: Disks, topic: Broker, server: Server
) -> None:
    disks.snapshot("older")
    async with led(relay_of(server.dsn, topic.bootstrap)):
        await sell(server.dsn, TILL, TILL, OTHER)
        await until_value(server.dsn, EMPTY, 0)
        await until_value(server.dsn, "select sum(next_offset)::int from lineage", 6)
        disks.snapshot("newer")
        disks.put("older")
        await sell(server.dsn, TILL)
        await until_halted(server.dsn, "broker")
        assert await value(server.dsn, EMPTY) == 1, "it may have gone to the disk that is not kept"
        disks.put("newer")
        await until_value(server.dsn, EMPTY, 0)
        assert await halted(server.dsn) == []
    assert await topic.sequences(TOPIC, {str(TILL)}) == {str(TILL): [1, 2, 3, 4, 5]}
