"""What a member compares before it handles or commits anything. Its client is a stand-in."""

from __future__ import annotations

from typing import Any, cast
from uuid import uuid4

import pytest
from aiokafka import TopicPartition

from chassis.consumer import transport, watchdog
from chassis.consumer.held import Held
from chassis.consumer.progress import record_id
from chassis.consumer.transport import Consumer
from chassis.settings import KafkaSettings, Settings
from chassis.telemetry.metrics import Metrics
from tests.support.records import FakeRecord, sold

PLACE = TopicPartition("ph.shop.v1", 0)


class Client:
    """Remembers where it was sent, and what it was told to commit. `by`: the connection by which records come."""

    def __init__(self, member: Consumer) -> None:
        self._member = member
        self.by: object | None = object()
        self.sought: list[int] = []
        self.committed: list[dict[TopicPartition, int]] = []
        self.ended = False
        self.answered_at = float("-inf")

    def fetched_at(self) -> float:
        return self.answered_at

    @property
    def given(self) -> dict[TopicPartition, object]:
        return self._given

    def hand_over(self) -> None:
        self._given = dict(self._member.held)

    def connection(self, _partition: TopicPartition) -> object | None:
        return self.by

    def seek(self, _partition: TopicPartition, offset: int) -> None:
        self.sought.append(offset)

    def resume(self, _partition: TopicPartition) -> None:
        pass

    pause = resume

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.committed.append(offsets)


class Troubles:
    def __init__(self) -> None:
        self.seen: list[tuple[TopicPartition, int | None]] = []

    def displaced(self, partition: TopicPartition, suspect: int | None = None) -> None:
        self.seen.append((partition, suspect))


class Dispatcher:
    def __init__(self) -> None:
        self.handled: list[int] = []

    async def handle(self, records: Any, _terms: Any) -> None:
        self.handled += [record.offset for record in records]


class Member:
    """A member that holds one partition, and everything around it."""

    def __init__(self) -> None:
        self.dispatcher, self.troubles = Dispatcher(), Troubles()
        self.consumer = Consumer(
            "till",
            KafkaSettings(bootstrap_servers="127.0.0.1:1"),
            Settings(auth_issuer="i", auth_jwks="j"),
            cast("Any", self.dispatcher),
            Metrics("till"),
            lambda error: None,
            cast("Any", self.troubles),
        )
        self.client = Client(self.consumer)
        self.consumer._client = cast("Any", self.client)
        self.consumer._covered = frozenset({PLACE})

    async def read(self, *records: FakeRecord) -> None:
        """Records come that were fetched for the present place."""
        self.client.hand_over()
        await self.consumer._on_batch(cast("Any", records))


@pytest.fixture
def member() -> Member:
    return Member()


def record(offset: int) -> FakeRecord:
    return sold(uuid4(), 1, 1, offset=offset)


async def test_no_offset_is_committed_of_a_past_that_the_broker_does_not_have(member: Member) -> None:
    member.consumer.take(PLACE, Held(3, 9709, "another record"))
    await member.read(record(9708), record(9709))
    assert member.troubles.seen == [(PLACE, 3)]
    assert member.client.committed == []
    assert member.dispatcher.handled == []


async def test_where_it_begins_is_committed_once_the_record_before_is_the_one_that_was_read(member: Member) -> None:
    before = record(9708)
    member.consumer.take(PLACE, Held(3, 9709, record_id(before)))
    await member.read(before)
    assert member.client.sought == [9708]
    assert member.client.committed == [{PLACE: 9709}]


async def test_records_by_another_connection_are_handled_once_the_one_before_was_compared(member: Member) -> None:
    before, last = record(9708), record(9709)
    member.consumer.take(PLACE, Held(3, 9709, record_id(before)))
    await member.read(before, last)
    member.client.by = object()
    await member.read(record(9710))
    assert (member.dispatcher.handled, member.client.sought) == ([9709], [9708, 9709])
    await member.read(last, record(9710))
    assert member.dispatcher.handled == [9709, 9710]
    await member.read(record(9711))
    assert member.dispatcher.handled == [9709, 9710, 9711]


