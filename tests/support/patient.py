"""An environment of a service with two topics of its own, in perfect health: what `ph doctor` finds wrong is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from chassis.kafka import acls
from chassis.kafka.rights import rights
from chassis.kafka.topics import Declaration
from chassis.operators.doctor import Line, Needs, State, examine
from chassis.settings import KafkaSettings
from tests.support.secured import Secured
from tests.support.toy import MIGRATIONS

SERVICE = "till"
DAY_MS = 86_400_000
CONFIG = {"max.message.bytes": "1048576", "compression.type": "uncompressed", "retention.ms": str(1096 * DAY_MS)}
PROGRESS = "update progress set next_offset = $2 where topic = $1"


@dataclass
class Patient:
    """`user` logs in; `own` is the topic that the service writes, `read` the one that it reads."""

    secured: Secured
    dsn: str
    user: str
    own: str
    read: str
    needs: Needs

    async def says(
        self, check: str, *, kafka: KafkaSettings | None = None, dsn: str = "", needs: Needs | None = None
    ) -> Line:
        """The line of one check."""
        (line,) = [line for line in await self.examined(kafka, dsn, needs) if line.check == check]
        return line

    async def examined(
        self, kafka: KafkaSettings | None = None, dsn: str = "", needs: Needs | None = None
    ) -> list[Line]:
        """Every line."""
        settings = kafka or self.secured.settings(self.user)
        return await examine(needs or self.needs, settings, dsn or self.dsn, MIGRATIONS)

    async def wrong(self) -> dict[str, str]:
        """What is wrong, by its check; the time zones of the machine under test are its own matter."""
        lines = [line for line in await self.examined() if line.check != "time zones"]
        return {line.check: line.says for line in lines if line.state is State.WRONG}

    async def grant(self, needs: Needs | None = None, *, quotas: Mapping[str, float] | None = None) -> None:
        """Rights of the user, and no others."""
        wanted = acls.Wanted({self.user: (needs or self.needs).rights}, quotas or {})
        operators = self.secured.settings()
        await acls.apply(operators, wanted, await acls.plan(operators, wanted, revoke=True))

    async def set(self, topic: str, **config: str) -> None:
        """Settings of a topic."""
        settings = {**CONFIG, **{name.replace("_", "."): value for name, value in config.items()}}
        admin = AIOKafkaAdminClient(bootstrap_servers=self.secured.kafka.bootstrap)
        await admin.start()
        try:
            await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, settings)])
        finally:
            await admin.close()

    async def delete_up_to(self, topic: str, offset: int) -> None:
        """As retention does."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.secured.kafka.bootstrap)
        await admin.start()
        try:
            await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(before_offset=offset)})
        finally:
            await admin.close()

    async def send(self, topic: str, count: int, timestamp_ms: int | None = None, value: bytes = b"x") -> None:
        """Records of that time."""
        async with AIOKafkaProducer(bootstrap_servers=self.secured.kafka.bootstrap) as producer:
            for _ in range(count):
                await producer.send_and_wait(topic, value, timestamp_ms=timestamp_ms, partition=0)

    async def commit(self, topic: str, offset: int) -> None:
        """Where the service's reader is."""
        connection = await asyncpg.connect(self.dsn)
        try:
            await connection.execute(PROGRESS, topic, offset)
        finally:
            await connection.close()


async def healthy(secured: Secured, dsn: str) -> Patient:
    """One with all that it needs."""
    mark = uuid4().hex[:8]
    own, read, user = f"ph.own{mark}.v1", f"ph.read{mark}.v1", f"user{mark}"
    declared = Declaration.model_validate(
        {
            "defaults": {"replication": 1},
            "topics": {
                own: {"key": "id", "partitions": 1, "owner": SERVICE},
                read: {"key": "id", "partitions": 1, "owner": "shop", "readers": [SERVICE]},
            },
        }
    )
    needs = Needs(SERVICE, rights(declared)[SERVICE], [own], [read], [read], {own: 1, read: 1}, {})
    patient = Patient(secured, dsn, user, own, read, needs)
    secured.add(user)
    admin = AIOKafkaAdminClient(bootstrap_servers=secured.kafka.bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, 1, 1, topic_configs=CONFIG) for topic in (own, read)])
    finally:
        await admin.close()
    await patient.grant()
    connection = await asyncpg.connect(dsn)
    await connection.execute("insert into progress (topic, partition) values ($1, 0)", read)
    await connection.execute("insert into lineage (topic, partition, next_offset, last_id) values ($1, 0, 0, '')", own)
    await connection.close()
    return patient


def without(needs: Needs, words: str) -> Needs:
    """The same, lacking the rights that are called so."""
    left = frozenset(right for right in needs.rights if str(right) != words)
    assert len(left) == len(needs.rights) - 1, words
    return replace(needs, rights=left)
