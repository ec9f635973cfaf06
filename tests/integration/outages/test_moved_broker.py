"""A broker that has moved is found at its other address: nobody is restarted, nothing is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from chassis.consumer import watchdog
from chassis.kafka.clients import producer_of
from chassis.kafka.past import reader_of
from chassis.outbox.relay import Relay
from chassis.settings import KafkaSettings
from chassis.telemetry.logs import secrets_not_read
from chassis.telemetry.metrics import Metrics
from deploy.local.kafka import Kafka
from deploy.local.places import LOCAL, free_port, free_ports
from tests.integration.test_membership import until_totals
from tests.support.brokers import Broker
from tests.support.cluster import Cluster
from tests.support.proxy import Proxy, proxy_to
from tests.support.reading import joiner, new_group
from tests.support.restores import EMPTY, TOPIC, led, until_value
from tests.support.shop import opened_shop
from tests.support.toy_runtime import ToyRuntime

pytestmark = pytest.mark.timeout(240)

FOUND_WITHIN = 90
"""Seconds after which a test gives up waiting."""
DEAF_SECONDS = 12.0
"""Instead of 30."""


class Moving:
    """A broker with two addresses, of which one answers. Each sends its clients through its own door."""

    def __init__(self, kafka: Kafka, doors: tuple[Proxy, Proxy]) -> None:
        self.kafka = kafka
        self._doors = doors
        self.settings = KafkaSettings(bootstrap_servers=",".join(f"127.0.0.1:{door.port}" for door in doors))

    async def move(self) -> None:
        """The second one answers from now on, the first refuses."""
        old, new = self._doors
        old.shut()
        await new.open()


@pytest.fixture
async def moving(tmp_path: Path) -> AsyncIterator[Moving]:
    kafka = Kafka(tmp_path / "kafka", LOCAL / "cache", tmp_path / "kafka.log", free_ports())
    async with AsyncExitStack() as stack:
        first, second = [await stack.enter_async_context(proxy_to(free_port())) for _ in range(2)]
        second.shut()
        kafka.proxied = [(door.target, door.port) for door in (first, second)]
        stack.callback(kafka.stop)
        kafka.start()
        await Broker(kafka.bootstrap).create_topic(TOPIC)
        yield Moving(kafka, (first, second))


@pytest.fixture
async def dsn(cluster: Cluster, toy_template: str) -> AsyncIterator[str]:
    """A database whose service has told nothing: the broker is as new."""
    name = f"moved_{uuid4().hex[:8]}"
    yield await cluster.create_database(name, template=toy_template)
    await cluster.drop_database(name)


def relay_by(settings: KafkaSettings, dsn: str) -> Relay:
    return Relay(
        dsn,
        producer_of(settings, "relay", secrets_not_read),
        reader_of(settings, "lineage"),
        (TOPIC,),
        Metrics("till"),
        batch=100,
        poll_seconds=0.05,
        publish_timeout_seconds=5.0,
    )


async def test_reader_and_relay_find_a_broker_that_has_moved(
    moving: Moving, dsn: str, pool: asyncpg.Pool, toy: ToyRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "DEAF_SECONDS", DEAF_SECONDS)
    keys = [uuid4() for _ in range(20)]
    async with opened_shop(moving.kafka.bootstrap) as shop:
        join = joiner(shop, moving.settings.bootstrap_servers, pool, dsn)
        async with join(new_group(), consumers=2) as member, led(relay_by(moving.settings, dsn)):
            await member.until_covered()

            async def sold(times: int) -> None:
                await shop.send([shop.sold(key) for key in keys])
                await until_totals(toy, dict.fromkeys(keys, times), FOUND_WITHIN)
                await until_value(dsn, EMPTY, 0)

            await sold(1)
            await moving.move()
            await sold(2)
            await member.until_covered()
            assert member.value(member.metrics.readers_renewed, "no_fetch") > 0, "nobody has lost the broker"
    told = await Broker(moving.kafka.bootstrap).sequences(TOPIC, {str(key) for key in keys})
    assert {key: list(dict.fromkeys(numbers)) for key, numbers in told.items()} == {str(key): [1, 2] for key in keys}
