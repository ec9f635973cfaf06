"""How support ends and goes on: failed, reopened, never arrived; a death, which every centre is shown."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from chassis.pure.decision import Actor
from counselling import contracts
from counselling.app import SERVICE
from counselling.events import NeverArrived, ReferralFailed, ReferralReopened, RetentionStarted
from tests.support.counselling.walking_in import WalkInDesk
from tests.support.counselling.world import (
    CASE,
    COUNSELLOR,
    DAY,
    EDO,
    IN_EDO,
    LAGOS,
    REFERRAL,
    SECOND,
    TODAY,
    Desk,
    closed,
    consent_gone,
    done,
    last,
    referred,
    refused,
    withdrawn,
)
from tests.support.memory import NOW
from tests.support.memory_api import MemoryApi
from vocabulary.switch import over

THIRD = UUID("f204789e-34f3-4b07-a44a-301596ceb9b2")
HOUR = timedelta(hours=1)
MANAGEMENT = Actor("programme_manager", "programme:desk")


def ended(desk: Desk, how: str = "fail") -> Desk:
    done(desk.fail() if how == "fail" else desk.complete())
    desk.service.advance(HOUR)
    return desk


@pytest.mark.parametrize("desk", [Desk.with_acceptance, Desk.with_contact], ids=["before the arrival", "after it"])
def test_what_a_centre_holds_fails_for_a_coded_reason_and_the_scout_is_told(desk: Any) -> None:
    desk = desk()
    done(desk.fail("left_area"))
    assert (desk.referral().status, desk.referral().reason, desk.file.status) == ("failed", "left_area", "failed")
    assert last(desk.events, ReferralFailed).model_dump(exclude={"case_id"}) == {
        "centre": LAGOS,
        "country": "NG",
        "referral_id": REFERRAL,
        "reason": "left_area",
        "ends_case": False,
    }
    assert desk.service.deadlines == {}


def test_the_first_contact_is_owed_no_more_when_nobody_holds_the_person() -> None:
    desk = Desk.with_arrival()
    assert desk.due("first_contact", CASE)
    done(desk.fail())
    assert desk.due("first_contact", CASE) is None


def test_what_the_centre_does_not_hold_cannot_fail() -> None:
    refused(Desk.with_referral().fail(), "wrong_state")
    refused(ended(Desk.with_arrival()).fail(), "wrong_state")
    refused(Desk.with_acceptance().fail("bad_mood"), "unknown_code", 422, "/reason")
    refused(Desk.with_acceptance().fail("never_arrived"), "reason_of_the_file", 422, "/reason")
    refused(Desk.with_acceptance().fail(actor=IN_EDO), "other_organisation", 403)


def test_what_a_centre_that_has_closed_has_left_fails_by_the_programme_and_by_nobody_else() -> None:
    desk = Desk.with_contact()
    refused(desk.fail("service_ended", actor=MANAGEMENT), "centre_open", 403)
    closed(desk, LAGOS)
    refused(desk.fail("service_ended", actor=IN_EDO), "other_organisation", 403)
    done(desk.fail("service_ended", actor=MANAGEMENT))
    told = last(desk.events, ReferralFailed)
    assert (told.centre, told.reason, desk.file.status) == (LAGOS, "service_ended", "failed")
    assert desk.due("first_contact", CASE) is None


def test_the_programme_tells_of_no_death_which_nobody_could_take_back() -> None:
    desk = Desk.with_contact()
    closed(desk, LAGOS)
    refused(desk.fail("person_deceased", actor=MANAGEMENT), "reason_of_a_centre", 422, "/reason")


def test_while_the_country_is_suspended_the_programme_ends_what_its_centres_hold() -> None:
    desk = Desk.with_contact()
    desk.service.reference = over(desk.service.reference, [SimpleNamespace(country="NG", status="suspended")])
    done(desk.fail("service_ended", actor=MANAGEMENT))
    assert desk.file.status == "failed"


def test_whom_such_a_centre_had_taken_in_is_kept_no_longer_than_their_term() -> None:
    desk = WalkInDesk.with_file()
    closed(desk, LAGOS)
    done(desk.fail("service_ended", MANAGEMENT, desk.intake.id))
    assert last(desk.events, RetentionStarted).ended_on == TODAY


@pytest.mark.parametrize("how", ["fail", "complete"])
def test_what_has_ended_is_reopened_and_is_in_progress_at_once_after_the_arrival(how: str) -> None:
    desk = ended(Desk.with_contact(), how)
    done(desk.reopen("ended_in_error"))
    referral = desk.referral()
    assert (referral.status, referral.ended_at, referral.reason, desk.file.status) == (
        "in_progress",
        None,
        None,
        "in_contact",
    )
    assert (last(desk.events, ReferralReopened).reason, referral.reopened_at) == ("ended_in_error", NOW + HOUR)
    assert desk.due("first_contact", CASE) is None, "the centre has spoken with the person"


def test_before_the_arrival_it_is_accepted_again() -> None:
    desk = ended(Desk.with_acceptance())
    done(desk.reopen())
    assert (desk.referral().status, desk.file.status) == ("accepted", "expected")
    done(desk.arrive())
    assert desk.referral().status == "in_progress"


def test_a_first_contact_that_never_was_is_owed_anew_from_the_reopening() -> None:
    desk = ended(Desk.with_arrival())
    done(desk.reopen())
    assert desk.due("first_contact", CASE) == desk.file.arrival.contact_due_at  # type: ignore[union-attr]
    assert desk.file.arrival.contact_owed_from == NOW + HOUR  # type: ignore[union-attr]


def test_while_another_centre_holds_the_person_a_referral_is_reopened_all_the_same_and_the_file_stays_there() -> None:
    desk = ended(Desk.with_contact())
    desk.tell(referred(referral_id=SECOND, to_centre=EDO))
    done(desk.accept(IN_EDO, SECOND))
    desk.service.advance(HOUR)
    done(desk.reopen())
    assert (desk.referral().status, desk.referral(SECOND).status, desk.file.centre) == (
        "in_progress",
        "in_progress",
        EDO,
    )


def test_reopening_needs_an_end_a_code_and_a_consent() -> None:
    refused(Desk.with_contact().reopen(), "wrong_state")
    refused(ended(Desk.with_contact()).reopen("bad_mood"), "unknown_code", 422, "/reason")
    desk = ended(Desk.with_contact())
    desk.tell(consent_gone())
    refused(desk.reopen(), "consent_missing")


def test_a_centre_lets_a_referral_fail_without_a_consent_too() -> None:
    desk = Desk.with_contact()
    desk.tell(consent_gone())
    done(desk.fail())


def test_a_withdrawal_from_before_the_reopening_changes_nothing_and_a_later_one_counts() -> None:
    desk = ended(Desk.with_acceptance())
    done(desk.reopen())
    desk.tell(withdrawn(), at=NOW + HOUR / 2)
    assert desk.referral().status == "accepted"
    desk.tell(withdrawn(), at=NOW + 2 * HOUR)
    assert desk.referral().status == "withdrawn"


def test_a_withdrawal_that_was_noted_is_gone_when_the_referral_is_reopened() -> None:
    desk = Desk.with_contact()
    desk.tell(withdrawn())
    assert desk.referral().withdrawal
    done(ended(desk).reopen())
    assert desk.referral().withdrawal is None


def test_who_never_arrived_is_let_go_in_every_referral_of_the_centre_and_of_no_other() -> None:
    desk = Desk.with_acceptance()
    desk.tell(referred(referral_id=SECOND, needs=("documents",)), referred(referral_id=THIRD, to_centre=EDO))
    done(desk.accept(referral_id=SECOND))
    done(desk.accept(IN_EDO, THIRD))
    answer = done(desk.never_arrived()).answer
    assert set(answer.referral_ids) == {REFERRAL, SECOND}
    assert [desk.referral(each).status for each in (REFERRAL, SECOND, THIRD)] == ["failed", "failed", "accepted"]
    assert desk.told()[-3:] == ["NeverArrived", "ReferralFailed", "ReferralFailed"]
    assert {each.reason for each in desk.events if isinstance(each, ReferralFailed)} == {"never_arrived"}


def test_nobody_has_failed_to_arrive_before_the_day_is_over() -> None:
    desk = Desk.with_acceptance()
    desk.tell(contracts.ReturneeDeparted(case_id=CASE, departed_on=TODAY, arrival_expected_on=TODAY + DAY))
    refused(desk.never_arrived(), "still_expected")
    desk.service.advance(2 * DAY)
    done(desk.never_arrived())
    assert last(desk.events, NeverArrived).expected_on == TODAY + DAY


def test_nor_before_the_last_day_of_a_planned_departure_but_once_it_was_missed_or_diverted() -> None:
    planned = contracts.DeparturePlanned(case_id=CASE, status="planned", earliest=TODAY, latest=TODAY + 9 * DAY)
    for gone in (contracts.DepartureMissed(case_id=CASE), contracts.DepartureDiverted(case_id=CASE)):
        desk = Desk.with_acceptance()
        desk.tell(planned)
        refused(desk.never_arrived(), "still_expected")
        desk.tell(gone)
        done(desk.never_arrived())
        assert last(desk.events, NeverArrived).expected_on is None


def test_a_centre_that_no_consent_lets_know_the_person_is_not_told_when_they_are_expected() -> None:
    desk = Desk.with_acceptance()
    desk.tell(contracts.ReturneeDeparted(case_id=CASE, departed_on=TODAY, arrival_expected_on=TODAY + DAY))
    desk.tell(consent_gone())
    answer = done(desk.never_arrived()).answer
    assert (answer.status, answer.referral_ids) == (None, (REFERRAL,))


def test_who_is_there_has_arrived_and_who_is_not_held_is_not_waited_for() -> None:
    refused(Desk.with_arrival().never_arrived(), "already_arrived")
    refused(Desk.with_referral().never_arrived(), "referral_unanswered")


def test_who_arrives_after_all_is_reopened() -> None:
    desk = Desk.with_acceptance()
    done(desk.never_arrived())
    refused(desk.arrive(), "file_closed")
    desk.service.advance(HOUR)
    done(desk.reopen("arrived_after_all"))
    done(desk.arrive())
    assert desk.file.status == "arrived_not_contacted"


def with_a_death() -> Desk:
    """Lagos holds two referrals and tells that the person died; Edo has taken another one on, and is asked for more."""
    desk = Desk.with_contact()
    desk.tell(referred(referral_id=SECOND, needs=("documents",)), referred(referral_id=THIRD, to_centre=EDO))
    done(desk.accept(referral_id=SECOND))
    desk.service.advance(HOUR)
    done(desk.fail("person_deceased"))
    return desk


def shown(desk: Desk, path: str) -> Any:
    answer = MemoryApi(SERVICE, desk.service).get(path, {"roles": ["centre_counsellor"], "org": EDO})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_death_ends_all_that_the_centre_holds_and_is_shown_to_the_others() -> None:
    desk = with_a_death()
    assert [desk.referral(each).status for each in (REFERRAL, SECOND, THIRD)] == ["failed", "failed", "received"]
    assert desk.told()[-2:] == ["ReferralFailed", "ReferralFailed"]
    assert [each.ends_case for each in desk.events if isinstance(each, ReferralFailed)] == [True, True]
    assert desk.file.case_over == "person_deceased"
    assert shown(desk, f"/files/{CASE}")["case_over"] == "person_deceased"
    assert desk.referral(THIRD).changed_at == NOW + HOUR, "its line in the inbox has changed"
    done(desk.reject(actor=IN_EDO, referral_id=THIRD))


def test_without_a_consent_a_centre_is_not_told_of_a_death() -> None:
    desk = with_a_death()
    desk.tell(consent_gone())
    assert shown(desk, f"/files/{CASE}")["case_over"] is None


def test_whoever_reopens_a_referral_says_that_the_person_lives() -> None:
    desk = with_a_death()
    desk.service.advance(HOUR)
    done(desk.reopen("ended_in_error"))
    assert desk.file.case_over is None
    assert desk.referral(SECOND).status == "failed", "each is reopened by itself"
    desk.service.advance(HOUR)
    done(desk.fail("person_deceased", COUNSELLOR))
    assert desk.file.case_over == "person_deceased"
