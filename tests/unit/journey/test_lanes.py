"""A case's timeline as a drawing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from journey.pages.lanes import APART, GUTTER, MARGIN, WIDTH, Moment, draw

NOW = datetime(2026, 6, 1, tzinfo=UTC)
NAMES = ("referral", "training")


def moment(days: float, lane: str = "referral", kind: str = "event", target: str = "e1") -> Moment:
    return Moment(lane, NOW + timedelta(days=days), f"after {days} days", target, kind)


def test_nothing_is_drawn_of_nothing() -> None:
    assert draw(NAMES, [], NOW) is None


def test_time_runs_evenly_from_the_first_moment_to_the_last() -> None:
    drawing = draw(NAMES, [moment(-100), moment(-50), moment(0)], NOW)
    assert drawing is not None
    first, middle, last = drawing.lanes[0].marks
    assert (first.x, last.x) == (GUTTER, WIDTH - MARGIN)
    assert middle.x == (first.x + last.x) / 2
    assert drawing.now == last.x


def test_a_lane_without_a_mark_is_there_and_says_that_nothing_happened() -> None:
    drawing = draw(NAMES, [moment(-1)], NOW)
    assert drawing is not None
    assert [(lane.name, lane.marks == ()) for lane in drawing.lanes] == [("referral", False), ("training", True)]
    assert drawing.lanes[1].first is None


def test_marks_that_would_lie_on_each_other_are_one_with_a_number_and_the_gravest_look() -> None:
    close = [moment(-100), moment(-99.9, kind="trouble", target="e2"), moment(-99.8, target="e3"), moment(-10)]
    drawing = draw(NAMES, close, NOW)
    assert drawing is not None
    crowd, alone = drawing.lanes[0].marks
    assert (crowd.count, crowd.kind, crowd.target) == (3, "trouble", "e1")
    assert (alone.count, alone.kind) == (1, "event")


def test_what_is_due_later_than_now_has_its_place_and_so_has_now() -> None:
    drawing = draw(NAMES, [moment(-10), moment(10, kind="due")], NOW)
    assert drawing is not None
    assert drawing.now == (GUTTER + WIDTH - MARGIN) / 2
    assert drawing.lanes[0].marks[-1].x == WIDTH - MARGIN


def test_a_single_moment_of_this_very_second_can_be_drawn() -> None:
    drawing = draw(NAMES, [moment(0)], NOW)
    assert drawing is not None
    assert drawing.lanes[0].marks[0].x == GUTTER


@given(st.lists(st.tuples(st.floats(-600, 90), st.sampled_from(NAMES)), min_size=1, max_size=60))
def test_no_moment_is_lost_none_leaves_the_canvas_and_marks_keep_apart(found: list[tuple[float, str]]) -> None:
    drawing = draw(NAMES, [moment(days, lane) for days, lane in found], NOW)
    assert drawing is not None
    assert sum(mark.count for lane in drawing.lanes for mark in lane.marks) == len(found)
    for lane in drawing.lanes:
        places = [mark.x for mark in lane.marks]
        assert places == sorted(places)
        assert all(GUTTER <= place <= WIDTH - MARGIN for place in places)
        assert all(later - earlier > APART / 2 for earlier, later in pairwise(places))
