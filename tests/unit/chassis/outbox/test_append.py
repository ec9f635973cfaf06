"""What a transaction hands over of its events: how many each stream gets, and how many follow on each event."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from chassis.outbox.append import Emitted, append
from chassis.postgres.writes import Writes
from chassis.pure.decision import Actor
from chassis.telemetry.tracing import SpanContext
from tests.support.toy import Counted

A, B = UUID(int=1), UUID(int=2)
NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)


def appended(*tills: UUID) -> Writes:
    """The writes of a transaction with an event for each of these."""
    clerk, trace, writes = Actor("cashier", "shop:X"), SpanContext(1, 1, True), Writes()
    events = [Emitted(Counted(till_id=till, amount=1, total=1), str(till), "", clerk, trace, "") for till in tills]
    append(writes, events, NOW)
    return writes


def test_streams_are_handed_over_in_order_of_key_with_the_number_of_their_events() -> None:
    streams, _ = appended(B, A, B, B)._rows
    assert streams == [(str(A), "ph.till.v1", 1), (str(B), "ph.till.v1", 3)]


def test_events_keep_their_order_and_tell_how_many_of_their_key_follow() -> None:
    _, events = appended(B, A, B, B)._rows
    assert [row[:3] for row in events] == [
        ("ph.till.v1", str(till), later) for till, later in [(B, 2), (A, 0), (B, 1), (B, 0)]
    ]


def test_a_transaction_without_events_writes_nothing_of_them() -> None:
    assert appended()._parts == []
