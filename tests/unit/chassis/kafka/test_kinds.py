"""Which topics are owned besides a service's own, and which are compacted, by `topics.yaml`."""

from __future__ import annotations

from pathlib import Path

import pytest

from chassis.kafka.kinds import ORDINARY, is_compacted, kinds
from chassis.kafka.rights import Operation, rights
from chassis.kafka.topics import declaration

DECLARED = """
defaults: {replication: 3}
topics:
  ph.shop.v1: {key: till_id, partitions: 6, owner: shop, config: {cleanup.policy: delete}}
  ph.prices.v1: {key: ware_id, partitions: 1, owner: shop, config: {cleanup.policy: "compact, delete"}}
  ph.mill.v1: {key: sack_id, partitions: 6, owner: mill}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "topics.yaml"
    path.write_text(DECLARED, encoding="utf-8")
    return path


def test_a_service_writes_the_topic_of_its_name_and_what_it_owns_besides(file: Path) -> None:
    found = kinds(file)
    assert found.written_by("shop") == ("ph.shop.v1", "ph.prices.v1")
    assert found.written_by("mill") == ("ph.mill.v1",)
    assert found.written_by("till") == ("ph.till.v1",), "nobody has declared it"
    assert ORDINARY.written_by("shop") == ("ph.shop.v1",)


def test_events_name_the_owner_of_their_topic_as_their_source(file: Path) -> None:
    found = kinds(file)
    assert [found.origin(f"ph.{name}.v1") for name in ("shop", "prices", "till")] == [
        "/ph/shop",
        "/ph/shop",
        "/ph/till",
    ]
    assert ORDINARY.origin("ph.prices.v1") == "/ph/prices"


def test_the_policy_says_which_topic_is_compacted(file: Path) -> None:
    assert kinds(file).compacted == {"ph.prices.v1"}
    assert not is_compacted({})
    assert is_compacted({"cleanup.policy": "compact"})


def test_the_shipped_declaration_has_one_that_tells_what_holds_and_one_of_keys() -> None:
    shipped = kinds()
    assert shipped.compacted == {"ph.reference.v1", "ph.referral.keys.v1"}
    assert shipped.written_by("referral") == (
        "ph.referral.v1",
        "ph.reference.v1",
        "ph.referral.keys.v1",
        "ph.referral.operations.v1",
    )


def test_its_owner_may_write_the_compacted_topic_and_every_other_service_reads_it() -> None:
    granted = {
        service: {right.operation for right in found if right.name == "ph.reference.v1"}
        for service, found in rights(declaration()).items()
    }
    reads = {Operation.READ, Operation.DESCRIBE_CONFIGS}
    assert granted.pop("referral") == {Operation.WRITE, *reads}
    assert granted == dict.fromkeys(("counselling", "journey", "placement", "training"), reads)
