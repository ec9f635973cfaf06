"""What crosses on its way: a withdrawal stands, whichever of the two was heard of first."""

from __future__ import annotations

import pytest

from referral.events import ReferralWithdrawn
from tests.support.memory import NOW
from tests.support.referral.news import CASE, CHILD, DAY, EDO, GRANDCHILD, LAGOS, TODAY
from tests.support.referral.ways import ANSWERS, LATER, desk_in
from tests.support.referral.world import Desk, done


@pytest.mark.parametrize("answer", ["acknowledge", "accept", "reject", "redirect", "complete", "start"])
def test_a_withdrawal_stands_whatever_crossed_it(answer: str) -> None:
    desk = desk_in("withdrawn")
    events = len(desk.service.events)
    desk.tell(ANSWERS[answer](desk), at=LATER)
    referral = desk.referral()
    assert (referral.status, referral.reason, referral.closed_at) == ("withdrawn", "person_declined", NOW)
    assert len(desk.service.events) == events


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
