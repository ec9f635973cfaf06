"""The closed loop: what a centre answers, and what the scout sees of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from referral.domain.case import Milestone
from referral.domain.referral import TRANSITIONS
from tests.support.memory import NOW
from tests.support.referral.news import ACCRA, CASE, CHILD, DAY, EDO, GRANDCHILD, LAGOS, STRANGER, arrived
from tests.support.referral.ways import ANSWERS, LATER, desk_in
from tests.support.referral.world import Desk, done

STATES = (
    "submitted",
    "received",
    "accepted",
    "in_progress",
    "completed",
    "failed",
    "rejected",
    "redirected",
    "withdrawn",
)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_leads_on_where_the_table_has_it_and_changes_nothing_elsewhere(state: str, answer: str) -> None:
    desk = desk_in(state)
    before = desk.referral()
    desk.tell(ANSWERS[answer](desk), at=LATER)
    after = desk.referral()
    expected = TRANSITIONS.get((before.status, answer))  # type: ignore[call-overload]
    if expected is None and (before.status, answer) == ("withdrawn", "accept"):
        assert (after.status, after.answered_at, after.closed_at) == ("withdrawn", LATER, before.closed_at)
    elif expected is None:
        assert (after.status, after.answered_at, after.closed_at, after.reason) == (
            before.status,
            before.answered_at,
            before.closed_at,
            before.reason,
        )
    else:
        there = desk.case.journey.status == "arrived" and expected == "accepted"
        assert after.status == ("in_progress" if there else expected)
    assert Milestone(LATER, *milestone_of(desk, answer)) in desk.case.timeline


def milestone_of(desk: Desk, answer: str) -> tuple[Any, ...]:
    if answer == "start":
        return ("ArrivedInCountry", CASE, "counselling", LAGOS)
    name, code = {
        "acknowledge": ("ReferralReceived", LAGOS),
        "accept": ("ReferralAccepted", LAGOS),
        "reject": ("ReferralRejected", "no_capacity"),
        "redirect": ("ReferralRedirected", EDO),
        "complete": ("ReferralCompleted", "employment_found"),
        "fail": ("ReferralFailed", "contact_lost"),
        "reopen": ("ReferralReopened", "contact_regained"),
    }[answer]
    return (name, desk.referrals[0], "counselling", code)


def test_the_scout_sees_when_an_answer_is_due_and_what_it_was() -> None:
    desk = Desk.referred()
    desk.tell(desk.received(), at=NOW + timedelta(minutes=1))
    referral = desk.referral()
    assert (referral.status, referral.received_at) == ("received", NOW + timedelta(minutes=1))
    assert referral.answer_due_at == NOW + 7 * DAY
    desk.tell(desk.accepted(), at=LATER)
    referral = desk.referral()
    assert (referral.status, referral.answered_at, referral.first_appointment) == ("accepted", LATER, NOW + 50 * DAY)
    assert referral.closed_at is None
    desk.tell(arrived(), at=LATER + DAY)
    assert desk.referral().status == "in_progress"
    desk.tell(desk.completed(), at=LATER + 2 * DAY)
    referral = desk.referral()
    assert (referral.status, referral.reason, referral.closed_at) == (
        "completed",
        "employment_found",
        LATER + 2 * DAY,
    )


def test_a_rejection_is_shown_with_its_reason() -> None:
    desk = Desk.referred()
    desk.tell(desk.received(), desk.rejected(), at=LATER)
    referral = desk.referral()
    assert (referral.status, referral.reason, referral.answered_at, referral.closed_at) == (
        "rejected",
        "no_capacity",
        LATER,
        LATER,
    )
    assert desk.case.status == "unserved"


def test_a_death_is_the_end_of_the_case_until_a_referral_is_reopened() -> None:
    desk = desk_in("in_progress")
    desk.tell(desk.failed(reason="person_deceased"), at=LATER)
    assert (desk.referral().status, desk.case.status) == ("failed", "deceased")
    desk.tell(desk.reopened(), at=LATER + DAY)
    assert (desk.referral().status, desk.case.status) == ("in_progress", "in_support")


def test_what_has_failed_otherwise_leaves_the_scout_to_find_another_way() -> None:
    desk = desk_in("in_progress")
    desk.tell(desk.failed(reason="no_reason_that_is_known_here"), at=LATER)
    assert desk.case.status == "failed"
    done(desk.refer())
    assert desk.case.status == "referred"


def test_what_is_accepted_after_the_arrival_is_in_progress_at_once() -> None:
    desk = Desk.referred()
    desk.tell(arrived(), desk.received(), desk.accepted())
    assert desk.referral().status == "in_progress"


def test_an_arrival_starts_every_accepted_referral_and_no_other() -> None:
    desk = Desk.referred()
    for need in ("housing", "documents", "legal_aid"):
        done(desk.refer(needs=(need,)))
    first, second, third, _ = desk.referrals
    desk.tell(desk.accepted(first), desk.accepted(second), desk.rejected(third), arrived())
    assert [desk.referral(id_).status for id_ in desk.referrals] == [
        "in_progress",
        "in_progress",
        "rejected",
        "submitted",
    ]


def test_an_answer_to_a_referral_that_is_not_here_is_noted_only() -> None:
    desk = Desk.referred()
    before = desk.case.referrals
    for event in (
        desk.received(STRANGER),
        desk.accepted(STRANGER),
        desk.rejected(STRANGER),
        desk.completed(STRANGER),
        desk.missed(1, STRANGER),
        desk.redirected().model_copy(update={"referral_id": STRANGER}),
    ):
        desk.tell(event)
    assert desk.case.referrals == before
    assert [each.subject for each in desk.case.timeline].count(STRANGER) == 6


# --- redirected ---


def test_a_redirected_referral_lives_on_at_the_next_centre_under_the_same_root() -> None:
    desk = Desk.consented()
    done(desk.refer(priority="urgent", needs=("health", "housing"), wishes=("own_business",), skills=("7131",)))
    desk.tell(desk.received(), desk.redirected(), at=LATER)
    parent, child = desk.referral(), desk.referral(CHILD)
    assert (parent.status, parent.child_id, parent.reason) == ("referred_onward", CHILD, "other_catchment")
    assert (parent.answered_at, parent.closed_at) == (LATER, LATER)
    assert (child.status, child.parent_id, child.root_id) == ("submitted", parent.id, parent.id)
    assert (child.to_centre, child.centre_country, child.country) == (EDO, "NG", "NG")
    assert (child.priority, child.needs, child.wishes, child.skills) == (
        "urgent",
        ("health", "housing"),
        ("own_business",),
        ("7131",),
    )
    assert child.referred_at == LATER
    assert desk.case.status == "referred"
    desk.tell(desk.received(CHILD), desk.accepted(CHILD))
    assert (desk.referral(CHILD).status, desk.case.status) == ("accepted", "accepted")


def test_a_chain_is_told_from_its_first_centre_to_its_last_whatever_their_clocks_say() -> None:
    desk = Desk.referred()
    done(desk.grant("country:GH"))
    desk.tell(desk.redirected(), at=NOW - DAY)
    desk.tell(desk.redirected(CHILD, GRANDCHILD, ACCRA, "GH"), at=NOW - 2 * DAY)
    [root] = desk.referrals
    assert [each.id for each in desk.case.chain(root)] == [root, CHILD, GRANDCHILD]
    assert desk.referral(GRANDCHILD).root_id == root
    assert desk.referral(GRANDCHILD).centre_country == "GH"


def test_a_redirection_that_is_known_already_does_not_begin_the_child_anew() -> None:
    desk = Desk.referred()
    event = desk.redirected()
    desk.tell(event, desk.accepted(CHILD), event)
    assert desk.referral(CHILD).status == "accepted"
