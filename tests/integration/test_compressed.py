"""What somebody sends compressed to a topic of the chain: it stands there unpacked, or not at all."""

from __future__ import annotations

from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import MessageSizeTooLargeError

from chassis.kafka.past import opened
from chassis.kafka.topics import declared, writable
from chassis.kafka.unpacking import _frame_at
from tests.integration.test_membership import until_totals
from tests.support.past import reader
from tests.support.reading import Join, new_group
from tests.support.shop import Shop
from tests.support.toy_runtime import ToyRuntime

PACKED = "gzip"
"""A codec that every Python has."""


@pytest.fixture
async def like_ours(shop: Shop) -> Shop:
    """A shop whose topic has the settings of the chain's own."""
    ours = next(each for each in declared(replication=1) if each.name == "ph.referral.v1")
    await shop.delete_topic()
    await shop.create_topic(**writable(ours.config, 1))
    return shop


async def test_what_is_small_only_while_it_is_packed_is_refused_by_the_broker(
    like_ours: Shop, kafka_bootstrap: str
) -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=kafka_bootstrap, compression_type=PACKED, max_request_size=20_000_000
    ) as producer:
        with pytest.raises(MessageSizeTooLargeError):
            await producer.send_and_wait(like_ours.topic, b" " * 10_000_000)
    assert await like_ours.ends() == {}


async def test_what_comes_packed_needs_no_codec_of_its_readers(
    like_ours: Shop, kafka_bootstrap: str, join: Join, toy: ToyRuntime
) -> None:
    key = uuid4()
    told = like_ours.sold(key, 5)
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, compression_type=PACKED) as producer:
        at = await producer.send_and_wait(like_ours.topic, told.value, key=told.key, headers=list(told.headers))
    async with opened(reader(kafka_bootstrap)) as past:
        frame = await _frame_at(past._consumer, TopicPartition(at.topic, at.partition), at.offset)
    assert frame is not None
    assert frame[0].compression_type == 0
    async with join(new_group()):
        await until_totals(toy, {key: 5})
