"""A record as it is read: what makes it bad, what is still known of it then, and its headers put aside."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from chassis.consumer.inbound import MAX_KEY, MAX_SEQUENCE, MAX_VALUE, Inbound, decode, headers_from, headers_json
from chassis.pure.messages import Contract
from tests.support.records import FakeRecord, event_id, recorded, sold
from tests.support.toy import Sold

KEY = UUID("0a4f3201-0739-4a01-a222-c2ca70788890")


class Keyless(Contract, source="shop"):
    """Is not about one key."""

    numbers: tuple[int, ...] = ()


CONTRACTS: dict[str, type[Contract]] = {Sold.type: Sold, Keyless.type: Keyless}


def read(**changed: Any) -> Inbound:
    """A genuine event with other fields or, by their names, other headers."""
    told = sold(KEY, 3, 5)
    fields = {name: changed.pop(name) for name in FakeRecord._fields if name in changed}
    return decode(recorded(told, **changed)._replace(**fields), CONTRACTS)


def without(name: str) -> Inbound:
    told = sold(KEY, 3, 5)
    return decode(told._replace(headers=[pair for pair in told.headers if pair[0] != name]), CONTRACTS)


def fault(inbound: Inbound) -> str | None:
    assert inbound.fault is None or inbound.message is None
    return inbound.fault and inbound.fault.code


def test_a_genuine_event_is_read_whole() -> None:
    inbound = read(ce_recordedtime=b"2026-03-02T10:00:00+01:00")
    assert fault(inbound) is None
    assert inbound.message == Sold(till_id=KEY, amount=5)
    assert (inbound.key, inbound.type, inbound.id, inbound.sequence) == (str(KEY), Sold.type, event_id(f"{KEY}-3"), 3)
    assert inbound.occurred_at == inbound.recorded_at == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert inbound.recorded_at is not None
    assert inbound.recorded_at.utcoffset() == datetime.now(UTC).utcoffset()
    assert inbound.trace is not None
    assert (inbound.source, inbound.place) == ("ph.shop.v1", ("ph.shop.v1", 0, 3))


def test_a_type_that_is_not_read_is_no_fault_and_tells_its_number_only() -> None:
    inbound = read(ce_type=b"ph.shop.Other.v1", value=b"{", ce_source=b"x")
    assert (inbound.fault, inbound.message, inbound.sequence, inbound.id) == (None, None, 3, "")


def test_a_record_without_a_type_is_bad_and_one_of_an_odd_type_is_not_read() -> None:
    assert fault(without("ce_type")) == "type_missing"
    assert fault(read(ce_type=b"")) is None
    assert fault(read(ce_type=b"\xff")) is None


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"key": None}, "key_missing"),
        ({"key": b""}, "key_missing"),
        ({"key": b"\xff"}, "key_missing"),
        ({"key": b"a\x00"}, "key_missing"),
        ({"key": b"k" * (MAX_KEY + 1)}, "key_missing"),
        ({"key": b"k" * MAX_KEY}, "key_mismatch"),
        ({"ce_sequence": b"0"}, "sequence_invalid"),
        ({"ce_sequence": b"-1"}, "sequence_invalid"),
        ({"ce_sequence": b"1.0"}, "sequence_invalid"),
        ({"ce_sequence": b""}, "sequence_invalid"),
        ({"ce_sequence": str(MAX_SEQUENCE + 1).encode()}, "sequence_invalid"),
        ({"ce_sequence": b"0" * 19 + b"1"}, "sequence_invalid"),
        ({"ce_sequence": str(MAX_SEQUENCE).encode()}, None),
        ({"ce_sequence": b"1"}, None),
        ({"ce_id": b""}, "id_invalid"),
        ({"ce_id": b"\xff"}, "id_invalid"),
        ({"ce_id": b"Adaeze Okafor, born 1990-05-17"}, "id_invalid"),
        ({"ce_id": b"019C4CCE-16F1-7863-8999-FC3F97E38063"}, "id_invalid"),
        ({"ce_id": b"019c4cce-16f1-7863-8999-fc3f97e38063\n"}, "id_invalid"),
        ({"ce_id": b"019c4cce-16f1-7863-8999-fc3f97e38063"}, None),
        ({"ce_time": b"yesterday"}, "time_invalid"),
        ({"ce_time": b"2026-03-02T09:00:00"}, "time_invalid"),
        ({"ce_time": b"2016-12-31T23:59:59Z"}, "time_invalid"),
        ({"ce_time": b"2017-01-01T00:00:00Z"}, None),
        ({"ce_time": b"2100-12-31T23:59:59Z"}, None),
        ({"ce_time": b"2101-01-01T00:00:00Z"}, "time_invalid"),
        ({"ce_time": b"0001-01-01T00:00:00+14:00"}, "time_invalid"),
        ({"ce_recordedtime": b"yesterday"}, None),
        ({"ce_traceparent": b"nonsense"}, None),
        ({"topic": "ph.other.v1"}, "wrong_topic"),
        ({"ce_source": b"/ph/other"}, "wrong_source"),
        ({"value": None}, "body_missing"),
        ({"value": b"{"}, "json_invalid"),
        ({"value": b"{}"}, "schema_violated"),
        ({"value": b" " * (MAX_VALUE + 1)}, "too_large"),
        ({"value": b" " * MAX_VALUE}, "json_invalid"),
        ({"key": b"another"}, "key_mismatch"),
    ],
)
def test_what_makes_a_record_bad(changed: dict[str, Any], code: str | None) -> None:
    assert (MAX_KEY, MAX_SEQUENCE, MAX_VALUE) == (200, 2**62, 262_144)
    assert fault(read(**changed)) == code


def test_headers_that_are_missing() -> None:
    codes = {name: fault(without(f"ce_{name}")) for name in ("sequence", "id", "time", "source", "traceparent")}
    assert codes == {
        "sequence": "sequence_invalid",
        "id": "id_invalid",
        "time": "time_invalid",
        "source": "wrong_source",
        "traceparent": None,
    }
    assert without("ce_sequence").sequence == 0
    assert without("ce_traceparent").trace is None
    assert without("ce_recordedtime").recorded_at is None


def test_only_a_stranger_holds_up_nobody() -> None:
    blocks = {name: read(**{name: b"x"}).fault for name in ("ce_source", "ce_sequence", "value")}
    assert {name: each.blocks for name, each in blocks.items() if each} == {
        "ce_source": False,
        "ce_sequence": True,
        "value": True,
    }
    elsewhere = read(topic="ph.other.v1").fault
    assert elsewhere is not None
    assert not elsewhere.blocks


def test_a_contract_without_a_key_takes_any_key() -> None:
    assert fault(read(ce_type=Keyless.type.encode(), key=b"whatever", value=b"{}")) is None


def test_a_violated_schema_names_each_field_and_no_value() -> None:
    found = read(value=b'{"till_id": "secret", "amount": "secret"}').fault
    assert found is not None
    assert found.detail == "/amount int_parsing; /till_id uuid_parsing"


def test_a_long_list_of_faults_is_cut() -> None:
    found = read(ce_type=Keyless.type.encode(), value=b'{"numbers": [' + b'"x",' * 200 + b'"x"]}').fault
    assert found is not None
    assert len(found.detail) == 2000


def test_headers_come_back_byte_for_byte_also_twice_and_unreadable() -> None:
    headers = [("a", b"1"), ("a", b"\xff\x00"), ("b", "ä".encode()), ("c", b"")]
    assert headers_from(headers_json(sold(KEY, 1)._replace(headers=headers))) == headers
    none: Any = [("a", None)]
    assert headers_from(headers_json(sold(KEY, 1)._replace(headers=none))) == [("a", b"")]
