"""Whom a desk sees, by the person's consents; and what it sees without one, to end what it has begun itself.

Every test says what the rules of the domain let a desk know, and looks at all that the API shows it one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from placement import commands
from placement.answers import coarsened
from tests.support.memory import NOW
from tests.support.placement.api import EDOS, OFFICER, PROGRAMME, Api
from tests.support.placement.world import (
    CASE,
    DAY,
    EDO,
    IN_EDO,
    LAGOS,
    NOBODY,
    REFERRAL,
    TODAY,
    World,
    arrived,
    assessed,
    completed,
    consent,
    consent_gone,
    referred,
    refused,
)
from tests.support.web import problem


def for_lagos_alone() -> World:
    """The person consents to the desk in Lagos, and to no other one of the country."""
    world = World(openings=5)
    world.tell(consent_gone(), consent("matching", LAGOS, number=7))
    return world


def seen(world: World, candidacy: UUID, who: Mapping[str, Any]) -> tuple[bool, bool, bool]:
    """Whether somebody sees the person, the candidacy by itself, and the candidacy with the vacancy."""
    api = Api(world)
    person, alone = api.get(f"/candidates/{CASE}", who), api.get(f"/candidacies/{candidacy}", who)
    for answer, code in ((person, "candidate_not_found"), (alone, "candidacy_not_found")):
        if answer.status_code != 200:
            problem(answer, 404, code)
    vacancy = api.get(f"/vacancies/{world.vacancy_id}", who)
    assert vacancy.status_code == 200
    if person.status_code == 200:
        assert [each["candidacy_id"] for each in person.json()["candidacies"]] == [str(candidacy)] * (
            alone.status_code == 200
        )
    listed = [each["candidacy_id"] for each in vacancy.json()["candidacies"]]
    assert (str(CASE) in vacancy.text) == (listed == [str(candidacy)])
    return person.status_code == 200, alone.status_code == 200, bool(listed)


ALL, NOTHING = (True, True, True), (False, False, False)
ONLY_THE_WAY = (False, True, True)
STAGES: Mapping[str, Callable[[World], UUID]] = {
    "shortlisted": lambda world: world.shortlist(),
    "presented": lambda world: world.present(),
    "offered": lambda world: world.offer(),
    "accepted": lambda world: world.accept(),
    "started": lambda world: world.start(),
}


# --- a consent that names one desk -----------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", STAGES)
def test_another_desk_of_the_country_sees_nothing_without_a_consent_for_it(stage: str) -> None:
    world = for_lagos_alone()
    candidacy = STAGES[stage](world)
    assert seen(world, candidacy, OFFICER) == ALL
    assert seen(world, candidacy, EDOS) == NOTHING
    assert seen(world, candidacy, PROGRAMME) == ALL
    world.tell(consent("matching", EDO, number=8))
    assert seen(world, candidacy, EDOS) == ALL


def test_another_desk_does_nothing_about_somebody_whom_it_may_not_know() -> None:
    world = for_lagos_alone()
    shortlisted = world.ids(world.shortlist())
    refused(world.run(commands.Present(*shortlisted), IN_EDO), "candidacy_not_found", 404)
    refused(
        world.run(commands.CloseCandidacy(*shortlisted, "unreachable", "officer"), IN_EDO), "candidacy_not_found", 404
    )
    world.do(commands.CloseCandidacy(*shortlisted, "unreachable", "officer"))
    offered = world.offer()
    refused(world.run(commands.AcceptOffer(*world.ids(offered)), IN_EDO), "candidacy_not_found", 404)
    world.tell(consent("matching", EDO, number=8))
    world.do(commands.AcceptOffer(*world.ids(offered)), IN_EDO)


# --- no consent any more ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "left"),
    [
        ("shortlisted", NOTHING),  # closed with the consent
        ("presented", NOTHING),
        ("offered", ALL),  # an offer is the person's to answer
        ("accepted", ALL),
        ("started", NOTHING),  # nothing is left to be done
    ],
)
def test_without_any_consent_a_desk_sees_what_it_has_to_end_and_nothing_else(
    stage: str, left: tuple[bool, bool, bool]
) -> None:
    world = World()
    candidacy = STAGES[stage](world)
    world.tell(consent_gone(), consent_gone("presentation", 2))
    assert seen(world, candidacy, OFFICER) == left
    assert seen(world, candidacy, EDOS) == NOTHING


@pytest.mark.parametrize("gone", [(consent_gone(),), (consent_gone(), consent_gone("presentation", 2))])
def test_without_a_consent_for_the_desk_an_open_offer_shows_nothing_of_the_person_then_or_later(
    gone: tuple[Any, ...],
) -> None:
    world = World()
    candidacy = world.offer()
    world.tell(arrived(), assessed("now"), *gone)
    shown = Api(world).get(f"/candidates/{CASE}").json()
    assert [(each["candidacy_id"], each["offer"]["status"]) for each in shown["candidacies"]] == [
        (str(candidacy), "open")
    ]
    told = {name for name, value in shown.items() if value} - {"case_id", "status", "candidacies"}
    assert (shown["status"], told) == ("unknown", set())
    world.tell(completed(isco08="7212"), assessed("not_now"), arrived(TODAY - DAY))
    world.tell(consent("presentation", f"employer:{NOBODY}", number=9))
    assert Api(world).get(f"/candidates/{CASE}").json() == shown
    world.tell(consent("matching", LAGOS, number=10))
    assert Api(world).get(f"/candidates/{CASE}").json()["skills"] == ["7131", "7212"]


def test_the_reason_of_a_declined_offer_goes_with_the_consents() -> None:
    world = World()
    candidacy = world.offer()
    world.do(commands.DeclineOffer(*world.ids(candidacy), "distance"))
    assert "distance" in Api(world).get(f"/vacancies/{world.vacancy_id}").text
    world.tell(consent_gone(), consent_gone("presentation", 2))
    assert seen(world, candidacy, OFFICER) == NOTHING
    assert "distance" not in Api(world).get(f"/vacancies/{world.vacancy_id}").text


def test_a_consent_that_has_ended_leaves_a_candidacy_to_close_and_no_person_to_read() -> None:
    world = World()
    world.tell(consent_gone(), consent("matching", LAGOS, number=7, expires_at=NOW + timedelta(days=3)))
    candidacy = world.shortlist()
    world.service.now = NOW + timedelta(days=3)
    assert seen(world, candidacy, OFFICER) == ONLY_THE_WAY
    world.do(commands.CloseCandidacy(*world.ids(candidacy), "unreachable", "officer"))
    assert seen(world, candidacy, OFFICER) == NOTHING


def test_who_turns_out_to_be_a_minor_is_seen_by_no_desk() -> None:
    world = World()
    candidacy = world.present()
    world.tell(referred(age_band="under_18", referral_id=REFERRAL))
    assert seen(world, candidacy, OFFICER) == ONLY_THE_WAY
    assert seen(world, candidacy, EDOS) == NOTHING
    world.do(commands.CloseCandidacy(*world.ids(candidacy), "not_suitable", "officer"))
    assert seen(world, candidacy, OFFICER) == NOTHING


# --- small numbers ---------------------------------------------------------------------------------------------------


def test_a_number_of_one_to_four_is_not_told_and_others_come_in_fives() -> None:
    told = [0, None, None, None, None, 5, 5, 5, 10, 10, 10, 10, 10, 15]
    assert [coarsened(count) for count in range(14)] == told
