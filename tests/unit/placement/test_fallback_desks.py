"""Countries without a centre: the desk that is their fallback acts for them, as long as it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from chassis.pure.reference import CodeList
from placement import commands
from placement.domain.vacancy import Vacancy
from placement.events import JobOffered, VacancyPublished
from placement.reference import Reference
from tests.support.placement.world import (
    CASE,
    DAKAR,
    DAY,
    IN_DAKAR,
    LAGOS,
    TODAY,
    World,
    consent,
    consent_gone,
    reference,
    referred,
    refused,
    switched,
)
from vocabulary.reference import Country, Fallback

CAIRO, LAST_DAY_WITHOUT = "centre:EG-CAI", date(2019, 5, 31)


def gambia(*recipients: str) -> World:
    """A person who returns to The Gambia, with Dakar; the vacancy is there."""
    world = World()
    world.tell(consent_gone(), referred(to_centre=DAKAR, country="GM", admin1="GM-B"))
    world.tell(consent("matching", *(recipients or (DAKAR,)), number=5))
    world.vacancy_id = world.publish_in_gambia()
    return world


def until(last: date) -> Reference:
    """The lists, in which Dakar is the fallback until a day."""
    rows = [Fallback("GM", DAKAR, date(2017, 7, 1), last)]
    return replace(reference(), fallbacks=CodeList("fallbacks", Fallback, rows))


def countries(of: str, day: date = TODAY, lists: Reference | None = None) -> tuple[str, ...]:
    lists = lists or reference()
    centre = lists.centres.get(of)
    assert centre is not None
    return lists.countries_of(centre, day)


def test_a_desk_acts_for_its_country_and_for_those_that_it_is_the_fallback_of_that_day() -> None:
    assert countries(LAGOS) == ("NG",)
    assert countries(DAKAR) == ("SN", "GM")
    assert countries(DAKAR, TODAY, until(TODAY)) == ("SN", "GM")
    assert countries(DAKAR, TODAY, until(TODAY - DAY)) == ("SN",)
    # Nobody at a centre advised Egyptians before they had one: the fallback was the programme.
    assert countries(CAIRO, LAST_DAY_WITHOUT) == ("EG",)


def test_an_employer_is_kept_in_the_desks_own_country_or_in_one_that_it_names() -> None:
    world = World()
    assert world.do(commands.RegisterEmployer("X", None), IN_DAKAR).country == "SN"
    assert world.do(commands.RegisterEmployer("X", None, "SN"), IN_DAKAR).country == "SN"
    assert world.do(commands.RegisterEmployer("X", None, "GM"), IN_DAKAR).country == "GM"
    refused(world.run(commands.RegisterEmployer("X", None, "GM")), "other_organisation", 403, "/country")
    refused(world.run(commands.RegisterEmployer("X", None, "NG"), IN_DAKAR), "other_organisation", 403, "/country")
    world.service.reference = until(TODAY - DAY)
    refused(world.run(commands.RegisterEmployer("X", None, "GM"), IN_DAKAR), "other_organisation", 403, "/country")


def test_a_vacancy_lies_in_the_country_of_its_employer() -> None:
    world = gambia()
    event = world.last(VacancyPublished)
    assert (event.country, event.admin1, world.vacancy.centre) == ("GM", None, DAKAR)
    assert world.publish_in_gambia(admin1="GM-B")
    command = world.vacancy_command(employer_id=world.vacancy.employer_id, admin1="SN-DK")
    refused(world.run(command, IN_DAKAR), "admin1_elsewhere", 422, "/admin1")
    refused(world.run(command), "other_organisation", 403, "/employer_id")


def test_a_vacancy_needs_no_region() -> None:
    world = World()
    vacancy: Vacancy = world.service.state(Vacancy, world.publish(admin1=None))
    assert vacancy.admin1 is None
    assert world.last(VacancyPublished).admin1 is None


@pytest.mark.parametrize("recipient", [DAKAR, "country:SN"])
def test_a_person_is_offered_work_in_a_country_without_a_centre(recipient: str) -> None:
    world = gambia(recipient)
    candidacy_id = world.shortlist(actor=IN_DAKAR)
    world.tell(consent("presentation", f"employer:{world.vacancy.employer_id}", number=6))
    world.do(commands.Present(*world.ids(candidacy_id)), IN_DAKAR)
    world.do(world.offer_command(candidacy_id), IN_DAKAR)
    event = world.last(JobOffered)
    assert (event.country, event.distance_band) == ("GM", "unknown")
    refused(world.run(commands.AcceptOffer(*world.ids(candidacy_id))), "other_organisation", 403)
    world.do(commands.AcceptOffer(*world.ids(candidacy_id)), IN_DAKAR)
    assert world.candidacy(candidacy_id).status == "accepted"


def shortlist(world: World, vacancy_id: UUID, code: str, field: str, status: int = 409) -> None:
    refused(world.run(commands.Shortlist(vacancy_id, CASE), IN_DAKAR), code, status, field)


def test_a_consent_for_the_country_of_return_does_not_name_a_desk_that_lies_elsewhere() -> None:
    world = gambia("country:GM", "country:NG")
    shortlist(world, world.vacancy_id, "candidate_not_found", "/case_id", 404)


def test_a_person_is_picked_for_work_in_their_country_of_return_only() -> None:
    world = gambia()
    employer_id = world.do(commands.RegisterEmployer("Plateau Peinture", "F"), IN_DAKAR).employer_id
    in_senegal = world.publish(IN_DAKAR, employer_id=employer_id, admin1="SN-DK")
    shortlist(world, in_senegal, "not_the_country_of_return", "/vacancy_id")
    world.tell(referred(to_centre=DAKAR, country="SN", admin1=None))
    shortlist(world, world.vacancy_id, "not_the_country_of_return", "/vacancy_id")
    world.tell(referred(to_centre=DAKAR, country="NG", admin1=None))
    shortlist(world, world.vacancy_id, "candidate_not_found", "/case_id", 404)


def test_what_rested_on_the_consent_for_the_country_where_the_desk_lies_ends_with_it() -> None:
    world = gambia("country:SN")
    candidacy_id = world.shortlist(actor=IN_DAKAR)
    world.tell(consent("matching", "country:GM", number=7), consent_gone(number=7))
    assert world.candidacy(candidacy_id).status == "shortlisted"
    world.tell(consent_gone(number=5))
    assert world.candidacy(candidacy_id).closed_reason == "consent_withdrawn"


def test_a_desk_that_is_the_fallback_no_longer_acts_no_longer() -> None:
    world = gambia()
    candidacy_id = world.shortlist(actor=IN_DAKAR)
    world.service.reference = until(TODAY)
    world.service.advance(DAY)
    refused(world.run(commands.Present(*world.ids(candidacy_id)), IN_DAKAR), "other_organisation", 403)
    refused(world.run(commands.CloseVacancy(world.vacancy_id), IN_DAKAR), "other_organisation", 403)


def test_nothing_about_a_person_goes_to_employers_in_a_suspended_country_by_whatever_desk() -> None:
    world = gambia("country:SN")
    world.tell(switched("GM", "suspended"))
    shortlist(world, world.vacancy_id, "country_suspended", "")
    world.tell(switched("GM", "as_listed"))
    candidacy_id = world.shortlist(actor=IN_DAKAR)
    world.tell(consent("presentation", f"employer:{world.vacancy.employer_id}", number=6), switched("GM", "suspended"))
    present = commands.Present(*world.ids(candidacy_id))
    refused(world.run(present, IN_DAKAR), "country_suspended")
    world.tell(switched("GM", "as_listed"))
    world.do(present, IN_DAKAR)
    world.tell(switched("GM", "suspended"))
    refused(world.run(world.offer_command(candidacy_id), IN_DAKAR), "country_suspended")
    world.tell(switched("GM", "as_listed"))
    world.do(world.offer_command(candidacy_id), IN_DAKAR)


def test_nothing_about_a_person_goes_to_employers_in_a_country_that_has_ended() -> None:
    world = gambia("country:SN")
    lists = world.service.reference
    others = [row for row in lists.countries if row.code != "GM"]
    ended = replace(
        lists, countries=CodeList("countries", Country, [*others, Country("GM", "ended", date(2017, 7, 1))])
    )
    world.service.reference = ended
    shortlist(world, world.vacancy_id, "country_not_active", "")
    world.service.reference = lists
    candidacy_id = world.shortlist(actor=IN_DAKAR)
    world.tell(consent("presentation", f"employer:{world.vacancy.employer_id}", number=6))
    present = commands.Present(*world.ids(candidacy_id))
    world.service.reference = replace(lists, countries=CodeList("countries", Country, others))
    refused(world.run(present, IN_DAKAR), "country_not_active")
    world.service.reference = lists
    world.do(present, IN_DAKAR)
    world.service.reference = ended
    refused(world.run(world.offer_command(candidacy_id), IN_DAKAR), "country_not_active")
