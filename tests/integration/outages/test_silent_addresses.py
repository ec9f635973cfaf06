"""The first address of a client's list takes connections and says nothing: the client asks the second one soon."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import pytest

from chassis.kafka.addresses import Addresses
from chassis.kafka.clients import admin, producer_of
from chassis.kafka.lookout import Lookout
from chassis.kafka.past import opened, reader_of
from chassis.kafka.reading import fetch_record
from chassis.outbox.relay import Relay
from chassis.settings import KafkaSettings
from chassis.telemetry.metrics import Metrics
from tests.integration.test_membership import until_totals
from tests.support.brokers import Broker
from tests.support.logins import settings_for
from tests.support.proxy import Proxy
from tests.support.reading import Join, new_group
from tests.support.restores import EMPTY, Emitter, led, until_value
from tests.support.shop import Shop
from tests.support.toy_runtime import ToyRuntime

SILENT = 2
"""Addresses before the one that answers."""
FIRST_ANSWER_MS = 1000
WAITED = SILENT * FIRST_ANSWER_MS / 1000


class Silent:
    """An address that takes connections and says nothing."""

    def __init__(self) -> None:
        self.asked = 0
        self._server: asyncio.Server | None = None

    async def open(self) -> str:
        self._server = await asyncio.start_server(self._asked, "127.0.0.1", 0)
        return f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    def _asked(self, _reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        self.asked += 1


@pytest.fixture
def silent() -> Iterator[list[Silent]]:
    there = [Silent() for _ in range(SILENT)]
    yield there
    for each in there:
        each.close()


@pytest.fixture
async def settings(broker: Broker, silent: list[Silent], monkeypatch: pytest.MonkeyPatch) -> KafkaSettings:
    """A list in which the broker comes last, for clients that do not shuffle it."""
    monkeypatch.setattr("chassis.kafka.clients.FIRST_ANSWER_MS", FIRST_ANSWER_MS)
    monkeypatch.setattr("chassis.kafka.addresses._shuffled", list)
    its = settings_for(broker.bootstrap)
    addresses = [*[await each.open() for each in silent], its.bootstrap_servers]
    return its.model_copy(update={"bootstrap_servers": ",".join(addresses)})


async def test_a_relay_compares_and_publishes(mill: Emitter, settings: KafkaSettings) -> None:
    relay = Relay(
        mill.dsn,
        producer_of(settings, "test-relay", lambda _trouble: None),
        reader_of(settings, "test-lineage"),
        (mill.topic,),
        Metrics("till"),
        batch=100,
        poll_seconds=0.05,
        publish_timeout_seconds=1.5,
    )
    await mill.emit("a")
    async with led(relay), asyncio.timeout(2 * WAITED + 5):
        await until_value(mill.dsn, EMPTY, 0)
    assert await mill.broker.sequences(mill.topic, {"a"}) == {"a": [1]}


async def test_whoever_reads_the_past_is_answered_and_has_all_its_patience_for_later_answers(
    mill: Emitter, settings: KafkaSettings
) -> None:
    async with asyncio.timeout(WAITED + 5), opened(reader_of(settings, "test-lineage")) as past:
        assert len(await past.bounds([mill.topic])) == 6
        connections = past._consumer._client._conns.values()
        assert [each._request_timeout for each in connections] == [10.0], "as it was made"


async def test_a_lookout_is_answered(mill: Emitter, settings: KafkaSettings) -> None:
    lookout = Lookout(settings, "test-lookout")
    try:
        async with asyncio.timeout(WAITED + 5):
            assert len((await lookout.topics([mill.topic]))[mill.topic].partitions) == 6
    finally:
        await lookout.close()


async def test_a_record_is_read_again(mill: Emitter, settings: KafkaSettings) -> None:
    async with asyncio.timeout(WAITED + 5):
        assert await fetch_record(settings, mill.topic, 0, 7) is None


async def test_an_operator_is_answered(mill: Emitter, settings: KafkaSettings) -> None:
    async with asyncio.timeout(WAITED + 5), admin(settings) as client:
        assert mill.topic in await client.list_topics()


async def test_whoever_comes_next_asks_who_answered_before(
    mill: Emitter, settings: KafkaSettings, silent: list[Silent]
) -> None:
    async with opened(reader_of(settings, "test-lineage")):
        assert [each.asked for each in silent] == [1, 1]
    lookout = Lookout(settings, "test-lookout")
    try:
        await lookout.topics([mill.topic])
        await lookout.ask_anew([mill.topic])
    finally:
        await lookout.close()
    async with admin(settings) as client:
        await client.list_topics()
    assert [each.asked for each in silent] == [1, 1], "once in this process"


async def test_a_reader_that_looks_for_its_brokers_for_long_is_not_deaf(
    shop: Shop, join: Join, toy: ToyRuntime, settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All others were silent for longer than anybody may be deaf, and this process has not remembered who."""
    monkeypatch.setattr("chassis.kafka.clients.FIRST_ANSWER_MS", 3000)
    monkeypatch.setattr("chassis.consumer.watchdog.DEAF_SECONDS", 3.0)
    monkeypatch.setattr("chassis.consumer.reader.LOOK_SECONDS", 0.5)
    for remembers in ("silent", "told"):
        monkeypatch.setattr(Addresses, remembers, lambda *_: None)
    monkeypatch.setattr("tests.support.reading.settings_for", lambda _: settings)
    key = uuid4()
    await shop.sell(key, 1)
    async with join(new_group()) as member:
        await until_totals(toy, {key: 1}, 40)
        assert member.value(member.metrics.readers_renewed, "not_covered") == 0


async def test_a_cluster_that_left_all_addresses_of_the_list_is_found(mill: Emitter) -> None:
    its = settings_for(mill.broker.bootstrap)
    door = Proxy(int(its.bootstrap_servers.rpartition(":")[2]))
    await door.open()
    settings = its.model_copy(update={"bootstrap_servers": f"127.0.0.1:{door.port}"})
    async with admin(settings) as client:
        await client.list_topics()
    door.shut()
    async with admin(settings) as client:
        assert mill.topic in await client.list_topics()
