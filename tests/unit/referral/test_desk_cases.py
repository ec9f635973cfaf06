"""A case is opened, and its profile set and destroyed: every no, and nothing personal in what is published."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest

from chassis.pure.decision import Actor
from referral import commands
from referral.answers import CaseOutcome, ProfileOutcome
from referral.domain.profile import Profile
from referral.events import CaseOpened
from tests.support.memory import NOW
from tests.support.referral.news import CASE, OTHER, STRANGER
from tests.support.referral.world import COMMON, COUNSELLOR, IN_LAGOS, OTHER_SCOUT, SCOUT, SEALED, Desk, done, refused
from vocabulary.case_ref import read
from vocabulary.finding import MARKING
from vocabulary.parts import SealedPart
from vocabulary.profiles import FIELDS


def test_an_opened_case_is_told_with_its_reference() -> None:
    desk = Desk()
    answer = done(desk.open(household_id=OTHER)).answer
    case = desk.case
    assert desk.service.events == [
        CaseOpened(
            case_id=CASE,
            case_ref=case.case_ref,
            target_group="RETURNEE_DE",
            country="NG",
            language="en",
            household_id=OTHER,
            return_type="voluntary_assisted",
            opened_by="scouts:bavaria",
        )
    ]
    assert answer == CaseOutcome(case_id=CASE, case_ref=case.case_ref, status="open")
    assert (case.opened_by, case.opened_at, case.status) == ("scouts:bavaria", NOW, "open")
    assert read(case.case_ref) == case.case_ref
    assert [(each.type, each.at) for each in case.timeline] == [("CaseOpened", NOW)]


def test_every_case_gets_a_reference_of_its_own() -> None:
    desk = Desk.opened()
    done(desk.open(case_id=OTHER))
    first, second = (event.case_ref for event in desk.service.events)  # type: ignore[attr-defined]
    assert first != second


def test_a_return_counsellor_opens_cases_as_well() -> None:
    done(Desk().open(COUNSELLOR))


@pytest.mark.parametrize("group", ["LOCAL", "IDP_OR_REFUGEE", "MIGRANT", "RETURNEE_THIRD_COUNTRY"])
def test_whoever_does_not_return_from_germany_is_not_registered_here(group: str) -> None:
    refused(Desk().open(target_group=group), "target_group_not_served_here", 422, "/target_group")


@pytest.mark.parametrize("country", ["FR", "DE", "XX"])
def test_only_partner_countries_are_known(country: str) -> None:
    refused(Desk().open(country=country, admin1=None), "unknown_code", 422, "/country")


def test_a_country_is_not_known_before_the_programme_began() -> None:
    refused(Desk(NOW.replace(year=2017, month=6)).open(), "unknown_code", 422, "/country")


def test_a_person_of_a_suspended_country_is_registered_all_the_same() -> None:
    assert done(Desk().open(country="AF", admin1="AF-KAB")).answer.status == "open"


@pytest.mark.parametrize("admin1", ["GH-AA", "NGX-LA"])
def test_a_region_lies_in_the_country_of_return(admin1: str) -> None:
    refused(Desk().open(admin1=admin1), "admin1_elsewhere", 422, "/admin1")


@pytest.mark.parametrize(
    ("country", "admin1", "remedy"),
    [
        ("IQ", "IQ-HL", "IQ-SU As Sulaymānīyah (with Halabja)"),
        ("GH", "GH-BA", "GH-AF Ahafo, GH-BE Bono East, GH-BO Bono"),
        ("PK", "PK-TA", "PK-KP Khyber Pakhtunkhwa"),
        ("RS", "RS-25", "Give the country XK and leave the field out"),
        ("XK", "RS-25", "Leave the field out"),
        ("XK", "XK-01", "Leave the field out"),
    ],
)
def test_a_region_that_is_none_is_refused_with_what_to_give_instead(country: str, admin1: str, remedy: str) -> None:
    refusal = Desk().open(country=country, admin1=admin1)
    refused(refusal, "unknown_code", 422, "/admin1")
    assert remedy in refusal.remedy


def test_a_region_may_be_left_out() -> None:
    assert Desk.opened(admin1=None).case.admin1 is None


def test_an_id_is_used_once() -> None:
    refused(Desk.opened().open(), "case_exists")


@pytest.mark.parametrize(("name", "act"), COMMON, ids=[name for name, _ in COMMON])
def test_a_case_that_nobody_opened_is_not_found(name: str, act: Any) -> None:
    desk = Desk.referred()
    refused(act(desk, SCOUT, STRANGER), "case_not_found", 404)


@pytest.mark.parametrize(("name", "act"), COMMON, ids=[name for name, _ in COMMON])
@pytest.mark.parametrize("who", [OTHER_SCOUT, Actor("return_counsellor", "scouts:berlin")], ids=lambda who: who.role)
def test_a_case_of_another_organisation_is_left_alone(name: str, act: Any, who: Actor) -> None:
    refused(act(Desk.referred(), who, CASE), "other_organisation", 403)


@pytest.mark.parametrize(("name", "act"), COMMON, ids=[name for name, _ in COMMON])
def test_a_centre_that_has_only_been_asked_may_do_nothing_here(name: str, act: Any) -> None:
    refused(act(Desk.referred(), IN_LAGOS, CASE), "other_organisation", 403)


def test_a_profile_rests_sealed_beside_the_case_and_is_told_to_nobody() -> None:
    desk = Desk.opened(profile=SEALED)
    assert desk.profile == Profile(CASE, boxes=dict.fromkeys(FIELDS, "box"), marking=MARKING)
    assert desk.profile.status == "sealed"
    published = " ".join(event.model_dump_json() for event in desk.service.events)
    assert not re.search("wrapped|box|given_name", published)
    states = desk.service.snapshot()["states"]
    assert ("box" in str(states["case_file"]), '"wrapped"' in str(states["profile"])) == (False, False), "apart"


def test_a_new_profile_takes_the_place_of_the_one_before_and_of_its_key() -> None:
    desk = Desk.opened(profile=SEALED)
    another = {part: SealedPart("another", "box 2", UUID(int=10)) for part in FIELDS}
    answer = done(desk.run(commands.SetProfile(CASE, another))).answer
    assert answer == ProfileOutcome(case_id=CASE, status="sealed")
    assert desk.profile == Profile(CASE, boxes=dict.fromkeys(FIELDS, "box 2"), marking=MARKING)
    assert {each.key for each in desk.case.profile_keys.values()} == {"another"}


def test_a_case_is_found_by_its_consents_and_referrals() -> None:
    desk = Desk.referred()
    ids: set[UUID] = set(desk.service.kinds[0].links(desk.case))  # type: ignore[misc]
    assert ids == {desk.case.consents[0].id, desk.referral().id}
