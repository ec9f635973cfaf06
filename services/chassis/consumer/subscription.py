"""What a service has to read: all partitions of its topics, as the brokers know them now."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from time import monotonic

from aiokafka import TopicPartition

from chassis.kafka.topic_metadata import Topic
from chassis.telemetry.logs import get_logger

FORBIDDEN_SECONDS = 5.0
"""After a refused fetch: then the topic is tried again."""

LEADERLESS = "a partition has no leader: see the brokers"

_WORDS = {
    "UnknownTopicOrPartitionError": "the topic is not there yet: create it with `ph topics apply`",
    "TopicAuthorizationFailedError": "this service's user may not read the topic: grant it READ and DESCRIBE",
}

log = get_logger(__name__)


class Subscription:
    """Compares what is subscribed with what is there; says in words why a topic cannot be read."""

    def __init__(self, topics: Collection[str]) -> None:
        self.names = tuple(topics)
        self.leases: dict[TopicPartition, int] = {}
        """Every partition that is to be read, with the number of its lease."""
        self._ids: dict[str, bytes] = {}
        self._reasons: dict[str, str] = dict.fromkeys(topics, "")
        self._forbidden: dict[str, float] = {}

    @property
    def complete(self) -> bool:
        """True if every topic is there and may be read."""
        return not self._reasons

    @property
    def missing(self) -> int:
        """How many topics are not."""
        return len(self._reasons)

    def id_of(self, topic: str) -> bytes:
        """The id of a topic that is there."""
        return self._ids[topic]

    def forbid(self, topic: str) -> None:
        """A fetch was refused although the topic shows."""
        self._forbidden[topic] = monotonic()
        self._note({**self._reasons, topic: "TopicAuthorizationFailedError"})

    def partitions(self, found: Mapping[str, Topic]) -> list[TopicPartition]:
        """All partitions that can be read now."""
        now = monotonic()
        reasons = {name: topic.error for name, topic in found.items() if topic.error}
        reasons |= {name: LEADERLESS for name, topic in found.items() if topic.leaderless}
        for name, since in self._forbidden.items():
            if now - since < FORBIDDEN_SECONDS:
                reasons.setdefault(name, "TopicAuthorizationFailedError")
        self._note(reasons)
        readable = {name: topic for name, topic in found.items() if reasons.get(name) in (None, LEADERLESS)}
        return [TopicPartition(name, number) for name, topic in readable.items() for number in topic.partitions]

    def renewed(self, found: Mapping[str, Topic]) -> set[str]:
        """The topics that were made anew since the last look."""
        ids = {name: topic.id for name, topic in found.items() if not topic.error}
        renewed = {name for name, id_ in ids.items() if self._ids.get(name, id_) != id_}
        self._ids |= ids
        return renewed

    def _note(self, reasons: Mapping[str, str]) -> None:
        for topic, reason in reasons.items():
            if self._reasons.get(topic) != reason:
                log.warning("topic_not_readable", topic=topic, reason=_WORDS.get(reason, reason))
        for topic in self._reasons.keys() - reasons.keys():
            if self._reasons[topic]:
                log.warning("topic_readable_again", topic=topic)
        self._reasons = dict(reasons)
