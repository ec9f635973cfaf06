"""Numbers on the topics: what the story counts as whole, and what it finds."""

from __future__ import annotations

from deploy.local.story.topics import Backlog, Event, declared, numbering


def event(offset: int, sequence: int, *, key: str = "a", topic: str = "ph.referral.v1", partition: int = 0) -> Event:
    return Event(topic, partition, offset, key, "ph.referral.CaseOpened.v1", "", "/ph/referral", sequence, b"")


def test_every_key_of_a_topic_has_its_own_numbers() -> None:
    found = numbering([event(0, 1), event(1, 1, key="b"), event(2, 2), event(0, 1, topic="ph.training.v1")])
    assert (found.streams, found.repeats, found.faults) == (3, 0, ())


def test_the_order_is_that_of_the_partition_not_that_of_reading() -> None:
    assert not numbering([event(5, 2), event(4, 1)]).faults


def test_a_number_that_is_missing_is_a_fault() -> None:
    assert numbering([event(0, 1), event(1, 3)]).faults == ("ph.referral.v1, key a: 3 follows 1",)


def test_a_key_that_does_not_begin_with_one_is_a_fault() -> None:
    assert numbering([event(0, 2)]).faults == ("ph.referral.v1, key a: 2 follows 0",)


def test_in_a_compacted_topic_no_number_is_missing() -> None:
    assert not numbering([event(offset, number, topic="ph.reference.v1") for offset, number in ((0, 2), (4, 9))]).faults


def test_what_was_published_twice_after_a_crash_is_counted_and_no_fault() -> None:
    found = numbering([event(0, 1), event(1, 2), event(2, 1), event(3, 2), event(4, 3)])
    assert (found.repeats, found.faults) == (2, ())


def test_a_record_without_a_number_is_set_apart() -> None:
    found = numbering([event(0, 1), event(1, 0), event(2, 2)])
    assert [each.offset for each in found.unnumbered] == [1]
    assert not found.faults


def test_every_declared_topic_has_readers_and_partitions() -> None:
    assert {"ph.referral.v1", "ph.training.v1", "ph.counselling.v1", "ph.placement.v1"} <= set(declared())
    assert all(each["partitions"] for each in declared().values())
    assert [name for name, each in declared().items() if not each["readers"]] == ["ph.journey.v1"]


def test_a_backlog_is_empty_only_if_nothing_waits_anywhere() -> None:
    assert Backlog({"referral": 0}, {"training": 0}, {}).empty
    assert not Backlog({"referral": 1}, {"training": 0}, {}).empty
    assert not Backlog({"referral": 0}, {"training": 1}, {}).empty
