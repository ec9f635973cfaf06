"""A referral is taken back, as long as nobody has answered it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from referral.domain.referral import TRANSITIONS
from referral.events import ReferralWithdrawn
from tests.support.memory import NOW
from tests.support.referral.news import ACCRA, EDO, LAGOS, STRANGER
from tests.support.referral.ways import brought
from tests.support.referral.world import Desk, done, refused


@pytest.mark.parametrize("state", ["submitted", "received"])
def test_an_unanswered_referral_can_be_taken_back(state: str) -> None:
    desk = Desk.referred()
    desk.tell(*brought(desk, state))
    desk.service.now += timedelta(hours=1)
    answer = done(desk.withdraw(reason="need_resolved")).answer
    referral = desk.referral()
    assert (referral.status, referral.reason) == ("withdrawn", "need_resolved")
    assert (referral.closed_at, referral.answered_at) == (NOW + timedelta(hours=1), None)
    assert desk.last(ReferralWithdrawn) == ReferralWithdrawn(
        case_id=desk.case.id, referral_id=referral.id, to_centre=LAGOS, country="NG", reason="need_resolved"
    )
    assert (answer.status, answer.case_status) == ("withdrawn", "unserved")


@pytest.mark.parametrize("state", ["accepted", "in_progress", "completed", "rejected", "redirected", "withdrawn"])
def test_an_answered_referral_cannot(state: str) -> None:
    desk = Desk.referred()
    if state == "withdrawn":
        done(desk.withdraw())
    else:
        desk.tell(*brought(desk, state))
    refused(desk.withdraw(), "referral_answered")


def test_the_referral_that_a_centre_passed_on_can_be_taken_back_at_the_next_one() -> None:
    desk = Desk.referred()
    redirected = desk.redirected()
    desk.tell(redirected)
    done(desk.withdraw(redirected.child_referral_id))
    assert desk.last(ReferralWithdrawn).to_centre == EDO
    assert desk.case.status == "unserved"


@pytest.mark.parametrize("reason", ["no_capacity", "just_so"])
def test_only_a_reason_of_the_list_will_do(reason: str) -> None:
    refused(Desk.referred().withdraw(reason=reason), "unknown_code", 422, "/reason")


def test_an_unknown_referral_is_not_found() -> None:
    refused(Desk.referred().withdraw(STRANGER), "referral_not_found", 404)


def test_a_referral_of_another_case_is_not_found() -> None:
    desk = Desk.referred()
    done(desk.open(case_id=STRANGER))
    refused(desk.withdraw(case_id=STRANGER), "referral_not_found", 404)


def test_no_step_leads_out_of_an_end() -> None:
    ends = {"completed", "rejected", "referred_onward", "withdrawn"}
    assert not ends & {status for status, _ in TRANSITIONS}
    assert {"submitted", "received", "accepted", "in_progress"} == {status for status, _ in TRANSITIONS}


def test_a_consent_for_the_other_country_of_a_fallback_is_not_one_for_the_country_of_return() -> None:
    desk = Desk.consented()
    refused(desk.refer(ACCRA), "centre_elsewhere", 422, "/to_centre")
