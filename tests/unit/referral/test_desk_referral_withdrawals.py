"""A referral is taken back; once the person is in a centre's care, the centre says what becomes of the support."""

from __future__ import annotations

from datetime import timedelta

import pytest

from referral.domain.referral import TRANSITIONS
from referral.events import ReferralWithdrawn
from tests.support.memory import NOW
from tests.support.referral.news import ACCRA, EDO, LAGOS, STRANGER
from tests.support.referral.ways import brought
from tests.support.referral.world import Desk, done, refused


@pytest.mark.parametrize("state", ["submitted", "received", "accepted"])
def test_until_the_arrival_a_referral_is_withdrawn_at_once(state: str) -> None:
    desk = Desk.referred()
    desk.tell(*brought(desk, state))
    desk.service.now += timedelta(hours=1)
    answer = done(desk.withdraw(reason="need_resolved")).answer
    referral = desk.referral()
    assert (referral.status, referral.reason) == ("withdrawn", "need_resolved")
    assert (referral.closed_at, referral.withdrawal_asked_at) == (NOW + timedelta(hours=1), None)
    assert desk.last(ReferralWithdrawn) == ReferralWithdrawn(
        case_id=desk.case.id, referral_id=referral.id, to_centre=LAGOS, country="NG", reason="need_resolved"
    )
    assert (answer.status, answer.case_status) == ("withdrawn", "unserved")


def test_once_the_person_is_in_the_centres_care_the_withdrawal_is_noted_and_told() -> None:
    desk = Desk.referred()
    desk.tell(*brought(desk, "in_progress"))
    answer = done(desk.withdraw()).answer
    referral = desk.referral()
    assert (answer.status, referral.status, referral.withdrawal_asked_at) == ("in_progress", "in_progress", NOW)
    assert (referral.closed_at, desk.told()[-1]) == (None, "ReferralWithdrawn")
    refused(desk.withdraw(), "withdrawal_asked")
    done(desk.refer(EDO))
    desk.tell(desk.failed(reason="person_withdrew"))
    assert (desk.referral().status, desk.referral().reason) == ("failed", "person_withdrew")


def test_what_was_asked_once_can_be_asked_again_when_the_centre_has_gone_on_since() -> None:
    desk = Desk.referred()
    desk.tell(*brought(desk, "in_progress"))
    done(desk.withdraw())
    for hours, word in enumerate((desk.failed(), desk.reopened()), start=1):
        desk.tell(word, at=NOW + timedelta(hours=hours))
    assert (desk.referral().status, desk.referral().withdrawal_asked_at) == ("in_progress", None)
    done(desk.withdraw())


@pytest.mark.parametrize("state", ["completed", "failed", "rejected", "redirected", "withdrawn"])
def test_an_ended_referral_cannot(state: str) -> None:
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


def test_only_the_centre_leads_out_of_an_end() -> None:
    ends = {"completed", "failed", "rejected", "referred_onward", "withdrawn"}
    assert {step for status, step in TRANSITIONS if status in ends} == {"complete", "fail", "reopen"}
    assert not {"rejected", "referred_onward"} & {status for status, _ in TRANSITIONS}


def test_a_consent_for_the_other_country_of_a_fallback_is_not_one_for_the_country_of_return() -> None:
    desk = Desk.consented()
    refused(desk.refer(ACCRA), "centre_elsewhere", 422, "/to_centre")
