"""Whom a centre took in by itself comes of age, and no band stands that their birth date rules out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest

from chassis.pure.decision import Decision, Refused
from chassis.pure.retention import TermOver
from counselling import commands
from counselling.events import AgeBandChanged, CaseOpened
from counselling.handlers.deadlines import AGE_BAND
from counselling.retention import KEEPS
from placement.contracts import AgedAtCentre
from tests.support.counselling.walking_in import SHEET, WalkInDesk
from tests.support.counselling.world import CASE, COUNSELLOR, TODAY, done, last, refused
from tests.support.memory import NOW, SYSTEM
from tests.support.placement.world import World, aged
from vocabulary.ages import ages_of
from vocabulary.profiles import in_parts

A_MINOR, A_CHILD, GROWN = date(2008, 3, 17), date(2014, 1, 1), date(1994, 7, 11)
"""The first turns 18 this month."""
BY_GUARDIAN = replace(SHEET, guardian=True)


def opened(band: str, born_on: date | None, sheet: commands.Sheet = SHEET) -> tuple[WalkInDesk, Decision | Refused]:
    desk = WalkInDesk()
    sealed = in_parts(desk.service.vault, CASE, {"given_name": "Rojîn"}, uuid4)
    ages = None if born_on is None else ages_of(born_on, TODAY)
    return desk, desk.open(age_band=band, profile=sealed, ages=ages, consent=sheet)


def told_of(desk: WalkInDesk, born_on: date | None) -> Decision | Refused:
    sealed = in_parts(desk.service.vault, CASE, {"given_name": "Rojîn"}, uuid4)
    ages = None if born_on is None else ages_of(born_on, TODAY)
    return desk.service.command(commands.SetProfile(CASE, sealed, (), ages), COUNSELLOR)


def due(desk: WalkInDesk) -> datetime | None:
    deadline = desk.service.deadlines.get((AGE_BAND, CASE))
    return None if deadline is None else deadline.due_at


def changes(desk: WalkInDesk) -> list[str]:
    return [event.age_band for event in desk.events if isinstance(event, AgeBandChanged)]


def test_a_minor_comes_of_age_with_the_first_of_a_month() -> None:
    desk, outcome = opened("under_18", A_MINOR, BY_GUARDIAN)
    done(outcome)
    desk.service.advance(timedelta(days=31))
    assert changes(desk) == ["18_24"]
    assert desk.intake.preview.age_band == "18_24"
    done(desk.sign())  # no guardian is asked for any more


def test_and_goes_on_from_band_to_band_without_the_birth_date() -> None:
    desk, outcome = opened("under_18", A_MINOR, BY_GUARDIAN)
    done(outcome)
    desk.service.advance(timedelta(days=366 * 50))
    assert changes(desk) == [
        "18_24",
        "25_34",
        "35_49",
        "50_plus",
    ]
    assert due(desk) is None


@pytest.mark.parametrize(("band", "born_on"), [("25_34", A_CHILD), ("under_18", GROWN), ("50_plus", GROWN)])
def test_a_band_that_the_birth_date_rules_out_is_refused(band: str, born_on: date) -> None:
    desk, outcome = opened(band, born_on, BY_GUARDIAN)
    refused(outcome, "age_band_ruled_out", 422, "/age_band")
    assert desk.events == []


def test_where_the_band_is_unknown_the_birth_date_says_it_and_asks_for_a_guardian() -> None:
    refused(opened("unknown", A_CHILD)[1], "guardian_consent_required", 422, "/consent/guardian")
    desk, outcome = opened("unknown", A_CHILD, BY_GUARDIAN)
    done(outcome)
    assert last(desk.events, CaseOpened).age_band == desk.intake.preview.age_band == "under_18"


def test_a_birth_date_that_is_told_later_corrects_the_band_and_tells_it() -> None:
    desk, outcome = opened("25_34", None)
    done(outcome)
    assert due(desk) is None
    done(told_of(desk, A_CHILD))
    assert changes(desk) == ["under_18"]
    assert desk.intake.preview.age_band == "under_18"
    refused(desk.sign(), "guardian_consent_required", 422, "/guardian")
    done(told_of(desk, A_CHILD))
    assert len(changes(desk)) == 1


def test_without_a_birth_date_no_band_ends() -> None:
    desk, outcome = opened("under_18", A_MINOR, BY_GUARDIAN)
    done(outcome)
    assert due(desk) is not None
    done(told_of(desk, None))
    assert due(desk) is None


def test_with_the_profile_the_month_of_the_birthday_goes() -> None:
    desk, outcome = opened("under_18", A_MINOR, BY_GUARDIAN)
    done(outcome)
    [kept] = [each for each in KEEPS if each.kind == "walk_in"]
    done(desk.service._run(kept.handler, TermOver("walk_in", CASE), SYSTEM, desk.service.now))
    assert due(desk) is None


def test_a_desk_that_places_people_hears_that_they_have_come_of_age() -> None:
    world = World()
    world.tell(aged("under_18"))
    world.tell(AgedAtCentre(case_id=world.candidate.id, age_band="18_24"), at=NOW + timedelta(days=31))
    assert world.candidate.ages[-1].band == "18_24"
