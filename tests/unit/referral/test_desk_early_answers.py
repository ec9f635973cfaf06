"""A redirection whose record was missing comes after what the next centre did: its answer is not lost."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from chassis.pure.decision import Decision
from tests.support.memory import NOW
from tests.support.referral.news import ACCRA, CHILD, DAY, EDO, GRANDCHILD, arrived
from tests.support.referral.world import Desk, done

HOUR = timedelta(hours=1)
ANSWERS: dict[str, tuple[list[str], str]] = {
    "received": (["received"], "received"),
    "accepted": (["received", "accepted"], "accepted"),
    "accepted, no receipt": (["accepted"], "accepted"),
    "rejected": (["received", "rejected"], "rejected"),
    "completed": (["received", "accepted", "arrived", "completed"], "completed"),
    "in support": (["received", "accepted", "arrived"], "in_progress"),
    "failed": (["received", "accepted", "failed"], "failed"),
    "goes on": (["received", "accepted", "failed", "reopened", "arrived"], "in_progress"),
}


def told(answers: list[str], *, redirection_after: int) -> Desk:
    """A desk that has heard of the redirection after so many of the answers."""
    desk = Desk.referred()
    desk.tell(desk.received())
    records: list[tuple[timedelta, Any]] = [
        ((number + 2) * HOUR, arrived() if each == "arrived" else getattr(desk, each)(CHILD))
        for number, each in enumerate(answers)
    ]
    records.insert(redirection_after, (HOUR, desk.redirected()))
    for after, record in records:
        assert isinstance(desk.service.event(record, NOW + after), Decision)
    return desk


@pytest.mark.parametrize("story", ANSWERS)
def test_the_child_is_where_its_centre_has_brought_it_whichever_is_heard_of_first(story: str) -> None:
    answers, status = ANSWERS[story]
    in_order = told(answers, redirection_after=0).case.referral(CHILD)
    assert in_order is not None
    assert in_order.status == status
    for redirection_after in range(1, len(answers) + 1):
        desk = told(answers, redirection_after=redirection_after)
        child = desk.case.referral(CHILD)
        assert child is not None
        for name in ("status", "to_centre", "root_id", "answered_at", "closed_at", "reason"):
            assert getattr(child, name) == getattr(in_order, name), name
        assert desk.case.status == told(answers, redirection_after=0).case.status
        running = {subject for name, subject in desk.service.deadlines if name == "referral_receipt"}
        assert CHILD not in running, "what was received or answered is not waited for"


def test_a_child_of_which_nothing_was_heard_is_waited_for() -> None:
    desk = told([], redirection_after=0)
    child = desk.case.referral(CHILD)
    assert child is not None
    assert (child.status, child.to_centre) == ("submitted", EDO)
    assert CHILD in {subject for _, subject in desk.service.deadlines}
    desk.service.advance(30 * DAY)
    assert desk.case.overdue


def test_a_hop_that_is_heard_of_late_finds_the_hops_after_it() -> None:
    snapshots = []
    for order in permutations(range(3)):
        desk = Desk.referred()
        done(desk.grant("country:GH"))
        first = desk.redirected()
        second = first.model_copy(
            update={
                "referral_id": CHILD,
                "child_referral_id": GRANDCHILD,
                "centre": EDO,
                "to_centre": ACCRA,
                "to_country": "GH",
            }
        )
        records = [(HOUR, first), (2 * HOUR, second), (3 * HOUR, desk.rejected(GRANDCHILD))]
        for after, record in (records[place] for place in order):
            assert isinstance(desk.service.event(record, NOW + after), Decision)
        assert [each.status for each in desk.case.referrals] == ["referred_onward", "referred_onward", "rejected"]
        assert [each.id for each in desk.case.chain(desk.referrals[0])][1:] == [CHILD, GRANDCHILD]
        snapshots.append(desk.service.snapshot())
    assert all(snapshot == snapshots[0] for snapshot in snapshots)
