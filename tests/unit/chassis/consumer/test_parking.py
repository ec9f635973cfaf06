"""What is kept of a record that is put aside, and how it comes back. The table is in memory."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from chassis.consumer import parking
from chassis.consumer.inbound import MAX_VALUE, Fault, decode
from chassis.consumer.parking import Parked, Ready, StoredRecord
from tests.support.dispatching import SHOP, SOLD
from tests.support.memory_database import MemoryDatabase
from tests.support.records import FakeRecord, record
from tests.support.toy import Sold

NO = Fault("unlucky", "for a reason")
ASIDE = Fault("fork", "", blocks=False)


@pytest.fixture
def database() -> MemoryDatabase:
    return MemoryDatabase()


def told(offset: int = 1, *, key: str | None = "a", value: bytes | None = b"{", type_: str = SOLD) -> FakeRecord:
    return record(b"", type_=type_, key=key, sequence=7, offset=offset, topic=SHOP)._replace(value=value)


async def saved(database: MemoryDatabase, *records: FakeRecord, fault: Fault = NO) -> list[dict[str, Any]]:
    before = set(database.tables.parked)
    parked = [Parked(decode(each, {SOLD: Sold}), fault) for each in records]
    await parking.save(database, parked)  # type: ignore[arg-type]
    return [row for id_, row in database.tables.parked.items() if id_ not in before]


async def taken(database: MemoryDatabase, key: str | None, id_: int | None = None) -> StoredRecord | None:
    return await parking.take(database, Ready(SHOP, key, id_))  # type: ignore[arg-type]


async def test_all_of_a_record_is_kept_with_its_place_and_its_reason(database: MemoryDatabase) -> None:
    (row,) = await saved(database, told(5)._replace(partition=3))
    assert (row["topic"], row["partition"], row["record_offset"]) == (SHOP, 3, 5)
    assert (row["key"], row["type"], row["sequence"], row["payload"], row["size"]) == ("a", SOLD, 7, b"{", 1)
    assert (row["failure"], row["detail"], row["blocks"], row["value_digest"]) == (
        "unlucky",
        "for a reason",
        True,
        None,
    )
    assert row["digest"] == parking.digest(told(9))
    await saved(database)
    assert len(database.statements) == 1, "nothing to save, nothing to ask"


async def test_what_a_record_does_not_have_is_null(database: MemoryDatabase) -> None:
    bare = FakeRecord(SHOP, 0, 1, None, None, [])
    (row,) = await saved(database, bare)
    columns = ("key", "type", "sequence", "payload", "value_digest")
    assert ([row[name] for name in columns], row["size"], row["headers"]) == ([None] * 5, 0, "[]")
    assert not row["blocks"], "without a key it blocks nobody"
    (row,) = await saved(database, told(2), fault=ASIDE)
    assert not row["blocks"]


@pytest.mark.parametrize(("size", "kept"), [(MAX_VALUE, MAX_VALUE), (MAX_VALUE + 1, 4096)])
async def test_of_what_is_too_large_the_beginning_is_kept(database: MemoryDatabase, size: int, kept: int) -> None:
    value = b"x" * size
    (row,) = await saved(database, told(value=value))
    assert (len(row["payload"]), row["size"]) == (kept, size)
    assert row["value_digest"] == (None if kept == size else hashlib.sha256(value).digest())


async def test_records_with_a_key_are_kept_in_their_order_and_others_in_one_that_does_not_depend_on_it(
    database: MemoryDatabase,
) -> None:
    keyless = [told(number, key=None, value=b"%d" % number) for number in range(8)]
    keyed = [told(20 + number, value=b"%d" % number) for number in range(8)]
    mixed = [each for pair in zip(keyless, keyed, strict=True) for each in pair]
    rows = await saved(database, *mixed)
    assert [row["record_offset"] for row in rows] == [
        *range(20, 28), *[each.offset for each in sorted(keyless, key=parking.digest)],
    ]  # fmt: skip


@pytest.mark.parametrize("changed", [{"key": b"b"}, {"value": b"["}, {"headers": []}])
def test_a_digest_tells_records_apart_but_not_by_their_place(changed: dict[str, Any]) -> None:
    assert parking.digest(told(1)) == parking.digest(told(2)._replace(partition=4))
    assert parking.digest(told(1)) != parking.digest(told(1)._replace(**changed))


async def test_a_record_comes_back_as_it_was(database: MemoryDatabase) -> None:
    await saved(database, told(5), fault=ASIDE)
    assert await taken(database, None, 1) is None, "nobody wants it"
    database.decide("retry", 5)
    found = await taken(database, None, 1)
    assert found is not None
    assert (found.id, found.topic, found.partition, found.offset, found.key) == (1, SHOP, 0, 5, b"a")
    assert (found.value, found.headers, found.size, found.failure) == (b"{", list(told(5).headers), 1, "fork")
    assert (found.digest, found.blocks, found.incomplete) == (parking.digest(told(5)), False, False)
    assert (found.vouched, found.gone, parking.missing(found)) == (True, False, None)


async def test_the_first_of_a_key_has_its_turn_if_an_operator_wants_it_or_it_has_only_waited(
    database: MemoryDatabase,
) -> None:
    await saved(database, told(5), told(6, value=b"["))
    assert await taken(database, "a") is None, "nobody waits"
    database.tables.positions[SHOP, "a"] = 1, "{}", b"", None, True
    assert await taken(database, "a") is None, "nobody has decided"
    database.decide("retry", 5)
    found = await taken(database, "a")
    assert found is not None
    assert (found.offset, found.vouched) == (5, True)
    await parking.settle(database, found, None)  # type: ignore[arg-type]
    assert await taken(database, "a") is None, "it was refused itself"
    database.tables.parked[2]["failure"] = "behind"
    found = await taken(database, "a")
    assert found is not None
    assert (found.offset, found.vouched) == (6, False)


async def test_what_is_passed_sets_its_key_free(database: MemoryDatabase) -> None:
    await saved(database, told(5))
    database.tables.positions[SHOP, "a"] = 1, "{}", b"", None, True
    database.decide("discarded", 5)
    assert await taken(database, "a") is None
    assert not database.is_blocked((SHOP, "a"))


@pytest.mark.parametrize(
    ("blocks", "fault", "goes_on"),
    [(True, None, True), (True, ASIDE, True), (True, NO, False), (False, None, False), (False, NO, False)],
)
async def test_a_key_goes_on_once_it_need_not_wait_for_a_record_any_more(
    database: MemoryDatabase, blocks: bool, fault: Fault | None, goes_on: bool
) -> None:
    await saved(database, told(5), fault=NO if blocks else ASIDE)
    await saved(database, told(6, value=b"["), fault=Fault("behind", ""))
    database.tables.positions[SHOP, "a"] = 1, "{}", b"", None, True
    database.decide("retry", 5)
    found = await taken(database, "a" if blocks else None, None if blocks else 1)
    assert found is not None
    await parking.settle(database, found, fault)  # type: ignore[arg-type]
    assert database.tables.parked[2]["due"] is goes_on
    assert (1 in database.tables.parked) is (fault is not None)
    if fault is not None:
        row = database.tables.parked[1]
        assert (row["failure"], row["state"], row["blocks"]) == (fault.code, "parked", blocks and fault.blocks)


async def test_nothing_goes_on_behind_a_record_without_a_key(database: MemoryDatabase) -> None:
    await saved(database, told(5, key=None))
    database.decide("retry", 5)
    found = await taken(database, None, 1)
    assert found is not None
    assert found.key is None
    database.statements.clear()
    await parking.settle(database, found._replace(blocks=True), None)  # type: ignore[arg-type]
    assert database.statements == [parking._SETTLED]


async def test_only_a_beginning_is_nothing_to_handle(database: MemoryDatabase) -> None:
    await saved(database, told(5, value=b"x" * (MAX_VALUE + 1)), fault=ASIDE)
    database.decide("retry", 5)
    found = await taken(database, None, 1)
    assert found is not None
    assert found.incomplete
    assert parking.missing(found) == Fault("too_large", f"the value has {MAX_VALUE + 1} bytes, of at most {MAX_VALUE}")
    gone = parking.missing(found._replace(gone=True))
    assert gone is not None
    assert (gone.code, gone.blocks) == ("record_gone", True)


async def test_a_record_is_known_by_its_digest_wherever_it_stands(database: MemoryDatabase) -> None:
    first, elsewhere, another = told(5), told(9)._replace(partition=2), told(5, value=b"[")
    await saved(database, first)
    batch = [decode(each, {}) for each in (first, elsewhere, another)]
    assert await parking.known(database, batch) == {batch[0].place, batch[1].place}  # type: ignore[arg-type]
    assert await parking.ready(database) == []  # type: ignore[arg-type]
    database.decide("retry", 5)
    assert await parking.ready(database) == [Ready(SHOP, "a", None)]  # type: ignore[arg-type]


def test_an_incomplete_record_is_named_by_its_number() -> None:
    record_ = StoredRecord(7, SHOP, 0, 1, None, b"", [], 1, b"", "too_large", False, True, True)
    error = parking.IncompleteError(record_)
    assert (error.record, str(error)) == (record_, "parked record 7")
