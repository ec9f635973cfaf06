"""What answers and refusals tell a centre that may not know the person: that its act is recorded, and nothing else.

Such a centre has the person in its care, and no consent holds now; or it lies in a suspended country.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from counselling import contracts
from counselling.app import SERVICE
from tests.support.counselling.world import (
    ACCRA,
    CASE,
    DAY,
    EDO,
    IN_EDO,
    LAGOS,
    REFERRAL,
    SECOND,
    TODAY,
    Desk,
    consent,
    consent_gone,
    done,
    reference,
    referred,
    refused,
)
from tests.support.memory import NOW
from tests.support.memory_api import MemoryApi
from tests.support.web import problem
from vocabulary.switch import CountryStatus, id_of, over

AT_LAGOS = {"roles": ["centre_counsellor"], "org": LAGOS}
ARRIVED = {"status": None, "first_contact_due_at": None, "first_contact_due_estimated": None}


def withdrawn_consent(desk: Desk) -> None:
    desk.tell(consent_gone())


def suspended_country(desk: Desk) -> None:
    desk.tell(
        contracts.CountrySwitched(
            country_id=id_of("NG"), country="NG", switch="suspended", reason="security", effective_at=NOW
        )
    )
    desk.service.reference = over(reference(), desk.service.all(CountryStatus))


BLIND = [withdrawn_consent, suspended_country]
Blinds = Callable[[Desk], None]


def api(desk: Desk) -> MemoryApi:
    return MemoryApi(SERVICE, desk.service)


def arrival(desk: Desk, day: Any, **more: str) -> Any:
    body = {"arrived_on": day.isoformat(), "method": "phone", **more}
    return api(desk).post(f"/files/{CASE}/arrival", AT_LAGOS, body)


def contact(desk: Desk, day: Any) -> Any:
    body = {"channel": "phone", "attempts": 1, "contacted_on": day.isoformat()}
    return api(desk).post(f"/files/{CASE}/contacts", AT_LAGOS, body)


@pytest.mark.parametrize("blind", BLIND)
def test_an_arrival_tells_neither_the_departure_nor_who_is_vulnerable(blind: Blinds) -> None:
    told = []
    for vulnerable in (False, True):
        for back in (9, 4, 0):
            desk = Desk.with_acceptance(vulnerability_present=vulnerable)
            desk.tell(
                contracts.ReturneeDeparted(
                    case_id=CASE, departed_on=TODAY - timedelta(days=4), arrival_expected_on=TODAY
                )
            )
            blind(desk)
            answer = arrival(desk, TODAY - timedelta(days=back))
            told.append((answer.status_code, answer.json()))
            assert desk.file.arrival is not None
            assert desk.file.arrival.arrived_on == TODAY - timedelta(days=back), "it is taken down"
            assert desk.due("first_contact", CASE) is not None
    assert told == [(200, {"case_id": str(CASE), **ARRIVED})] * len(told)


@pytest.mark.parametrize("blind", BLIND)
def test_an_arrival_does_not_tell_the_country_of_return(blind: Blinds) -> None:
    for country, region in (("NG", "NG-LA"), ("GM", "GM-B"), ("GM", "NG-LA"), ("NG", "GM-B")):
        desk = Desk.with_acceptance(country=country)
        blind(desk)
        assert arrival(desk, TODAY, admin1=region).status_code == 200
    desk = Desk.with_acceptance()
    blind(desk)
    problem(arrival(desk, TODAY, admin1="NG-XYZ"), 422, "unknown_code")


@pytest.mark.parametrize("blind", BLIND)
def test_a_contact_does_not_tell_what_another_centre_has_recorded(blind: Blinds) -> None:
    told = []
    for arrived, contacts in ((3, 0), (1, 0), (3, 2)):
        desk = Desk()
        desk.tell(consent(LAGOS), consent(EDO, consent_id=UUID(int=88)))
        desk.tell(referred(), referred(referral_id=SECOND, to_centre=EDO, needs=("housing",)))
        done(desk.accept())
        done(desk.accept(IN_EDO, SECOND))
        done(desk.arrive(TODAY - timedelta(days=arrived), IN_EDO))
        for _ in range(contacts):
            done(desk.contact(actor=IN_EDO))
        if contacts:
            done(desk.assess(actor=IN_EDO))
        blind(desk)
        answer = contact(desk, TODAY - timedelta(days=2))
        told.append((answer.status_code, answer.json()))
        assert len(desk.file.contacts) == contacts + 1
    assert told == [(200, {"case_id": str(CASE), "status": None, "contacts": None, "contact_id": None})] * 3


@pytest.mark.parametrize("blind", BLIND)
def test_a_redirection_does_not_tell_the_priority(blind: Blinds) -> None:
    for priority in ("emergency", "urgent", "normal"):
        desk = Desk.with_referral(priority=priority)
        desk.tell(consent("country:GH", consent_id=UUID(int=89)))
        blind(desk)
        body = {"to_centre": ACCRA, "reason": "other_catchment"}
        answer = api(desk).post(f"/referrals/{REFERRAL}/redirect", AT_LAGOS, body)
        assert answer.status_code == 200, answer.text
        assert (answer.json()["answer_due_at"], answer.json()["answer_due_estimated"]) == (None, None)
        assert desk.due("referral_answer", UUID(answer.json()["child_referral_id"])) is not None


@pytest.mark.parametrize("blind", BLIND)
def test_a_completion_tells_no_stage_that_another_centre_has_brought_about(blind: Blinds) -> None:
    stages = set()
    for edo_goes_on in (False, True):
        desk = Desk.with_contact()
        desk.tell(referred(referral_id=SECOND, to_centre=EDO, needs=("housing",)))
        if edo_goes_on:
            done(desk.accept(IN_EDO, SECOND))
            done(desk.assess(actor=IN_EDO))
        blind(desk)
        body = {"outcome_code": "need_met"}
        answer = api(desk).post(f"/referrals/{REFERRAL}/complete", AT_LAGOS, body)
        assert answer.status_code == 200, answer.text
        stages.add(answer.json()["file_status"])
    assert stages == {"closed"}, "what it did itself"


def test_without_a_consent_the_file_tells_no_stage_while_something_is_live() -> None:
    desk = Desk.with_acceptance()
    desk.tell(consent_gone())
    seen = set()
    for step in (desk.arrive, desk.contact):
        seen.add(api(desk).get(f"/files/{CASE}", AT_LAGOS).json()["status"])
        done(step())
    assert seen == {None}


def test_without_a_consent_nobody_is_assessed() -> None:
    desk = Desk.with_contact()
    desk.tell(consent_gone())
    before, told = desk.service.snapshot(), desk.told()
    body = {"readiness": "now", "priority": "normal", "levels": {"health": 3}, "assessed_on": TODAY.isoformat()}
    problem(api(desk).post(f"/files/{CASE}/assessments", AT_LAGOS, body), 409, "consent_missing")
    assert (desk.service.snapshot(), desk.told()) == (before, told)
    done(desk.contact())
    desk.tell(consent(LAGOS, consent_id=SECOND))
    done(desk.assess())


def test_who_has_rejected_is_not_told_whether_somebody_else_was_asked() -> None:
    told = []
    for another in (False, True):
        desk = Desk.with_referral()
        done(desk.reject())
        if another:
            desk.tell(referred(referral_id=SECOND, to_centre=EDO, needs=("housing",)))
        told += [answer.json()["code"] for answer in (arrival(desk, TODAY), contact(desk, TODAY))]
    assert told == ["file_closed"] * 4


def test_nor_does_the_refusal_tell_how_far_another_centre_has_come() -> None:
    desk = Desk.with_acceptance()
    desk.tell(consent_gone())
    for step in (desk.arrive, desk.contact):
        refused(desk.assess(), "consent_missing")
        done(step())
    refused(desk.assess(TODAY - 9 * DAY), "consent_missing")
