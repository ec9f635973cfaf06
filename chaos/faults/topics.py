"""A topic gets more partitions, or is deleted and made anew."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions

from chaos import reading
from chaos.evidence import Record
from chaos.faults.base import Scene
from chaos.till import TIPS
from tests.support.brokers import PARTITIONS

MORE = 2
SECONDS = 20
STAYS = (8, 12)
"""Seconds until the topic may change again."""
_HANDLED = "select id::text, jsonb_array_elements(data->'tip')::int from till"


class MorePartitions:
    """New partitions, and records in them at once."""

    name = "partitions_added"
    needs = frozenset({"kafka", "tips"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        total = scene.tips.partitions + MORE
        scene.world.journal.begin(self.name, f"{TIPS}: {total}")
        try:
            async with scene.tips.standing_still():
                admin = AIOKafkaAdminClient(bootstrap_servers=scene.world.bootstrap)
                await admin.start()
                try:
                    await admin.create_partitions({TIPS: NewPartitions(total)})
                finally:
                    await admin.close()
                scene.tips.partitions = total
        finally:
            scene.world.journal.end(self.name, TIPS)
        await asyncio.sleep(dice.uniform(*STAYS))


class Renewed:
    """Everything that stands in the topic is handled; then it is deleted and made anew, with as many partitions as at
    first. What was sent before and stands there no more, since brokers or a database were put back, is not waited for.
    """

    name = "topic_renewed"
    needs = frozenset({"kafka", "postgres", "tips"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        world, tips = scene.world, scene.tips

        async def handled() -> bool:
            return standing <= {tuple(row) for row in await world.rows("till", _HANDLED)}

        async with tips.standing_still():
            standing = {told(record) for record in (await reading.topics(world.bootstrap, [TIPS]))[TIPS]}
            await _until(handled)
            world.journal.begin(self.name, TIPS)
            try:
                admin = AIOKafkaAdminClient(bootstrap_servers=world.bootstrap)
                await admin.start()

                async def gone() -> bool:
                    return TIPS not in await admin.list_topics()

                try:
                    await admin.delete_topics([TIPS])
                    await _until(gone)
                    await asyncio.sleep(dice.uniform(0, 2))
                finally:
                    await world.broker.create_topic(TIPS)
                    tips.partitions = PARTITIONS
                    await admin.close()
            finally:
                world.journal.end(self.name, TIPS)
        await asyncio.sleep(dice.uniform(*STAYS))


def told(record: Record) -> tuple[str, int]:
    """The key of a tip, and which of its key it is."""
    tip = json.loads(record.value or b"")
    return tip["basket_id"], tip["n"]


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await condition():
            await asyncio.sleep(0.2)


FAULTS = (MorePartitions(), Renewed())
