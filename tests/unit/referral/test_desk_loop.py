"""The closed loop: what other services tell, what the scout sees of it, and what crosses on its way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chassis.decision import NOTHING, Decision
from referral import contracts
from referral.domain.case import TIMELINE_ENTRIES, Milestone
from referral.domain.referral import TRANSITIONS
from referral.events import ReferralWithdrawn
from tests.support.memory import NOW
from tests.unit.referral.test_desk_referrals import brought
from tests.unit.referral.world import (
    ACCRA,
    CASE,
    CHILD,
    DAY,
    EDO,
    GRANDCHILD,
    LAGOS,
    OTHER,
    STRANGER,
    TODAY,
    Desk,
    arrived,
    done,
    employed,
    offered,
    refused,
)

LATER = NOW + 3 * DAY
STATES = ("submitted", "received", "accepted", "in_progress", "completed", "rejected", "redirected", "withdrawn")
ANSWERS: dict[str, Any] = {
    "acknowledge": lambda desk: desk.received(),
    "accept": lambda desk: desk.accepted(),
    "reject": lambda desk: desk.rejected(),
    "redirect": lambda desk: desk.redirected(child=GRANDCHILD),
    "complete": lambda desk: desk.completed(),
    "start": lambda desk: arrived(),
}


def desk_in(state: str) -> Desk:
    """A desk whose first referral is in this state."""
    desk = Desk.referred()
    if state == "withdrawn":
        done(desk.withdraw())
    else:
        desk.tell(*brought(desk, state))
    return desk


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_leads_on_where_the_table_has_it_and_changes_nothing_elsewhere(state: str, answer: str) -> None:
    desk = desk_in(state)
    before = desk.referral()
    desk.tell(ANSWERS[answer](desk), at=LATER)
    after = desk.referral()
    expected = TRANSITIONS.get((before.status, answer))  # type: ignore[call-overload]
    if expected is None:
        assert (after.status, after.answered_at, after.closed_at, after.reason) == (
            before.status,
            before.answered_at,
            before.closed_at,
            before.reason,
        )
    else:
        assert after.status == expected
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


# --- what crosses a withdrawal ---


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


# --- overdue ---


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


# --- the timeline ---

BESIDE: list[tuple[Any, str, str]] = [
    (contracts.FirstContactMade(case_id=CASE, centre=LAGOS), "counselling", LAGOS),
    (contracts.NeedsAssessed(case_id=CASE, centre=LAGOS, assessment_ref=OTHER, readiness="now"), "counselling", "now"),
    (contracts.EnrolmentRequested(case_id=CASE, enrolment_id=OTHER), "training", ""),
    (contracts.EnrolmentConfirmed(case_id=CASE, enrolment_id=OTHER), "training", ""),
    (contracts.EnrolmentWaitlisted(case_id=CASE, enrolment_id=OTHER), "training", ""),
    (
        contracts.EnrolmentCancelled(case_id=CASE, enrolment_id=OTHER, reason="departure_before_end"),
        "training",
        "departure_before_end",
    ),
    (contracts.CourseCompleted(case_id=CASE, enrolment_id=OTHER, result="passed"), "training", "passed"),
    (offered(), "placement", "7131"),
    (contracts.JobOfferAccepted(case_id=CASE, offer_id=OTHER), "placement", ""),
    (contracts.JobOfferDeclined(case_id=CASE, offer_id=OTHER, reason="wage"), "placement", "wage"),
    (contracts.JobOfferExpired(case_id=CASE, offer_id=OTHER), "placement", ""),
    (employed(), "placement", "7131"),
]


@pytest.mark.parametrize(("event", "source", "code"), BESIDE, ids=[type(event).__name__ for event, _, _ in BESIDE])
def test_what_happens_elsewhere_is_noted_with_its_own_time_and_code(event: Any, source: str, code: str) -> None:
    desk = Desk.referred()
    referrals = desk.case.referrals
    desk.tell(event, at=LATER)
    noted = desk.case.timeline[-1]
    assert (noted.at, noted.type, noted.source, noted.code) == (LATER, type(event).__name__, source, code)
    assert desk.case.referrals == referrals


def test_an_entry_stands_where_in_time_it_belongs() -> None:
    desk = Desk.referred()
    desk.tell(employed(), at=LATER)
    desk.tell(offered(), at=NOW + DAY)
    assert [each.type for each in desk.case.timeline[-2:]] == ["JobOffered", "EmploymentStarted"]


@pytest.mark.parametrize(
    "event", [event for event, _, _ in BESIDE], ids=[type(event).__name__ for event, _, _ in BESIDE]
)
def test_an_event_that_is_handled_again_changes_nothing(event: Any) -> None:
    desk = Desk.referred()
    desk.tell(event, at=LATER)
    assert desk.service.event(event, LATER) is NOTHING


def test_the_desk_notes_its_own_acts_too() -> None:
    desk = Desk.referred()
    done(desk.plan())
    done(desk.withdraw())
    done(desk.withdraw_consent())
    noted = {(each.type, each.code) for each in desk.case.timeline if each.source == "referral"}
    assert noted == {
        ("CaseOpened", ""),
        ("ConsentGranted", "referral"),
        ("ReturneeReferred", LAGOS),
        ("DeparturePlanned", "planned"),
        ("ReferralWithdrawn", "person_declined"),
        ("ConsentWithdrawn", "referral"),
    }


def test_a_timeline_keeps_the_latest_entries_and_forgets_nothing_that_counts() -> None:
    desk = Desk.opened()
    desk.tell(offered(), employed())
    milestones = [Milestone(NOW + number * DAY, "EnrolmentRequested", OTHER, "training") for number in range(1, 601)]
    case = desk.case
    for milestone in (*milestones[300:], *milestones[:300]):
        case = case.noted(milestone)
    assert case.timeline == tuple(milestones[-TIMELINE_ENTRIES:])
    assert (case.job_offers, case.status) == (1, "employed")


# --- faults ---


@pytest.mark.parametrize(
    "event", [arrived(), employed(), offered(), BESIDE[2][0]], ids=lambda event: type(event).__name__
)
def test_an_event_about_a_case_that_was_never_opened_is_parked(event: Any) -> None:
    refused(Desk().service.event(event), "unknown_case")


def test_a_redirection_of_such_a_case_is_parked_as_well() -> None:
    event = Desk.referred().redirected()
    refused(Desk().service.event(event), "unknown_case")


def test_events_never_publish_anything_but_a_withdrawal() -> None:
    desk = Desk.referred()
    for answer in ANSWERS.values():
        outcome = desk.service.event(answer(desk))
        assert isinstance(outcome, Decision)
        assert not outcome.events
