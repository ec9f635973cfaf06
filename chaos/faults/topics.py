"""A topic gets more partitions, or is deleted and made anew."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions

from chaos.faults.base import Scene
from chaos.till import TIPS
from tests.support.brokers import PARTITIONS

MORE = 2
SECONDS = 20
STAYS = (8, 12)
"""Seconds until the topic may change again."""
_HANDLED = "select coalesce(sum(jsonb_array_length(data->'tip')), 0) from till"


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
    """Everything in the topic is handled; then it is deleted and made anew, with as many partitions as at first."""

    name = "topic_renewed"
    needs = frozenset({"kafka", "postgres", "tips"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        world, tips = scene.world, scene.tips

        async def handled() -> bool:
            return int(await world.value("till", _HANDLED)) >= len(world.ledger.tips)

        async with tips.standing_still():
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


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await condition():
            await asyncio.sleep(0.2)


FAULTS = (MorePartitions(), Renewed())
