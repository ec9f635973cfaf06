"""What providers and placement desks tell: courses, offers and work, also before the referral has come."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest

from counselling import contracts
from tests.support.counselling.world import CANDIDACY, CASE, OFFER, TODAY, Desk, consent, offered, referred, refused

ENROLMENT, EMPLOYMENT = UUID(int=1), UUID(int=4)


def confirmed(enrolment_id: UUID = ENROLMENT) -> contracts.EnrolmentConfirmed:
    return contracts.EnrolmentConfirmed(case_id=CASE, enrolment_id=enrolment_id, provider="provider:TRADE-PAINT")


def cancelled(enrolment_id: UUID = ENROLMENT) -> contracts.EnrolmentCancelled:
    return contracts.EnrolmentCancelled(case_id=CASE, enrolment_id=enrolment_id, provider="provider:TRADE-PAINT")


def finished(result: str = "passed") -> contracts.CourseCompleted:
    return contracts.CourseCompleted.model_validate(
        {
            "case_id": CASE,
            "enrolment_id": ENROLMENT,
            "provider": "provider:TRADE-PAINT",
            "course_code": "PAINT-BASICS",
            "isco08": "7131",
            "category": "EMPLOYABILITY",
            "result": result,
            "units": 24,
            "finished_on": TODAY,
            "skills": ("7131",),
        }
    )


def started() -> contracts.EmploymentStarted:
    return contracts.EmploymentStarted(
        case_id=CASE,
        employment_id=EMPLOYMENT,
        offer_id=OFFER,
        isco08="7131",
        started_on=TODAY,
        employment_type="full_time",
        formal=True,
        subsidised=False,
    )


TAKEN = contracts.JobOfferAccepted(case_id=CASE, offer_id=OFFER, accepted_on=TODAY)
DECLINED = contracts.JobOfferDeclined(case_id=CASE, offer_id=OFFER, country="NG", reason="wage_too_low")
EXPIRED = contracts.JobOfferExpired(case_id=CASE, offer_id=OFFER)
RETRACTED = contracts.JobOfferRetracted(case_id=CASE, offer_id=OFFER, retracted_on=TODAY)
CLOSED = contracts.CandidacyClosed(case_id=CASE, candidacy_id=CANDIDACY, reason="offer_retracted")


PLANNED = contracts.DeparturePlanned(case_id=CASE, status="planned", earliest=TODAY, latest=TODAY)


@pytest.mark.parametrize(
    ("events", "statuses"),
    [
        ((confirmed(),), ["confirmed"]),
        ((confirmed(), cancelled()), ["cancelled"]),
        ((cancelled(),), []),
        ((confirmed(), finished()), ["completed_passed"]),
        ((confirmed(), cancelled(), finished()), ["cancelled"]),
        ((finished("attended"),), ["completed_attended"]),
        ((confirmed(), confirmed(UUID(int=9)), cancelled()), ["cancelled", "confirmed"]),
    ],
)
def test_courses_are_followed(events: tuple[Any, ...], statuses: list[str]) -> None:
    desk = Desk.with_referral()
    desk.tell(*events)
    assert [course.status for course in desk.file.courses] == statuses


def test_a_finished_course_is_known_with_its_skills() -> None:
    desk = Desk()
    desk.tell(confirmed(), finished())
    [course] = desk.file.courses
    assert (course.course_code, course.units, course.skills) == ("PAINT-BASICS", 24, ("7131",))


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ((), "offered"),
        ((TAKEN,), "accepted"),
        ((DECLINED,), "declined"),
        ((EXPIRED,), "expired"),
        ((CLOSED,), "closed"),
        ((RETRACTED, CLOSED), "retracted"),
        ((CLOSED, RETRACTED), "retracted"),
        ((TAKEN, RETRACTED, CLOSED), "retracted"),
        ((RETRACTED, TAKEN), "retracted"),
        ((TAKEN, CLOSED), "accepted"),
        ((DECLINED, CLOSED), "declined"),
    ],
)
def test_offers_are_followed(events: tuple[Any, ...], status: str) -> None:
    desk = Desk.with_referral()
    desk.tell(offered(), *events)
    [offer] = desk.file.offers
    assert offer.status == status


@pytest.mark.parametrize(
    ("country", "at", "day"),
    [
        ("PK", "2026-03-02T21:00:00+00:00", "2026-03-03"),  # 02:00 in Karachi
        ("PK", "2026-03-02T18:59:59+00:00", "2026-03-02"),
        ("GH", "2026-03-02T23:59:59+00:00", "2026-03-02"),
    ],
)
def test_an_offer_is_declined_on_the_day_at_the_place_of_the_work(country: str, at: str, day: str) -> None:
    desk = Desk.with_referral()
    desk.tell(offered())
    desk.tell(DECLINED.model_copy(update={"country": country}), at=datetime.fromisoformat(at))
    [offer] = desk.file.offers
    assert offer.decided_on == date.fromisoformat(day)


def test_an_offer_declined_in_a_country_without_a_clock_is_refused() -> None:
    desk = Desk.with_referral()
    desk.tell(offered())
    refused(desk.service.event(DECLINED.model_copy(update={"country": "ZZ"})), "unknown_code", 422, "/country")
    assert [offer.status for offer in desk.file.offers] == ["offered"]


def test_work_is_followed() -> None:
    desk = Desk.with_contact()
    desk.tell(offered(), TAKEN, started())
    [employment] = desk.file.employments
    assert (employment.id, employment.started_on, employment.formal) == (EMPLOYMENT, TODAY, True)
    assert desk.file.status == "in_contact"


@pytest.mark.parametrize("event", [TAKEN, DECLINED, EXPIRED, RETRACTED, CLOSED, cancelled()])
def test_an_end_that_is_heard_of_before_its_beginning_shows_nothing_until_then(event: Any) -> None:
    desk = Desk()
    desk.tell(event)
    assert (desk.file.status, desk.file.offers, desk.file.courses, desk.events) == ("unknown", (), (), [])


@pytest.mark.parametrize("reason", ["not_suitable", "consent_withdrawn", "vacancy_filled"])
def test_of_a_candidacy_that_is_closed_without_an_offer_nothing_is_kept(reason: str) -> None:
    desk = Desk()
    desk.tell(contracts.CandidacyClosed(case_id=CASE, candidacy_id=CANDIDACY, reason=reason))
    assert desk.service.snapshot()["states"]["centre_file"] == {}


@pytest.mark.parametrize("event", [confirmed(), finished(), offered(), started(), consent(), PLANNED])
def test_an_event_before_the_referral_begins_a_file_that_the_referral_completes(event: Any) -> None:
    first, then = Desk(), Desk()
    first.tell(event)
    assert (first.file.status, first.file.centre, first.file.centres) == ("unknown", None, ())
    first.tell(referred())
    then.tell(referred(), event)
    assert first.service.snapshot() == then.service.snapshot()
    assert first.file.status == "expected"


def test_a_course_of_no_list_is_not_taken_from_an_event() -> None:
    event = finished().model_copy(update={"course_code": "ADAEZE-OKAFOR-1990-05-17"})
    refused(Desk().service.event(event), "unknown_code", 422, "/course_code")
