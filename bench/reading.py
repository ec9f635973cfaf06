"""The journey service as it is shipped, reading the topics of this benchmark, with a meter at its seams."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.child import Meter, Task, processor, resource
from bench.journeys import SOURCES, topics_of
from bench.ours import measure, serve, wired
from bench.seed import PARTITIONS
from chassis.pure.messages import topic_of
from chassis.service import Service
from chassis.telemetry.tracing import Tracer
from journey.app import SERVICE


@dataclass(frozen=True)
class Reading(Service):
    """The service, reading these topics instead of its own."""

    read: tuple[str, ...] = ()

    @property
    def topics(self) -> tuple[str, ...]:
        """One per service that tells of cases."""
        return self.read


def service(source: str) -> Reading:
    """The shipped service on those topics, each of which passes for its owner's own."""
    instead = dict(zip(map(topic_of, SOURCES), topics_of(source), strict=True))
    for contract in SERVICE.consumers:
        contract.topic = instead.get(contract.topic, contract.topic)
    return Reading(**{each.name: getattr(SERVICE, each.name) for each in fields(SERVICE)}, read=topics_of(source))


async def run(task: Task) -> Mapping[str, float]:
    """One run of the whole process."""
    meter = Meter(task)
    spans = processor(task)
    tracer = Tracer(resource(), spans, task.ratio, SERVICE.subject)
    runtime = wired(service(task.source), task.dsn, task.bootstrap, tracer)
    measure(meter)
    await _rewind(task)
    await serve(runtime, meter, spans)
    return meter.result


async def _rewind(task: Task) -> None:
    """An earlier run has read these topics: begin again."""
    consumer = AIOKafkaConsumer(bootstrap_servers=task.bootstrap, group_id=SERVICE.name, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for topic in topics_of(task.source) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.commit(dict.fromkeys(partitions, 0))
    finally:
        await consumer.stop()
