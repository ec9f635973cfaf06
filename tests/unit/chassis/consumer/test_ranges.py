"""Sets of numbers as text, against sets of numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chassis.consumer import ranges, recent

NUMBERS = st.integers(1, 12)
STEPS = st.lists(st.tuples(st.sampled_from(("with", "without")), NUMBERS, st.integers(1, 4)))


@given(steps=STEPS)
def test_ranges_are_sets_of_numbers(steps: list[tuple[str, int, int]]) -> None:
    text, model = ranges.NONE, set[int]()
    for what, number, width in steps:
        if what == "with":
            text = ranges.with_(text, number, number + width)
            model |= set(range(number, number + width))
        else:
            text = ranges.without(text, number)
            model -= {number}
        assert {each for each in range(20) if ranges.has(text, each)} == model
        assert (text == ranges.NONE) == (not model)


@given(
    handled=st.lists(st.tuples(NUMBERS, st.text(max_size=3)), max_size=40),
    asked=st.tuples(NUMBERS, st.text(max_size=3)),
)
def test_the_last_events_are_told_by_number_and_id(handled: list[tuple[int, str]], asked: tuple[int, str]) -> None:
    entries = b""
    for number, id_ in handled:
        entries = recent.added(entries, number, id_)
    kept = handled[-recent.KEPT :]
    expected = asked in kept if any(number == asked[0] for number, _ in kept) else None
    assert recent.is_same(entries, *asked) is expected
    assert recent.is_same(recent.without(entries, *asked), *asked) is not True


def test_a_row_grows_by_no_more_than_16_events_of_12_bytes() -> None:
    entries = b""
    for number in range(40):
        entries = recent.added(entries, number, "id")
    assert len(entries) == 16 * 12


def test_taking_an_entry_back_leaves_all_others_whatever_their_bytes() -> None:
    entries = recent.added(recent.added(b"", 1 << 32, "a"), 1, "b")
    for number, id_ in ((1 << 32, "a"), (1, "b"), (7, "c")):
        left = recent.without(entries, number, id_)
        known = [each for each in ((1 << 32, "a"), (1, "b")) if recent.is_same(left, *each)]
        assert known == [each for each in ((1 << 32, "a"), (1, "b")) if each != (number, id_)]
