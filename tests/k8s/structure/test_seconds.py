"""What `make k8s` tells of its parts."""

from __future__ import annotations

from tests.k8s.seconds import Seconds


def test_seconds_are_told_by_part_the_longest_first() -> None:
    seconds = Seconds()
    for nodeid, spent in (
        ("tests/k8s/drill/test_restore.py::test_one", 1.25),
        ("tests/k8s/executed/test_story.py::test_two", 60.0),
        ("tests/k8s/drill/test_lost_keys.py::test_three", 2.0),
        ("tests/unit/test_rooms.py::test_four", 100.0),
    ):
        seconds.add(nodeid, spent)
    assert [line.split() for line in seconds.told()] == [
        ["executed", "60.0", "s"],
        ["drill", "3.2", "s"],
        ["all", "63.2", "s"],
    ]


def test_of_one_part_nothing_is_told() -> None:
    seconds = Seconds()
    seconds.add("tests/k8s/drill/test_restore.py::test_one", 1.0)
    assert seconds.told() == []
