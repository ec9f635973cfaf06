"""The toy service's reader, in the test's own process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from aiokafka import TopicPartition

from chassis.consumer.dispatch import Dispatcher
from chassis.consumer.reader import Reader
from chassis.kafka.reading import fetch_record
from chassis.pure.decision import Handler
from chassis.pure.messages import Contract
from chassis.pure.states import by_id
from chassis.settings import KafkaSettings, Settings
from chassis.telemetry.metrics import Metrics
from tests.support import toy as toy_service
from tests.support.logins import settings_for
from tests.support.shop import Shop
from tests.support.toy_process import until_async
from tests.support.toy_runtime import ToyRuntime

Join = Callable[..., Any]


class Member:
    """A reader of the toy service with one member, in this process, that reads the topics of these shops."""

    def __init__(
        self,
        shops: Sequence[Shop],
        kafka: KafkaSettings,
        pool: asyncpg.Pool,
        dsn: str,
        group: str,
        compacted: Collection[str] = (),
        **settings: Any,
    ) -> None:
        handler = Handler(lambda message: (by_id(toy_service.Till, message.till_id),), toy_service.sold)
        runtime = ToyRuntime(pool)
        self.metrics = Metrics("till")
        self.fatal: list[BaseException] = []
        workshop = replace(runtime.workshop, metrics=self.metrics, wake_relay=lambda: None)
        contracts = {_sold(shop): handler for shop in shops}
        self.dispatcher = Dispatcher(workshop, contracts, partial(fetch_record, kafka), compacted)
        self.reader = Reader(
            group,
            [shop.topic for shop in shops],
            kafka,
            Settings(auth_issuer="i", auth_jwks="j", **{"session_timeout_ms": 2000, "consumers": 1} | settings),
            self.dispatcher,
            workshop,
            self.fatal.append,
            lambda: dsn,
        )

    def held(self) -> set[TopicPartition]:
        """The partitions that it reads now."""
        return {each for member in self.reader.members for each in member.held}

    async def until_covered(self, seconds: float = 30) -> None:
        """Waits until it is ready."""
        await until_async(self.reader.covered, "every partition to be read", seconds)

    def count(self, outcome: str) -> float:
        """How many records had this outcome."""
        return sum(
            sample.value
            for family in self.metrics.consumed.collect()
            for sample in family.samples
            if sample.name.endswith("_total") and sample.labels["outcome"] == outcome
        )

    def value(self, metric: Any, *labels: str) -> float:
        """A metric's value."""
        return float((metric.labels(*labels) if labels else metric)._value.get())


def _sold(shop: Shop) -> type[Contract]:
    fields = {"__annotations__": {"till_id": UUID, "amount": int}}
    return type("Sold", (Contract,), fields, source=shop.source, key="till_id")


def joiner(shop: Shop, bootstrap: str, pool: asyncpg.Pool, dsn: str) -> Join:
    """Adds a reader, which commits offsets as `group`, until the end of the block."""

    @asynccontextmanager
    async def joined(group: str, also: Sequence[Shop] = (), fatal: int = 0, **settings: Any) -> AsyncIterator[Member]:
        member = Member([shop, *also], settings_for(bootstrap), pool, dsn, group, **settings)
        running = asyncio.create_task(member.reader.run())
        try:
            yield member
        finally:
            await member.reader.stop()
            await running
        assert len(member.fatal) == fatal, member.fatal

    return joined


def new_group() -> str:
    """A name that nobody uses."""
    return f"till-{uuid4().hex[:8]}"
