"""Answers that are overdue, and where the person stands."""

from __future__ import annotations

import pytest

from tests.support.referral.news import CASE, CHILD, STRANGER, arrived, employed, offered
from tests.support.referral.ways import ANSWERS, LATER
from tests.support.referral.world import Desk, done


def test_an_answer_that_should_have_come_is_overdue_until_it_comes() -> None:
    desk = Desk.referred()
    desk.tell(desk.received())
    assert (desk.referral().overdue, desk.case.overdue) == (False, False)
    for level in (1, 2, 3):
        desk.tell(desk.missed(level))
        assert (desk.referral().overdue, desk.referral().overdue_level, desk.case.overdue) == (True, level, True)
    desk.tell(desk.accepted())
    assert (desk.referral().overdue, desk.referral().overdue_level, desk.case.overdue) == (False, 3, False)


@pytest.mark.parametrize("end", ["accept", "reject", "redirect", "complete", "withdraw"])
def test_what_is_answered_or_withdrawn_is_not_overdue_any_more(end: str) -> None:
    desk = Desk.referred()
    desk.tell(desk.received(), desk.missed(1))
    if end == "withdraw":
        done(desk.withdraw())
    else:
        desk.tell(ANSWERS[end](desk))
    assert not desk.case.overdue
    assert desk.referral().overdue_level == 1


def test_a_level_is_never_lowered() -> None:
    desk = Desk.referred()
    desk.tell(desk.missed(2), desk.missed(1))
    assert desk.referral().overdue_level == 2


def test_levels_that_were_reached_in_the_same_moment_are_all_in_the_timeline() -> None:
    desk = Desk.referred()
    desk.tell(desk.missed(1), desk.missed(2), at=LATER)
    codes = [each.code for each in desk.case.timeline if each.type == "DeadlineMissed"]
    assert codes == ["referral_answer_level_1", "referral_answer_level_2"]


def test_another_deadline_of_the_centre_is_noted_only() -> None:
    desk = Desk.referred()
    desk.tell(desk.missed(1, CASE, "first_contact"), desk.missed(2, deadline_type="first_contact"))
    assert not desk.case.overdue


def test_a_redirected_referral_begins_in_time_at_the_next_centre() -> None:
    desk = Desk.referred()
    desk.tell(desk.missed(3), desk.redirected())
    assert (desk.referral(CHILD).overdue_level, desk.case.overdue) == (0, False)


# --- where the person stands ---


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ((), "referred"),
        (("received",), "referred"),
        (("received", "rejected"), "unserved"),
        (("received", "redirected"), "referred"),
        (("accepted",), "accepted"),
        (("accepted", "arrived"), "in_support"),
        (("arrived",), "arrived"),
        (("arrived", "accepted"), "in_support"),
        (("arrived", "rejected"), "arrived"),
        (("accepted", "arrived", "completed"), "completed"),
        (("accepted", "completed"), "completed"),
        (("accepted", "arrived", "employed"), "employed"),
        (("employed",), "employed"),
        (("employed", "rejected"), "employed"),
    ],
)
def test_the_status_of_a_case_follows_from_what_is_known(events: tuple[str, ...], status: str) -> None:
    desk = Desk.referred()
    for name in events:
        desk.tell(
            {"arrived": arrived, "employed": employed}[name]()
            if name in ("arrived", "employed")
            else getattr(desk, name)()
        )
    assert desk.case.status == status


def test_whoever_is_referred_anew_after_the_end_of_support_is_referred() -> None:
    desk = Desk.referred()
    desk.tell(desk.accepted(), desk.completed())
    done(desk.refer(needs=("housing",)))
    assert desk.case.status == "referred"


def test_offers_are_counted_each_once() -> None:
    desk = Desk.opened()
    desk.tell(offered(), offered(), offered(STRANGER))
    assert desk.case.job_offers == 2
    assert not desk.case.employed
