"""Where a reader begins, by what was read and what the brokers hold."""

from __future__ import annotations

import pytest

from chassis.consumer.places import start_of
from chassis.consumer.progress import Progress, record_id
from chassis.kafka.lookout import Span
from tests.support.records import FakeRecord

ID = b"t" * 16


def row(next_offset: int | None, last_id: str | None = "e7", topic_id: bytes | None = ID) -> Progress:
    return Progress(3, next_offset, last_id, topic_id, None)


def test_a_partition_that_was_never_read_is_read_from_its_beginning() -> None:
    start = start_of(row(None, None, None), ID, Span(5, 9))
    assert start == (None, None, False, Progress(3, 5, None, ID, None))


def test_the_record_before_is_compared() -> None:
    assert start_of(row(8), ID, Span(5, 9)) == ("e7", None, False, row(8))


@pytest.mark.parametrize("last_id", [None, "e7"])
def test_there_is_nothing_to_compare_if_it_is_gone_or_unknown(last_id: str | None) -> None:
    beginning = 8 if last_id else 0
    assert start_of(row(8, last_id), ID, Span(beginning, 9)) == (None, None, False, row(8, last_id))


def test_what_retention_took_unread_is_missed() -> None:
    assert start_of(row(8), ID, Span(11, 11)) == (None, (8, 11), False, row(11, None))


@pytest.mark.parametrize(
    ("before", "span"), [(row(8), Span(0, 7)), (row(8, topic_id=b"u" * 16), Span(0, 20)), (row(8), Span(7, 7))]
)
def test_another_past_is_read_from_its_beginning_to_its_end(before: Progress, span: Span) -> None:
    reread_to = span.end if span.end > span.beginning else None
    anew = Progress(3, span.beginning, None, ID, reread_to)
    assert start_of(before, ID, span) == (None, None, True, anew)


def test_a_record_is_known_by_its_id_or_its_content() -> None:
    plain = FakeRecord("t", 0, 0, b"k", b"v", [("ce_id", b"id-1")])
    assert record_id(plain) == "id-1"
    for odd in (b"", b"\x00", b"\xff", b"x" * 500):
        strange = plain._replace(headers=[("ce_id", odd)])
        assert record_id(strange) == record_id(strange._replace(offset=4))
        assert record_id(strange) != record_id(strange._replace(value=b"w"))
