"""A person with two cases is one in the pool and in the counts of the desks, on a real database, until the link is
undone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.support.placement import bodies
from tests.support.placement.api import OFFICER, PROGRAMME
from tests.support.placement.process import DAY, TODAY, Placement


async def say(placement: Placement, name: str, case_id: UUID, same_as: UUID) -> None:
    await placement.tell("counselling", name, case_id, same_as=str(same_as))


async def pool(placement: Placement, **query: Any) -> set[str]:
    return {each["case_id"] for each in await placement.all("/candidates", **query)}


async def counts(placement: Placement, who: Any = OFFICER) -> tuple[Any, Any, Any]:
    """Exact ones: what is told is rounded."""
    total = (await placement.get("/summary", who))["total"]
    return total["arrived"], total["with_offer"], total["employed"]


async def test_the_pool_has_a_person_with_several_cases_once_and_both_again_when_that_was_an_error(
    placement: Placement,
) -> None:
    lead, one, other = [await placement.refer() for _ in range(3)]
    await say(placement, "CasesLinked", one, lead)
    await say(placement, "CasesLinked", other, lead)

    assert await pool(placement) == {str(lead)}
    assert (await placement.get("/candidates", count=True))["total"] == 1

    await say(placement, "LinkUndone", one, lead)
    assert await pool(placement) == {str(lead), str(one)}


async def test_a_desk_that_may_know_one_of_two_cases_has_that_one_in_its_pool(placement: Placement) -> None:
    lead, one, other = [await placement.refer() for _ in range(3)]
    await say(placement, "CasesLinked", one, lead)
    await say(placement, "CasesLinked", other, lead)
    await placement.withdraw(lead)

    assert await pool(placement) == {str(min(one, other))}


async def test_who_fits_a_list_by_one_of_two_cases_is_in_it(placement: Placement) -> None:
    lead, other = await placement.refer(skills=["7131"]), await placement.refer(skills=["7212"])
    await say(placement, "CasesLinked", other, lead)

    assert await pool(placement, skill="7212") == {str(other)}
    assert await pool(placement, skill="7131") == {str(lead)}


async def test_the_summary_counts_a_person_once_with_what_all_cases_tell(placement: Placement) -> None:
    pairs = [(await placement.refer(), await placement.refer()) for _ in range(5)]
    employer_id = await placement.employer()
    vacancy_id = await placement.vacancy(employer_id, openings=10)
    for lead, other in pairs:
        await placement.arrive(lead, TODAY - 5 * DAY)
        await placement.arrive(other, TODAY - 3 * DAY)
        await placement.offer(employer_id, vacancy_id, other)
    assert await counts(placement) == (10, 5, 0)

    for lead, other in pairs:
        await say(placement, "CasesLinked", other, lead)
    assert await counts(placement) == await counts(placement, PROGRAMME) == (5, 5, 0)

    for lead, other in pairs:
        await say(placement, "LinkUndone", other, lead)
    assert await counts(placement) == (10, 5, 0)


async def test_an_offer_under_the_one_case_counts_for_who_has_arrived_under_the_other(placement: Placement) -> None:
    employer_id = await placement.employer()
    vacancy_id = await placement.vacancy(employer_id, openings=10)
    for _ in range(5):
        lead, other = await placement.refer(), await placement.refer(target_group="LOCAL")
        await placement.arrive(lead, TODAY - 5 * DAY)
        await placement.offer(employer_id, vacancy_id, other)
        await say(placement, "CasesLinked", other, lead)

    assert await counts(placement) == (5, 5, 0)


async def test_the_same_person_is_not_picked_twice_for_a_vacancy(placement: Placement) -> None:
    lead, other = await placement.refer(), await placement.refer()
    await say(placement, "CasesLinked", other, lead)
    vacancy_id = await placement.vacancy(await placement.employer(), openings=2)
    await placement.post("/candidacies", bodies.candidacy(vacancy_id, lead))

    answer = await placement.ask("POST", "/candidacies", OFFICER, json=bodies.candidacy(vacancy_id, other))
    assert (answer.status_code, answer.json()["code"]) == (409, "candidacy_exists")
