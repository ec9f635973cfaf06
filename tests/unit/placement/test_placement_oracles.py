"""What refusals tell a desk that may not know the person: that it may not, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from placement import commands
from tests.support.memory import NOW
from tests.support.placement.api import Api
from tests.support.placement.world import (
    ACCRA,
    CASE,
    EDO,
    LAGOS,
    NOBODY,
    TODAY,
    World,
    arrived,
    assessed,
    consent,
    consent_gone,
    referred,
    refused,
    rejected,
    withdrawn,
)

Change = Callable[[World], object]
HIDDEN: Mapping[str, Change] = {
    "nothing": lambda _world: None,
    "in another country": lambda world: world.tell(referred(country="GH", admin1="GH-AA", to_centre=ACCRA)),
    "a minor": lambda world: world.tell(referred(age_band="under_18")),
    "not ready": lambda world: world.tell(assessed("not_now")),
    "rejected": lambda world: world.tell(rejected()),
    "withdrawn": lambda world: world.tell(withdrawn()),
    "arrived": lambda world: world.tell(arrived()),
}
"""What may be so of the person, and is nobody's business without a consent."""
WITHOUT: Mapping[str, Change] = {
    "no consent": lambda world: world.tell(consent_gone()),
    "a consent for another desk": lambda world: world.tell(consent_gone(), consent("matching", EDO, number=7)),
    "a consent that has ended": lambda world: world.tell(consent(until=TODAY - timedelta(days=1))),
}


def pick(world: World, case_id: UUID = CASE) -> tuple[int, Any]:
    """What the desk in Lagos is told that wants to pick somebody."""
    body = {"vacancy_id": str(world.vacancy_id), "case_id": str(case_id)}
    answer = Api(world).post("/candidacies", body)
    return answer.status_code, {name: value for name, value in answer.json().items() if name != "instance"}


@pytest.mark.parametrize("without", WITHOUT)
def test_who_may_not_know_a_person_is_told_the_same_of_everybody_and_of_nobody(without: str) -> None:
    told = {}
    for name, change in HIDDEN.items():
        world = World()
        WITHOUT[without](world)
        change(world)
        told[name] = pick(world)
    told["nobody"] = pick(World(), NOBODY)
    status, document = told["nobody"]
    assert (status, document["code"], document["errors"][0]["field"]) == (404, "candidate_not_found", "/case_id")
    assert {name: each for name, each in told.items() if each != told["nobody"]} == {}


def test_a_consent_for_the_desk_does_not_tell_it_of_somebody_who_returns_elsewhere() -> None:
    world = World()
    world.tell(consent("matching", LAGOS, number=7), referred(country="GH", admin1="GH-AA", to_centre=ACCRA))
    assert pick(world) == pick(world, NOBODY)


@pytest.mark.parametrize("hidden", [name for name in HIDDEN if name not in {"in another country", "withdrawn"}])
def test_what_has_lost_its_ground_is_told_that_and_nothing_of_the_person(hidden: str) -> None:
    """The deadline that closes it has not fired yet."""
    world = World()
    world.tell(consent_gone(), consent("matching", LAGOS, number=7, expires_at=NOW + timedelta(days=3)))
    candidacy = world.ids(world.shortlist())
    world.tell(consent("presentation", f"employer:{world.employer}", number=8))
    HIDDEN[hidden](world)
    world.service.now = NOW + timedelta(days=3)
    refused(world.run(commands.Present(*candidacy)), "consent_missing")
