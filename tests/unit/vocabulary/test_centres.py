"""For which organisations people may act: centres that are open, by the day where they lie, and nobody's of a suspended
country."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from chassis.pure.decision import Visit
from chassis.pure.reference import CodeList
from vocabulary.centres import elsewhere, shut
from vocabulary.reference import Centre, Country
from vocabulary.switch import STAYS_OPEN

LISTS = SimpleNamespace(
    centres=CodeList(
        "centres",
        Centre,
        [
            Centre("centre:NG-LOS", "NG", date(2017, 7, 1)),
            Centre("centre:PK-LHE", "PK", date(2019, 6, 1), date(2026, 3, 31)),
            *(Centre(code, code[7:9], date(2017, 7, 1)) for code in ("centre:AF-KBL", "centre:TN-TUN")),
            *(Centre(code, code[7:9], date(2017, 7, 1)) for code in ("centre:GM-BJL", "centre:SN-DKR")),
        ],
    ),
    countries=CodeList(
        "countries",
        Country,
        [
            Country("AF", "active", date(2017, 7, 1), date(2021, 8, 14)),
            Country("AF", "suspended", date(2021, 8, 15)),
            *(Country(code, "active", date(2017, 7, 1)) for code in ("NG", "PK")),
            Country("TN", "ended", date(2026, 1, 1)),
            Country("GM", "no_centre", date(2017, 7, 1)),
            Country("SN", "active", date(2017, 7, 1), date(2025, 12, 31)),
        ],
    ),
)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("org", "at", "closed"),
    [
        ("centre:NG-LOS", "2026-03-02T10:00Z", False),
        ("centre:NG-LOS", "2017-06-30T22:59Z", True),  # Lagos is an hour ahead
        ("centre:NG-LOS", "2017-06-30T23:00Z", False),
        ("centre:PK-LHE", "2026-03-31T18:59Z", False),  # Lahore is five hours ahead
        ("centre:PK-LHE", "2026-03-31T19:00Z", True),
        ("centre:XX-XXX", "2026-03-02T10:00Z", True),
        ("scouts:bavaria", "2026-03-02T10:00Z", False),
    ],
)
def test_a_centre_is_open_from_its_first_to_its_last_day_where_it_lies(org: str, at: str, closed: bool) -> None:
    refused = shut(Visit(org, "read_file"), LISTS, datetime.fromisoformat(at).astimezone(UTC))
    assert (refused is not None) is closed
    if refused is not None:
        assert (refused.code, refused.status) == ("not_a_centre", 403)


@pytest.mark.parametrize(
    ("at", "closed"),
    [
        ("2021-08-14T19:29Z", False),
        ("2021-08-14T19:30Z", True),
        ("2026-03-02T10:00Z", True),
    ],  # Kabul: UTC and 4.5 hours
)
def test_a_centre_of_a_suspended_country_is_shut_from_the_day_on_there(at: str, closed: bool) -> None:
    refused = shut(Visit("centre:AF-KBL", "read_file", "AF"), LISTS, datetime.fromisoformat(at).astimezone(UTC))
    assert (refused is not None) is closed
    if refused is not None:
        assert (refused.code, refused.status) == ("access_suspended", 403)
        assert "programme desk" in refused.remedy


@pytest.mark.parametrize(
    ("org", "refused"),
    [
        ("centre:TN-TUN", "access_ended"),  # ended
        ("centre:GM-BJL", "access_ended"),  # no_centre: others act for it
        ("centre:SN-DKR", "access_ended"),  # no row for the day
        ("country:TN", "access_ended"),
        ("country:SN", "access_ended"),
        ("country:GM", None),  # the programme goes on there
    ],
)
def test_an_organisation_of_a_country_that_is_not_active_is_shut(org: str, refused: str | None) -> None:
    found = shut(Visit(org, "read_file"), LISTS, NOON)
    assert (found and (found.code, found.status)) == (refused and (refused, 403))
    assert [shut(Visit(org, operation), LISTS, NOON) for operation in STAYS_OPEN] == [None] * len(STAYS_OPEN)


@pytest.mark.parametrize("operation", sorted(STAYS_OPEN))
def test_what_stays_open_in_a_suspended_country_is_let_in(operation: str) -> None:
    assert shut(Visit("centre:AF-KBL", operation, "AF"), LISTS, NOON) is None


@pytest.mark.parametrize(
    ("visit", "closed"),
    [
        (Visit("country:AF", "read_file"), True),
        (Visit("country:NG", "read_file", "AF"), False),  # its name says where it lies
        (Visit("employer:0b54a4b4", "read_file", "AF"), True),
        (Visit("employer:0b54a4b4", "read_file", "NG"), False),
        (Visit("employer:0b54a4b4", "read_file"), False),
        (Visit("employer:0b54a4b4", "read_file", "FR"), False),
        (Visit("scouts:bavaria", "read_file", "AF"), False),  # they lie in Germany
        (Visit("programme:desk", "read_file", "AF"), False),
        (Visit("provider:HWK", "read_file", "AF"), False),
        (Visit("centre:NG-LOS", "read_file", "AF"), False),  # the list of centres says where it lies
    ],
)
def test_where_an_organisation_lies_that_is_no_centre(visit: Visit, closed: bool) -> None:
    assert (shut(visit, LISTS, NOON) is not None) is closed
    if not visit.org.startswith("centre:"):
        assert (elsewhere(visit, LISTS, NOON) is not None) is closed
