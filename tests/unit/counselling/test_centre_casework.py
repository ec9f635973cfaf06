"""The person is in the country: arrival, contacts, assessments, and what is refused on the way."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from chassis.pure.decision import Actor
from counselling.commands import ConfirmArrival, RecordAssessment, RecordContact
from counselling.contracts import DeparturePlanned, ReturneeDeparted
from counselling.domain.assessment import Assessment
from counselling.events import ArrivedInCountry, FirstContactMade, NeedsAssessed
from counselling.handlers.care import levels_of
from counselling.outcomes import ArrivalOutcome, ContactOutcome
from tests.support.counselling.world import (
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
    TODAY,
    Desk,
    consent,
    done,
    last,
    referred,
    refused,
    withdrawn,
)
from tests.support.memory import NOW

NOBODY = UUID("00000000-0000-4000-8000-000000000000")


def test_an_arrival_starts_the_referral_and_the_limit_of_the_first_contact() -> None:
    desk = Desk.with_acceptance()
    answer = done(desk.arrive(TODAY - DAY, MANAGER)).answer
    assert (desk.file.status, desk.referral().status) == ("arrived_not_contacted", "in_progress")
    assert last(desk.events, ArrivedInCountry) == ArrivedInCountry(
        case_id=CASE,
        centre=LAGOS,
        country="NG",
        arrived_on=TODAY - DAY,
        admin1="NG-LA",
        method="seen",
        confirmed_by_role="centre_manager",
    )
    due = datetime(2026, 3, 6, 22, 59, 59, tzinfo=UTC)
    assert desk.due("first_contact", CASE) == due
    assert answer == ArrivalOutcome(
        case_id=CASE, status="arrived_not_contacted", first_contact_due_at=due, first_contact_due_estimated=False
    )


@pytest.mark.parametrize(
    ("arrived_on", "due"),
    [
        (TODAY, NOW + DAY),
        (date(2026, 3, 1), datetime(2026, 3, 2, 22, 59, 59, tzinfo=UTC)),
        (date(2026, 2, 20), datetime(2026, 2, 21, 22, 59, 59, tzinfo=UTC)),
    ],
    ids=["today", "yesterday", "ten days ago: the limit is over already"],
)
def test_a_vulnerable_person_is_contacted_within_a_day_of_the_arrival(arrived_on: date, due: datetime) -> None:
    desk = Desk.with_acceptance(vulnerability_present=True)
    done(desk.arrive(arrived_on))
    assert desk.due("first_contact", CASE) == due


def test_an_arrival_starts_every_accepted_referral_and_no_other() -> None:
    desk = Desk.with_acceptance()
    third = UUID(int=3)
    desk.tell(referred(referral_id=SECOND, to_centre=EDO), referred(referral_id=third, to_centre=EDO))
    done(desk.accept(IN_EDO, SECOND))
    done(desk.arrive(actor=IN_EDO))
    assert [each.status for each in desk.file.referrals] == ["in_progress", "in_progress", "received"]
    assert last(desk.events, ArrivedInCountry).centre == EDO


def test_the_day_is_the_one_at_the_centre() -> None:
    desk = Desk()
    lahore = Actor("centre_counsellor", "centre:PK-LHE")
    desk.tell(consent("country:PK"), referred(to_centre="centre:PK-LHE", country="PK"))
    done(desk.accept(lahore))
    desk.service.now = datetime(2026, 3, 2, 19, 30, tzinfo=UTC)  # half past midnight in Lahore
    done(desk.arrive(date(2026, 3, 3), lahore, admin1=None))


@pytest.mark.parametrize(
    ("events", "arrived_on", "admin1", "code", "field"),
    [
        ((), TODAY + DAY, "NG-LA", "date_in_future", "/arrived_on"),
        ((), TODAY, "GH-AA", "admin1_elsewhere", "/admin1"),
        ((), TODAY, "NG-LAG", "unknown_code", "/admin1"),
        (
            (ReturneeDeparted(case_id=CASE, departed_on=TODAY, arrival_expected_on=TODAY + DAY),),
            TODAY - DAY,
            "NG-LA",
            "dates_reversed",
            "/arrived_on",
        ),
        (
            (DeparturePlanned(case_id=CASE, status="booked", earliest=TODAY, latest=TODAY),),
            TODAY - DAY,
            "NG-LA",
            "dates_reversed",
            "/arrived_on",
        ),
    ],
)
def test_an_arrival_that_cannot_be(
    events: tuple[Any, ...], arrived_on: date, admin1: str, code: str, field: str
) -> None:
    desk = Desk.with_acceptance()
    desk.tell(*events)
    refused(desk.arrive(arrived_on, admin1=admin1), code, 422, field)
    assert desk.file.status == "expected"


def test_a_window_is_no_day_of_departure() -> None:
    desk = Desk.with_acceptance()
    desk.tell(DeparturePlanned(case_id=CASE, status="planned", earliest=TODAY + DAY, latest=TODAY + 9 * DAY))
    done(desk.arrive())


def test_a_subdivision_in_the_country_of_a_stand_in_desk_is_admissible() -> None:
    desk = Desk()
    dakar = Actor("centre_counsellor", "centre:SN-DKR")
    desk.tell(consent("centre:SN-DKR"), referred(to_centre="centre:SN-DKR", country="GM", admin1=None))
    done(desk.accept(dakar))
    done(desk.arrive(actor=dakar, admin1="SN-DK"))
    assert last(desk.events, ArrivedInCountry).country == "GM"


def test_a_person_arrives_once() -> None:
    refused(Desk.with_arrival().arrive(), "already_arrived")


def test_the_first_contact_is_told_and_ends_its_limit() -> None:
    desk = Desk.with_arrival()
    answer = done(desk.contact()).answer
    assert desk.file.status == "in_contact"
    assert desk.due("first_contact", CASE) is None
    assert last(desk.events, FirstContactMade) == FirstContactMade(
        case_id=CASE, centre=LAGOS, country="NG", channel="phone", attempts=2, contacted_on=TODAY
    )
    contact = desk.file.contacts[-1].id
    assert contact is not None
    assert answer == ContactOutcome(case_id=CASE, status="in_contact", contacts=1, contact_id=contact)


def test_later_contacts_are_kept_and_not_told() -> None:
    desk = Desk.with_contact()
    assert done(desk.contact()).answer.contacts == 2
    assert desk.told().count("FirstContactMade") == 1
    assert len(desk.file.contacts) == 2


@pytest.mark.parametrize(("on", "code"), [(TODAY + DAY, "date_in_future"), (TODAY - DAY, "dates_reversed")])
def test_a_contact_lies_between_the_arrival_and_today(on: date, code: str) -> None:
    refused(Desk.with_arrival().contact(on), code, 422, "/contacted_on")


def test_an_assessment_tells_how_many_domains_have_needs_and_keeps_the_levels_apart() -> None:
    desk = Desk.with_contact()
    answer = done(desk.assess(levels={"economic": 2, "social": 0, "health": 3})).answer
    assert desk.file.status == "assessed"
    [assessment] = desk.service.all(Assessment)
    assert levels_of(desk.file, assessment, desk.service.vault) == {"economic": 2, "health": 3, "social": 0}
    assert last(desk.events, NeedsAssessed) == NeedsAssessed(
        case_id=CASE,
        centre=LAGOS,
        country="NG",
        assessment_ref=assessment.id,
        readiness="after_support",
        priority="urgent",
        domains_with_needs=2,
        assessed_on=TODAY,
    )
    told = [*(event.model_dump_json() for event in desk.events), answer.model_dump_json()]
    file = str(desk.service.snapshot()["states"]["centre_file"])
    assert "health" not in file
    assert all("health" not in each for each in told)
    assert answer.domains_with_needs == 2


def test_an_assessment_may_be_done_again_and_the_first_stays() -> None:
    desk = Desk.with_contact()
    done(desk.assess())
    desk.service.advance(30 * DAY)
    done(desk.assess(TODAY + 30 * DAY, levels={"economic": 1}))
    assert len(desk.service.all(Assessment)) == 2
    assert desk.file.assessment is not None
    assert desk.file.assessment.domains_with_needs == 1
    assert desk.told().count("NeedsAssessed") == 2


@pytest.mark.parametrize(
    ("on", "levels", "code", "field"),
    [
        (TODAY + DAY, {"economic": 1}, "date_in_future", "/assessed_on"),
        (TODAY - DAY, {"economic": 1}, "dates_reversed", "/assessed_on"),
        (TODAY, {"economic": 1, "religion": 2}, "unknown_code", "/levels"),
    ],
)
def test_an_assessment_that_cannot_be(on: date, levels: dict[str, int], code: str, field: str) -> None:
    desk = Desk.with_contact()
    refused(desk.assess(on, levels=levels), code, 422, field)
    assert desk.service.all(Assessment) == []


WORK: list[Any] = [
    pytest.param(lambda desk, actor: desk.arrive(actor=actor), id="arrival"),
    pytest.param(lambda desk, actor: desk.contact(actor=actor), id="contact"),
    pytest.param(lambda desk, actor: desk.assess(actor=actor), id="assessment"),
]


@pytest.mark.parametrize("work", WORK)
def test_no_work_begins_before_the_referral_is_answered(work: Any) -> None:
    refused(work(Desk.with_referral(), COUNSELLOR), "referral_unanswered")


@pytest.mark.parametrize("work", WORK)
def test_no_work_is_left_once_the_last_referral_has_ended(work: Any) -> None:
    desk = Desk.with_contact()
    done(desk.complete())
    refused(work(desk, COUNSELLOR), "file_closed")


@pytest.mark.parametrize("work", WORK)
def test_no_work_is_left_once_the_referral_is_withdrawn(work: Any) -> None:
    desk = Desk.with_acceptance()
    desk.tell(withdrawn())
    refused(work(desk, COUNSELLOR), "file_closed")


@pytest.mark.parametrize("work", WORK)
def test_only_the_centre_that_has_the_person_in_its_care_may_work(work: Any) -> None:
    refused(work(Desk.with_contact(), IN_ACCRA), "other_organisation", 403)


@pytest.mark.parametrize("work", WORK)
def test_a_centre_that_is_only_asked_may_not_work_for_one_that_has_accepted(work: Any) -> None:
    desk = Desk.with_contact()
    desk.tell(referred(referral_id=SECOND, to_centre=EDO))
    refused(work(desk, IN_EDO), "referral_unanswered")


@pytest.mark.parametrize("act", [WORK[1], WORK[2]])
def test_nothing_is_recorded_of_somebody_who_has_not_arrived(act: Any) -> None:
    refused(act(Desk.with_acceptance(), COUNSELLOR), "not_arrived")


def test_nobody_is_assessed_before_the_first_contact() -> None:
    refused(Desk.with_arrival().assess(), "not_in_contact")


@pytest.mark.parametrize(
    "command",
    [
        ConfirmArrival(NOBODY, TODAY, "seen"),
        RecordContact(NOBODY, "phone", 1, TODAY),
        RecordAssessment(NOBODY, "now", "normal", {"economic": 1}, TODAY),
    ],
)
def test_an_unknown_case_is_not_found(command: Any) -> None:
    refused(Desk.with_contact().service.command(command, COUNSELLOR), "file_not_found", 404)


def test_a_case_that_was_only_heard_of_is_not_found() -> None:
    desk = Desk()
    desk.tell(consent())
    assert desk.file.status == "unknown"
    refused(desk.arrive(), "file_not_found", 404)
    refused(desk.accept(referral_id=REFERRAL), "referral_not_found", 404)
