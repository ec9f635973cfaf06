"""Two cases of one person are one person's on every way into work, until the link is undone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis.pure.retention import TermOver
from chassis.pure.states import ConcurrentUpdateError, by_id
from placement import commands, contracts
from placement.domain.candidacy import ONWARDS, TRANSITIONS
from placement.domain.candidate import Candidate
from placement.domain.persons import person_of
from placement.handlers.retention import candidate_over
from placement.retention import KEEPS
from tests.support.memory import NOW
from tests.support.placement.api import Api
from tests.support.placement.world import (
    ACCRA,
    CASE,
    DAY,
    OFFICER,
    OTHER_CASE,
    SECOND,
    TODAY,
    World,
    consent,
    referred,
    refused,
)

THIRD_CASE = UUID("39b9e3da-87cb-47ce-b42e-47b34349519d")


def linked(case_id: UUID = OTHER_CASE, same_as: UUID = CASE) -> contracts.CasesLinked:
    return contracts.CasesLinked(case_id=case_id, same_as=same_as)


def undone(case_id: UUID = OTHER_CASE, same_as: UUID = CASE) -> contracts.LinkUndone:
    return contracts.LinkUndone(case_id=case_id, same_as=same_as)


@pytest.fixture
def world() -> World:
    """Three cases that the desk may know, and a vacancy with three openings."""
    world = World(openings=3)
    for number, case_id in ((11, OTHER_CASE), (12, THIRD_CASE)):
        referral_id = UUID(int=number)
        world.tell(referred(case_id, referral_id), consent(case_id=case_id, number=number))
    return world


def person(world: World, case_id: UUID) -> set[UUID]:
    states = {each.id: each for each in world.service.all(Candidate)}
    return set(person_of(states[case_id], [each for each in states.values() if each.id != case_id]))


def test_who_has_two_cases_is_picked_once_for_a_vacancy(world: World) -> None:
    world.tell(linked())
    first = world.shortlist(OTHER_CASE)

    refused(world.run(commands.Shortlist(world.vacancy_id, CASE)), "candidacy_exists", field="/case_id")
    world.do(commands.CloseCandidacy(*world.ids(first), "not_suitable", "officer"))
    assert world.shortlist(CASE)


def test_who_has_two_cases_may_be_picked_for_two_vacancies(world: World) -> None:
    world.tell(linked())
    world.shortlist(OTHER_CASE)
    other = world.publish(isco08="7132")

    assert world.do(commands.Shortlist(other, CASE)).vacancy_id == other


def test_two_cases_of_which_a_third_one_tells_are_one_persons(world: World) -> None:
    world.tell(linked(OTHER_CASE, CASE), linked(THIRD_CASE, CASE))
    world.shortlist(OTHER_CASE)

    assert person(world, THIRD_CASE) == {CASE, OTHER_CASE, THIRD_CASE}
    refused(world.run(commands.Shortlist(world.vacancy_id, THIRD_CASE)), "candidacy_exists", field="/case_id")


def test_once_a_link_is_undone_both_are_there_again(world: World) -> None:
    world.tell(linked())
    world.shortlist(OTHER_CASE)
    world.tell(undone(), at=NOW + timedelta(hours=1))

    assert world.shortlist(CASE)
    assert {each.person for each in world.service.all(Candidate)} == {None}


def test_of_two_who_were_picked_before_they_were_linked_one_goes_on(world: World) -> None:
    one, other = world.shortlist(CASE), world.shortlist(OTHER_CASE)
    for number, case_id in ((21, CASE), (22, OTHER_CASE)):
        world.tell(consent("presentation", f"employer:{world.employer}", case_id=case_id, number=number))
    world.tell(linked())
    world.do(commands.Present(*world.ids(other)))

    refused(world.run(commands.Present(*world.ids(one))), "same_person_ahead")
    world.do(commands.CloseCandidacy(*world.ids(other), "not_suitable", "officer"))
    assert world.do(commands.Present(*world.ids(one))).status == "presented"


@pytest.mark.parametrize("step", ["arrange", "offer", "accept", "start"])
def test_each_further_step_is_taken_by_one_of_two_cases(world: World, step: str) -> None:
    one, other = world.present(CASE, 21), world.present(OTHER_CASE, 22)
    steps: dict[str, Callable[[UUID], Any]] = {
        "arrange": lambda id_: commands.ArrangeInterview(*world.ids(id_), NOW + 3 * DAY, "in_person"),
        "offer": world.offer_command,
        "accept": lambda id_: commands.AcceptOffer(*world.ids(id_)),
        "start": lambda id_: commands.StartEmployment(*world.ids(id_), TODAY, "contract"),
    }
    for before, take in steps.items():
        if before == step:
            break
        for each in (one, other):
            world.do(take(each))
    world.tell(linked())
    world.do(steps[step](one))

    refused(world.run(steps[step](other)), "same_person_ahead")
    world.tell(undone(), at=NOW + timedelta(hours=1))
    assert world.run(steps[step](other)).answer  # type: ignore[union-attr]


def test_an_offer_stays_the_persons_when_two_cases_turn_out_to_be_theirs(world: World) -> None:
    offers = [world.offer(CASE, 21), world.offer(OTHER_CASE, 22)]
    before = world.vacancy
    world.tell(linked())

    assert world.vacancy == before
    assert [world.candidacy(each).status for each in offers] == ["offered", "offered"]


def test_each_step_onwards_leads_to_a_status_of_those_who_have_taken_it() -> None:
    for (_, step), status in TRANSITIONS.items():
        assert status in ONWARDS.get(step, {status})


def test_a_desk_is_told_which_other_cases_of_the_person_it_may_know(world: World) -> None:
    world.tell(referred(THIRD_CASE, SECOND, to_centre=ACCRA, country="GH"))
    world.tell(linked(OTHER_CASE, CASE), linked(THIRD_CASE, CASE))
    api = Api(world)

    assert api.get(f"/candidates/{CASE}").json()["same_person"] == [str(OTHER_CASE)]
    assert api.get(f"/candidates/{OTHER_CASE}").json()["same_person"] == [str(CASE)]
    world.tell(undone(), at=NOW + timedelta(hours=1))
    assert api.get(f"/candidates/{CASE}").json()["same_person"] == []


def test_a_case_whose_term_is_over_is_named_by_no_other_one(world: World) -> None:
    world.tell(linked(OTHER_CASE, CASE), linked(THIRD_CASE, CASE))
    term = TermOver("candidate", CASE)
    [needed] = [each.handler.needs for each in KEEPS if each.kind == "candidate"]

    decision = candidate_over(world.service.loaded(needed(term)), term, world.service.context(OFFICER, NOW))

    assert [each.id for each in decision.erased] == [CASE]
    left = {each.id: each for each in decision.states}
    assert set(left) == {OTHER_CASE, THIRD_CASE}
    assert all((each.same_as, each.person) == ({}, None) for each in left.values())


def test_whoever_waited_while_a_case_was_linked_begins_again(world: World) -> None:
    world.tell(linked())
    term = TermOver("candidate", CASE)
    alone = world.service.loaded([by_id(Candidate, CASE)])

    with pytest.raises(ConcurrentUpdateError):
        candidate_over(alone, term, world.service.context(OFFICER, NOW))
