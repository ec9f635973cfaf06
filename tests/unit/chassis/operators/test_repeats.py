"""What is to be repeated of what a database has forgotten: read from the topics, in the order of the service."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from chassis.operators.repeats import repeats_in
from chassis.outbox.lineage import Comparison, Published
from chassis.pure.messages import Event
from tests.support.records import FakeRecord

ONE, TWO = UUID(int=1), UUID(int=2)
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


class OrderEvent(Event, service="shop", key="order_id"):
    order_id: UUID


class Cancelled(OrderEvent):
    reason: str


class AddressErased(OrderEvent):
    pass


EVENTS = (AddressErased, Cancelled)


def comparison(*told: tuple[type[Event], UUID, int, str], **headers: bytes) -> Comparison:
    """What has been forgotten: events by type, key, number and body."""
    found = Comparison()
    for offset, (event, key, number, body) in enumerate(told):
        published = Published("ph.shop.v1", 0, offset, str(key), number, "id", event.type, "")
        all_headers = list({"ce_time": b"2026-03-02T09:00:00Z", **headers}.items())
        record = FakeRecord("ph.shop.v1", 0, offset, str(key).encode(), body.encode(), all_headers)
        found.forgotten.append(published)
        found.records[published] = record  # type: ignore[assignment]
    return found


def cancelled(key: UUID, number: int, more: str = "") -> tuple[type[Event], UUID, int, str]:
    return Cancelled, key, number, f'{{"order_id": "{key}", "reason": "late"{more}}}'


def erased(key: UUID, number: int) -> tuple[type[Event], UUID, int, str]:
    return AddressErased, key, number, f'{{"order_id": "{key}"}}'


def test_of_a_topic_they_are_in_the_order_of_each_key() -> None:
    found = repeats_in(comparison(cancelled(TWO, 2), cancelled(ONE, 9), erased(TWO, 3), cancelled(TWO, 1)), EVENTS)
    assert [(each.kind, each.told.key, each.told.number) for each in found.found] == [
        ("Cancelled", str(ONE), 9),
        ("Cancelled", str(TWO), 1),
        ("Cancelled", str(TWO), 2),
        ("AddressErased", str(TWO), 3),
    ]
    assert {each.occurred_at for each in found.found} == {AT}
    assert (found.counts(), found.unread) == ({"AddressErased": 1, "Cancelled": 3}, ())


def test_what_a_later_version_tells_besides_is_left_out() -> None:
    [repeat] = repeats_in(comparison(cancelled(ONE, 1, ', "by": "shop"')), EVENTS).found
    assert repeat.event == Cancelled(order_id=ONE, reason="late")


def test_what_is_no_event_of_its_type_is_named_and_not_repeated() -> None:
    no_reason = (Cancelled, ONE, 1, f'{{"order_id": "{ONE}"}}')
    of_another_key = (Cancelled, TWO, 2, f'{{"order_id": "{ONE}", "reason": "late"}}')
    found = repeats_in(comparison(no_reason, of_another_key, erased(ONE, 3)), EVENTS)
    assert ([each.number for each in found.unread], len(found.found)) == ([1, 2], 1)
    for time in (b"", b"noon", b"2026-03-02T09:00:00"):
        assert len(repeats_in(comparison(erased(ONE, 3), ce_time=time), EVENTS).unread) == 1
