"""What other services tell: every event that is read, what it changes, and what is too late to change anything."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from chassis.pure.messages import Contract
from counselling import contracts
from counselling.consumers import EVENTS
from counselling.domain.consent import Consent
from counselling.domain.journey import Departure
from counselling.domain.referral import Withdrawal
from counselling.events import ReferralReceived
from tests.support.counselling.world import (
    CASE,
    CONSENT,
    DAY,
    EDO,
    IN_EDO,
    LAGOS,
    REFERRAL,
    SECOND,
    TODAY,
    Desk,
    aged,
    consent,
    consent_gone,
    done,
    referred,
    refused,
    withdrawn,
)
from tests.support.memory import NOW

LATER = NOW + timedelta(hours=3)


def test_a_referral_is_expected_and_its_arrival_in_the_inbox_is_told() -> None:
    desk = Desk()
    desk.tell(referred(), at=LATER)
    file, referral = desk.file, desk.referral()
    assert (file.status, file.centre, file.country, file.centres) == ("expected", LAGOS, "NG", (LAGOS,))
    assert (referral.status, referral.centre_country, referral.received_at) == ("received", "NG", LATER)
    assert referral.preview.needs == ("employment", "housing")
    due = datetime(2026, 3, 9, 22, 59, 59, tzinfo=UTC)
    assert desk.events == [
        ReferralReceived(
            case_id=CASE,
            centre=LAGOS,
            country="NG",
            referral_id=REFERRAL,
            root_referral_id=REFERRAL,
            received_at=LATER,
            answer_due_at=due,
        )
    ]
    assert desk.due("referral_answer", REFERRAL) == due


@pytest.mark.parametrize(("centre", "due"), [("centre:IQ-BGW", "2026-03-18"), ("centre:IQ-EBL", "2026-03-24")])
def test_the_answer_is_owed_by_the_days_of_the_region_that_the_centre_lies_in(centre: str, due: str) -> None:
    """Both rest on the 16th and the weekend; Erbil also on 11 and 12 March, and then from the 20th to the 23rd."""
    desk = Desk()
    sent = datetime(2026, 3, 10, 9, tzinfo=UTC)
    desk.tell(referred(to_centre=centre, country="IQ", admin1=None, referred_at=sent))
    found = desk.due("referral_answer", REFERRAL)
    assert found == datetime.fromisoformat(f"{due}T20:59:59Z")
    assert desk.service.deadlines["referral_answer", REFERRAL].counted == (desk.referral().place, sent, 5)


def test_a_referral_that_comes_twice_comes_once() -> None:
    desk = Desk.with_acceptance()
    before, told = desk.service.snapshot(), desk.told()
    desk.tell(referred(priority="emergency"))
    assert (desk.service.snapshot(), desk.told()) == (before, told)


def test_a_referral_to_a_centre_that_nobody_knows_is_refused() -> None:
    desk = Desk()
    outcome = desk.service.event(referred(to_centre="centre:NG-XXX"))
    refused(outcome, "unknown_code", 422, "/to_centre")


@pytest.mark.parametrize("at", ["2016-12-31T23:00:00Z", "2100-01-01T00:00:00Z"])
def test_a_referral_from_outside_the_calendars_is_no_valid_message(at: str) -> None:
    with pytest.raises(ValidationError):
        referred(referred_at=at)


def test_a_new_referral_after_a_refusal_opens_the_file_again() -> None:
    desk = Desk.with_referral()
    done(desk.reject())
    desk.tell(referred(referral_id=SECOND, to_centre=EDO))
    assert (desk.file.status, desk.file.centre) == ("expected", EDO)
    assert len(desk.file.referrals) == 2


def test_of_two_open_referrals_the_first_accepted_holds_the_file() -> None:
    desk = Desk.with_referral()
    desk.tell(referred(referral_id=SECOND, to_centre=EDO), at=LATER)
    assert (desk.file.centre, desk.file.centres) == (LAGOS, (EDO, LAGOS))
    done(desk.accept(IN_EDO, SECOND))
    desk.service.advance(DAY)
    done(desk.accept())
    assert desk.file.centre == EDO


def test_a_referral_for_another_departure_begins_a_new_journey() -> None:
    desk = Desk.with_acceptance()
    desk.tell(contracts.ReturneeDeparted(case_id=CASE, departed_on=TODAY, arrival_expected_on=TODAY))
    done(desk.arrive())
    done(desk.contact())
    done(desk.assess())
    done(desk.complete("left_area"))
    window = {"earliest": TODAY + 300 * DAY, "latest": TODAY + 310 * DAY}
    desk.tell(referred(referral_id=SECOND, departure=window))
    file = desk.file
    assert (file.status, file.arrival, file.contacts, file.assessment) == ("expected", None, (), None)
    assert file.departure == Departure("expected", TODAY + 300 * DAY, TODAY + 310 * DAY, hoped=True)
    done(desk.accept(referral_id=SECOND))
    desk.service.advance(310 * DAY)
    done(desk.arrive(TODAY + 310 * DAY))


@pytest.mark.parametrize("window", [None, {"earliest": TODAY - 9 * DAY, "latest": TODAY}])
def test_a_referral_for_a_person_who_is_in_the_country_goes_on_where_the_file_ended(window: Any) -> None:
    desk = Desk.with_contact()
    done(desk.complete())
    desk.tell(referred(referral_id=SECOND, departure=window))
    assert desk.file.status == "in_contact"


@pytest.mark.parametrize("accepted", [False, True])
def test_a_withdrawal_before_the_arrival_wins_over_whatever_the_centre_has_done(accepted: bool) -> None:
    desk = Desk.with_acceptance() if accepted else Desk.with_referral()
    desk.tell(withdrawn(), at=LATER)
    referral = desk.referral()
    assert (referral.status, referral.reason, referral.ended_at) == ("withdrawn", "person_declined", LATER)
    assert desk.file.status == "withdrawn"
    assert not desk.service.deadlines


def test_a_withdrawal_after_the_arrival_is_noted_and_the_centre_completes_the_referral() -> None:
    desk = Desk.with_arrival()
    desk.tell(withdrawn(), at=LATER)
    desk.tell(withdrawn(reason="duplicate"))
    assert (desk.referral().status, desk.file.status) == ("in_progress", "arrived_not_contacted")
    assert desk.referral().withdrawal == Withdrawal("person_declined", LATER)
    assert desk.due("first_contact", CASE) is not None
    done(desk.complete("person_stopped"))
    assert desk.file.status == "closed"


def test_a_withdrawal_follows_a_referral_to_where_it_was_redirected() -> None:
    desk = Desk.with_referral()
    done(desk.redirect(EDO))
    desk.tell(withdrawn(REFERRAL))
    assert desk.referral().status == "referred_onward"
    assert desk.child().status == "withdrawn"
    assert (desk.file.status, desk.file.centre) == ("withdrawn", EDO)
    assert not desk.service.deadlines


def test_a_child_referral_can_be_withdrawn_by_its_own_id() -> None:
    desk = Desk.with_referral()
    done(desk.redirect(EDO))
    desk.tell(withdrawn(desk.child().id))
    assert desk.child().status == "withdrawn"


def test_a_withdrawal_of_one_of_two_referrals_leaves_the_other() -> None:
    desk = Desk.with_acceptance()
    desk.tell(referred(referral_id=SECOND, to_centre=EDO), withdrawn())
    assert (desk.file.status, desk.file.centre, desk.file.centres) == ("expected", EDO, (EDO,))


@pytest.mark.parametrize("end", ["reject", "complete", "redirected and rejected"])
def test_a_withdrawal_of_what_has_ended_changes_nothing(end: str) -> None:
    desk = Desk.with_arrival() if end == "complete" else Desk.with_referral()
    if end == "complete":
        done(desk.complete())
    elif end == "reject":
        done(desk.reject())
    else:
        done(desk.redirect(EDO))
        done(desk.reject(actor=IN_EDO, referral_id=desk.child().id))
    before = desk.service.snapshot()
    desk.tell(withdrawn())
    assert desk.service.snapshot() == before


def test_a_withdrawal_that_comes_before_its_referral_tells_nothing_and_holds_when_that_comes() -> None:
    desk = Desk()
    desk.tell(withdrawn())
    assert (desk.file.status, desk.file.referrals, desk.events) == ("unknown", (), [])
    desk.tell(consent(), referred())
    [referral] = desk.file.referrals
    assert (referral.status, referral.reason, desk.file.status) == ("withdrawn", "person_declined", "withdrawn")
    assert desk.service.deadlines == {}
    assert [type(event).__name__ for event in desk.events] == ["ReferralReceived"]
    desk.tell(referred(referral_id=SECOND))
    assert desk.file.referrals[1].status == "received"


def test_consents_to_hand_over_are_kept_with_their_withdrawal() -> None:
    desk = Desk()
    desk.tell(consent(LAGOS), consent_gone(LATER), consent_gone(NOW), consent_gone(LATER))
    assert desk.file.consents == (
        Consent(CONSENT, (LAGOS,), date(2028, 3, 1), datetime(2028, 3, 1, 23, tzinfo=UTC), NOW),
    )
    assert desk.file.status == "unknown"


def test_consents_for_other_purposes_are_not_kept() -> None:
    desk = Desk()
    desk.tell(consent(purpose="matching"), consent_gone(purpose="matching"))
    assert desk.service.snapshot()["states"]["centre_file"] == {}


def plan(status: str, earliest: date, latest: date) -> contracts.DeparturePlanned:
    return contracts.DeparturePlanned.model_validate(
        {"case_id": CASE, "status": status, "earliest": earliest, "latest": latest}
    )


def move(status: str, earliest: date, latest: date) -> contracts.DepartureRescheduled:
    return contracts.DepartureRescheduled.model_validate(
        {"case_id": CASE, "status": status, "earliest": earliest, "latest": latest}
    )


@pytest.mark.parametrize(
    ("events", "departure"),
    [
        ((plan("planned", TODAY, TODAY + DAY),), Departure("planned", TODAY, TODAY + DAY)),
        ((plan("booked", TODAY, TODAY),), Departure("booked", TODAY, TODAY)),
        (
            (plan("planned", TODAY, TODAY + DAY), move("booked", TODAY + DAY, TODAY + DAY)),
            Departure("booked", TODAY + DAY, TODAY + DAY),
        ),
        (
            (plan("booked", TODAY, TODAY), contracts.DepartureCancelled(case_id=CASE)),
            Departure("cancelled"),
        ),
        (
            (
                plan("booked", TODAY, TODAY),
                contracts.ReturneeDeparted(case_id=CASE, departed_on=TODAY, arrival_expected_on=TODAY + DAY),
            ),
            Departure("departed", TODAY, TODAY, TODAY, TODAY + DAY),
        ),
        (
            (contracts.ReturneeDeparted(case_id=CASE, departed_on=TODAY, arrival_expected_on=TODAY),),
            Departure("departed", departed_on=TODAY, arrival_expected_on=TODAY),
        ),
        (
            (
                plan("booked", TODAY, TODAY),
                referred(departure={"earliest": date(2026, 5, 1), "latest": date(2026, 5, 9)}),
            ),
            Departure("booked", TODAY, TODAY),
        ),
        (
            (
                plan("booked", TODAY, TODAY),
                contracts.DepartureCancelled(case_id=CASE),
                referred(departure={"earliest": date(2026, 5, 1), "latest": date(2026, 5, 9)}),
            ),
            Departure("expected", date(2026, 5, 1), date(2026, 5, 9), hoped=True),
        ),
    ],
    ids=[
        "planned",
        "booked",
        "rescheduled",
        "cancelled",
        "departed",
        "departed without a plan",
        "a window in the referral does not replace a booking",
        "a window in the referral replaces a cancelled one",
    ],
)
def test_the_departure_is_followed(events: tuple[Any, ...], departure: Departure) -> None:
    desk = Desk()
    desk.tell(*events)
    assert desk.file.departure == departure


def test_a_cancelled_departure_leaves_the_referral_to_the_scout() -> None:
    desk = Desk.with_acceptance()
    desk.tell(contracts.DepartureCancelled(case_id=CASE))
    assert (desk.file.status, desk.referral().status) == ("expected", "accepted")


def test_every_contract_that_is_read_has_a_handler() -> None:
    declared = {
        each for each in vars(contracts).values() if isinstance(each, type) and issubclass(each, Contract) and each.type
    }
    assert set(EVENTS) == declared


def bands(desk: Desk) -> list[str]:
    return [each.preview.age_band for each in desk.file.referrals]


def test_a_person_who_comes_of_age_is_shown_so_to_every_centre_that_is_asked() -> None:
    desk = Desk()
    minor = {"age_band": "under_18"}
    desk.tell(consent(), referred(**minor), referred(referral_id=SECOND, to_centre=EDO, **minor))
    done(desk.accept(IN_EDO, SECOND))
    events = list(desk.events)
    desk.service.now = LATER
    desk.tell(aged("18_24"))
    assert bands(desk) == ["18_24", "18_24"]
    assert [each.changed_at for each in desk.file.referrals] == [LATER, NOW], "news in an inbox"
    assert desk.events == events


def test_the_age_band_is_the_last_that_was_told_in_whatever_order_it_is_heard_of() -> None:
    desk = Desk()
    desk.tell(aged("18_24"), at=LATER)
    assert desk.file.status == "unknown"
    desk.tell(referred(age_band="under_18"), at=NOW)
    assert bands(desk) == ["18_24"]
    desk.tell(referred(referral_id=SECOND, age_band="25_34"), at=LATER + DAY)
    desk.tell(aged("under_18"), at=NOW + timedelta(hours=1))
    assert bands(desk) == ["18_24", "25_34"]
    desk.tell(aged("35_49"), at=LATER + DAY)
    assert bands(desk) == ["35_49", "35_49"]
