"""A Kafka where users log in with SCRAM and may do what they were allowed to, and ways to try what they may."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from chassis.kafka.clients import kafka_options
from chassis.settings import KafkaSettings
from deploy.local.kafka import OPERATORS, Kafka
from deploy.local.kafka_users import Users
from deploy.local.places import LOCAL, Ports


class Secured:
    """One broker; whoever comes by `kafka.bootstrap` needs no login and may do everything."""

    def __init__(self, directory: Path, ports: Ports) -> None:
        self.kafka = Kafka(directory / "kafka", LOCAL / "cache", directory / "kafka.log", ports, login="scram")
        self.users = Users(self.kafka, directory / "secrets")
        self._directory = directory

    def start(self) -> None:
        """Returns once the users of the local stack are there."""
        self._directory.mkdir(parents=True, exist_ok=True)
        self.kafka.start()
        self.users.make()

    def stop(self) -> None:
        """Ends the broker."""
        self.kafka.stop()

    def add(self, *users: str) -> None:
        """Users with a password and without rights."""
        self.users.set_passwords({user: self.users.password(user) for user in users})

    def environment(self, user: str = OPERATORS) -> dict[str, str]:
        """The settings by which a program logs in."""
        return self.users.settings(user)

    def settings(self, user: str = OPERATORS) -> KafkaSettings:
        """The same as an object."""
        fields = {name.removeprefix("KAFKA_").lower(): value for name, value in self.environment(user).items()}
        return KafkaSettings.model_validate(fields)

    def options(self, user: str = OPERATORS) -> dict[str, Any]:
        """The same for a client of aiokafka."""
        return {**kafka_options(self.settings(user)), "request_timeout_ms": 5000}

    async def writes(self, user: str, topic: str) -> str:
        """`yes`, or the broker's no."""
        try:
            async with AIOKafkaProducer(**self.options(user)) as producer:
                await producer.send_and_wait(topic, b"x", key=b"k")
        except KafkaError as error:
            return type(error).__name__
        return "yes"

    async def reads(self, user: str, topic: str, group: str) -> str:
        """The same for what a reader does: fetches, and commits its place."""
        place = TopicPartition(topic, 0)
        try:
            async with AIOKafkaConsumer(**self.options(user), group_id=group, enable_auto_commit=False) as consumer:
                consumer.assign([place])
                await consumer.seek_to_beginning(place)
                await consumer.getmany(place, timeout_ms=500)
                await consumer.commit({place: 0})
                await consumer.committed(place)
        except KafkaError as error:
            return type(error).__name__
        return "yes"


class Chain:
    """Two services that nobody else has: `maker` writes a topic that `taker` reads."""

    def __init__(self, secured: Secured, folder: Path) -> None:
        mark = uuid4().hex[:8]
        self.secured = secured
        self.maker, self.taker = f"maker{mark}", f"taker{mark}"
        self.topic = f"ph.{self.maker}.v1"
        self.file = folder / "topics.yaml"
        self.quotas: Mapping[str, float] = {"producer_byte_rate": 1e7, "consumer_byte_rate": 2e7}
        self.declare()
        secured.add(self.maker, self.taker)

    def declare(self, **entry: Any) -> None:
        """Writes the declaration; fields of `entry` go over those of the topic."""
        topic = {
            "key": "case_id",
            "partitions": 1,
            "owner": self.maker,
            "readers": [self.taker],
            "retention_days": 1096,
            "config": {"max.message.bytes": 1048576, "compression.type": "uncompressed"},
            **entry,
        }
        document = {"defaults": {"replication": 1}, "quotas": self.quotas, "topics": {self.topic: topic}}
        self.file.write_text(json.dumps(document))
