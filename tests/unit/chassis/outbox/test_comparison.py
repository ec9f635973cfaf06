"""What a comparison of a database with its topics shows. Both are stand-ins: rows, and records by partition."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import TopicPartition

from chassis.kafka.kinds import Kinds
from chassis.kafka.past import Bounds, Unreadable
from chassis.outbox import lineage
from chassis.outbox.lineage import Comparison, Cut, Loss, Published, Told, compare, event_of
from chassis.outbox.records import id_in
from tests.support import outbox
from tests.support.records import FakeRecord

ONE, TWO = TopicPartition("ph.till.v1", 0), TopicPartition("ph.till.v1", 1)


class World:
    """A database and the topics that it is compared with."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: dict[TopicPartition, Told] = {}
        self.stream: dict[str, int] = {}
        self.rows: dict[int, tuple[str, bytes]] = {}
        """Waiting rows of the outbox: key and record."""
        self.deleted = set[int]()
        """Rows that are gone by the time at which their records are asked for."""
        self.beginnings: dict[TopicPartition, int] = {}
        self.leaderless = set[TopicPartition]()
        self.forbidden = frozenset[str]()
        self.topic: dict[TopicPartition, list[FakeRecord]] = {ONE: []}
        self.unreadable: list[Unreadable] = []
        self.at_once = 500
        self.starts: dict[TopicPartition, int] = {}
        self.handed = 0
        monkeypatch.setattr(lineage, "opened", self._opened)

    def publish(self, *events: tuple[str, int], place: TopicPartition = ONE, **headers: str) -> None:
        """Events by key and number; the id is `key-number` unless told otherwise."""
        for key, number in events:
            at = self.beginnings.get(place, 0) + len(self.topic.setdefault(place, []))
            self.topic[place].append(published(place, at, key, number, **headers))

    def wait(self, id_: int, key: str, number: int, ce_id: str = "") -> None:
        self.rows[id_] = key, outbox.record(key, b"{}", ce_id=ce_id or f"{key}-{number}", ce_sequence=str(number))

    async def compare(self, *topics: str, kinds: Kinds = lineage.ORDINARY, **options: Any) -> Comparison:
        return await compare(self, None, topics or [ONE.topic], kinds, **options)  # type: ignore[arg-type]

    # --- the database ------------------------------------------------------------------------------------------------

    async def fetch(self, query: str, *given: Any) -> list[Any]:
        if "from lineage" in query:
            return [(*place, *told) for place, told in self.told.items()]
        (wanted,) = given
        assert wanted, "nothing is asked for"
        if "from stream" in query:
            return [(key, number) for key, number in self.stream.items() if key in wanted]
        if "tail" in query:
            return [(id_, key, record[-20:]) for id_, (key, record) in self.rows.items() if key in wanted]
        return [(id_, id_in(self.rows[id_][1])) for id_ in wanted if id_ not in self.deleted]

    # --- the topics --------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _opened(self, _reader: object) -> AsyncIterator[World]:
        yield self

    async def bounds(self, topics: set[str]) -> dict[TopicPartition, Bounds | None]:
        found: dict[TopicPartition, Bounds | None] = {}
        for place, records in self.topic.items():
            if place.topic in topics:
                beginning = self.beginnings.get(place, 0)
                found[place] = None if place in self.leaderless else Bounds(beginning, beginning + len(records))
        return found

    async def records(
        self, starts: dict[TopicPartition, int], ends: dict[TopicPartition, int]
    ) -> AsyncIterator[Sequence[FakeRecord]]:
        self.starts = dict(starts)
        for place in [each for each, start in starts.items() if start < ends[each]]:
            found = [each for each in self.topic[place] if each.offset >= starts[place]]
            for at in range(0, len(found), self.at_once):
                self.handed += 1
                yield found[at : at + self.at_once]


def published(place: TopicPartition, offset: int, key: str, number: int | str, **headers: str) -> FakeRecord:
    given = {
        "ce_id": f"{key}-{number}",
        "ce_type": "ph.till.Counted.v1",
        "ce_source": "/ph/till",
        "ce_recordedtime": "2026-01-05T08:00:00Z",
        "ce_sequence": str(number),
    } | headers
    return FakeRecord(*place, offset, key.encode(), b"{}", [(name, text.encode()) for name, text in given.items()])


