"""Records that the client cannot unpack: how they are made, sent, decided on, and judged."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka.consumer.fetcher import PartitionRecords

from chaos import odd, operators
from chaos.books import Ledger
from chaos.evidence import Evidence
from chaos.invariants import INVARIANTS, judge
from chaos.model import NOT_UNPACKED, history, understand
from chaos.odd import FOR_GOOD, FOR_NOW
from chaos.prices import Draft, Prices, _apart
from tests.unit.chaos.good_run import good_run
from tests.unit.chaos.story import GOOD_KEY


@pytest.fixture
def flags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the harness speaks to a process whose client is made to raise."""
    monkeypatch.setenv("CHAOS_FLAGS", str(tmp_path))
    monkeypatch.setattr(PartitionRecords, "_consumer_record", lambda _self, _place, record: record.value)
    odd.install()
    return tmp_path


def _unpacked(kind: str) -> Any:
    value = json.dumps({"kind": kind}).encode()
    return PartitionRecords._consumer_record(cast("Any", None), None, SimpleNamespace(value=value))


def test_what_is_odd_for_now_can_be_unpacked_once_the_flag_is_down(flags: Path) -> None:
    (flags / "odd").touch()
    for kind in (FOR_NOW, FOR_GOOD):
        with pytest.raises(ValueError, match="buffer underrun"):
            _unpacked(kind)
    assert _unpacked("plain")
    (flags / "odd").unlink()
    assert _unpacked(FOR_NOW)
    with pytest.raises(ValueError, match="buffer underrun"):
        _unpacked(FOR_GOOD)


def _written(*kinds: str) -> list[Draft]:
    """What the foreign producer sends for these wishes, of one key."""
    prices = Prices(cast("Any", SimpleNamespace(ledger=Ledger())), random.Random(3))
    prices._open_key = lambda: GOOD_KEY  # type: ignore[method-assign]
    prices._numbers[GOOD_KEY] = 0
    for kind in kinds:
        prices.poison(kind)
    return prices._chunk(0)


def test_what_is_odd_for_good_has_no_number_of_its_own_and_is_sent_alone() -> None:
    drafts = _written(FOR_NOW, FOR_GOOD)
    plain = ["plain"] * 3
    assert [draft.kind for draft in drafts] == [FOR_NOW, *plain, FOR_GOOD, *plain]
    assert [draft.n for draft in drafts] == [1, 2, 3, 4, 5, 5, 6, 7]
    assert [len(together) for together in _apart(drafts)] == [4, 1, 3]


def test_operators_leave_what_stands_still_to_whoever_has_caused_it(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        SimpleNamespace(failure=failure, topic="t", partition=0, record_offset=1) for failure in ("unreadable", "shut")
    ]
    decided: list[tuple[str, list[str]]] = []

    async def heads(_connection: object) -> list[Any]:
        return rows

    def decides(how: str) -> Any:
        async def decide(_world: object, _connection: object, chosen: list[Any]) -> None:
            decided.append((how, [row.failure for row in chosen]))

        return decide

    class Connected:
        def __init__(self, *_: object) -> None: ...

        async def __aenter__(self) -> None: ...

        async def __aexit__(self, *_: object) -> None: ...

    for name, stand_in in (
        ("_heads", heads),
        ("_retry", decides("retry")),
        ("_discard", decides("discard")),
        ("_connected", Connected),
    ):
        monkeypatch.setattr(operators, name, stand_in)
    world = cast("Any", None)
    asyncio.run(operators.look(world, "till", random.Random(1), discard=1))
    assert all("unreadable" not in failures for _, failures in decided)
    decided.clear()
    assert asyncio.run(operators.decide_unreadable(world, "till", again=True)) == 1
    assert asyncio.run(operators.decide_unreadable(world, "till", again=False)) == 1
    assert decided == [("retry", ["unreadable"]), ("discard", ["unreadable"])]


def _of_kind(evidence: Evidence, kind: str) -> Any:
    """The good key's first price, as if it had been of this kind."""
    records = evidence.topics["ph.price.v1"]
    index = next(index for index, record in enumerate(records) if record.key == GOOD_KEY.encode())
    body = {**json.loads(records[index].value or b""), "kind": kind}
    for again in [each for each in records if each.headers == records[index].headers]:
        records[records.index(again)] = again._replace(value=json.dumps(body).encode())
    return records[index]


def _stood_still(evidence: Evidence, record: Any) -> None:
    """A row about its batch, without a key, came and went in transactions of their own."""
    rows = evidence.written["till"]
    sample = next(row for row in rows if row.what == "parked+")
    for what, transaction in (("parked+", 9001), ("parked-", 9002)):
        detail = f"{record.partition} parked unreadable"
        rows.append(
            sample._replace(what=what, transaction=transaction, key="", number=record.offset, detail=detail, place=9001)
        )


def test_a_batch_that_is_retried_is_handled_like_any_other() -> None:
    evidence = good_run()
    _stood_still(evidence, _of_kind(evidence, FOR_NOW))
    verdict = judge(evidence)
    assert verdict.kept, verdict.table()


def test_a_partition_that_stands_still_before_a_plain_record_does_so_for_nothing() -> None:
    evidence = good_run()
    _stood_still(evidence, _of_kind(evidence, "plain"))
    violations = INVARIANTS[7][1](evidence).violations
    assert any("what is parked is poison" in violation for violation in violations)


def test_each_copy_of_what_cannot_be_unpacked_is_asked_about() -> None:
    evidence = good_run()
    first = _of_kind(evidence, FOR_GOOD)
    found = history(map(understand, evidence.topics["ph.price.v1"]))
    odd_ones = [event for event in found.unreadable if event.fault == NOT_UNPACKED]
    assert len(odd_ones) == 2, "and one that came again"
    assert odd_ones[0].record.place == first.place
    assert [found.copies[event.record.place] for event in odd_ones] == [[event.record.place] for event in odd_ones]
    violations = INVARIANTS[7][1](evidence).violations
    assert sum("what cannot be read is parked or discarded, once" in each for each in violations) == 2
