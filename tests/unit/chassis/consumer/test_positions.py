"""What a record's number says of it, and what is kept of it: a position without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis.consumer import ranges, recent
from chassis.consumer.inbound import Inbound, decode
from chassis.consumer.positions import LEAD, MAX_GAP, Positions, Verdict
from tests.support.records import event_id, recorded, sold
from tests.support.toy import Sold

KEY = UUID("0a4f3201-0739-4a01-a222-c2ca70788890")
TOPIC = "ph.shop.v1"
LONG_AGO = datetime(2026, 3, 2, 9, tzinfo=UTC)


def event(number: int, *, id_: str = "", after: float | None = None, **changed: Any) -> Inbound:
    """Event `number`, recorded so many seconds `after` the first."""
    at = LONG_AGO + timedelta(seconds=number if after is None else after)
    told = recorded(sold(KEY, number), at, **{"ce_id": event_id(id_ or f"id-{number}").encode(), **changed})
    return decode(told, {Sold.type: Sold})


def timeless(number: int, id_: str = "") -> Inbound:
    return event(number, id_=id_, ce_recordedtime=b"")


def unknown(number: int) -> Inbound:
    return event(number, ce_type=b"ph.shop.Other.v1")


def bad(number: int, *, id_: str = "", after: float | None = None, **changed: Any) -> Inbound:
    told = event(number, id_=id_, after=after, **changed).record
    return decode(told._replace(value=b"{"), {Sold.type: Sold})  # type: ignore[attr-defined]


def stored(positions: Positions) -> tuple[Any, ...]:
    """The one row that is new and has changed."""
    (row,) = positions.changed(stored=False)
    return row


def at(
    sequence: int, *, open_: str = ranges.NONE, last: datetime | None = LONG_AGO, blocked: bool = False
) -> Positions:
    positions = Positions()
    positions.take_over(TOPIC, str(KEY), sequence, open_, b"", last, blocked)
    return positions


def test_numbers_in_order() -> None:
    positions = Positions()
    assert [positions.advance(event(number)) for number in (1, 2, 3)] == [Verdict.NEXT] * 3
    row = stored(positions)
    assert row[:4] == (TOPIC, str(KEY), 3, ranges.NONE)
    assert row[5:] == (LONG_AGO + timedelta(seconds=3), False)
    assert recent.is_same(row[4], 3, event_id("id-3"))
    assert recent.is_same(row[4], 1, event_id("id-1"))


def test_a_reader_that_starts_late_leaves_what_is_before_open() -> None:
    positions = Positions()
    assert positions.advance(event(4)) is Verdict.FIRST
    assert stored(positions)[2:4] == (4, "{[1,4)}")
    assert positions.advance(event(2)) is Verdict.LATE
    assert positions.advance(event(2)) is Verdict.REPEAT
    assert positions.advance(event(2, id_="another")) is Verdict.FORK


def test_a_single_number_that_is_missing_is_a_gap() -> None:
    positions = Positions()
    positions.advance(event(1))
    assert positions.advance(event(3)) is Verdict.GAP
    assert stored(positions)[2:4] == (3, "{[2,3)}")
    positions.accept(event(5))
    assert stored(positions)[2:4] == (5, "{[2,3),[4,5)}")


def test_a_first_number_may_be_far_ahead_and_a_later_one_not() -> None:
    positions = Positions()
    assert MAX_GAP == 1000
    assert positions.advance(event(10 * MAX_GAP)) is Verdict.FIRST
    assert positions.advance(event(11 * MAX_GAP + 1)) is Verdict.TOO_FAR
    assert stored(positions)[2] == 10 * MAX_GAP
    assert positions.advance(event(11 * MAX_GAP)) is Verdict.GAP
    assert stored(positions)[2:4] == (11 * MAX_GAP, f"{{[1,{10 * MAX_GAP}),[{10 * MAX_GAP + 1},{11 * MAX_GAP})}}")


def test_of_a_blocked_key_missing_numbers_are_no_gap() -> None:
    positions = at(1, blocked=True)
    assert positions.advance(event(4)) is Verdict.NEXT
    assert positions.advance(event(2)) is Verdict.LATE


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        (event(2), Verdict.REPEAT),
        (event(2, id_="another"), Verdict.FORK),
        (event(2, id_="another", after=99), Verdict.FORK),
        (event(1, id_="long forgotten", after=3), Verdict.REPEAT),
        (event(1, id_="newer than all", after=4), Verdict.FORK),
        (timeless(1, "no time"), Verdict.REPEAT),
        (timeless(2, "no time"), Verdict.FORK),
    ],
)
def test_a_repeat_is_an_event_that_was_handled(told: Inbound, verdict: Verdict) -> None:
    positions = at(1, last=LONG_AGO + timedelta(seconds=1))
    positions.advance(event(2))
    positions.advance(event(3))
    before = positions.changed(stored=True)
    assert positions.advance(told) is verdict
    assert positions.changed(stored=True) == before


def test_without_a_time_everything_old_is_a_repeat() -> None:
    assert at(3, last=None).advance(event(2)) is Verdict.REPEAT


def test_the_latest_time_is_kept_and_one_ahead_of_our_clock_counts_as_now() -> None:
    positions = Positions()
    now = datetime.now(UTC)
    positions.advance(event(1, after=50))
    positions.advance(event(2, after=20))
    positions.advance(timeless(3))
    assert stored(positions)[5] == LONG_AGO + timedelta(seconds=50)
    assert timedelta(seconds=1) == LEAD
    ahead = now + LEAD / 2 - LONG_AGO
    positions.advance(event(4, after=ahead.total_seconds()))
    assert stored(positions)[5] == LONG_AGO + timedelta(seconds=ahead.total_seconds())
    far = Positions()
    far.advance(event(1, after=(now + timedelta(days=1) - LONG_AGO).total_seconds()))
    assert now - LEAD <= stored(far)[5] <= datetime.now(UTC)


def test_a_record_without_key_or_number_counts_for_nothing() -> None:
    positions = Positions()
    assert positions.advance(decode(event(1).record._replace(key=None), {Sold.type: Sold})) is Verdict.UNNUMBERED  # type: ignore[attr-defined]
    assert positions.advance(decode(unknown(1).record._replace(key=None), {})) is Verdict.UNNUMBERED  # type: ignore[attr-defined]
    assert positions.advance(event(1, ce_sequence=b"0")) is Verdict.UNNUMBERED
    assert positions.advance(event(1, ce_sequence=b"0", ce_type=b"ph.shop.Other.v1")) is Verdict.UNNUMBERED
    assert positions.changed(stored=False) == []


def test_an_unknown_type_moves_by_one_and_leaves_its_number_open() -> None:
    positions = Positions()
    assert positions.advance(unknown(2)) is Verdict.UNNUMBERED
    assert positions.changed(stored=False) == []
    assert positions.advance(unknown(1)) is Verdict.NEXT
    assert stored(positions)[2:5] == (1, "{[1,2)}", b"")
    assert positions.advance(unknown(1)) is Verdict.REPEAT
    assert positions.advance(event(1)) is Verdict.LATE


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        (bad(2), Verdict.REPEAT),
        (bad(2, id_="another"), Verdict.UNNUMBERED),
        (bad(1, id_="old"), Verdict.REPEAT),
        (bad(1, id_="old", after=99), Verdict.UNNUMBERED),
        (bad(2, ce_recordedtime=b""), Verdict.UNNUMBERED),
        (bad(2, ce_id=b""), Verdict.UNNUMBERED),
        (bad(3), Verdict.UNNUMBERED),
        (bad(4), Verdict.UNNUMBERED),
    ],
)
def test_a_bad_record_moves_nothing_and_is_a_repeat_only_if_its_event_was_handled(
    told: Inbound, verdict: Verdict
) -> None:
    positions = at(1)
    positions.advance(event(2))
    before = positions.changed(stored=True)
    assert positions.advance(told) is verdict
    assert positions.changed(stored=True) == before


def test_a_bad_record_whose_number_is_open_is_no_repeat() -> None:
    assert at(3, open_="{[2,3)}").advance(bad(2, after=-9)) is Verdict.UNNUMBERED


def test_only_an_event_that_is_read_here_can_be_open() -> None:
    positions = at(5, open_="{[2,4),[7,9)}")
    assert positions.any_open
    assert [positions.is_open(event(number)) for number in (1, 2, 3, 4, 5, 7)] == [
        False,
        True,
        True,
        False,
        False,
        False,
    ]
    assert not positions.is_open(unknown(2))
    assert not Positions().is_open(event(2))
    assert not at(5).any_open
    assert not at(5).is_open(event(2))


def test_an_event_is_a_proven_repeat_if_its_id_is_known() -> None:
    positions = at(1)
    assert not Positions().is_proven_repeat(event(1))
    assert not positions.is_proven_repeat(event(1))
    positions.advance(event(2))
    assert positions.is_proven_repeat(event(2))
    assert not positions.is_proven_repeat(event(2, id_="another"))
    positions.reopen(event(2))
    assert not positions.is_proven_repeat(event(2))


def test_a_number_whose_event_is_known_but_open_is_no_proven_repeat() -> None:
    positions = Positions()
    positions.take_over(TOPIC, str(KEY), 2, "{[2,3)}", recent.added(b"", 2, event_id("id-2")), LONG_AGO, False)
    assert not positions.is_proven_repeat(event(2))


def test_what_an_operator_vouches_for_is_handled_whatever_its_number() -> None:
    positions = at(2)
    positions.accept(event(5 * MAX_GAP))
    assert positions.changed(stored=True)[0][2:4] == (5 * MAX_GAP, f"{{[3,{5 * MAX_GAP})}}")
    positions.accept(event(4))
    assert positions.changed(stored=True)[0][2:4] == (5 * MAX_GAP, f"{{[3,4),[5,{5 * MAX_GAP})}}")
    positions.accept(event(5 * MAX_GAP + 1))
    assert positions.changed(stored=True)[0][2:4] == (5 * MAX_GAP + 1, f"{{[3,4),[5,{5 * MAX_GAP})}}")
    positions.accept(event(1, id_="vouched"))
    assert positions.changed(stored=True)[0][2] == 5 * MAX_GAP + 1
    assert positions.is_proven_repeat(event(1, id_="vouched"))


def test_a_record_without_key_is_neither_accepted_nor_reopened_nor_blocks_anybody() -> None:
    positions = Positions()
    nobody = decode(event(1).record._replace(key=None), {Sold.type: Sold})  # type: ignore[attr-defined]
    positions.accept(nobody)
    positions.reopen(nobody)
    positions.block(nobody)
    assert not positions.is_blocked(nobody)
    assert positions.changed(stored=False) == []


def test_a_number_that_was_parked_after_all_is_open_again() -> None:
    positions = Positions()
    positions.advance(event(1))
    positions.advance(event(2))
    positions.reopen(event(2))
    assert stored(positions)[2:4] == (2, "{[2,3)}")
    assert recent.is_same(stored(positions)[4], 2, event_id("id-2")) is None
    assert recent.is_same(stored(positions)[4], 1, event_id("id-1"))
    positions.reopen(bad(1))
    assert stored(positions)[3] == "{[2,3)}"


def test_a_key_is_blocked_once() -> None:
    positions = at(3)
    assert not positions.is_blocked(event(3))
    assert not Positions().is_blocked(event(3))
    positions.block(event(3))
    assert positions.is_blocked(event(4))
    assert positions.changed(stored=True)[0][6] is True
    already = at(3, blocked=True)
    already.block(event(3))
    assert already.changed(stored=True) == []


def test_rows_are_written_in_the_order_of_locks_and_only_those_that_moved() -> None:
    positions = Positions()
    keys = [UUID(int=number) for number in (3, 1, 2)]
    for key in keys:
        positions.advance(decode(sold(key, 1), {Sold.type: Sold}))
    positions.take_over(TOPIC, "left alone", 1, ranges.NONE, b"", None, False)
    assert [row[1] for row in positions.changed(stored=False)] == sorted(map(str, keys))
    assert positions.changed(stored=True) == []


def compacted() -> Positions:
    return Positions({TOPIC})


def test_in_a_compacted_topic_a_number_that_was_passed_is_open_as_anywhere() -> None:
    positions = compacted()
    assert [positions.advance(event(number)) for number in (4, 5, 9)] == [Verdict.FIRST, Verdict.NEXT, Verdict.GAP]
    assert positions.advance(event(10 + MAX_GAP)) is Verdict.TOO_FAR
    assert stored(positions)[2:4] == (9, "{[1,4),[6,9)}")


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        (event(9), Verdict.REPEAT),
        (event(9, id_="another", after=20), Verdict.FORK),
        (event(6), Verdict.SUPERSEDED),
        (event(6, after=9), Verdict.SUPERSEDED),
        (timeless(6), Verdict.SUPERSEDED),
        (event(6, after=9.001), Verdict.LATE),
    ],
)
def test_in_a_compacted_topic_only_what_is_newer_than_all_is_handled_under_a_number_that_was_passed(
    told: Inbound, verdict: Verdict
) -> None:
    positions = compacted()
    positions.advance(event(4))
    positions.advance(event(9))
    before = stored(positions)
    assert positions.advance(told) is verdict
    assert (stored(positions) == before) is (verdict is not Verdict.LATE)
    assert stored(positions)[2] == 9


def test_in_a_compacted_topic_a_forged_number_hides_no_event_that_was_recorded_later() -> None:
    positions = compacted()
    positions.advance(event(2))
    assert positions.advance(event(900, after=3)) is Verdict.GAP, "as if the others had vanished"
    assert [positions.advance(event(number)) for number in (3, 4, 5)] == [Verdict.SUPERSEDED, *[Verdict.LATE] * 2]
    assert [positions.advance(event(number)) for number in (4, 5)] == [Verdict.REPEAT] * 2
    assert stored(positions)[2:4] == (900, "{[1,2),[3,4),[6,900)}")


def test_what_is_compacted_is_a_matter_of_the_topic() -> None:
    positions = Positions({"ph.other.v1"})
    positions.advance(event(1))
    assert positions.advance(event(3)) is Verdict.GAP
