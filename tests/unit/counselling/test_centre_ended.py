"""A centre that has completed its part, and is asked again: what was shown to it then does not come back by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from counselling import contracts
from counselling.app import SERVICE
from tests.support.counselling.world import (
    CASE,
    EDO,
    IN_EDO,
    LAGOS,
    SECOND,
    TODAY,
    Desk,
    done,
    offered,
    referred,
    withdrawn,
)
from tests.support.memory_api import MemoryApi
from tests.support.web import problem

AT_LAGOS = {"roles": ["centre_counsellor"], "org": LAGOS}
AT_EDO = {"roles": ["centre_manager"], "org": EDO}
THIRD = UUID("f204789e-34f3-4b07-a44a-301596ceb9b2")
LATER = ("calls", "arrival", "contacts", "assessment", "plan", "courses", "offers", "employments")
"""What comes after the acceptance."""


def read(desk: Desk, who: dict[str, Any] = AT_LAGOS) -> tuple[Any, Any]:
    """The file and the assessments, as a centre asks for them."""
    api = MemoryApi(SERVICE, desk.service)
    return api.get(f"/files/{CASE}", who), api.get(f"/files/{CASE}/assessments", who)


def completed() -> Desk:
    """Lagos has assessed the person, and has completed its part."""
    desk = Desk.with_contact()
    done(desk.assess(levels={"health": 3}))
    done(desk.complete())
    return desk


def held_in_edo() -> Desk:
    """And Edo has the person in its care, and has assessed them."""
    desk = completed()
    desk.tell(referred(referral_id=SECOND, to_centre=EDO, needs=("housing",)))
    done(desk.accept(IN_EDO, SECOND))
    done(desk.assess(actor=IN_EDO, levels={"health": 2, "social": 1}))
    return desk


def asked_again(desk: Desk) -> Desk:
    """And Lagos is asked for something else; there is an offer by now, and a day of departure."""
    day = TODAY + timedelta(days=40)
    desk.tell(
        referred(referral_id=THIRD, to_centre=LAGOS, needs=("documents",)),
        contracts.DepartureRescheduled(case_id=CASE, status="booked", earliest=day, latest=day),
        offered(),
    )
    return desk


def test_until_another_centre_is_asked_who_has_completed_sees_what_it_has_seen() -> None:
    file, assessments = read(completed())
    assert (file.json()["status"], file.json()["arrival"] is not None) == ("closed", True)
    assert [each["levels"] for each in assessments.json()["items"]] == [{"health": 3}]


def test_while_the_person_is_in_the_care_of_another_centre_who_has_completed_sees_nothing() -> None:
    for answer in read(held_in_edo()):
        problem(answer, 403, "other_organisation")


def test_who_has_completed_and_is_asked_anew_sees_what_it_is_asked_and_nothing_later() -> None:
    for desk in (asked_again(completed()), asked_again(held_in_edo())):
        file, assessments = read(desk)
        shown = file.json()
        assert {name: shown[name] for name in LATER} == dict.fromkeys(LATER)
        assert (shown["status"], shown["referrals"][-1]["preview"]["needs"]) == ("expected", ["documents"])
        problem(assessments, 403, "not_taken_on")


@pytest.mark.parametrize("ended", ["rejected", "withdrawn"])
def test_who_has_said_no_or_was_not_needed_sees_nothing_whatever_it_completed_before(ended: str) -> None:
    for desk in (asked_again(completed()), asked_again(held_in_edo())):
        if ended == "rejected":
            done(desk.reject(referral_id=THIRD))
        else:
            desk.tell(withdrawn(THIRD))
        desk.tell(offered(UUID(int=9)))
        for answer in read(desk):
            problem(answer, 403, "other_organisation")


def test_nor_once_the_other_centre_has_completed_too() -> None:
    desk = asked_again(held_in_edo())
    done(desk.reject(referral_id=THIRD))
    desk.service.advance(timedelta(days=1))
    done(desk.complete(actor=IN_EDO, referral_id=SECOND))
    for answer in read(desk):
        problem(answer, 403, "other_organisation")
    _, assessments = read(desk, AT_EDO)
    assert [each["centre"] for each in assessments.json()["items"]] == [EDO], "after the end, its own"


def test_who_takes_the_person_on_again_sees_the_file_and_every_assessment() -> None:
    desk = asked_again(held_in_edo())
    done(desk.accept(referral_id=THIRD))
    file, assessments = read(desk)
    assert file.json()["assessment"] is not None
    assert {each["centre"] for each in assessments.json()["items"]} == {LAGOS, EDO}
