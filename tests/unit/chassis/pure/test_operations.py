"""What a service tells of parked records: every code fits, and nothing else does."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from chassis.consumer import dispatch
from chassis.consumer.unreadable import FAILURE
from chassis.pure.audit import chain_of
from chassis.pure.operations import BEHIND, RecordEvent, is_of_operation, reader_of
from chassis.work.reporter import _FAILURE
from deploy.local.story.topics import declared
from tests.support.services import ALL

CONSUMER = Path(dispatch.__file__).parent
FACTS: dict[str, Any] = {
    "reader_id": UUID(int=1),
    "record_topic": "ph.shop.v1",
    "record_partition": 0,
    "record_offset": 7,
    "failure": "fork",
    "attempt": 1,
}


class Noted(RecordEvent, service="shop", on="shop.operations"):
    """Such an event of the shop."""


def faults() -> set[str]:
    """The codes of all faults that the consumer itself finds."""
    return {
        node.args[0].value
        for path in CONSUMER.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Fault"
        if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    }


def test_every_fault_of_the_consumer_is_told_by_its_own_code() -> None:
    found = faults() | {FAILURE}
    assert len(found) > 15
    assert BEHIND in found
    for code in found:
        assert _FAILURE.fullmatch(code), code
        assert Noted(**{**FACTS, "failure": code}).failure == code


def test_it_stands_on_a_topic_beside_the_service_s_own_under_one_key() -> None:
    assert (Noted.type, Noted.topic) == ("ph.shop.Noted.v1", "ph.shop.operations.v1")
    assert Noted(**FACTS).key == UUID(int=1)
    assert reader_of("shop") == reader_of("shop") != reader_of("till")


@pytest.mark.parametrize("service", ALL, ids=lambda service: str(service.name))
def test_the_end_of_the_audit_stands_where_no_partner_reads(service: Any) -> None:
    if service.operations is not None:
        assert service.audit_head.topic == service.operations.parked.topic
    assert set(declared()[service.audit_head.topic]["readers"]) <= {"journey"}
    assert not is_of_operation(service.audit_head.topic, str(chain_of(service.name)))


def test_an_event_of_operation_is_known_by_its_topic_and_its_key() -> None:
    assert is_of_operation("ph.shop.operations.v1", str(reader_of("shop")))
    assert not is_of_operation("ph.shop.operations.v1", str(chain_of("shop")))
    assert not is_of_operation("ph.shop.v1", str(reader_of("shop")))


@pytest.mark.parametrize(
    "wrong",
    [
        {"failure": "Adaeze Okafor"},
        {"failure": "adaeze_okafor_1990_05_17"},
        {"record_topic": "Adaeze"},
        {"record_type": "Adaeze.Okafor"},
        {"record_key": "Adaeze"},
        {"record_id": "Adaeze"},
        {"detail": "Adaeze"},
        {"reason": "Adaeze"},
        {"payload": "Adaeze"},
    ],
    ids="-".join,
)
def test_no_name_fits_in(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Noted(**{**FACTS, **wrong})


@pytest.mark.parametrize("service", ALL, ids=lambda service: str(service.name))
def test_each_change_is_told_by_the_service_s_own_event(service: Any) -> None:
    tells = service.operations
    if tells is None:
        return
    names = {change: tells.of(change).__name__ for change in ("parked", "retried", "failed", "handled", "discarded")}
    assert names == {
        "parked": "RecordParked",
        "retried": "RecordRetried",
        "failed": "AttemptFailed",
        "handled": "RecordHandled",
        "discarded": "RecordDiscarded",
    }
    assert {each.topic for each in tells} == {f"ph.{service.name}.operations.v1"}
    assert {each.service for each in tells} == {service.name}
