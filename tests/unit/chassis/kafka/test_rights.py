"""Rights are derived from the declaration; entries of a cluster are compared with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from chassis.kafka.acls import Acl, Action, Found, Wanted, compare, covers
from chassis.kafka.rights import Operation, Resource, Right, rights
from chassis.kafka.topics import Declaration, declaration

READ_SHOP = Right(Resource.TOPIC, "ph.shop.v1", Operation.READ)
WANTED = Wanted({"till": frozenset({READ_SHOP})}, {})


def differences(*acls: Acl, wanted: Wanted = WANTED, revoke: bool = False) -> list[tuple[str, str, str]]:
    found = Found(frozenset(acls), {})
    return [(c.user, c.action, c.detail) for c in compare(wanted, found, revoke=revoke)]


def words(all_of: Iterable[Right]) -> set[str]:
    return {str(right) for right in all_of}


def test_a_service_writes_its_own_topic_and_reads_those_that_list_it() -> None:
    document = {
        "defaults": {"replication": 1},
        "topics": {
            "ph.shop.v1": {"key": "id", "partitions": 1, "owner": "shop", "readers": ["till"]},
            "ph.till.v1": {"key": "id", "partitions": 1, "owner": "till"},
        },
    }
    found = rights(Declaration.model_validate(document))
    assert words(found["shop"]) == {
        "Write on topic ph.shop.v1",
        "Read on topic ph.shop.v1",
        "DescribeConfigs on topic ph.shop.v1",
        "Read on group shop",
        "Describe on cluster kafka-cluster",
    }
    assert words(found["till"]) == {
        "Read on topic ph.shop.v1",
        "DescribeConfigs on topic ph.shop.v1",
        "Write on topic ph.till.v1",
        "Read on topic ph.till.v1",
        "DescribeConfigs on topic ph.till.v1",
        "Read on group till",
        "Describe on cluster kafka-cluster",
    }


def test_of_the_declared_topics_each_has_one_writer_and_training_cannot_read_placement() -> None:
    found = rights(declaration())
    for topic, entry in declaration().topics.items():
        writers = {user for user, each in found.items() if Right(Resource.TOPIC, topic, Operation.WRITE) in each}
        if entry.owner in found:
            assert writers == {entry.owner}
    assert Right(Resource.TOPIC, "ph.placement.v1", Operation.READ) not in found["training"]
    assert not any(right.name == "*" for each in found.values() for right in each)


def test_what_is_as_declared_is_no_difference() -> None:
    assert differences(Acl("till", READ_SHOP)) == []


def test_a_missing_right_is_granted() -> None:
    assert differences() == [("till", "grant", "Read on topic ph.shop.v1")]


@pytest.mark.parametrize(
    "acl",
    [
        Acl("till", replace(READ_SHOP, operation=Operation.WRITE)),
        Acl("till", replace(READ_SHOP, name="ph."), prefixed=True),
        Acl("till", replace(READ_SHOP, name="*")),
        Acl("till", replace(READ_SHOP, operation=Operation.ALL)),
        Acl("till", READ_SHOP, denied=True),
        Acl("till", Right(Resource.GROUP, "shop", Operation.READ)),
    ],
)
def test_a_right_too_many_is_refused_until_it_shall_be_taken_away(acl: Acl) -> None:
    granted = Acl("till", READ_SHOP)
    assert differences(granted, acl) == [("till", "refused", str(acl))]
    assert differences(granted, acl, revoke=True) == [("till", "revoke", str(acl))]


def test_what_kafka_grants_along_with_a_declared_right_is_none_too_many() -> None:
    describe = Acl("till", replace(READ_SHOP, operation=Operation.DESCRIBE))
    assert differences(Acl("till", READ_SHOP), describe) == []


def test_a_right_from_one_address_or_a_denial_is_not_the_right() -> None:
    assert not covers(Acl("till", READ_SHOP, host="10.0.0.1"), READ_SHOP)
    assert not covers(Acl("till", READ_SHOP, denied=True), READ_SHOP)
    assert covers(Acl("till", replace(READ_SHOP, name="ph."), prefixed=True), READ_SHOP)
    assert not covers(Acl("till", replace(READ_SHOP, name="ph.")), READ_SHOP)


def test_somebody_whom_nobody_declares_is_reported_if_he_may_see_our_topics() -> None:
    granted = Acl("till", READ_SHOP)
    stranger = Acl("stranger", replace(READ_SHOP, name="p"), prefixed=True)
    elsewhere = Acl("stranger", replace(READ_SHOP, name="other"))
    assert differences(granted, stranger, elsewhere) == [("stranger", Action.REPORTED, "Read on topic p*")]


def test_a_quota_that_is_missing_or_another_is_set() -> None:
    wanted = replace(WANTED, quotas={"producer_byte_rate": 5.0})
    for has, said in (({}, "none -> 5"), ({"producer_byte_rate": 7.0}, "7 -> 5")):
        changes = compare(wanted, Found(frozenset({Acl("till", READ_SHOP)}), {"till": has}))
        assert [(c.action, c.detail, c.quota) for c in changes] == [
            ("set quota", f"producer_byte_rate: {said}", ("producer_byte_rate", 5.0))
        ]
    same = Found(frozenset({Acl("till", READ_SHOP)}), {"till": {"producer_byte_rate": 5.0, "request_percentage": 9.0}})
    assert compare(wanted, same) == []


def test_the_codes_of_the_operations_are_kafkas() -> None:
    assert {op: op.code for op in (Operation.ALL, Operation.READ, Operation.WRITE, Operation.DESCRIBE)} == {
        Operation.ALL: 2,
        Operation.READ: 3,
        Operation.WRITE: 4,
        Operation.DESCRIBE: 8,
    }
    assert Operation.DESCRIBE_CONFIGS.code == 10
    assert Operation.ALTER_CONFIGS.code == 11


def test_an_onlooker_is_reported_for_what_it_need_not_have_only() -> None:
    wanted = Wanted(WANTED.rights, {}, {"keda": frozenset({replace(READ_SHOP, operation=Operation.DESCRIBE)})})
    needed = Acl("keda", replace(READ_SHOP, operation=Operation.DESCRIBE))
    more = Acl("keda", READ_SHOP)
    till = Acl("till", READ_SHOP)
    assert differences(till, needed, wanted=wanted) == []
    assert differences(till, needed, more, wanted=wanted) == [("keda", Action.REPORTED, "Read on topic ph.shop.v1")]
    assert differences(till, needed) == [("keda", Action.REPORTED, "Describe on topic ph.shop.v1")]
