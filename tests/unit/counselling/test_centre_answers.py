"""A centre answers a referral: every transition, and every no."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis.pure.decision import Decision, Refused
from counselling.commands import AcceptReferral
from counselling.events import (
    ReferralAccepted,
    ReferralCompleted,
    ReferralRejected,
)
from tests.support.counselling.world import (
    ACCRA,
    CASE,
    COUNSELLOR,
    DAY,
    EDO,
    IN_ACCRA,
    IN_EDO,
    LAGOS,
    MANAGER,
    REFERRAL,
    SECOND,
    Desk,
    consent,
    consent_gone,
    done,
    last,
    referred,
    refused,
    withdrawn,
)
from tests.support.memory import NOW

STRANGER = UUID("00000000-0000-4000-8000-000000000000")


def test_an_accepted_referral_is_told_and_owes_no_answer_any_more() -> None:
    desk = Desk.with_referral()
    appointment = NOW + 7 * DAY
    answer = done(desk.accept(first_appointment=appointment)).answer
    assert desk.referral().status == "accepted"
    assert desk.referral().answered_at == NOW
    assert desk.file.status == "expected"
    assert desk.due("referral_answer", REFERRAL) is None
    assert last(desk.events, ReferralAccepted) == ReferralAccepted(
        case_id=CASE, centre=LAGOS, country="NG", referral_id=REFERRAL, first_appointment=appointment
    )
    assert (answer.status, answer.file_status) == ("accepted", "expected")
    assert type(answer).model_validate_json(answer.model_dump_json()) == answer


def test_a_manager_of_the_centre_may_answer_as_well() -> None:
    done(Desk.with_referral().accept(MANAGER))


def test_a_consent_for_the_centre_itself_is_as_good_as_one_for_its_country() -> None:
    desk = Desk()
    desk.tell(consent(LAGOS), referred())
    done(desk.accept())


@pytest.mark.parametrize(
    "events",
    [
        (),
        (consent(EDO),),
        (consent("country:GH"),),
        (consent(purpose="matching"),),
        (consent(valid_until=NOW.date() - DAY),),
        (consent(), consent_gone()),
        (consent(), consent_gone(NOW - DAY)),
        (consent_gone(), consent()),
    ],
    ids=[
        "there is none",
        "it is for another centre",
        "it is for another country",
        "it is for another purpose",
        "it has run out",
        "it is withdrawn from now on",
        "it was withdrawn yesterday",
        "its withdrawal came first",
    ],
)
def test_nobody_is_taken_on_without_a_valid_consent(events: tuple[Any, ...]) -> None:
    desk = Desk()
    desk.tell(referred(), *events)
    refused(desk.accept(), "consent_missing")
    assert desk.referral().status == "received"
    assert desk.due("referral_answer", REFERRAL) is not None


def test_a_consent_counts_until_the_withdrawal_takes_effect_and_through_its_last_day() -> None:
    desk = Desk()
    desk.tell(consent(valid_until=NOW.date()), consent_gone(NOW + timedelta(hours=1)), referred())
    done(desk.accept())


LAST_DAY = date(2026, 3, 9)


@pytest.mark.parametrize(
    ("expires_at", "at", "covered"),
    [
        (None, datetime(2026, 3, 9, 22, 59, 59, tzinfo=UTC), True),  # 23:59:59 in Berlin
        (None, datetime(2026, 3, 9, 23, 0, tzinfo=UTC), False),
        (datetime(2026, 3, 9, 19, tzinfo=UTC), datetime(2026, 3, 9, 18, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 9, 19, tzinfo=UTC), datetime(2026, 3, 9, 19, tzinfo=UTC), False),
    ],
    ids=["its last second in Germany", "the day after in Germany", "its last second in Lahore", "over in Lahore"],
)
def test_a_consent_ends_with_its_last_day_where_it_was_signed(
    expires_at: datetime | None, at: datetime, covered: bool
) -> None:
    desk = Desk()
    desk.tell(consent(valid_until=LAST_DAY, expires_at=expires_at), referred())
    desk.service.advance(at - NOW)
    outcome = desk.accept()
    done(outcome) if covered else refused(outcome, "consent_missing")


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (NOW, "date_in_past"),
        (NOW - DAY, "date_in_past"),
        (NOW + 731 * DAY, "date_out_of_bounds"),
    ],
)
def test_a_first_appointment_lies_ahead_but_not_years(at: datetime, code: str) -> None:
    desk = Desk.with_referral()
    refused(desk.accept(first_appointment=at), code, 422, "/first_appointment")


def test_a_rejected_referral_is_told_with_its_reason_and_the_file_is_declined() -> None:
    desk = Desk.with_referral()
    done(desk.reject("not_in_mandate"))
    assert desk.referral().status == "rejected"
    assert (desk.referral().reason, desk.referral().answered_at) == ("not_in_mandate", NOW)
    assert desk.file.status == "declined"
    assert desk.due("referral_answer", REFERRAL) is None
    assert last(desk.events, ReferralRejected).reason == "not_in_mandate"


def test_a_referral_can_be_rejected_without_consent() -> None:
    desk = Desk()
    desk.tell(referred())
    done(desk.reject("missing_consent"))


def test_a_completed_referral_is_told_with_its_outcome_and_closes_the_file() -> None:
    desk = Desk.with_contact()
    done(desk.complete("employment_found"))
    assert (desk.referral().status, desk.referral().reason) == ("completed", "employment_found")
    assert desk.file.status == "closed"
    assert last(desk.events, ReferralCompleted).outcome_code == "employment_found"


def test_a_completion_before_the_first_contact_ends_its_limit() -> None:
    desk = Desk.with_arrival()
    done(desk.complete("left_area"))
    assert not desk.service.deadlines


def test_the_completion_of_one_of_two_referrals_leaves_the_limit_of_the_first_contact() -> None:
    desk = Desk.with_arrival()
    desk.tell(referred(referral_id=SECOND, to_centre=EDO))
    done(desk.accept(IN_EDO, SECOND))
    done(desk.complete())
    assert (desk.file.status, desk.file.centre) == ("arrived_not_contacted", EDO)
    assert desk.due("first_contact", CASE) is not None


def test_what_is_accepted_after_the_arrival_is_in_progress_at_once() -> None:
    desk = Desk.with_contact()
    desk.tell(referred(referral_id=SECOND, needs=("documents",)))
    answer = done(desk.accept(referral_id=SECOND)).answer
    assert answer.status == "in_progress"
    assert desk.told().count("ArrivedInCountry") == 1
    stages = []
    for referral_id in (REFERRAL, SECOND):
        done(desk.complete(referral_id=referral_id))
        stages.append(desk.file.status)
    assert stages == ["in_contact", "closed"]


def test_a_centre_that_takes_on_somebody_who_has_arrived_owes_the_first_contact_from_then() -> None:
    desk = Desk.with_arrival()
    done(desk.complete("handed_to_other_service"))
    desk.tell(referred(referral_id=SECOND))
    desk.service.advance(DAY)
    done(desk.accept(referral_id=SECOND))
    assert desk.file.status == "arrived_not_contacted"
    due = datetime(2026, 3, 10, 22, 59, 59, tzinfo=UTC)
    assert desk.due("first_contact", CASE) == due
    assert desk.file.arrival is not None
    assert desk.file.arrival.contact_due_at == due


def test_a_second_centre_that_accepts_does_not_move_the_limit_of_the_first_contact() -> None:
    desk = Desk.with_arrival()
    due = desk.due("first_contact", CASE)
    desk.tell(referred(referral_id=SECOND, to_centre=EDO))
    desk.service.advance(DAY)
    done(desk.accept(IN_EDO, SECOND))
    assert desk.due("first_contact", CASE) == due
    assert (desk.file.centre, desk.file.centres) == (LAGOS, (EDO, LAGOS))


def answered(desk: Desk, how: str) -> None:
    """Brings the referral into a state in which it waits for no answer."""
    if how in ("accepted", "in_progress", "completed"):
        done(desk.accept())
    if how in ("in_progress", "completed"):
        done(desk.arrive())
    if how == "completed":
        done(desk.complete())
    elif how == "rejected":
        done(desk.reject())
    elif how == "referred_onward":
        done(desk.redirect())
    elif how == "withdrawn":
        desk.tell(withdrawn())
    assert desk.referral().status == how


STATES = ("accepted", "in_progress", "completed", "rejected", "referred_onward", "withdrawn")


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("act", ["accept", "reject", "redirect"])
def test_an_answer_is_given_once(state: str, act: str) -> None:
    desk = Desk.with_referral()
    answered(desk, state)
    before = desk.service.snapshot()
    code = "referral_withdrawn" if state == "withdrawn" else "referral_answered"
    refused(getattr(desk, act)(), code)
    assert desk.service.snapshot() == before


@pytest.mark.parametrize("state", ["received", *(state for state in STATES if state != "in_progress")])
def test_only_a_referral_in_progress_can_be_completed(state: str) -> None:
    desk = Desk.with_referral()
    if state != "received":
        answered(desk, state)
    refused(desk.complete(), "wrong_state")


@pytest.mark.parametrize(
    ("outcome", "field"),
    [(lambda desk: desk.reject("just_so"), "/reason"), (lambda desk: desk.complete("just_so"), "/outcome_code")],
    ids=["reject", "complete"],
)
def test_a_code_that_no_list_has_is_refused(outcome: Any, field: str) -> None:
    desk = Desk.with_arrival() if field == "/outcome_code" else Desk.with_referral()
    refused(outcome(desk), "unknown_code", 422, field)


ACTS: list[Any] = [
    pytest.param(lambda desk, **who: desk.accept(**who), id="accept"),
    pytest.param(lambda desk, **who: desk.reject(**who), id="reject"),
    pytest.param(lambda desk, **who: desk.redirect(ACCRA, **who), id="redirect"),
    pytest.param(lambda desk, **who: desk.complete(**who), id="complete"),
]


@pytest.mark.parametrize("act", ACTS)
def test_only_the_centre_that_was_asked_may_answer(act: Any) -> None:
    refused(act(Desk.with_referral(), actor=IN_EDO), "other_organisation", 403)


@pytest.mark.parametrize("act", ACTS)
def test_a_centre_that_has_passed_a_referral_on_may_not_answer_its_child(act: Any) -> None:
    desk = Desk.with_referral()
    done(desk.redirect())
    refused(act(desk, actor=COUNSELLOR, referral_id=desk.child().id), "other_organisation", 403)


@pytest.mark.parametrize("act", ACTS)
def test_an_unknown_referral_is_not_found(act: Any) -> None:
    refused(act(Desk.with_referral(), referral_id=STRANGER), "referral_not_found", 404)


def test_a_referral_of_another_case_is_not_found() -> None:
    desk = Desk.with_referral()
    outcome: Decision | Refused = desk.service.command(AcceptReferral(STRANGER, REFERRAL), IN_ACCRA)
    refused(outcome, "referral_not_found", 404)
