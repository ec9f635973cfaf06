"""What a service's own login sees of a cluster: the facts on which `ph doctor` judges. Changes nothing there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
    for_code,
)

from chassis.kafka import requests
from chassis.kafka.clients import ADMIN_TIMEOUT_MS, admin, new_consumer
from chassis.kafka.rights import CLUSTER, Operation, Resource, Right
from chassis.kafka.unpacking import written_at
from chassis.settings import KafkaSettings
from chassis.trouble import Trouble

RECORD_SECONDS = 5.0
T = TypeVar("T")
FORBIDDEN = (ClusterAuthorizationFailedError, GroupAuthorizationFailedError, TopicAuthorizationFailedError)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader is in one partition. `age_seconds`: of the batch that it reads next, by that batch's time."""

    beginning: int
    end: int
    next_offset: int | None = None
    age_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """`trouble`: why nobody logs in; then nothing else is known. None stands for what this user may not see."""

    trouble: Trouble | None = None
    rights: frozenset[Right] = frozenset()
    partitions: Mapping[str, int] = field(default_factory=dict)
    configs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    places: Mapping[tuple[str, int], Place] = field(default_factory=dict)
    quotas: Mapping[str, float] | None = None
    clock_ahead_seconds: float | None = None


async def survey_cluster(
    settings: KafkaSettings,
    group: str,
    topics: Sequence[str],
    read: Sequence[str],
    progress: Mapping[tuple[str, int], int] | None,
) -> ClusterFacts:
    """Everything that can be seen. `progress` says where the reader is; without it the group's offsets do."""
    try:
        async with admin(settings) as client:
            rights, partitions = await _rights(client, group, topics)
            readable = [each for each in read if Right(Resource.TOPIC, each, Operation.READ) in rights]
            places = await _places(settings, group, {each: partitions.get(each, 0) for each in readable}, progress)
            return ClusterFacts(
                None,
                rights,
                partitions,
                {topic: config for topic in partitions if (config := await _allowed(_config(client, topic)))},
                places,
                await _allowed(requests.quotas(client, settings.username)) if settings.username else {},
                await _allowed(_clock_ahead(client)),
            )
    except Trouble as trouble:
        return ClusterFacts(trouble)


async def _allowed(asked: Awaitable[T]) -> T | None:
    try:
        return await asked
    except FORBIDDEN:
        return None


async def _rights(
    client: AIOKafkaAdminClient, group: str, topics: Sequence[str]
) -> tuple[frozenset[Right], dict[str, int]]:
    """What this user may do, and the topics that there are, with their partitions."""
    answer = await requests.metadata_with_rights(client, topics)
    found = {Right(Resource.CLUSTER, CLUSTER, each) for each in requests.operations(answer.operations)}
    partitions = {}
    for error_code, topic, _internal, there, bits in answer.topics:
        if error_code == 0:
            partitions[topic] = len(there)
            found |= {Right(Resource.TOPIC, topic, each) for each in requests.operations(bits)}
    on_group = await _allowed(requests.operations_on_group(client, group)) or frozenset()
    found |= {Right(Resource.GROUP, group, each) for each in on_group}
    return frozenset(found), partitions


async def _config(client: AIOKafkaAdminClient, topic: str) -> dict[str, str]:
    """All settings in force, those of the broker too."""
    responses: list[Any] = await client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    config: dict[str, str] = {}
    for response in responses:
        for error_code, _message, _kind, _name, entries in response.resources:
            if error_code:
                raise for_code(error_code)
            config |= {key: value for key, value, *_ in entries}
    return config


async def _clock_ahead(client: AIOKafkaAdminClient) -> float:
    """By how much the controller's clock is ahead of this machine's."""
    asked = time.time()
    there = await requests.controller_time(client)
    return there - (asked + time.time()) / 2


async def _places(
    settings: KafkaSettings,
    group: str,
    topics: Mapping[str, int],
    progress: Mapping[tuple[str, int], int] | None,
) -> dict[tuple[str, int], Place]:
    partitions = [TopicPartition(topic, number) for topic, count in topics.items() for number in range(count)]
    if not partitions:
        return {}
    options = {"group_id": group, "enable_auto_commit": False, "request_timeout_ms": ADMIN_TIMEOUT_MS}
    async with new_consumer(settings, **options) as consumer:
        consumer.assign(partitions)
        beginnings = await consumer.beginning_offsets(partitions)
        ends = await consumer.end_offsets(partitions)
        found = {}
        for each in partitions:
            next_offset = await _next_offset(consumer, each, progress)
            place = Place(beginnings[each], ends[each], next_offset)
            if next_offset is not None and place.beginning <= next_offset < place.end:
                place = Place(place.beginning, place.end, next_offset, await _age(consumer, each, next_offset))
            found[each.topic, each.partition] = place
        return found


async def _next_offset(
    consumer: AIOKafkaConsumer, partition: TopicPartition, progress: Mapping[tuple[str, int], int] | None
) -> int | None:
    if progress is not None:
        return progress.get((partition.topic, partition.partition))
    try:
        committed: int | None = await consumer.committed(partition)
    except GroupAuthorizationFailedError:
        return None
    return committed


async def _age(consumer: AIOKafkaConsumer, partition: TopicPartition, offset: int) -> float | None:
    """Of the batch at this offset, by its own time, without unpacking it: nobody may be able to. None if it does not
    come."""
    try:
        async with asyncio.timeout(RECORD_SECONDS):
            written = await written_at(consumer, partition, offset)
    except (KafkaError, TimeoutError):
        return None
    return None if written is None else time.time() - written.seconds