async def test_a_broker_that_has_another_record_before_by_another_connection_has_another_past(member: Member) -> None:
    member.consumer.take(PLACE, Held(3, 9709))
    await member.read(record(9709))
    member.client.by = object()
    member.consumer.compare_again()
    assert member.client.sought == [9709, 9709]
    await member.read(record(9709), record(9710))
    assert member.troubles.seen == [(PLACE, 3)]
    assert member.dispatcher.handled == [9709]


async def test_no_offset_goes_to_another_broker_before_the_record_before_was_compared(member: Member) -> None:
    last = record(9709)
    member.consumer.take(PLACE, Held(3, 9709))
    await member.read(last)
    member.client.committed.clear()
    member.consumer._offsets.note(PLACE, 9710)
    member.client.by = object()
    await member.consumer._offsets.tell_now()
    member.consumer.compare_again()
    member.consumer._offsets.note(PLACE, 9710)
    await member.consumer._offsets.tell_now()
    assert member.client.committed == []
    await member.read(last)
    await member.consumer._offsets.tell_now()
    assert member.client.committed == [{PLACE: 9710}]


async def test_a_connection_that_was_gone_when_records_were_handled_is_another_one(member: Member) -> None:
    first = record(0)
    member.consumer.take(PLACE, Held(3, 0))
    member.client.by = None
    await member.read(first)
    member.client.by = object()
    await member.read(record(1))
    assert member.dispatcher.handled == [0]
    await member.read(first, record(1))
    assert member.dispatcher.handled == [0, 1]


async def test_a_member_whose_partitions_are_taken_anew_is_as_deaf_as_before(
    member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = transport.monotonic()
    for module in (transport, watchdog):
        monkeypatch.setattr(module, "monotonic", lambda: passed)
    member.consumer.take(PLACE, Held(3, 0))
    passed += 20
    member.consumer.stand_still(PLACE)
    passed += 7
    assert member.consumer.stand_still(PLACE) is None
    passed += 6
    member.consumer.take(PLACE, Held(4, 0))
    passed += 11
    assert passed - member.consumer.quiet_since() == pytest.approx(31, abs=1)
    await member.consumer.disconnect()
    passed += 50
    member.consumer._client = cast("Any", member.client)
    member.consumer.take(PLACE, Held(5, 0))
    passed += 4
    assert passed - member.consumer.quiet_since() == pytest.approx(35, abs=1)


async def test_whoever_compares_again_has_the_whole_time_anew(member: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    passed = transport.monotonic()
    for module in (transport, watchdog):
        monkeypatch.setattr(module, "monotonic", lambda: passed)
    member.consumer.take(PLACE, Held(3, 9709))
    await member.read(record(9709))
    passed += 20
    member.consumer.compare_again()
    assert passed - member.consumer.quiet_since() == pytest.approx(20), "the same connection"
    member.client.by = object()
    member.consumer.compare_again()
    assert passed - member.consumer.quiet_since() == pytest.approx(0)


async def test_where_no_record_stands_before_its_place_there_is_nothing_to_compare(member: Member) -> None:
    member.consumer.take(PLACE, Held(3, 9709, "a marker, say"))
    await member.read(record(9709))
    assert (member.dispatcher.handled, member.troubles.seen) == ([9709], [])


async def test_another_past_of_one_partition_holds_up_no_record_of_another(member: Member) -> None:
    member.consumer.take(PLACE, Held(3, 9709, "another record"))
    member.consumer.take(TopicPartition("ph.shop.v1", 1), Held(3, 5))
    await member.read(record(9708), record(5)._replace(partition=1))
    assert (member.dispatcher.handled, member.troubles.seen) == ([5], [(PLACE, 3)])
