"""Consents that are taken back, and the referrals that end with them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from referral.events import ConsentWithdrawn, ReferralWithdrawn, RetentionStarted
from tests.support.memory import NOW
from tests.support.referral.news import CHILD, DAKAR, DAY, EDO, LAGOS, PAINT, STRANGER, TODAY, arrived
from tests.support.referral.world import SCOUT, Desk, done, refused


def test_a_consent_that_is_taken_back_is_told_with_effect_at_once_and_stays_as_evidence() -> None:
    desk = Desk.consented()
    desk.service.now += timedelta(hours=3)
    answer = done(desk.withdraw_consent()).answer
    consent = desk.consent()
    assert desk.last(ConsentWithdrawn) == ConsentWithdrawn(
        case_id=desk.case.id,
        consent_id=consent.id,
        purpose="referral",
        recipients=("country:NG",),
        effective_at=NOW + timedelta(hours=3),
    )
    assert answer.status == "withdrawn"
    assert (consent.status, consent.evidence_ref) == ("withdrawn", STRANGER)
    refused(desk.refer(), "consent_missing")


def test_a_consent_is_taken_back_once() -> None:
    desk = Desk.consented()
    done(desk.withdraw_consent())
    refused(desk.withdraw_consent(), "consent_withdrawn")


def test_an_unknown_consent_is_not_found() -> None:
    refused(Desk.consented().withdraw_consent(STRANGER), "consent_not_found", 404)


def test_an_expired_consent_can_still_be_taken_back() -> None:
    desk = Desk.opened()
    done(desk.grant(valid_until=TODAY))
    desk.service.now += 10 * DAY
    done(desk.withdraw_consent())


@pytest.mark.parametrize("known", [False, True], ids=["submitted", "received"])
def test_an_unanswered_referral_that_rests_on_it_is_withdrawn_with_it(known: bool) -> None:
    desk = Desk.referred()
    if known:
        desk.tell(desk.received())
    desk.service.now += DAY
    decision = done(desk.withdraw_consent())
    referral = desk.referral()
    assert (referral.status, referral.reason, referral.closed_at) == ("withdrawn", "consent_withdrawn", NOW + DAY)
    assert [type(event) for event in decision.events] == [ConsentWithdrawn, ReferralWithdrawn, RetentionStarted]
    assert desk.last(ReferralWithdrawn) == ReferralWithdrawn(
        case_id=desk.case.id, referral_id=referral.id, to_centre=LAGOS, country="NG", reason="consent_withdrawn"
    )
    assert desk.case.status == "unserved"


@pytest.mark.parametrize("recipient", [LAGOS, "country:NG"])
def test_it_stays_if_another_consent_covers_the_centre(recipient: str) -> None:
    desk = Desk.referred()
    [first] = desk.consents
    done(desk.grant(recipient))
    decision = done(desk.withdraw_consent(first))
    assert desk.referral().status == "submitted"
    assert len(decision.events) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"recipients": (EDO,)},
        {"recipients": ("country:GH",)},
        {"recipients": (LAGOS,), "purpose": "matching"},
        {"recipients": (LAGOS,), "valid_until": TODAY},
    ],
    ids=["another centre", "another country", "another purpose", "run out meanwhile"],
)
def test_a_consent_for_something_else_does_not_hold_it(other: dict[str, Any]) -> None:
    desk = Desk.referred()
    [first] = desk.consents
    done(desk.grant(*other.pop("recipients"), **other))
    desk.service.now += DAY
    done(desk.withdraw_consent(first))
    assert desk.referral().status == "withdrawn"


@pytest.mark.parametrize(
    ("recipient", "purpose"), [(PAINT, "training"), (LAGOS, "matching"), (EDO, "referral"), ("country:GH", "referral")]
)
def test_a_consent_that_the_referral_never_rested_on_does_not_end_it(recipient: str, purpose: str) -> None:
    desk = Desk.opened()
    done(desk.grant(valid_until=TODAY))
    done(desk.refer())
    done(desk.grant(recipient, purpose=purpose))
    desk.service.now += 2 * DAY
    decision = done(desk.withdraw_consent())
    assert desk.referral().status == "submitted"
    assert len(decision.events) == 1


@pytest.mark.parametrize("end", ["accepted", "rejected", "in_progress", "completed"])
def test_an_answered_referral_is_for_the_centre_to_end(end: str) -> None:
    desk = Desk.referred()
    desk.tell(desk.rejected() if end == "rejected" else desk.accepted())
    if end in ("in_progress", "completed"):
        desk.tell(arrived())
    if end == "completed":
        desk.tell(desk.completed())
    decision = done(desk.withdraw_consent())
    assert desk.referral().status == end
    assert len(decision.events) == 1


def test_all_unanswered_referrals_that_rest_on_it_are_withdrawn_in_one_act() -> None:
    desk = Desk.referred()
    done(desk.refer(EDO, needs=("housing",)))
    done(desk.refer(needs=("documents",)))
    desk.tell(desk.accepted(desk.referrals[1]))
    decision = done(desk.withdraw_consent())
    assert [desk.referral(id_).status for id_ in desk.referrals] == ["withdrawn", "accepted", "withdrawn"]
    assert [type(event).__name__ for event in decision.events] == ["ConsentWithdrawn", *["ReferralWithdrawn"] * 2]


def test_the_country_of_the_centre_counts_not_the_country_of_return() -> None:
    desk = Desk.opened(country="GM", admin1=None)
    done(desk.grant("country:SN"))
    done(desk.refer(DAKAR))
    done(desk.grant("country:GM"))
    done(desk.withdraw_consent(desk.consents[0]))
    assert desk.referral().status == "withdrawn"


def test_the_referral_to_which_it_was_redirected_is_withdrawn_too() -> None:
    desk = Desk.referred()
    desk.tell(desk.received(), desk.redirected())
    done(desk.withdraw_consent(actor=SCOUT))
    assert (desk.referral().status, desk.referral(CHILD).status) == ("referred_onward", "withdrawn")
    assert desk.last(ReferralWithdrawn).referral_id == CHILD
