"""The comparison where the cluster itself is not well: what nobody leads is neither lost nor known."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import (
    KafkaTimeoutError,
    LeaderNotAvailableError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from chassis.kafka.past import Bounds, Past
from chassis.outbox.lineage import Told, compare
from chassis.outbox.records import Batch, body, id_in, renumbered, sized
from chassis.outbox.telling import Look, Telling

SECRET = TopicPartition("ph.secret.v1", 0)
LED, UNLED = TopicPartition("ph.till.v1", 0), TopicPartition("ph.till.v1", 1)


class HalfACluster:
    """An aiokafka consumer on a cluster in which one of two partitions has no leader."""

    def __init__(self) -> None:
        self._client = self.cluster = self

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    def brokers(self) -> list[Any]:
        return [SimpleNamespace(nodeId=1)]

    async def send(self, _node: int, request: Any) -> Any:
        """Metadata: per topic its error, name, id and partitions; per partition its error, number and leader."""
        led = [(0, LED.partition, 1), (LeaderNotAvailableError.errno, UNLED.partition, -1)]
        known = (0, LED.topic, b"t" * 16, False, led)
        unknown = UnknownTopicOrPartitionError.errno
        refused = {SECRET.topic: TopicAuthorizationFailedError.errno}
        return SimpleNamespace(
            topics=[
                known if name == LED.topic else (refused.get(name, unknown), name, bytes(16), False, [])
                for name in request._topics
            ]
        )

    async def beginning_offsets(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, 0)

    async def end_offsets(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        if set(places) != {LED}:
            raise KafkaTimeoutError
        return dict.fromkeys(places, 0)


class Told7:
    """A connection to a database that has told up to 7 in the partition without a leader."""

    async def fetch(self, query: str, *_: Any) -> list[Any]:
        assert "from lineage" in query
        return [(*UNLED, 7, "id-7")]


async def test_a_partition_without_leader_has_no_bounds() -> None:
    past = Past(HalfACluster())  # type: ignore[arg-type]
    assert await past.bounds(["ph.till.v1", "ph.none.v1"]) == {LED: Bounds(0, 0), UNLED: None}


async def test_a_topic_that_may_not_be_seen_is_passed_over_unless_it_is_the_only_one() -> None:
    past = Past(HalfACluster())  # type: ignore[arg-type]
    assert await past.bounds([LED.topic, SECRET.topic]) == {LED: Bounds(0, 0), UNLED: None}
    assert past.forbidden == {SECRET.topic}
    assert await past.ends_now([LED, SECRET, TopicPartition("ph.none.v1", 0)]) == {
        LED: 0,
        TopicPartition("ph.none.v1", 0): 0,
    }
    with pytest.raises(TopicAuthorizationFailedError):
        await past.bounds([SECRET.topic])


async def test_a_partition_without_leader_is_no_loss_and_nothing_is_sent_there() -> None:
    found = await compare(Told7(), HalfACluster, ["ph.till.v1"])  # type: ignore[arg-type]
    assert (found.losses, found.leaderless, found.ends) == ([], [UNLED], {LED: Told(0)})
    told = Telling(found.ends, found.leaderless)
    assert (told.waits(LED), told.knows(LED), told.waits(UNLED)) == (False, True, True)
    assert not told.doubtful


async def test_a_look_passes_over_what_nobody_leads_and_takes_what_is_gone_for_empty() -> None:
    gone = TopicPartition("ph.none.v1", 0)
    past = Past(HalfACluster())  # type: ignore[arg-type]
    assert await past.ends_now([LED, UNLED, gone]) == {LED: 0, gone: 0}
    assert await past.ends_now([UNLED]) == {}


def test_a_partition_that_has_a_leader_again_is_to_be_compared() -> None:
    told = Telling({LED: Told(5)}, [UNLED])
    assert told.to_look_at() == {LED: 5, UNLED: 0}
    assert (told.seen(Look(told.to_look_at(), {LED: 5})), told.doubtful) == ({}, False)
    assert (told.seen(Look(told.to_look_at(), {LED: 5, UNLED: 3})), told.doubtful) == ({}, True)


def test_a_partition_that_was_made_since_is_not_known() -> None:
    told = Telling({LED: Told(5)})
    assert (told.knows(LED), told.doubtful) == (True, False)
    assert (told.waits(UNLED), told.knows(UNLED), told.doubtful) == (False, False, True)


def test_an_answer_before_what_was_acknowledged_is_doubtful_and_moves_nothing() -> None:
    told, batch = Telling({LED: Told(5)}), Batch(1000)
    batch.add(b"x")
    assert (told.acknowledged(LED, 5, batch), told.doubtful) == (0, False)
    assert (told.acknowledged(LED, 8, batch), told.doubtful) == (2, False)
    assert (told.acknowledged(LED, 4, batch), told.doubtful) == (None, True)
    assert told.acknowledged(LED, 9, batch) == 0


def test_what_others_have_put_behind_all_that_was_told_counts_as_known() -> None:
    told, batch = Telling({LED: Told(5), UNLED: Told(2)}), Batch(1000)
    batch.add(b"x")
    before = told.to_look_at()
    assert told.seen(Look(before, {LED: 5, UNLED: 4})) == {UNLED: 2}
    assert told.seen(Look(before, {LED: 5, UNLED: 4})) == {}, "counted once"
    assert told.acknowledged(LED, 5, batch) == 0
    assert told.seen(Look(before, {LED: 6, UNLED: 4})) == {}, "its own, acknowledged since it asked"
    assert told.acknowledged(UNLED, 4, batch) == 0
    assert told.to_look_at() == {LED: 6, UNLED: 5}
    assert not told.doubtful


def test_an_end_before_what_was_told_when_it_was_asked_is_doubtful() -> None:
    told, batch = Telling({LED: Told(5)}), Batch(1000)
    before = told.to_look_at()
    batch.add(b"x")
    told.acknowledged(LED, 5, batch)
    assert (told.seen(Look(before, {LED: 5})), told.doubtful) == ({}, False), "asked before the last one was there"
    assert (told.seen(Look(told.to_look_at(), {LED: 5})), told.doubtful) == ({}, True)


def test_a_body_tells_its_id_and_takes_another_number() -> None:
    def made(number: int) -> bytes:
        pairs = (b"ce_id", b"0190-7"), (b"ce_sequence", str(number).encode())
        return body(b"key", b'{"ce_id":1}', [sized(name) + sized(text) for name, text in pairs], 2)

    for number in (1, 9, 10, 99_999, 2**60):
        assert renumbered(made(7), number) == made(number)
        assert renumbered(made(number), 7) == made(7)
    assert id_in(made(7)) == "0190-7"
    assert id_in(body(b"key", b"{}", [], 0)) == ""
