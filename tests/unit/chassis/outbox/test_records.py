"""The records that the relay joins are those that aiokafka's own builder makes."""

from __future__ import annotations

import time

import pytest
from aiokafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from aiokafka.record.util import decode_varint, encode_varint_py
from hypothesis import given
from hypothesis import strategies as st

from chassis.outbox.records import (
    Batch,
    body,
    sized,
    varint,
)

HEADERS = st.lists(st.tuples(st.text(max_size=300), st.binary(max_size=9000)), max_size=30)
RECORDS = st.lists(st.tuples(st.binary(max_size=200), st.binary(max_size=20_000), HEADERS), min_size=1, max_size=20)


def encoded(key: bytes, value: bytes, headers: list[tuple[str, bytes]]) -> bytes:
    return body(key, value, [sized(name.encode()) + sized(content) for name, content in headers], len(headers))


@given(RECORDS)
def test_a_batch_is_byte_for_byte_what_aiokafka_makes_of_the_same_records(
    records: list[tuple[bytes, bytes, list[tuple[str, bytes]]]],
) -> None:
    ours = Batch(10_000_000)
    assert all(ours.add(encoded(*each)) for each in records)
    ours._set_producer_state(7, 3, 41)
    built = ours._build()
    at = DefaultRecordBatch(bytearray(built)).first_timestamp
    theirs = DefaultRecordBatchBuilder(2, 0, 0, 7, 3, 41, 10_000_000)
    for number, (key, value, headers) in enumerate(records):
        theirs.append(number, timestamp=at, key=key, value=value, headers=headers)
    assert built == bytes(theirs.build())
    assert ours.size() == len(built)
    assert ours.record_count() == len(records)
    assert ours.closed()


def test_a_batch_has_the_time_at_which_it_was_made_in_milliseconds() -> None:
    batch = Batch(1000)
    batch.add(encoded(b"k", b"v", []))
    before = time.time_ns() // 1_000_000
    built = DefaultRecordBatch(bytearray(batch._build()))
    assert before <= built.first_timestamp <= time.time_ns() // 1_000_000
    assert built.max_timestamp == built.first_timestamp


def test_a_batch_names_no_producer_until_it_has_one() -> None:
    batch = Batch(1000)
    batch.add(encoded(b"k", b"v", []))
    built = DefaultRecordBatch(bytearray(batch._build()))
    assert (built.producer_id, built.producer_epoch, built.base_sequence) == (-1, -1, -1)


def test_a_batch_that_is_sent_again_is_the_same() -> None:
    batch = Batch(1000)
    batch.add(encoded(b"k", b"v", []))
    assert batch._build() is batch._build()


def test_what_does_not_fit_waits_for_the_next_batch_but_a_first_record_always_goes() -> None:
    batch = Batch(500)
    assert batch.add(encoded(b"k", bytes(2000), []))
    assert not batch.add(encoded(b"k", b"", []))
    assert batch.record_count() == 1


def test_a_batch_is_never_larger_than_its_limit() -> None:
    batch = Batch(5000)
    while batch.add(encoded(b"k", bytes(100), [])):
        pass
    assert 4880 < batch.size() <= 5000
    assert len(batch._build()) == batch.size()


def test_a_batch_may_be_as_large_as_its_limit() -> None:
    record, wide = encoded(b"k", b"v", []), Batch(1000)
    assert wide.add(record)
    assert wide.add(record)
    for limit, fits in ((wide.size(), True), (wide.size() - 1, False)):
        batch = Batch(limit)
        assert batch.add(record)
        assert batch.add(record) is fits


@pytest.mark.parametrize("number", [0, 1, 63, 64, 127, 128, 8191, 8192, 300_000, 2**31 - 1])
def test_a_varint_reads_back(number: int) -> None:
    assert decode_varint(bytearray(varint(number))) == (number, len(varint(number)))


def test_numbers_are_written_as_short_as_kafka_writes_them() -> None:
    for number in (*range(20_000), 2**31 - 1, 2**62):
        expected = bytearray()
        encode_varint_py(number, expected.append)
        assert varint(number) == bytes(expected)
