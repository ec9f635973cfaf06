"""Where a referral goes: by the country's status, the region and the day, all of them reference data."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from chassis.pure.reference import CodeList
from referral.domain.case import Case
from referral.reference import Catchment, Reference
from tests.support.memory import NOW
from tests.support.referral.news import ACCRA, CASE, DAKAR, EDO, LAGOS
from tests.support.referral.world import Desk, done, reference, refused
from vocabulary.reference import Centre, Country, Fallback

ERBIL, BAGHDAD = "centre:IQ-EBL", "centre:IQ-BGW"
IN_2018 = datetime(2018, 6, 4, 9, 0, tzinfo=UTC)
LAST_DAY = datetime(2019, 5, 31, 12, 0, tzinfo=UTC)
FIRST_DAY = datetime(2019, 5, 31, 22, 0, tzinfo=UTC)
"""Midnight in Germany: 1 June 2019 has begun at the desk."""


def desk_for(country: str, admin1: str | None, now: datetime = NOW) -> Desk:
    """A case with a consent for its country and for the fallbacks."""
    desk = Desk.opened(now, country=country, admin1=admin1)
    done(desk.grant(f"country:{country}", "country:SN"))
    return desk


@pytest.mark.parametrize(
    ("country", "admin1", "centre"),
    [
        ("NG", "NG-LA", LAGOS),
        ("NG", None, LAGOS),
        ("NG", "NG-KN", LAGOS),
        ("NG", "NG-ED", EDO),
        ("NG", "NG-DE", EDO),
        ("NG", "NG-AN", EDO),
        ("NG", "NG-KO", EDO),
        ("NG", "NG-ON", EDO),
        ("IQ", "IQ-AR", ERBIL),
        ("IQ", "IQ-DA", ERBIL),
        ("IQ", "IQ-SU", ERBIL),
        ("IQ", "IQ-KR", ERBIL),
        ("IQ", "IQ-BG", BAGHDAD),
        ("IQ", "IQ-NI", BAGHDAD),
        ("IQ", None, BAGHDAD),
        ("GH", "GH-AA", ACCRA),
        ("GH", "GH-NP", ACCRA),
        ("AL", None, "centre:AL-TIA"),
        ("EG", "EG-ALX", "centre:EG-CAI"),
        ("MA", None, "centre:MA-01"),
        ("PK", "PK-SD", "centre:PK-LHE"),
        ("RS", None, "centre:RS-BEG"),
        ("SN", None, DAKAR),
        ("TN", None, "centre:TN-TUN"),
        ("XK", None, "centre:XK-PRN"),
    ],
)
def test_the_region_decides_which_centre_is_asked(country: str, admin1: str | None, centre: str) -> None:
    desk = desk_for(country, admin1)
    assert done(desk.refer()).answer.to_centre == centre
    assert (desk.referral().to_centre, desk.referral().centre_country) == (centre, country)


@pytest.mark.parametrize("admin1", ["IQ-AR", "IQ-DA", "IQ-SU", "IQ-KR"])
def test_a_region_is_where_what_it_lies_in_is(admin1: str) -> None:
    whole = reference()
    rows = [row for row in whole.catchments if row.country == "IQ" and row.admin1 in {"*", "IQ-KR"}]
    lists = replace(whole, catchments=CodeList("catchments", Catchment, rows))
    found = lists.centre_for("IQ", admin1, NOW.date())
    assert found is not None
    assert found.code == ERBIL


@pytest.mark.parametrize(
    ("country", "admin1", "now", "centre"),
    [
        ("NG", "NG-ED", LAST_DAY, LAGOS),
        ("NG", "NG-ED", FIRST_DAY, EDO),
        ("IQ", "IQ-BG", IN_2018, ERBIL),
        ("IQ", "IQ-BG", FIRST_DAY, BAGHDAD),
        ("EG", None, FIRST_DAY, "centre:EG-CAI"),
        ("AF", "AF-KAB", datetime(2021, 8, 14, 9, 0, tzinfo=UTC), "centre:AF-KBL"),
    ],
)
def test_the_centre_of_the_day_is_asked(country: str, admin1: str | None, now: datetime, centre: str) -> None:
    assert done(desk_for(country, admin1, now).refer()).answer.to_centre == centre


@pytest.mark.parametrize("to", [None, "centre:AF-KBL"])
def test_nobody_is_referred_to_a_suspended_country(to: str | None) -> None:
    refused(desk_for("AF", "AF-KAB").refer(to), "country_suspended")


def test_a_country_is_suspended_from_its_day_on() -> None:
    refused(desk_for("AF", None, datetime(2021, 8, 14, 22, 0, tzinfo=UTC)).refer(), "country_suspended")


def test_a_case_of_a_country_that_was_suspended_meanwhile_stays_open() -> None:
    desk = desk_for("AF", None, datetime(2021, 8, 1, 9, 0, tzinfo=UTC))
    done(desk.refer())
    desk.service.now = datetime(2021, 9, 1, 9, 0, tzinfo=UTC)
    refused(desk.refer(needs=("housing",)), "country_suspended")
    assert desk.case.status == "referred"
    done(desk.withdraw(reason="country_suspended"))


@pytest.mark.parametrize("country", ["EG", "PK"])
@pytest.mark.parametrize("now", [IN_2018, LAST_DAY], ids=str)
def test_before_a_country_has_a_centre_nobody_is_referred_there(country: str, now: datetime) -> None:
    outcome = refused(desk_for(country, None, now).refer(), "no_active_centre")
    assert "programme:REMOTE" in outcome.remedy
    assert "to_centre" not in outcome.remedy


def test_before_its_opening_a_centre_cannot_be_named_either() -> None:
    refused(desk_for("EG", None, LAST_DAY).refer("centre:EG-CAI"), "unknown_code", 422, "/to_centre")
    refused(desk_for("NG", "NG-ED", LAST_DAY).refer(EDO), "unknown_code", 422, "/to_centre")


def test_a_country_without_a_centre_names_the_one_that_stands_in() -> None:
    desk = desk_for("GM", None)
    outcome = refused(desk.refer(), "no_active_centre")
    assert f"to_centre {DAKAR}" in outcome.remedy
    done(desk.refer(DAKAR))
    referral = desk.referral()
    assert (referral.to_centre, referral.centre_country, referral.country) == (DAKAR, "SN", "GM")


def test_the_centre_that_stands_in_needs_a_consent_that_names_it_or_its_country() -> None:
    desk = Desk.opened(country="GM", admin1=None)
    done(desk.grant("country:GM"))
    refused(desk.refer(DAKAR), "consent_missing")
    done(desk.grant(DAKAR))
    done(desk.refer(DAKAR))


@pytest.mark.parametrize("centre", [ACCRA, LAGOS])
def test_no_other_centre_stands_in(centre: str) -> None:
    refused(desk_for("GM", None).refer(centre), "centre_elsewhere", 422, "/to_centre")


def test_a_scout_may_name_another_centre_of_the_country() -> None:
    assert done(desk_for("NG", "NG-LA").refer(EDO)).answer.to_centre == EDO


@pytest.mark.parametrize("centre", ["centre:NG-ABJ", "centre:ng-los", "centre:XX-1"])
def test_a_centre_that_is_in_no_list_is_refused(centre: str) -> None:
    refused(desk_for("NG", None).refer(centre), "unknown_code", 422, "/to_centre")


@pytest.mark.parametrize("centre", [ACCRA, DAKAR, "centre:AF-KBL"])
def test_a_centre_of_another_country_is_refused(centre: str) -> None:
    refused(desk_for("NG", None).refer(centre), "centre_elsewhere", 422, "/to_centre")


# --- what the lists do not have today, but may have tomorrow ---

LONG_AGO = date(2017, 7, 1)


def with_lists(**lists: CodeList[object]) -> Reference:
    return replace(reference(), **lists)  # type: ignore[arg-type]


def test_in_a_country_that_the_programme_has_left_nobody_is_referred() -> None:
    desk = desk_for("NG", None)
    ended = (Country("NG", "ended", LONG_AGO), *(row for row in reference().countries if row.code != "NG"))
    desk.service.reference = with_lists(countries=CodeList("countries", Country, ended))  # type: ignore[arg-type]
    refused(desk.refer(), "country_not_active")


@pytest.mark.parametrize("to", [None, LAGOS])
def test_a_centre_that_is_still_listed_in_a_country_without_one_is_not_asked(to: str | None) -> None:
    """Its people are let in for handing over alone: nobody there could accept."""
    desk = desk_for("NG", "NG-LA")
    others = (row for row in reference().countries if row.code != "NG")
    countries = CodeList("countries", Country, (*others, Country("NG", "no_centre", LONG_AGO)))
    desk.service.reference = with_lists(countries=countries)  # type: ignore[arg-type]
    refused(desk.refer(to), "no_active_centre")


def test_a_country_without_centre_and_without_anybody_who_stands_in_leaves_the_programme_desk() -> None:
    desk = desk_for("GM", None)
    desk.service.reference = with_lists(fallbacks=CodeList("fallbacks", Fallback, ()))  # type: ignore[arg-type]
    assert "programme desk" in refused(desk.refer(), "no_active_centre").remedy
    refused(desk.refer(DAKAR), "centre_elsewhere", 422, "/to_centre")


def test_a_centre_stands_in_only_while_its_own_country_is_active() -> None:
    desk = desk_for("GM", None)
    others = (row for row in reference().countries if row.code != "SN")
    countries = CodeList("countries", Country, (*others, Country("SN", "suspended", LONG_AGO)))
    desk.service.reference = with_lists(countries=countries)  # type: ignore[arg-type]
    refused(desk.refer(DAKAR), "country_suspended")


def test_a_region_whose_centre_has_closed_goes_to_the_one_for_the_rest_of_the_country() -> None:
    desk = desk_for("NG", "NG-ED")
    closed = tuple(
        replace(row, closed_on=date(2025, 12, 31)) if row.code == EDO else row for row in reference().centres
    )
    desk.service.reference = with_lists(centres=CodeList("centres", Centre, closed))  # type: ignore[arg-type]
    assert done(desk.refer()).answer.to_centre == LAGOS
    refused(desk.refer(EDO, needs=("housing",)), "unknown_code", 422, "/to_centre")


def test_a_centre_without_a_catchment_serves_its_country_if_no_other_does() -> None:
    desk = desk_for("IQ", None)
    catchments = (row for row in reference().catchments if row.country != "IQ")
    desk.service.reference = with_lists(
        catchments=CodeList("catchments", Catchment, catchments)  # type: ignore[arg-type]
    )
    assert done(desk.refer()).answer.to_centre == ERBIL


def test_an_active_country_whose_only_centre_has_closed_has_none() -> None:
    desk = desk_for("GH", None)
    closed = tuple(
        replace(row, closed_on=date(2025, 12, 31)) if row.code == ACCRA else row for row in reference().centres
    )
    desk.service.reference = with_lists(centres=CodeList("centres", Centre, closed))  # type: ignore[arg-type]
    refused(desk.refer(), "no_active_centre")
    case: Case = desk.service.state(Case, CASE)
    assert case.status == "open"
