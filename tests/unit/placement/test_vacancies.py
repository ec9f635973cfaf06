"""Employers and vacancies: what a desk may publish, how openings are counted, how a vacancy ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from chassis.pure.decision import Actor
from placement import commands
from placement.domain.vacancy import Vacancy
from placement.events import CandidacyClosed, VacancyClosed, VacancyPublished, VacancyReopened, VacancyUpdated
from tests.support.placement.world import (
    DAY,
    IN_ACCRA,
    IN_EDO,
    LAGOS,
    LAST_DAY,
    NOBODY,
    OTHER_CASE,
    TODAY,
    World,
    consent,
    referred,
    refused,
)


def test_an_employer_is_kept_for_the_desk_and_no_event_tells_of_it() -> None:
    world = World()
    before = world.told()
    answer = world.do(commands.RegisterEmployer("Ikeja Tailors", None))
    assert (answer.name, answer.centre, answer.country, answer.isic) == ("Ikeja Tailors", LAGOS, "NG", None)
    assert world.told() == before


@pytest.mark.parametrize(
    "command",
    [
        commands.RegisterEmployer("Ikeja Tailors", None),
        commands.CloseVacancy(NOBODY),
        commands.Shortlist(NOBODY, NOBODY),
        commands.AcceptOffer(NOBODY, NOBODY, NOBODY),
    ],
    ids=lambda command: type(command).__name__,
)
@pytest.mark.parametrize("org", ["provider:TRADE-PAINT", "centre:NG-XXX", "programme:desk"])
def test_only_the_desk_of_a_known_centre_acts(command: Any, org: str) -> None:
    refused(World().run(command, Actor("placement_officer", org)), "not_a_centre", 403)


def test_a_centre_that_is_not_open_yet_has_no_desk() -> None:
    world = World()
    world.service.now = datetime(2019, 1, 1, tzinfo=UTC)
    refused(world.run(commands.RegisterEmployer("X", None), IN_EDO), "not_a_centre", 403)


def test_a_vacancy_is_published_with_all_its_openings_free() -> None:
    world = World(openings=3)
    event = world.last(VacancyPublished)
    vacancy = world.vacancy
    assert (vacancy.status, vacancy.free, vacancy.published_on) == ("open", 3, TODAY)
    assert (event.key, event.openings, event.country, event.expires_on) == (vacancy.id, 3, "NG", LAST_DAY)
    assert not hasattr(event, "name")


def test_another_desk_of_the_country_may_use_the_employer() -> None:
    world = World()
    assert world.do(world.vacancy_command(), IN_EDO).status == "open"


@pytest.mark.parametrize(
    ("changes", "code", "status", "field"),
    [
        ({"employer_id": NOBODY}, "employer_not_found", 404, "/employer_id"),
        ({"isco08": "7141"}, "unknown_code", 422, "/isco08"),
        ({"skills": ("7131", "7136")}, "unknown_code", 422, "/skills/1"),
        ({"admin1": "GH-AA"}, "admin1_elsewhere", 422, "/admin1"),
        ({"admin1": "NG-LAG"}, "unknown_code", 422, "/admin1"),
        ({"expires_on": TODAY - DAY}, "date_in_past", 422, "/expires_on"),
    ],
)
def test_a_vacancy_is_refused(changes: dict[str, Any], code: str, status: int, field: str) -> None:
    world = World()
    refused(world.run(world.vacancy_command(**changes)), code, status, field)


def test_an_employer_of_another_country_is_not_the_desks() -> None:
    world = World()
    refused(world.run(world.vacancy_command(admin1="GH-AA"), IN_ACCRA), "other_organisation", 403, "/employer_id")


def test_a_vacancy_may_end_today() -> None:
    world = World()
    assert world.do(world.vacancy_command(expires_on=TODAY)).status == "open"


def test_an_opening_is_reserved_by_an_offer_and_released_when_it_ends() -> None:
    world = World(openings=1)
    candidacy_id = world.present()
    assert (world.vacancy.status, world.vacancy.free) == ("open", 1)
    world.do(world.offer_command(candidacy_id))
    assert (world.vacancy.status, world.vacancy.free) == ("reserved", 0)
    world.do(commands.CloseCandidacy(*world.ids(candidacy_id), "offer_retracted", "employer"))
    assert (world.vacancy.status, world.vacancy.free) == ("open", 1)


def test_an_employer_sees_several_people_and_the_others_leave_when_the_last_opening_is_taken() -> None:
    world = World(openings=1)
    world.tell(referred(OTHER_CASE, OTHER_CASE), consent(case_id=OTHER_CASE, number=3))
    taken, other = world.present(), world.present(OTHER_CASE, number=4)
    world.do(world.offer_command(taken))
    assert world.candidacy(other).status == "presented"
    world.do(commands.AcceptOffer(*world.ids(taken)))
    assert (world.candidacy(other).status, world.candidacy(other).closed_reason) == ("closed", "vacancy_filled")
    assert (world.last(CandidacyClosed).case_id, world.last(CandidacyClosed).by) == (OTHER_CASE, "system")


def test_a_vacancy_whose_openings_are_all_offered_still_takes_people() -> None:
    world = World(openings=1)
    world.tell(referred(OTHER_CASE, OTHER_CASE), consent(case_id=OTHER_CASE, number=3))
    offered, waiting = world.offer(), world.present(OTHER_CASE, number=4)
    refused(world.run(world.offer_command(waiting)), "no_opening_left")
    world.do(commands.DeclineOffer(*world.ids(offered), "wage"))
    world.do(world.offer_command(waiting))


def test_a_vacancy_that_has_ended_takes_nobody() -> None:
    world = World(openings=1)
    world.shortlist()
    world.do(commands.CloseVacancy(world.vacancy_id))
    vacancy = world.vacancy
    with pytest.raises(ValueError, match="has ended"):
        vacancy.joined(vacancy.candidacies[0])


def test_an_employer_takes_a_vacancy_back_and_those_without_an_offer_leave() -> None:
    world = World(openings=3)
    offered = world.offer()
    world.tell(referred(OTHER_CASE, OTHER_CASE), consent(case_id=OTHER_CASE, number=3))
    shortlisted = world.shortlist(OTHER_CASE)
    answer = world.do(commands.CloseVacancy(world.vacancy_id))
    assert (answer.status, answer.free_openings) == ("withdrawn", 2)
    assert world.candidacy(offered).status == "offered"
    assert world.candidacy(shortlisted).closed_reason == "vacancy_withdrawn"
    assert (world.last(CandidacyClosed).case_id, world.last(CandidacyClosed).by) == (OTHER_CASE, "employer")
    assert world.last(VacancyClosed).reason == "withdrawn"
    assert world.due("vacancy_expiry", world.vacancy_id) is None


def test_an_offer_that_outlived_its_vacancy_can_be_accepted_and_fills_nothing() -> None:
    world = World(openings=1)
    candidacy_id = world.offer()
    world.do(commands.CloseVacancy(world.vacancy_id))
    world.do(commands.AcceptOffer(*world.ids(candidacy_id)))
    assert world.candidacy(candidacy_id).status == "accepted"
    assert world.vacancy.status == "withdrawn"
    assert world.told().count("VacancyClosed") == 1


def test_a_vacancy_ends_with_its_last_day_in_the_employers_country() -> None:
    world = World()
    # Lagos is one hour ahead of UTC all year.
    assert world.due("vacancy_expiry", world.vacancy_id) == datetime(2026, 5, 31, 22, 59, 59, tzinfo=UTC)
    candidacy_id = world.shortlist()
    world.service.advance(timedelta(days=91))
    assert world.vacancy.status == "expired"
    assert world.candidacy(candidacy_id).closed_reason == "vacancy_withdrawn"
    assert (world.last(CandidacyClosed).by, world.last(VacancyClosed).reason) == ("system", "expired")


def test_the_end_of_a_vacancy_leaves_its_offers_alone() -> None:
    world = World()
    candidacy_id = world.offer(expires_at=datetime(2026, 3, 5, tzinfo=UTC))
    vacancy_id = world.publish(expires_on=TODAY)
    world.service.advance(timedelta(days=1))
    assert world.service.state(Vacancy, vacancy_id).status == "expired"
    assert world.candidacy(candidacy_id).status == "offered"


def test_an_expiry_that_comes_late_finds_nothing_to_do() -> None:
    world = World()
    deadline = world.service.deadlines["vacancy_expiry", world.vacancy_id]
    world.do(commands.CloseVacancy(world.vacancy_id))
    world.service.deadlines["vacancy_expiry", world.vacancy_id] = deadline
    before = world.told()
    world.service.advance(timedelta(days=91))
    assert world.vacancy.status == "withdrawn"
    assert world.told() == before


def test_a_vacancy_is_closed_once() -> None:
    world = World()
    world.do(commands.CloseVacancy(world.vacancy_id))
    refused(world.run(commands.CloseVacancy(world.vacancy_id)), "vacancy_closed")


def test_a_vacancy_of_nobody_or_of_another_country_is_not_closed() -> None:
    world = World()
    refused(world.run(commands.CloseVacancy(NOBODY)), "vacancy_not_found", 404)
    refused(world.run(commands.CloseVacancy(world.vacancy_id), IN_ACCRA), "other_organisation", 403)


def test_the_last_acceptance_fills_a_vacancy() -> None:
    world = World(openings=2)
    world.tell(referred(OTHER_CASE, OTHER_CASE), consent(case_id=OTHER_CASE, number=3))
    world.accept()
    assert "VacancyClosed" not in world.told()
    world.accept(OTHER_CASE, number=4)
    assert world.vacancy.status == "filled"
    assert world.last(VacancyClosed).reason == "filled"
    assert world.due("vacancy_expiry", world.vacancy_id) is None


@pytest.mark.parametrize(("reason", "by"), [("person_declined", "person"), ("offer_retracted", "employer")])
def test_a_filled_vacancy_opens_again_when_an_accepted_opening_is_free(reason: Any, by: Any) -> None:
    world = World()
    candidacy_id = world.accept()
    assert world.vacancy.status == "filled"
    answer = world.do(commands.CloseCandidacy(*world.ids(candidacy_id), reason, by))
    assert (answer.vacancy_status, answer.free_openings) == ("open", 1)
    event = world.last(VacancyReopened)
    assert (event.key, event.openings, event.free_openings, event.expires_on) == (world.vacancy_id, 1, 1, LAST_DAY)
    assert world.due("vacancy_expiry", world.vacancy_id) == datetime(2026, 5, 31, 22, 59, 59, tzinfo=UTC)
    assert world.told()[-2:] == ["CandidacyClosed", "VacancyReopened"]
    assert world.shortlist()


def test_a_filled_vacancy_whose_last_day_is_over_stays_filled_until_it_is_extended() -> None:
    world = World()
    candidacy_id = world.accept()
    world.service.advance(100 * DAY)
    world.do(commands.CloseCandidacy(*world.ids(candidacy_id), "person_declined", "person"))
    assert (world.vacancy.status, world.vacancy.free) == ("filled", 1)
    assert "VacancyReopened" not in world.told()
    assert world.do(world.update_command(expires_on=LAST_DAY + 60 * DAY)).status == "open"


def test_what_an_employer_took_back_stays_so_when_somebody_steps_back() -> None:
    world = World(openings=2)
    candidacy_id = world.accept()
    world.do(commands.CloseVacancy(world.vacancy_id))
    world.do(commands.CloseCandidacy(*world.ids(candidacy_id), "person_declined", "person"))
    assert world.vacancy.status == "withdrawn"
    refused(world.run(world.update_command()), "vacancy_closed")


def test_a_vacancy_is_changed_and_told_as_a_whole() -> None:
    world = World()
    changes = {"openings": 3, "skills": ("7132", "7126", "7132"), "admin1": None, "wage_band": "above_median"}
    answer = world.do(world.update_command(**changes, formal=False, expires_on=LAST_DAY - DAY))
    assert (answer.status, answer.openings, answer.free_openings, answer.expires_on) == ("open", 3, 3, LAST_DAY - DAY)
    event = world.last(VacancyUpdated)
    assert (event.key, event.openings, event.skills, event.admin1) == (world.vacancy_id, 3, ("7126", "7132"), None)
    assert (event.isco08, event.employment_type, event.wage_band) == ("7131", "full_time", "above_median")
    assert (event.formal, event.expires_on, world.vacancy.published_on) == (False, LAST_DAY - DAY, TODAY)
    assert world.due("vacancy_expiry", world.vacancy_id) == datetime(2026, 5, 30, 22, 59, 59, tzinfo=UTC)


def test_a_change_that_changes_nothing_is_not_told() -> None:
    world = World()
    before = world.told()
    assert world.do(world.update_command()).status == "open"
    assert world.told() == before


@pytest.mark.parametrize(
    ("changes", "code", "status", "field"),
    [
        ({"skills": ("7131", "7136")}, "unknown_code", 422, "/skills/1"),
        ({"admin1": "GH-AA"}, "admin1_elsewhere", 422, "/admin1"),
        ({"expires_on": TODAY - DAY}, "date_in_past", 422, "/expires_on"),
        ({"openings": 1}, "openings_taken", 409, "/openings"),
    ],
)
def test_a_change_is_refused(changes: dict[str, Any], code: str, status: int, field: str) -> None:
    world = World(openings=3)
    world.tell(referred(OTHER_CASE, OTHER_CASE), consent(case_id=OTHER_CASE, number=3))
    world.offer()
    world.accept(OTHER_CASE, number=4)
    before = world.vacancy
    refused(world.run(world.update_command(**changes)), code, status, field)
    assert world.vacancy == before


def test_a_vacancy_of_nobody_or_of_another_country_is_not_changed() -> None:
    world = World()
    refused(world.run(world.update_command(vacancy_id=NOBODY)), "vacancy_not_found", 404)
    refused(world.run(world.update_command(), IN_ACCRA), "other_organisation", 403)


def test_with_no_more_openings_than_are_accepted_a_vacancy_is_filled() -> None:
    world = World(openings=2)
    world.tell(referred(OTHER_CASE, OTHER_CASE), consent(case_id=OTHER_CASE, number=3))
    waiting = world.shortlist(OTHER_CASE)
    world.accept()
    assert world.do(world.update_command(openings=1)).status == "filled"
    assert world.candidacy(waiting).closed_reason == "vacancy_filled"
    assert world.told()[-3:] == ["VacancyUpdated", "CandidacyClosed", "VacancyClosed"]
    assert world.due("vacancy_expiry", world.vacancy_id) is None
    assert world.do(world.update_command(openings=2)).status == "open"
    assert world.told()[-2:] == ["VacancyUpdated", "VacancyReopened"]


def test_a_vacancy_that_has_expired_opens_again_when_it_is_extended() -> None:
    world = World()
    world.service.advance(91 * DAY)
    assert world.vacancy.status == "expired"
    refused(world.run(world.update_command()), "date_in_past", 422, "/expires_on")
    assert world.do(world.update_command(expires_on=LAST_DAY + 30 * DAY)).status == "open"
    assert world.last(VacancyReopened).expires_on == LAST_DAY + 30 * DAY
    assert world.shortlist()
    world.service.advance(60 * DAY)
    assert (world.vacancy.status, world.told().count("VacancyClosed")) == ("expired", 2)


def test_the_day_of_a_country_begins_before_that_of_greenwich() -> None:
    world = World()
    world.service.now = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)  # half past midnight in Lagos
    refused(world.run(world.vacancy_command(expires_on=date(2026, 3, 2))), "date_in_past", 422, "/expires_on")
