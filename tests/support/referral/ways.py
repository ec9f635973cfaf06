"""The ways of a referral: how it comes into a state, and what can be answered."""

from __future__ import annotations

from typing import Any

from tests.support.memory import NOW
from tests.support.referral.news import DAY, GRANDCHILD, arrived
from tests.support.referral.world import Desk, done

LATER = NOW + 3 * DAY

ANSWERS: dict[str, Any] = {
    "acknowledge": lambda desk: desk.received(),
    "accept": lambda desk: desk.accepted(),
    "reject": lambda desk: desk.rejected(),
    "redirect": lambda desk: desk.redirected(child=GRANDCHILD),
    "complete": lambda desk: desk.completed(),
    "fail": lambda desk: desk.failed(),
    "reopen": lambda desk: desk.reopened(),
    "start": lambda desk: arrived(),
}


def brought(desk: Desk, state: str) -> list[Any]:
    """The events that bring a submitted referral into a state."""
    ways: dict[str, list[Any]] = {
        "submitted": [],
        "received": [desk.received()],
        "rejected": [desk.received(), desk.rejected()],
        "redirected": [desk.received(), desk.redirected()],
        "accepted": [desk.received(), desk.accepted()],
        "in_progress": [desk.received(), desk.accepted(), arrived()],
        "completed": [desk.received(), desk.accepted(), arrived(), desk.completed()],
        "failed": [desk.received(), desk.accepted(), desk.failed()],
    }
    return ways[state]


def desk_in(state: str) -> Desk:
    """A desk whose first referral is in this state."""
    desk = Desk.referred()
    if state == "withdrawn":
        done(desk.withdraw())
    else:
        desk.tell(*brought(desk, state))
    return desk
