"""What crosses on its way: a withdrawal stands, whichever of the two was heard of first."""

from __future__ import annotations

from itertools import permutations

import pytest

from chassis.pure.decision import Refused
from referral.events import ReferralWithdrawn, RetentionStarted
from tests.support.memory import NOW
from tests.support.referral.news import CASE, CHILD, DAY, EDO, GRANDCHILD, LAGOS, TODAY, arrived
from tests.support.referral.ways import ANSWERS, LATER, desk_in
from tests.support.referral.world import Desk, done


@pytest.mark.parametrize("answer", ["acknowledge", "accept", "reject", "redirect", "start"])
def test_a_withdrawal_stands_whatever_crossed_it(answer: str) -> None:
    desk = desk_in("withdrawn")
    events = len(desk.service.events)
    desk.tell(ANSWERS[answer](desk), at=LATER)
    referral = desk.referral()
    assert (referral.status, referral.reason, referral.closed_at) == ("withdrawn", "person_declined", NOW)
    # An arrival tells that the case had not ended before the departure.
    assert [type(each) for each in desk.service.events[events:]] == [RetentionStarted] * (answer == "start")


WORDS = {
    "completed": ("complete",),
    "failed": ("fail",),
    "in_progress": ("complete", "reopen"),
}


@pytest.mark.parametrize("status", WORDS)
def test_what_a_centre_says_of_what_it_held_is_the_end_of_what_was_withdrawn(status: str) -> None:
    desk = desk_in("withdrawn")
    desk.tell(desk.accepted(), arrived(), at=NOW - DAY)
    for days, word in enumerate(WORDS[status], start=1):
        desk.tell(ANSWERS[word](desk), at=NOW + days * DAY)
    assert desk.referral().status == status


@pytest.mark.parametrize(("times", "status"), [((1, 2, 3), "withdrawn"), ((1, 3, 2), "accepted")])
def test_of_an_end_a_reopening_and_a_withdrawal_the_last_holds_whichever_was_heard_of_first(
    times: tuple[int, int, int], status: str
) -> None:
    """The desk takes back what it has heard to be accepted; that it failed and goes on crosses this."""
    fail, reopen, withdraw = (NOW + each * DAY for each in times)
    snapshots = []
    for order in permutations(range(3)):
        if withdraw < reopen and order.index(2) > order.index(1):
            continue  # who withdraws after the reopening was heard of withdraws what goes on
        desk = Desk.referred()
        desk.tell(desk.received(), desk.accepted())
        for what in order:
            if what == 0:
                desk.tell(desk.failed(), at=fail)
            elif what == 1:
                desk.tell(desk.reopened(), at=reopen)
            else:
                desk.service.now = withdraw
                if isinstance(desk.withdraw(), Refused):
                    break
        else:
            assert desk.referral().status == status, order
            snapshots.append(desk.service.snapshot())
    assert len(snapshots) >= 2
    assert all(each == snapshots[0] for each in snapshots)


def test_of_two_ends_the_later_holds_whatever_became_of_the_reopening_between() -> None:
    snapshots = []
    for order in permutations(range(3)):
        desk = Desk.referred()
        desk.tell(desk.received(), desk.accepted())
        words = [(desk.completed(), NOW + DAY), (desk.reopened(), NOW + 2 * DAY), (desk.failed(), NOW + 3 * DAY)]
        for word, at in (words[place] for place in order):
            desk.tell(word, at=at)
        assert (desk.referral().status, desk.referral().closed_at) == ("failed", NOW + 3 * DAY)
        snapshots.append(desk.service.snapshot())
    assert all(each == snapshots[0] for each in snapshots)


def test_when_it_was_received_is_noted_all_the_same() -> None:
    """So that it makes no difference which of the two was heard of first."""
    one, other = Desk.referred(), Desk.referred()
    one.tell(one.received(), one.missed(2))
    done(one.withdraw())
    done(other.withdraw())
    other.tell(other.received(), other.missed(2))
    assert one.service.snapshot() == other.service.snapshot()


def test_a_withdrawal_that_crosses_a_redirection_holds_for_the_child_and_is_not_told_twice() -> None:
    desk = desk_in("withdrawn")
    desk.tell(desk.redirected(), at=LATER)
    child = desk.referral(CHILD)
    assert (child.status, child.reason, child.closed_at) == ("withdrawn", "person_declined", NOW)
    assert desk.referral().child_id == CHILD
    assert desk.told().count("ReferralWithdrawn") == 1
    desk.tell(desk.received(CHILD), desk.accepted(CHILD), desk.redirected(CHILD, GRANDCHILD))
    assert [desk.referral(id_).status for id_ in (CHILD, GRANDCHILD)] == ["withdrawn", "withdrawn"]
    assert desk.told().count("ReferralWithdrawn") == 1
    assert desk.case.status == "unserved"


def lost_ground(redirected_first: bool) -> Desk:
    """Two consents, one per centre; that for Edo is taken back while Lagos redirects there."""
    desk = Desk.opened()
    done(desk.grant(LAGOS))
    done(desk.grant(EDO))
    done(desk.refer())
    desk.tell(desk.received())
    event = desk.redirected()
    desk.service.now = LATER
    if redirected_first:
        desk.tell(event, at=NOW + DAY)
    done(desk.withdraw_consent())
    if not redirected_first:
        desk.tell(event, at=NOW + DAY)
    return desk


@pytest.mark.parametrize("redirected_first", [True, False])
def test_nobody_is_passed_on_to_a_centre_whose_consent_was_taken_back_meanwhile(redirected_first: bool) -> None:
    desk = lost_ground(redirected_first)
    child = desk.referral(CHILD)
    assert (child.status, child.reason, child.closed_at) == ("withdrawn", "consent_withdrawn", LATER)
    assert desk.last(ReferralWithdrawn) == ReferralWithdrawn(
        case_id=CASE, referral_id=CHILD, to_centre=EDO, country="NG", reason="consent_withdrawn"
    )
    assert desk.told().count("ReferralWithdrawn") == 1


def test_it_makes_no_difference_which_of_the_two_was_heard_of_first() -> None:
    assert lost_ground(True).service.snapshot() == lost_ground(False).service.snapshot()


@pytest.mark.parametrize("purpose", ["matching", "training"])
def test_the_withdrawal_of_a_consent_for_something_else_does_not_stop_a_redirection(purpose: str) -> None:
    desk = Desk.referred()
    done(desk.grant(EDO if purpose == "matching" else "provider:TRADE-PAINT", purpose=purpose))
    done(desk.withdraw_consent())
    desk.tell(desk.redirected())
    assert desk.referral(CHILD).status == "submitted"


def test_a_consent_that_has_merely_run_out_does_not_either() -> None:
    desk = Desk.opened()
    done(desk.grant(valid_until=TODAY))
    done(desk.refer())
    desk.service.now += 5 * DAY
    desk.tell(desk.redirected(), at=desk.service.now)
    assert desk.referral(CHILD).status == "submitted"
