"""A person is referred to a centre: every no, and what the centre gets to know."""

from __future__ import annotations

from typing import Any

import pytest

from referral.answers import ReferralOutcome
from referral.events import DepartureWindow, ReturneeReferred
from tests.support.memory import NOW
from tests.support.referral.news import CASE, DAY, EDO, LAGOS, TODAY, arrived, employed, offered
from tests.support.referral.ways import brought
from tests.support.referral.web import PROGRAMME, Api
from tests.support.referral.world import Desk, done, in_days, reference, refused


def test_a_referral_tells_the_centre_what_it_may_know_before_it_accepts() -> None:
    desk = Desk.consented()
    decision = desk.refer(
        priority="urgent", needs=("housing", "employment", "housing"), wishes=("own_business",), skills=("7132", "7131")
    )
    answer = done(decision).answer
    [id_] = desk.referrals
    assert desk.last(ReturneeReferred) == ReturneeReferred(
        case_id=desk.case.id,
        case_ref=desk.case.case_ref,
        referral_id=id_,
        root_referral_id=id_,
        to_centre=LAGOS,
        country="NG",
        admin1="NG-LA",
        priority="urgent",
        needs=("employment", "further_needs", "housing"),
        wishes=("own_business",),
        skills=("7131", "7132"),
        language="en",
        target_group="RETURNEE_DE",
        return_type="voluntary_assisted",
        age_band="25_34",
        household_size=2,
        vulnerability_present=True,
        departure=None,
        referred_at=NOW,
    )
    assert answer == ReferralOutcome(
        case_id=desk.case.id,
        referral_id=id_,
        root_referral_id=id_,
        to_centre=LAGOS,
        status="submitted",
        case_status="referred",
    )
    assert ReferralOutcome.model_validate_json(answer.model_dump_json()) == answer
    assert (desk.referral().status, desk.referral().needs) == ("submitted", ("employment", "housing"))


@pytest.mark.parametrize("priority", ["emergency", "urgent", "normal"])
def test_the_priority_is_passed_on(priority: str) -> None:
    desk = Desk.consented()
    done(desk.refer(priority=priority))
    assert desk.last(ReturneeReferred).priority == priority


@pytest.mark.parametrize("need", [row.code for row in reference().needs if row.special_category])
def test_a_need_that_tells_of_health_is_kept_here_and_never_published(need: str) -> None:
    desk = Desk.consented()
    done(desk.refer(needs=("employment", need)))
    assert desk.referral().needs == tuple(sorted(("employment", need)))
    assert desk.last(ReturneeReferred).needs == ("employment", "further_needs")
    assert need not in " ".join(event.model_dump_json() for event in desk.service.events)
    assert need not in str(desk.case.timeline)


def test_a_referral_for_nothing_but_health_names_none_of_it() -> None:
    desk = Desk.consented()
    done(desk.refer(needs=("health", "psychosocial")))
    assert desk.last(ReturneeReferred).needs == ("further_needs",)
    refused(desk.refer(needs=("psychosocial",)), "need_already_referred", 409, "/needs")


@pytest.mark.parametrize("need", [row.code for row in reference().needs if not row.special_category])
def test_every_other_need_is_published(need: str) -> None:
    desk = Desk.consented()
    done(desk.refer(needs=(need,)))
    assert desk.last(ReturneeReferred).needs == tuple(sorted({need, "further_needs"}))


def test_what_others_are_told_of_a_need_about_health_is_what_a_scout_may_say_of_anybody() -> None:
    told, shown = [], []
    for needs in (("health",), ("psychosocial", "health"), ("further_needs",)):
        desk = Desk.consented()
        done(desk.refer(needs=needs))
        told.append(desk.last(ReturneeReferred).needs)
        shown.append(Api(desk).read(f"/cases/{CASE}", PROGRAMME).json()["referrals"][0]["needs"])
        assert desk.referral().needs == tuple(sorted(needs))
    assert told == [("further_needs",)] * 3
    assert shown == [["further_needs"]] * 3


def test_a_planned_or_booked_departure_is_told_with_the_referral() -> None:
    desk = Desk.consented()
    done(desk.plan(30, 60))
    done(desk.refer())
    assert desk.last(ReturneeReferred).departure == DepartureWindow(earliest=in_days(30), latest=in_days(60))
    done(desk.book(40))
    done(desk.refer(needs=("housing",)))
    assert desk.last(ReturneeReferred).departure == DepartureWindow(earliest=in_days(40), latest=in_days(40))


