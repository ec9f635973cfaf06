"""The caseload is what its text says, and the same every time."""

from __future__ import annotations

from collections import Counter

import pytest

from deploy.local.places import StackError
from deploy.local.story.people import LONG_WEEKS, NAMED, answer_limits, caseload, fallback_desk


def test_every_country_of_the_programme_has_three_people() -> None:
    countries = Counter(person.country for person in caseload())
    assert len(countries) == 13
    assert set(countries.values()) == {3}


def test_the_five_trades_take_turns_and_each_has_a_provider() -> None:
    trades = Counter(person.trade for person in caseload())
    assert len(trades) == 5
    assert max(trades.values()) - min(trades.values()) <= 1
    assert len({(person.trade, person.provider) for person in caseload()}) == 5


def test_every_run_has_the_same_people() -> None:
    assert caseload() == caseload()
    assert [person.number for person in caseload()] == list(range(1, 40))


def test_the_named_people_come_first_in_the_countries_of_their_stories() -> None:
    named = {person.number: (person.country, person.title) for person in caseload() if person.named}
    assert named == NAMED


def test_nigerians_and_iraqis_live_in_the_catchments_of_both_centres() -> None:
    regions = {person.admin1 for person in caseload() if person.country in {"NG", "IQ"}}
    assert regions == {"NG-LA", "NG-ED", "IQ-AR", "IQ-BG"}
    assert caseload()[1].admin1 == "NG-LA"  # the one whom Lagos passes on to Edo


def test_the_shares_among_the_ordinary_people_are_those_of_the_text() -> None:
    served = [person for person in caseload() if not person.named and person.country_status != "suspended"]
    assert len(served) == 16
    assert sum(person.rejected for person in served) == 1  # one in twenty
    assert sum(person.weeks == LONG_WEEKS for person in served) == 2  # one in ten
    assert Counter(person.course for person in served) == {"none": 8, "passed": 4, "attended": 4}
    assert Counter(person.outcome for person in served) == {"none": 6, "employed": 5, "offered": 5}


def test_nothing_is_decided_for_people_of_a_suspended_country() -> None:
    others = {
        (person.country, person.course, person.outcome) for person in caseload() if person.country_status == "suspended"
    }
    assert others == {("AF", "none", "none")}


def test_whoever_is_vulnerable_has_a_need_that_tells_of_health_and_nobody_else_has() -> None:
    assert all(("psychosocial" in person.needs) == person.vulnerable for person in caseload())
    assert any(person.vulnerable for person in caseload())


def test_the_stand_in_for_a_country_without_a_centre_is_the_one_in_force() -> None:
    assert fallback_desk("GM") == "centre:SN-DKR"
    with pytest.raises(StackError, match="no desk in force for EG"):
        fallback_desk("EG")


def test_limits_for_an_answer_are_read_in_hours() -> None:
    assert answer_limits("urgent") == [72, 24, 48]
    with pytest.raises(StackError, match="does not count normal in hours"):
        answer_limits("normal")


def test_nobody_bears_the_name_of_another_who_was_referred() -> None:
    names = [(person.given_name, person.family_name) for person in caseload()]
    assert len(set(names)) == len(names)
