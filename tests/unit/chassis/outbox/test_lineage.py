"""The comparison where the cluster itself is not well: what nobody leads is neither lost nor known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiokafka import TopicPartition

from chassis.kafka.past import Bounds, Past
from chassis.outbox.lineage import Told, compare
from chassis.outbox.records import Batch, body, id_in, renumbered, sized
from chassis.outbox.telling import Telling

LED, UNLED = TopicPartition("ph.till.v1", 0), TopicPartition("ph.till.v1", 1)


class HalfACluster:
    """An aiokafka consumer on a cluster in which one of two partitions has no leader."""

    def __init__(self) -> None:
        self._client = self

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def fetch_all_metadata(self) -> HalfACluster:
        return self

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return {0, 1} if topic == LED.topic else None

    def leader_for_partition(self, place: TopicPartition) -> int:
        return -1 if place == UNLED else 1

    async def beginning_offsets(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, 0)

    async def end_offsets(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, 0)


class Told7:
    """A connection to a database that has told up to 7 in the partition without a leader."""

    async def fetch(self, query: str, *_: Any) -> list[Any]:
        assert "from lineage" in query
        return [(*UNLED, 7, "id-7")]


async def test_a_partition_without_leader_has_no_bounds() -> None:
    past = Past(HalfACluster())  # type: ignore[arg-type]
    assert await past.bounds(["ph.till.v1", "ph.none.v1"]) == {LED: Bounds(0, 0), UNLED: None}


async def test_a_partition_without_leader_is_no_loss_and_nothing_is_sent_there() -> None:
    found = await compare(Told7(), HalfACluster, ["ph.till.v1"])  # type: ignore[arg-type]
    assert (found.losses, found.leaderless, found.ends) == ([], [UNLED], {LED: Told(0)})
    told = Telling(found.ends)
    assert (told.knows(LED), told.doubtful) == (True, False)
    assert (told.knows(UNLED), told.doubtful) == (False, True)


def test_an_answer_before_what_was_acknowledged_is_doubtful_and_moves_nothing() -> None:
    told, batch = Telling({LED: Told(5)}), Batch(1000)
    batch.add(b"x")
    assert (told.acknowledged(LED, 5, batch), told.doubtful) == (0, False)
    assert (told.acknowledged(LED, 8, batch), told.doubtful) == (2, False)
    assert (told.acknowledged(LED, 4, batch), told.doubtful) == (None, True)
    assert told.acknowledged(LED, 9, batch) == 0


def test_a_body_tells_its_id_and_takes_another_number() -> None:
    def made(number: int) -> bytes:
        pairs = (b"ce_id", b"0190-7"), (b"ce_sequence", str(number).encode())
        return body(b"key", b'{"ce_id":1}', [sized(name) + sized(text) for name, text in pairs], 2)

    for number in (1, 9, 10, 99_999, 2**60):
        assert renumbered(made(7), number) == made(number)
        assert renumbered(made(number), 7) == made(7)
    assert id_in(made(7)) == "0190-7"
    assert id_in(body(b"key", b"{}", [], 0)) == ""
