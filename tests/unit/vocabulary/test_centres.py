"""For which centres people may act: those that are open, by the day where they lie."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from chassis.pure.reference import CodeList
from vocabulary.centres import shut
from vocabulary.reference import Centre

LISTS = SimpleNamespace(
    centres=CodeList(
        "centres",
        Centre,
        [
            Centre("centre:NG-LOS", "NG", date(2017, 7, 1)),
            Centre("centre:PK-LHE", "PK", date(2019, 6, 1), date(2026, 3, 31)),
        ],
    )
)


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
    refused = shut(org, LISTS, datetime.fromisoformat(at).astimezone(UTC))
    assert (refused is not None) is closed
    if refused is not None:
        assert (refused.code, refused.status) == ("not_a_centre", 403)
