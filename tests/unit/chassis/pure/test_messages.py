"""Events and contracts say themselves what they are keyed by, and whether they are about a person."""

from __future__ import annotations

from uuid import UUID

import pytest

from chassis.consumer.inbound import decode
from chassis.pure.messages import Contract, Event
from tests.support.records import record
from vocabulary.events import CaseContract, CaseEvent

KEY, OTHER = UUID(int=1), UUID(int=2)


class OrderEvent(Event, key="order_id"):
    order_id: UUID


class Placed(OrderEvent, service="shop"):
    """Of no person."""


class Opened(CaseEvent, service="shop"):
    """Of a person."""


def test_an_event_says_its_key_and_its_class() -> None:
    assert (Placed.type, Placed.topic) == ("ph.shop.Placed.v1", "ph.shop.v1")
    assert (Placed(order_id=KEY).key, Placed.data_class) == (KEY, "none")
    assert (Opened(case_id=KEY).key, Opened.data_class) == (KEY, "pseudonymous")


def test_an_event_without_a_key_cannot_be_declared() -> None:
    with pytest.raises(TypeError, match="name the field of the stream key with `key=`"):
        type("Unordered", (Event,), {"__annotations__": {"order_id": UUID}, "__module__": __name__}, service="shop")


class Read(Contract, source="shop", key="order_id"):
    order_id: UUID


class ReadOfBarrow(Contract, source="barrow", key="order_id", name="Read"):
    order_id: UUID


class Unkeyed(Contract, source="shop"):
    order_id: UUID


class ReadCase(CaseContract, source="shop"):
    """Of a person."""


def test_one_service_reads_events_of_one_name_from_two_others() -> None:
    assert (Read.type, ReadOfBarrow.type) == ("ph.shop.Read.v1", "ph.barrow.Read.v1")


@pytest.mark.parametrize(
    ("contract", "body", "fault"),
    [
        (Read, {"order_id": str(KEY)}, None),
        (Read, {"order_id": str(OTHER)}, "the record's key is not the /order_id of its body"),
        (ReadCase, {"case_id": str(KEY)}, None),
        (ReadCase, {"case_id": str(OTHER)}, "the record's key is not the /case_id of its body"),
        (Unkeyed, {"order_id": str(OTHER)}, None),
    ],
)
def test_a_record_is_taken_under_the_key_that_its_contract_declares(
    contract: type[Contract], body: dict[str, str], fault: str | None
) -> None:
    inbound = decode(record(body, type_=contract.type, key=KEY, sequence=1, offset=0), {contract.type: contract})
    assert (inbound.message is None) == (fault is not None)
    assert (inbound.fault and inbound.fault.code) == (fault and "key_mismatch")
    assert (inbound.fault and inbound.fault.detail) == fault
