"""Declared topics against those of a cluster, compared without one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chassis.kafka.topics import (
    MS_PER_DAY,
    Action,
    Change,
    Topic,
    compare,
    declared,
)
from chassis.trouble import Trouble

ORDERS = Topic("ph.orders.v1", 6, 3, {"retention.ms": "1000", "cleanup.policy": "delete"})


def declaration(directory: Path, text: str) -> Path:
    path = directory / "topics.yaml"
    path.write_text(text)
    return path


def the_only(changes: list[Change]) -> Change:
    assert len(changes) == 1, changes
    return changes[0]


def test_a_topic_that_is_as_declared_needs_nothing() -> None:
    assert compare([ORDERS], {ORDERS.name: ORDERS}) == []


def test_a_missing_topic_is_created_as_declared() -> None:
    change = the_only(compare([ORDERS], {}))
    assert (change.action, change.target) == (Action.CREATE, ORDERS)
    assert "6 partitions" in change.detail


def test_a_setting_that_differs_is_altered_and_one_that_is_not_declared_stays() -> None:
    there = replace(ORDERS, config={"retention.ms": "5", "cleanup.policy": "delete", "segment.ms": "7"})
    change = the_only(compare([ORDERS], {ORDERS.name: there}))
    assert change.action is Action.CONFIG
    assert change.detail == "retention.ms: 5 -> 1000"
    assert change.target is not None
    assert change.target.config == {"retention.ms": "1000", "cleanup.policy": "delete", "segment.ms": "7"}


def test_a_setting_that_stands_at_the_clusters_default_is_set_on_the_topic() -> None:
    change = the_only(compare([ORDERS], {ORDERS.name: replace(ORDERS, config={"retention.ms": "1000"})}))
    assert change.detail == "cleanup.policy: default -> delete"


@pytest.mark.parametrize("allowed", [False, True])
def test_partitions_are_never_reduced(allowed: bool) -> None:
    there = replace(ORDERS, partitions=12)
    change = the_only(compare([ORDERS], {ORDERS.name: there}, allow_repartition=allowed))
    assert (change.action, change.target) == (Action.REFUSED, None)
    assert "cannot be reduced" in change.remedy


def test_more_partitions_for_a_keyed_topic_are_refused_because_keys_would_move() -> None:
    change = the_only(compare([ORDERS], {ORDERS.name: replace(ORDERS, partitions=3)}))
    assert (change.action, change.target) == (Action.REFUSED, None)
    assert "--allow-repartition" in change.remedy


def test_more_partitions_for_a_keyed_topic_are_added_on_request() -> None:
    there = {ORDERS.name: replace(ORDERS, partitions=3)}
    change = the_only(compare([ORDERS], there, allow_repartition=True))
    assert (change.action, change.target) == (Action.PARTITIONS, ORDERS)


def test_more_partitions_for_a_topic_without_order_are_added() -> None:
    unordered = replace(ORDERS, keyed=False)
    change = the_only(compare([unordered], {ORDERS.name: replace(ORDERS, partitions=3)}))
    assert change.action is Action.PARTITIONS


def test_another_replication_is_refused_with_the_tool_that_can() -> None:
    change = the_only(compare([ORDERS], {ORDERS.name: replace(ORDERS, replication=1)}))
    assert change.action is Action.REFUSED
    assert "--replication" in change.remedy


def test_a_topic_of_this_system_that_nobody_declared_is_reported_and_left_alone() -> None:
    stray = replace(ORDERS, name="ph.stray.v1")
    change = the_only(compare([ORDERS], {ORDERS.name: ORDERS, stray.name: stray}))
    assert (change.topic, change.action, change.target) == ("ph.stray.v1", Action.REPORTED, None)


def test_topics_of_other_systems_are_not_mentioned() -> None:
    assert compare([], {"billing": replace(ORDERS, name="billing")}) == []


def test_a_declaration_gives_each_topic_its_own_values_or_the_defaults(tmp_path: Path) -> None:
    path = declaration(
        tmp_path,
        """
defaults: {replication: 3}
topics:
  ph.b.v1: {key: case_id, partitions: 2, retention_days: 90, config: {preallocate: true, segment.ms: 5}}
  ph.a.v1: {key: null, partitions: 1, replication: 2, retention_days: -1}
""",
    )
    assert declared(path) == (
        Topic("ph.a.v1", 1, 2, {"retention.ms": "-1"}, keyed=False),
        Topic(
            "ph.b.v1",
            2,
            3,
            {"preallocate": "true", "segment.ms": "5", "retention.ms": str(90 * MS_PER_DAY)},
        ),
    )


@pytest.mark.parametrize(("replication", "in_sync"), [(3, "2"), (2, "1"), (1, "1"), (5, "2")])
def test_fewer_brokers_lower_the_required_copies_so_that_one_may_still_fail(replication: int, in_sync: str) -> None:
    topic = replace(ORDERS, replication=replication, config={"min.insync.replicas": "2"})
    change = the_only(compare([topic], {}))
    assert change.target is not None
    assert change.target.config["min.insync.replicas"] == in_sync
    assert compare([topic], {topic.name: change.target}) == []


def test_more_copies_are_not_required_of_a_topic_than_it_has_whatever_is_declared() -> None:
    topic = replace(ORDERS, replication=3, config={"min.insync.replicas": "2"})
    there = replace(topic, replication=1, config={"min.insync.replicas": "1"})
    assert the_only(compare([topic], {topic.name: there})).action is Action.REFUSED


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            "defaults: {replication: 3}\ntopics: {ph.a.v1: {key: k}}",
            "topics.ph.a.v1.partitions: Field required",
        ),
        ("defaults: {}\ntopics: {}", "defaults.replication: Field required"),
        (
            "defaults: {replication: 1}\ntopics: {ph.a.v1: {key: k, partitions: many}}",
            "topics.ph.a.v1.partitions: Input should be a valid integer",
        ),
        ("topics: [", "is not YAML"),
        ("", "Input should be a valid dictionary"),
    ],
)
def test_a_bad_declaration_is_refused_with_the_entry_at_fault(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(Trouble, match=what) as raised:
        declared(declaration(tmp_path, text))
    assert raised.value.where.endswith("topics.yaml")


def test_a_declaration_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="cannot be read"):
        declared(tmp_path / "topics.yaml")


def test_the_replication_of_every_topic_can_be_overridden() -> None:
    assert {topic.replication for topic in declared(replication=1)} == {1}


def test_the_declaration_of_this_system_is_readable() -> None:
    topics = declared()
    assert topics
    assert all(topic.keyed for topic in topics)


def test_a_topic_that_this_user_may_not_see_is_not_called_missing() -> None:
    change = the_only(compare([ORDERS], {ORDERS.name: Topic(ORDERS.name, 0, 0, {}, hidden="Describe")}))
    assert (change.action, change.target) == (Action.DENIED, None)
    assert change.remedy == "Grant this user Describe on topic ph.orders.v1."


def test_settings_that_this_user_may_not_see_are_not_altered_and_partitions_are_still_compared() -> None:
    there = replace(ORDERS, partitions=12, config={}, hidden="DescribeConfigs")
    partitions, settings = compare([ORDERS], {ORDERS.name: there})
    assert partitions.action is Action.REFUSED
    assert (settings.action, settings.target) == (Action.DENIED, None)
    assert settings.remedy == "Grant this user DescribeConfigs on topic ph.orders.v1."