def event(place: TopicPartition, offset: int, key: str, number: int) -> Published:
    return Published(*place, offset, key, number, f"{key}-{number}", "ph.till.Counted.v1", "2026-01-05T08:00:00Z")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def listed(found: Comparison) -> list[tuple[str, int]]:
    return [(each.key, each.number) for each in found.forgotten]


async def test_what_the_database_knows_is_not_lost_and_its_ends_are_told_by_the_last_id(world: World) -> None:
    world.publish(("a", 1), ("b", 1), ("a", 2))
    world.publish(("c", 1), place=TWO)
    world.told = {ONE: Told(2, "b-1")}
    world.stream = {"a": 2, "b": 1, "c": 4, "other": 9}
    found = await world.compare()
    assert (found.losses, found.forgotten, found.foreign, found.told_already) == ([], [], 0, [])
    assert found.ends == {ONE: Told(3, "a-2"), TWO: Told(1, "c-1")}
    assert found.examined == 2, "what stands behind the one that was told"
    assert world.starts == {ONE: 1, TWO: 0}, "the one that was told is read too"


async def test_what_the_database_has_forgotten_is_listed_in_order_with_the_last_number_of_each_key(
    world: World,
) -> None:
    world.publish(("a", 1), ("a", 2), ("b", 1), ("a", 3))
    world.told, world.stream = {ONE: Told(1, "a-1")}, {"a": 1}
    found = await world.compare()
    assert found.forgotten == [event(ONE, 1, "a", 2), event(ONE, 2, "b", 1), event(ONE, 3, "a", 3)]
    assert (found.numbers, found.topics) == ({"a": 3, "b": 1}, dict.fromkeys("ab", "ph.till.v1"))
    assert found.losses == [Loss("database", *ONE, 1)], "the first one"


async def test_who_wants_to_know_only_whether_anything_is_lost_stops_there(world: World) -> None:
    world.at_once = 2
    world.publish(("a", 1), ("a", 2), ("a", 3), ("a", 4), ("a", 5), ("a", 6))
    world.stream = {"a": 2}
    assert listed(await world.compare(first_only=True)) == [("a", 3), ("a", 4)]
    assert world.handed == 2
    assert len(listed(await world.compare())) == 4


async def test_records_that_are_no_events_of_the_service_are_counted_and_passed_over(world: World) -> None:
    world.publish(("a", 2), ce_source="/ph/shop")
    world.publish(("a", 3))
    world.publish(("b", 7))
    found = await world.compare()
    assert (found.losses, found.examined, found.foreign) == ([], 3, 3)


async def test_of_a_key_that_has_moved_to_another_partition_the_numbers_before_may_be_read_later(world: World) -> None:
    world.publish(("a", 4), ("b", 1), ("a", 3))
    world.publish(("a", 1), ("a", 2), place=TWO)
    found = await world.compare()
    assert listed(found) == [("b", 1), ("a", 1), ("a", 2), ("a", 3), ("a", 4)]
    assert (found.numbers, found.foreign) == ({"a": 4, "b": 1}, 0)


async def test_an_event_of_a_moved_key_that_was_published_twice_is_listed_once(world: World) -> None:
    world.publish(("a", 2), ("a", 2))
    world.publish(("a", 1), place=TWO)
    found = await world.compare()
    assert (listed(found), found.numbers) == ([("a", 1), ("a", 2)], {"a": 2})


async def test_a_forgotten_event_that_was_published_twice_is_listed_once_and_a_stranger_under_its_number_is_foreign(
    world: World,
) -> None:
    world.publish(("a", 1), ("a", 2), ("a", 1), ("a", 2))
    found = await world.compare()
    assert (listed(found), found.foreign, found.numbers) == ([("a", 1), ("a", 2)], 0, {"a": 2})
    world.publish(("a", 2), ce_id="another")
    found = await world.compare()
    assert (listed(found), found.foreign, found.numbers) == ([("a", 1), ("a", 2)], 1, {"a": 2})


