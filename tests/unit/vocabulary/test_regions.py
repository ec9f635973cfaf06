"""Regions are codes of ISO 3166-2 that are in force; what is refused is told with what to write instead."""

from __future__ import annotations

from datetime import date

import pytest

from vocabulary import regions
from vocabulary.countries import TIME_ZONES
from vocabulary.refusals import admin1_elsewhere

ELSEWHERE = admin1_elsewhere("the country of return")


@pytest.mark.parametrize("code", ["NG-LA", "IQ-KR", "IQ-AR", "PK-KP", "GH-BO", "DE-BY", "RS-00", "MA-09", "MA-MAR"])
def test_a_region_in_force_is_taken(code: str) -> None:
    assert regions.why_not(code, [code[:2]], ELSEWHERE) is None


@pytest.mark.parametrize(
    ("code", "detail", "remedy"),
    [
        ("GH-BA", "Brong-Ahafo was withdrawn on 2019-11-22", "GH-AF Ahafo, GH-BE Bono East, GH-BO Bono"),
        ("PK-TA", "was withdrawn on 2018-05-31", "PK-KP Khyber Pakhtunkhwa"),
        ("IQ-TS", "was withdrawn on 2014-10-30", "IQ-KI Kirkūk"),
    ],
)
def test_a_code_that_was_withdrawn_is_refused_with_what_came_after(code: str, detail: str, remedy: str) -> None:
    refused = regions.why_not(code, [code[:2]], ELSEWHERE)
    assert refused is not None
    assert (refused.code, refused.field, refused.status) == ("unknown_code", "/admin1", 422)
    assert detail in refused.detail
    assert remedy in refused.remedy


@pytest.mark.parametrize(
    ("code", "first"),
    [
        ("IQ-HA", "IQ-SU As Sulaymānīyah (with Halabja)"),
        ("IQ-HL", "IQ-SU As Sulaymānīyah (with Halabja)"),
        ("IQ-HLB", "IQ-SU As Sulaymānīyah (with Halabja)"),
        ("NG-LAG", "NG-LA Lagos"),
        ("NG-EDO", "NG-ED Edo"),
        ("AL-TR", "AL-11 Tiranë"),
        ("DE-BAY", "DE-BY Bayern"),
        ("TN-99", "TN-"),
    ],
)
def test_a_code_that_never_was_is_refused_with_the_nearest_names_first(code: str, first: str) -> None:
    refused = regions.why_not(code, [code[:2]], ELSEWHERE)
    assert refused is not None
    assert f"the nearest are {first}" in refused.remedy
    assert code not in f"{refused.detail} {refused.remedy}"  # nobody is told what they have written
    assert len(regions.nearest(code)) == regions.NEAREST


@pytest.mark.parametrize("code", ["RS-KM", "RS-25", "RS-26", "RS-27", "RS-28", "RS-29"])
def test_kosovo_under_serbia_is_refused_with_kosovo_as_the_way(code: str) -> None:
    refused = regions.why_not(code, ["RS"], ELSEWHERE)
    assert refused is not None
    assert "Give the country XK and leave the field out" in refused.remedy
    refused = regions.why_not(code, ["XK"], ELSEWHERE)
    assert refused is not None
    assert refused.remedy.startswith("Leave the field out")


def test_kosovo_has_no_regions() -> None:
    assert [code for code in regions.REGIONS if code.startswith("XK")] == []
    refused = regions.why_not("XK-01", ["XK"], ELSEWHERE)
    assert refused is not None
    assert refused.remedy == "Leave the field out."


def test_a_region_of_another_country_is_what_the_service_says_of_it() -> None:
    for code in ("GH-AA", "GH-BA", "ZZ-AA"):
        assert regions.why_not(code, ["NG"], ELSEWHERE) is ELSEWHERE
    assert regions.why_not("GH-AA", ["NG", "GH"], ELSEWHERE) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("NG-LA", "NG-LA", True),
        ("NG-LA", "NG-ED", False),
        ("IQ-KR", "IQ-AR", True),
        ("IQ-AR", "IQ-SU", True),
        ("IQ-AR", "IQ-BG", False),
        ("MA-MAR", "MA-07", True),
        ("MA-MAR", "MA-CHI", True),
        ("MA-MAR", "MA-CAS", False),
        ("PK-TA", "PK-KP", True),
        ("GH-BA", "GH-BO", False),
        ("IQ-HL", "IQ-HL", True),
        ("IQ-HL", "IQ-SU", False),
    ],
)
def test_regions_of_two_levels_are_compared_on_the_first(one: str, other: str, same: bool) -> None:
    assert regions.same_region(one, other) is regions.same_region(other, one) is same


def test_what_is_withdrawn_is_not_in_force_and_what_came_after_is() -> None:
    for code, withdrawn in regions.WITHDRAWN.items():
        assert code not in regions.REGIONS
        assert withdrawn.successors
        assert all(successor in regions.REGIONS for successor in withdrawn.successors), code
        assert withdrawn.until < date(2026, 1, 1)
    assert all(code in regions.REGIONS for code in regions.WITHIN)


def test_every_country_but_kosovo_has_regions_whose_parents_are_known() -> None:
    assert {code[:2] for code in regions.REGIONS} == set(TIME_ZONES) - {"XK"}
    assert all(each.parent is None or each.parent in regions.REGIONS for each in regions.REGIONS.values())
    assert max(len(regions.path(code)) for code in regions.REGIONS) == 2
