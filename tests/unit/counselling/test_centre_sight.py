"""How much of a file a centre sees: it grows with what the centre takes on, and ends with the consent.

Every test says what the centre may know by the rules of the domain, and looks at all that the API shows it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from chassis.pure.decision import Actor
from counselling import contracts
from counselling.answers import FileSummary, InboxItem
from counselling.app import SERVICE
from counselling.domain.consent import Consent
from counselling.domain.referral import Referral
from counselling.views import inbox_item
from tests.support.counselling.world import (
    CASE,
    CONSENT,
    EDO,
    LAGOS,
    REFERRAL,
    SECOND,
    TODAY,
    Desk,
    consent,
    consent_gone,
    done,
    offered,
    referred,
    withdrawn,
)
from tests.support.memory import NOW
from tests.support.memory_api import MemoryApi
from tests.support.web import problem

IN_LAGOS = {"roles": ["centre_counsellor"], "org": LAGOS}
IN_EDO = {"roles": ["centre_manager"], "org": EDO}
PROGRAMME = {"roles": ["programme_manager"], "org": "programme:desk"}
LATER = ("calls", "arrival", "contacts", "assessment", "plan", "courses", "offers", "employments")
"""What comes after the acceptance."""
OF_THE_PERSON = (*LATER, "case_ref", "country", "vulnerability_present", "departure")


def file(desk: Desk, who: dict[str, Any] = IN_LAGOS) -> dict[str, Any]:
    """The file as it is shown."""
    answer = MemoryApi(SERVICE, desk.service).get(f"/files/{CASE}", who)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def denied(desk: Desk, who: dict[str, Any] = IN_LAGOS) -> None:
    """Neither the file nor assessments are shown."""
    api = MemoryApi(SERVICE, desk.service)
    for path in (f"/files/{CASE}", f"/files/{CASE}/assessments"):
        problem(api.get(path, who), 403, "other_organisation")


def leaves(days: int) -> contracts.DeparturePlanned:
    day = TODAY + timedelta(days=days)
    return contracts.DeparturePlanned(case_id=CASE, status="booked", earliest=day, latest=day)


def assessed() -> Desk:
    """Lagos has the person in its care, who has arrived and was assessed; there is an offer."""
    desk = Desk.with_contact()
    done(desk.assess())
    desk.tell(offered())
    return desk


# --- a centre that no consent covers any more ------------------------------------------------------------------------


def test_a_withdrawn_consent_ends_what_a_centre_knows_of_the_person() -> None:
    desk = assessed()
    assert file(desk)["assessment"] is not None
    desk.tell(consent_gone())
    shown = file(desk)
    assert {name: shown[name] for name in OF_THE_PERSON} == dict.fromkeys(OF_THE_PERSON)
    (referral,) = shown["referrals"]
    assert (referral["referral_id"], referral["status"], referral["preview"]) == (str(REFERRAL), "in_progress", None)
    assert shown["consents"][0]["withdrawn_at"] is not None, "why"
    problem(MemoryApi(SERVICE, desk.service).get(f"/files/{CASE}/assessments", IN_LAGOS), 403, "not_taken_on")
    assert file(desk, PROGRAMME)["assessment"] is not None


def test_after_a_withdrawn_consent_a_centre_learns_no_later_departure() -> None:
    desk = Desk.with_acceptance()
    desk.tell(leaves(20))
    assert file(desk)["departure"]["earliest"] == (TODAY + timedelta(days=20)).isoformat()
    desk.tell(consent_gone(), leaves(50))
    assert file(desk)["departure"] is None


def test_a_centre_without_consent_can_still_end_what_it_has_begun() -> None:
    desk = assessed()
    desk.tell(consent_gone())
    done(desk.complete("person_stopped"))
    shown = file(desk)
    assert (shown["status"], shown["assessment"], shown["referrals"][0]["reason"]) == ("closed", None, "person_stopped")


def test_a_consent_ends_with_its_last_day_and_a_new_one_opens_the_file_again() -> None:
    desk = Desk()
    desk.tell(consent(expires_at=NOW + timedelta(days=30)), referred())
    done(desk.accept())
    desk.service.now = NOW + timedelta(days=30) - timedelta(microseconds=1)
    assert file(desk)["courses"] == []
    desk.service.now = NOW + timedelta(days=30)
    assert file(desk)["courses"] is None
    desk.tell(consent(LAGOS, consent_id=SECOND))
    assert file(desk)["courses"] == []


def test_who_waits_in_the_inbox_without_a_consent_is_a_number_there() -> None:
    desk = Desk.with_referral()
    item = waiting(desk)
    assert item.preview is not None
    desk.tell(consent_gone())
    item = waiting(desk)
    assert (item.referral_id, item.preview) == (REFERRAL, None)
    assert waiting(desk, centre=None).preview is not None
    assert file(desk)["referrals"][0]["preview"] is None
    done(desk.reject("missing_consent"))


# --- a centre that has said no ---------------------------------------------------------------------------------------


def test_the_reference_is_shown_to_who_may_know_the_person_and_an_older_referral_does_not_take_it_away() -> None:
    desk = Desk()
    desk.tell(consent(), referred(), referred(referral_id=SECOND, case_ref=None))
    assert file(desk)["case_ref"] == "PH-7K3M9QX-F"
    done(desk.accept())
    assert FileSummary.to_centre(desk.file, LAGOS, NOW).case_ref == "PH-7K3M9QX-F"
    desk.tell(consent_gone())
    assert (file(desk)["case_ref"], FileSummary.to_centre(desk.file, LAGOS, NOW).case_ref) == (None, None)


def test_a_centre_that_has_rejected_sees_nothing_more() -> None:
    desk = Desk.with_referral()
    answer = done(desk.reject()).answer
    assert answer is not None
    assert answer.file_status == "declined"
    desk.tell(leaves(50))
    denied(desk)
    assert file(desk, PROGRAMME)["status"] == "declined"


def test_a_centre_whose_referral_was_taken_back_sees_nothing_more() -> None:
    for desk in (Desk.with_referral(), Desk.with_acceptance()):
        desk.tell(withdrawn())
        denied(desk)


def test_a_centre_that_has_rejected_is_told_nothing_of_what_the_other_one_does() -> None:
    desk = Desk.with_contact()
    desk.tell(referred(referral_id=SECOND, to_centre=EDO, needs=("health",)))
    api = MemoryApi(SERVICE, desk.service)
    answer = api.post(f"/referrals/{SECOND}/reject", IN_EDO, {"reason": "no_capacity"}).json()
    assert (answer["status"], answer["file_status"]) == ("rejected", "declined")
    denied(desk, IN_EDO)


# --- a centre that has not answered ----------------------------------------------------------------------------------


def test_before_it_has_accepted_a_centre_sees_what_it_was_asked_and_nothing_of_another_centre() -> None:
    desk = assessed()
    desk.tell(consent(LAGOS, consent_id=SECOND))
    desk.tell(referred(referral_id=SECOND, to_centre=EDO, needs=("health",), priority="urgent"))
    shown = file(desk, IN_EDO)
    assert {name: shown[name] for name in LATER} == dict.fromkeys(LATER)
    assert (shown["status"], shown["centre"], shown["country"]) == ("expected", EDO, "NG")
    (referral,) = shown["referrals"]
    assert (referral["referral_id"], referral["preview"]["needs"]) == (str(SECOND), ["health"])
    assert [each["consent_id"] for each in shown["consents"]] == [str(CONSENT)], "not the one for Lagos alone"


def test_a_vulnerability_that_another_centre_was_told_of_is_not_told_before_the_acceptance() -> None:
    desk = Desk.with_acceptance(vulnerability_present=True)
    desk.tell(referred(referral_id=SECOND, to_centre=EDO))
    assert file(desk, IN_EDO)["vulnerability_present"] is False
    done(desk.accept(referral_id=SECOND, actor=staff(EDO)))
    assert file(desk, IN_EDO)["vulnerability_present"] is True


def test_two_centres_that_have_the_person_see_the_file_and_each_its_own_referral() -> None:
    desk = assessed()
    desk.tell(referred(referral_id=SECOND, to_centre=EDO, needs=("health",)))
    done(desk.accept(referral_id=SECOND, actor=staff(EDO)))
    for who, id_ in ((IN_LAGOS, REFERRAL), (IN_EDO, SECOND)):
        shown = file(desk, who)
        assert shown["assessment"] is not None
        assert [each["referral_id"] for each in shown["referrals"]] == [str(id_)]
    assert len(file(desk, PROGRAMME)["referrals"]) == 2


def test_after_the_end_a_centre_learns_of_no_later_journey() -> None:
    desk = assessed()
    done(desk.complete())
    assert file(desk)["assessment"] is not None
    desk.tell(leaves(50))
    assert file(desk)["departure"] is None
    assert file(desk, PROGRAMME)["departure"] is not None


# --- lines of lists --------------------------------------------------------------------------------------------------


def test_a_line_of_the_list_shows_what_the_file_shows() -> None:
    desk = assessed()
    desk.tell(referred(referral_id=SECOND, to_centre=EDO, needs=("health",), priority="emergency"))
    done(desk.accept(referral_id=SECOND, actor=staff(EDO)))
    line = FileSummary.to_centre(desk.file, EDO, NOW)
    assert (line.centre, line.priority, line.needs) == (EDO, "emergency", ("health",))
    line = FileSummary.to_centre(desk.file, LAGOS, NOW)
    assert (line.centre, line.priority, line.needs) == (LAGOS, "normal", ("employment", "housing"))
    assert line.arrival is not None


def test_a_line_of_somebody_whose_consent_is_gone_has_an_id_alone() -> None:
    desk = assessed()
    desk.tell(consent_gone())
    line = FileSummary.to_centre(desk.file, LAGOS, NOW)
    shown = {name for name, value in line.model_dump().items() if value not in (None, ())}
    assert shown == {"case_id", "centre", "consent_lost_at"}, "its own name, what it owes, and nothing of the person"


@pytest.mark.parametrize("path", ["/inbox", "/files"])
def test_a_centre_lists_nobody_elses(path: str) -> None:
    api = MemoryApi(SERVICE, Desk.with_referral().service)
    problem(api.get(path, IN_EDO, centre=LAGOS), 403, "other_organisation")


def waiting(desk: Desk, centre: str | None = LAGOS) -> InboxItem:
    """The line of the inbox, from a row as the database has it."""
    row = {
        "case_id": CASE,
        "referral": TypeAdapter(Referral).dump_json(desk.referral()),
        "consents": TypeAdapter(tuple[Consent, ...]).dump_json(desk.file.consents),
        "case_ref": desk.file.case_ref,
        "case_over": desk.file.case_over,
    }
    return inbox_item(row, desk.service.now, centre, desk.service.working_days)


def staff(centre: str) -> Actor:
    return Actor("centre_counsellor", centre, "NG")