@pytest.mark.parametrize("how", ["cancelled", "departed", "arrived"])
def test_a_departure_that_is_over_is_not(how: str) -> None:
    desk = Desk.consented()
    done(desk.plan(0, 60))
    if how == "cancelled":
        done(desk.cancel())
    else:
        done(desk.depart())
    if how == "arrived":
        desk.tell(arrived())
    done(desk.refer())
    assert desk.last(ReturneeReferred).departure is None


@pytest.mark.parametrize(
    ("field", "code"),
    [("needs", "wealth"), ("wishes", "employment"), ("skills", "0000"), ("skills", "7136000")],
)
def test_a_code_that_no_list_has_is_refused(field: str, code: str) -> None:
    outcome = refused(Desk.consented().refer(**{field: (code,)}), "unknown_code", 422, f"/{field}/0")
    assert code not in outcome.detail + outcome.remedy


# --- consent ---


def test_nobody_is_referred_without_a_consent() -> None:
    desk = Desk.opened()
    refused(desk.refer(), "consent_missing")
    assert desk.told() == ["CaseOpened"]


@pytest.mark.parametrize(
    "consent",
    [
        {"recipients": (EDO,)},
        {"recipients": ("country:GH",)},
        {"purpose": "matching"},
    ],
    ids=["for another centre", "for another country", "for another purpose"],
)
def test_a_consent_for_something_else_does_not_do(consent: dict[str, Any]) -> None:
    desk = Desk.opened()
    done(desk.grant(*consent.pop("recipients", ("country:NG",)), **consent))
    refused(desk.refer(), "consent_missing")


def test_a_consent_holds_through_its_last_day_in_germany() -> None:
    desk = Desk.opened()
    done(desk.grant(valid_until=TODAY))
    desk.service.now = NOW.replace(hour=22, minute=59)
    done(desk.refer())
    desk.service.now = NOW.replace(hour=23, minute=1)
    refused(desk.refer(needs=("housing",)), "consent_missing")


def test_one_good_consent_among_others_is_enough() -> None:
    desk = Desk.consented()
    done(desk.withdraw_consent())
    done(desk.grant(LAGOS))
    done(desk.refer())


# --- the same need twice ---


@pytest.mark.parametrize("needs", [("employment",), ("employment", "housing"), ("housing", "employment")])
@pytest.mark.parametrize("to", [None, EDO], ids=["same centre", "other centre"])
def test_nobody_is_referred_twice_for_the_same_open_need(needs: tuple[str, ...], to: str | None) -> None:
    desk = Desk.referred()
    outcome = refused(desk.refer(to, needs=needs), "need_already_referred", 409, "/needs")
    assert str(desk.referrals[0]) in outcome.detail


def test_another_need_may_go_to_another_centre() -> None:
    desk = Desk.referred()
    done(desk.refer(EDO, needs=("housing",)))
    assert [desk.referral(id_).to_centre for id_ in desk.referrals] == [LAGOS, EDO]


@pytest.mark.parametrize("state", ["received", "accepted", "in_progress", "redirected"])
def test_an_open_referral_holds_its_needs_wherever_it_is(state: str) -> None:
    desk = Desk.referred()
    desk.tell(*brought(desk, state))
    refused(desk.refer(), "need_already_referred", 409, "/needs")


@pytest.mark.parametrize("state", ["rejected", "withdrawn", "completed"])
def test_an_ended_referral_frees_its_needs(state: str) -> None:
    desk = Desk.referred()
    if state == "withdrawn":
        done(desk.withdraw())
    else:
        desk.tell(*brought(desk, state))
    desk.service.now += DAY
    done(desk.refer())
    assert [each.open for each in map(desk.referral, desk.referrals)] == [False, True]


# --- people who have found work ---


def test_a_person_who_has_found_work_is_referred_for_what_else_they_need() -> None:
    """Work settles neither housing nor health; whether it lasts, nobody here knows."""
    desk = Desk.referred()
    desk.tell(desk.accepted(), arrived(), offered(), employed(), desk.completed())
    assert desk.case.status == "employed"
    desk.service.now += DAY
    done(desk.refer(needs=("housing",)))
    assert desk.case.status == "employed"
    assert desk.referral(desk.referrals[1]).open


def test_a_person_who_has_found_work_gives_and_takes_back_consents_like_anybody_else() -> None:
    desk = Desk.referred()
    desk.tell(employed())
    done(desk.grant(LAGOS, purpose="matching"))
    done(desk.withdraw_consent())
    done(desk.withdraw())
    assert desk.case.status == "employed"
