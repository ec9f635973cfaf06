"""The timeline of a case, and events that are about no case."""

from __future__ import annotations

from typing import Any

import pytest

from chassis.pure.decision import NOTHING, Decision
from referral import contracts
from referral.domain.case import TIMELINE_ENTRIES, Milestone
from tests.support.memory import NOW
from tests.support.referral.news import CASE, DAY, LAGOS, OTHER, PAINT, arrived, employed, offered
from tests.support.referral.ways import ANSWERS, LATER
from tests.support.referral.world import Desk, done, refused

BESIDE: list[tuple[Any, str, str]] = [
    (contracts.FirstContactMade(case_id=CASE, centre=LAGOS), "counselling", LAGOS),
    (contracts.PreDepartureCallHeld(case_id=CASE, centre=LAGOS, outcome="prepared"), "counselling", "prepared"),
    (contracts.ReintegrationPlanAgreed(case_id=CASE, centre=LAGOS, plan_id=OTHER), "counselling", ""),
    (contracts.NeedsAssessed(case_id=CASE, centre=LAGOS, assessment_ref=OTHER, readiness="now"), "counselling", "now"),
    (contracts.EnrolmentRequested(case_id=CASE, enrolment_id=OTHER), "training", ""),
    (contracts.EnrolmentConfirmed(case_id=CASE, enrolment_id=OTHER, provider=PAINT), "training", ""),
    (contracts.EnrolmentWaitlisted(case_id=CASE, enrolment_id=OTHER), "training", ""),
    (
        contracts.EnrolmentCancelled(case_id=CASE, enrolment_id=OTHER, reason="departure_before_end"),
        "training",
        "departure_before_end",
    ),
    (
        contracts.CourseCompleted(case_id=CASE, enrolment_id=OTHER, result="passed"),
        "training",
        "passed",
    ),
    (contracts.CandidateShortlisted(case_id=CASE, candidacy_id=OTHER, centre=LAGOS), "placement", ""),
    (contracts.CandidacyClosed(case_id=CASE, candidacy_id=OTHER, reason="not_suitable"), "placement", "not_suitable"),
    (offered(), "placement", "7131"),
    (contracts.JobOfferAccepted(case_id=CASE, offer_id=OTHER), "placement", ""),
    (contracts.JobOfferDeclined(case_id=CASE, offer_id=OTHER, reason="wage"), "placement", "wage"),
    (contracts.JobOfferRetracted(case_id=CASE, offer_id=OTHER), "placement", ""),
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


@pytest.mark.parametrize("event", [arrived(), employed(), BESIDE[2][0]], ids=lambda event: type(event).__name__)
def test_an_event_about_a_case_that_was_never_opened_is_parked(event: Any) -> None:
    refused(Desk().service.event(event), "case_not_found", 404)


def test_a_redirection_of_such_a_case_is_parked_as_well() -> None:
    event = Desk.referred().redirected()
    refused(Desk().service.event(event), "case_not_found", 404)


def test_events_never_publish_anything_but_a_withdrawal() -> None:
    desk = Desk.referred()
    for answer in ANSWERS.values():
        outcome = desk.service.event(answer(desk))
        assert isinstance(outcome, Decision)
        assert {type(event).__name__ for event in outcome.events} <= {"DeadlineMet"}