async def test_a_row_that_waits_and_was_published_is_no_loss_and_is_told(world: World) -> None:
    world.publish(("a", 1), ("a", 2), ("b", 1))
    world.stream = {"a": 2, "b": 1}
    world.wait(7, "a", 1)
    world.wait(8, "a", 2)
    world.wait(9, "b", 2)
    found = await world.compare()
    assert (found.losses, found.told_already) == ([], [7, 8])


async def test_a_number_that_was_given_a_second_time_is_found_by_its_id(world: World) -> None:
    world.publish(("a", 1), ("a", 2), ("a", 2), ("a", 3))
    world.stream = {"a": 3}
    world.wait(8, "a", 2, "given anew")
    world.wait(9, "a", 3, "given anew, too")
    world.deleted = {9}
    found = await world.compare()
    assert (listed(found), found.told_already) == ([("a", 2)], []), "the other is published and gone meanwhile"
    assert found.numbers == {"a": 2}


async def test_in_a_compacted_topic_every_higher_number_was_published(world: World) -> None:
    world.publish(("a", 3), ("a", 9))
    world.stream = {"a": 1}
    kinds = Kinds(compacted=frozenset({ONE.topic}))
    assert listed(await world.compare(kinds=kinds)) == [("a", 3), ("a", 9)]
    assert listed(await world.compare()) == []


async def test_a_partition_whose_records_behind_the_known_ones_are_too_old_is_a_loss(world: World) -> None:
    world.beginnings = {ONE: 5, TWO: 5}
    world.publish(("a", 6), ("a", 7))
    world.publish(("b", 1), place=TWO)
    world.told, world.stream = {ONE: Told(4), TWO: Told(5)}, {"b": 1}
    found = await world.compare()
    assert found.gone == [ONE]
    assert listed(found) == [("a", 6), ("a", 7)], "the numbers before them may be gone"
    assert world.starts == {ONE: 5, TWO: 5}
    world.stream["a"] = 7
    assert (await world.compare()).losses == [Loss("database", *ONE, 0)]


async def test_a_partition_that_ends_before_what_was_told_is_cut(world: World) -> None:
    world.publish(("a", 1), ("a", 2))
    world.stream = {"a": 9}
    world.told = {ONE: Told(5, "a-5"), TWO: Told(3, "b-3")}
    found = await world.compare()
    assert found.cut == [Cut(*ONE, 5, 2), Cut(*TWO, 3, 0)]
    assert found.losses == [Loss("broker", *ONE, 2)], "the first one"
    assert world.starts == {ONE: 1}
    assert found.examined == 0
    world.told = {ONE: Told(2, "a-2")}
    assert (await world.compare()).cut == []


async def test_a_topic_with_another_record_in_the_place_of_the_last_one_is_another(world: World) -> None:
    world.publish(("a", 1), ("b", 1), ("a", 2))
    world.stream, world.told = {"a": 2, "b": 1}, {ONE: Told(2, "a-1")}
    assert (await world.compare()).cut == [Cut(*ONE, 2, 3)]
    for told in (Told(2, "b-1"), Told(2)):
        world.told = {ONE: told}
        assert (await world.compare()).cut == []


async def test_what_stands_there_is_kept_of_the_forgotten_whose_type_is_wanted(world: World) -> None:
    world.publish(("a", 1), ("a", 2), ("a", 3))
    world.publish(("a", 4), ce_type="ph.till.Voided.v1")
    world.stream, world.told = {"a": 2}, {ONE: Told(1, "a-1")}
    found = await world.compare(wanted={"ph.till.Counted.v1"})
    assert [each.number for each in found.forgotten] == [3, 4]
    assert found.records == {event(ONE, 2, "a", 3): world.topic[ONE][2]}
    assert (await world.compare()).records == {}


@pytest.mark.parametrize("length", [1, 2, 3], ids=["shorter", "as long", "longer"])
async def test_a_topic_that_was_made_anew_is_cut_whatever_its_length(world: World, length: int) -> None:
    world.publish(*(("new", number) for number in range(1, length + 1)))
    world.stream, world.told = {"new": 9}, {ONE: Told(2, "a-2")}
    assert (await world.compare()).cut == [Cut(*ONE, 2, length)], "once"


