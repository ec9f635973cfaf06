"""What is noted of a record: its envelope as far as it is written as one, never a body, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis.consumer.inbound import Fault, decode
from chassis.consumer.noting import NoteBook
from chassis.consumer.parking import digest
from chassis.consumer.positions import Verdict
from chassis.pure.messages import Contract
from chassis.pure.noting import Noted, Notes
from tests.support.dispatching import KEY, OTHER
from tests.support.records import FakeRecord, event_id, record, recorded


class Sold(Contract, source="shop", key="till_id"):
    till_id: UUID
    amount: int


class Lent(Contract, source="shop", key="loan_id"):
    loan_id: UUID
    till_id: UUID


CONTRACTS: dict[str, type[Contract]] = {each.type: each for each in (Sold, Lent)}
NOTES = Notes(("topic text",), lambda noted: noted, "insert", "update")
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Written:
    """Stands in for what a transaction writes."""

    def __init__(self) -> None:
        self.rows: list[Any] = []

    def add(self, _part: object, rows: Sequence[Any]) -> None:
        self.rows += rows


def noted(told: FakeRecord, verdict: Verdict = Verdict.NEXT, fault: Fault | None = None) -> Noted:
    inbound, written = decode(told, CONTRACTS), Written()
    parked = [] if fault is None else [(inbound, fault)]
    NoteBook(NOTES, CONTRACTS, "till").read(written, [(inbound, verdict)], parked)  # type: ignore[arg-type]
    (row,) = written.rows
    assert isinstance(row, Noted)
    return row


def sold(**changes: Any) -> FakeRecord:
    body = {"till_id": str(KEY), "amount": 3}
    return record(body, **{"type_": Sold.type, "key": KEY, "sequence": 4, "offset": 7, "partition": 2, **changes})


def test_a_record_that_was_handled_is_noted_with_its_whole_envelope() -> None:
    cause = UUID(event_id("cause"))
    told = recorded(
        sold(),
        AT + timedelta(seconds=1),
        ce_causationid=str(cause).encode(),
        ce_actorrole=b"seller",
        ce_actororg=b"shop:ZRH",
    )
    assert noted(told) == Noted(
        topic="ph.shop.v1",
        partition=2,
        offset=7,
        mark=digest(told)[:8],
        key=str(KEY),
        subject=KEY,
        type="ph.shop.Sold.v1",
        source="/ph/shop",
        sequence=4,
        id=UUID(event_id(f"{KEY}-4")),
        causation_id=cause,
        occurred_at=AT,
        recorded_at=AT + timedelta(seconds=1),
        published_at=AT + timedelta(milliseconds=500),
        trace_id="a1" * 16,
        actor_role="seller",
        actor_org="shop:ZRH",
        verdict="next",
        fault=None,
    )


@pytest.mark.parametrize("verdict", list(Verdict))
def test_what_the_number_of_a_record_says_is_noted(verdict: Verdict) -> None:
    assert noted(sold(), verdict).verdict == verdict.value


def test_a_parked_record_is_noted_with_the_code_of_its_fault() -> None:
    assert noted(sold(), Verdict.FORK, Fault("fork", "another event", blocks=False)).fault == "fork"


def test_a_record_of_a_type_that_is_not_read_is_noted_all_the_same() -> None:
    row = noted(sold(type_="ph.shop.Returned.v1"))
    assert (row.type, row.id, row.occurred_at) == ("ph.shop.Returned.v1", UUID(event_id(f"{KEY}-4")), AT)
    assert row.subject is None, "whom an unknown body is about cannot be told"


def test_whom_a_bad_record_is_about_is_told_by_its_key_if_its_type_is_keyed_so() -> None:
    loan = {"type_": Lent.type, "key": OTHER, "sequence": 1, "offset": 0}
    assert noted(sold()._replace(value=b"{nonsense")).subject == KEY
    assert noted(record({"loan_id": str(OTHER), "till_id": str(KEY)}, **loan)).subject == KEY
    assert noted(record(b"{nonsense", **loan)).subject is None


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("ce_type", "type"),
        ("ce_source", "source"),
        ("ce_id", "id"),
        ("ce_causationid", "causation_id"),
        ("ce_time", "occurred_at"),
        ("ce_recordedtime", "recorded_at"),
        ("ce_traceparent", "trace_id"),
        ("ce_actorrole", "actor_role"),
        ("ce_actororg", "actor_org"),
    ],
)
@pytest.mark.parametrize("text", [b"Ada Lovelace, Lagos", b"\x00", b"\xff\xfe", b""])
def test_what_is_not_written_as_its_kind_is_stays_out(header: str, field: str, text: bytes) -> None:
    assert getattr(noted(recorded(sold(), **{header: text})), field) is None


def test_a_key_that_is_no_id_stays_out() -> None:
    assert noted(sold()._replace(key=b"Ada Lovelace")).key is None
    assert noted(sold()._replace(key=None)).key is None


@pytest.mark.parametrize("timestamp", [None, -1, 0, 2**62])
def test_a_record_may_have_no_time_or_one_of_no_calendar(timestamp: int | None) -> None:
    assert noted(sold()._replace(timestamp=timestamp)).published_at is None


def test_no_field_of_a_note_holds_anything_of_the_body() -> None:
    row = noted(record({"till_id": str(KEY), "amount": 918_273}, type_=Sold.type, key=KEY, sequence=4, offset=7))
    assert "918273" not in repr(row)


def test_a_service_without_notes_writes_none() -> None:
    written = Written()
    inbound = decode(sold(), CONTRACTS)
    NoteBook(None, CONTRACTS, "till").read(written, [(inbound, Verdict.NEXT)], [])  # type: ignore[arg-type]
    assert written.rows == []