async def test_topics_that_were_told_are_compared_even_if_they_are_no_longer_owned(world: World) -> None:
    old = TopicPartition("ph.old.v1", 0)
    world.publish(("x", 1), place=old, ce_source="/ph/old")
    world.told = {old: Told(2)}
    assert (await world.compare()).cut == [Cut(*old, 2, 1)]


async def test_a_partition_without_leader_is_neither_lost_nor_told(world: World) -> None:
    world.publish(("a", 1), place=TWO)
    world.leaderless, world.told = {ONE}, {ONE: Told(5, "x")}
    world.stream = {"a": 1}
    found = await world.compare()
    assert (found.leaderless, found.losses, found.ends) == ([ONE], [], {TWO: Told(1, "a-1")})
    world.told[TWO] = Told(3)
    assert (await world.compare()).cut == [Cut(*TWO, 3, 1)], "the others are compared all the same"


async def test_a_topic_that_may_not_be_seen_is_neither_lost_nor_told(world: World) -> None:
    hidden = TopicPartition("ph.till.operations.v1", 0)
    world.publish(("a", 1))
    world.stream, world.told, world.forbidden = {"a": 1}, {hidden: Told(5, "x")}, frozenset({hidden.topic})
    found = await world.compare(ONE.topic, hidden.topic)
    assert (found.forbidden, found.losses, found.ends) == ({hidden.topic}, [], {ONE: Told(1, "a-1")})


async def test_what_cannot_be_unpacked_is_a_loss_only_if_it_may_be_an_own_one_that_is_not_known(world: World) -> None:
    world.publish(("a", 1), ("a", 2), ("a", 3), ("a", 4), ("a", 5))
    world.stream, world.told = {"a": 5}, {ONE: Told(3)}
    known, strange = Unreadable(*ONE, 1, 3, "Corrupt", own=True), Unreadable(*ONE, 3, 5, "ValueError", own=False)
    world.unreadable = [known, strange]
    found = await world.compare()
    assert (found.unreadable, found.foreign, found.losses) == ([], 2, [])
    own = Unreadable(*ONE, 2, 4, "Corrupt", own=True)
    world.unreadable = [known, own]
    found = await world.compare()
    assert (found.unreadable, found.losses) == ([own], [Loss("broker", *ONE, 2)])


async def test_a_loss_of_each_kind_is_told_once() -> None:
    found = Comparison(forgotten=[event(ONE, 4, "a", 1)], gone=[TWO], cut=[Cut(*ONE, 5, 2), Cut(*TWO, 5, 2)])
    assert found.losses == [Loss("database", *ONE, 4), Loss("broker", *ONE, 2)]
    assert Comparison(gone=[ONE, TWO]).losses[0] == Loss("database", *ONE, 0)


@pytest.mark.parametrize("number", ["", "0", "-1", "01", "1x", "9" * 19])
def test_without_a_number_it_is_no_event(number: str) -> None:
    assert event_of(published(ONE, 0, "a", number)) is None  # type: ignore[arg-type]


def test_an_event_has_its_owners_source_a_key_and_a_number() -> None:
    told = published(ONE, 3, "a", "9" * 18)
    assert event_of(told) == event(ONE, 3, "a", int("9" * 18))  # type: ignore[arg-type]
    assert event_of(told._replace(key=b"")) is None  # type: ignore[arg-type]
    assert event_of(published(ONE, 3, "a", 1, ce_source="/ph/shop")) is None  # type: ignore[arg-type]
    owned = Kinds(owners={ONE.topic: "shop"})
    assert event_of(published(ONE, 3, "a", 1, ce_source="/ph/shop"), owned) is not None  # type: ignore[arg-type]
    assert event_of(told, owned) is None  # type: ignore[arg-type]
    without = told._replace(headers=[*told.headers[:1], ("ce_type", None), *told.headers[2:]])  # type: ignore[list-item]
    found = event_of(without)  # type: ignore[arg-type]
    assert found is not None
    assert found.type == "", "a header without a value"
