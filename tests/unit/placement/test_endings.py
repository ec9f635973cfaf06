"""How a centre's word that it is over reaches the desks: completed, failed, reopened, and that somebody has died."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from placement import commands
from placement.events import CandidacyClosed, VacancyReopened
from tests.support.memory import NOW
from tests.support.placement.api import EDOS, OFFICER, PROGRAMME, Api
from tests.support.placement.world import (
    CASE,
    DAY,
    EDO,
    OTHER_CASE,
    SECOND,
    World,
    closed_by_centre,
    consent,
    failed,
    referred,
    refused,
    rejected,
    reopened,
    withdrawn,
)
from tests.support.web import problem

DIED = failed(ends_case=True)


@pytest.mark.parametrize(
    ("event", "end"), [(closed_by_centre(), "completed"), (failed(), "failed"), (rejected(), "rejected")]
)
def test_whose_last_referral_ended_leaves_the_pool_after_three_working_days(event: Any, end: str) -> None:
    world = World()
    candidacy_id = world.present()
    world.tell(event)
    refused(world.run(commands.Shortlist(world.publish(), CASE)), "no_open_referral")
    assert world.due("pool_exit", CASE) == datetime(2026, 3, 5, 22, 59, 59, tzinfo=UTC)
    assert world.candidacy(candidacy_id).status == "presented"
    world.service.advance(4 * DAY)
    candidacy = world.candidacy(candidacy_id)
    assert (candidacy.closed_reason, candidacy.referral_end) == ("referral_withdrawn", end)
    assert world.last(CandidacyClosed).reason == "referral_withdrawn"


def test_a_withdrawal_says_so_too() -> None:
    world = World()
    candidacy_id = world.shortlist()
    world.tell(withdrawn())
    assert world.candidacy(candidacy_id).referral_end == "withdrawn"


@pytest.mark.parametrize("event", [reopened(), referred(referral_id=SECOND)])
def test_a_reopening_or_a_new_referral_stops_that_deadline(event: Any) -> None:
    world = World()
    candidacy_id = world.shortlist()
    world.tell(closed_by_centre())
    world.tell(event, at=NOW + timedelta(hours=1))
    assert world.due("pool_exit", CASE) is None
    world.service.advance(10 * DAY)
    assert world.candidacy(candidacy_id).status == "shortlisted"


def test_an_end_that_is_older_than_the_reopening_says_nothing_whichever_is_heard_first() -> None:
    world = World()
    world.tell(reopened(), at=NOW + timedelta(hours=1))
    world.tell(closed_by_centre(), at=NOW)
    assert world.candidate.status == "pooled"
    world.tell(closed_by_centre(), at=NOW + timedelta(hours=2))
    assert world.candidate.status == "left"


def test_an_offer_stays_the_persons_when_the_support_ends() -> None:
    world = World()
    candidacy_id = world.offer()
    world.tell(closed_by_centre())
    world.service.advance(10 * DAY)
    world.do(commands.AcceptOffer(*world.ids(candidacy_id)))
    assert (world.candidate.status, world.candidacy(candidacy_id).status) == ("left", "accepted")


@pytest.mark.parametrize(
    ("begin", "offer"),
    [
        (World.shortlist, None),
        (World.present, None),
        (World.interview, None),
        (World.offer, "void"),
        (World.accept, "void"),
    ],
    ids=["shortlisted", "presented", "interview", "offered", "accepted"],
)
def test_of_somebody_who_died_all_that_is_under_way_closes_at_once(begin: Any, offer: str | None) -> None:
    world = World()
    candidacy_id = begin(world)
    world.tell(DIED)
    candidacy = world.candidacy(candidacy_id)
    assert (candidacy.status, candidacy.closed_reason, candidacy.closed_by) == (
        "closed",
        "referral_withdrawn",
        "system",
    )
    assert (candidacy.referral_end, candidacy.offer and candidacy.offer.status) == ("deceased", offer)
    event = world.last(CandidacyClosed)
    assert (event.candidacy_id, event.reason) == (candidacy_id, "referral_withdrawn")
    assert {name for name, _ in world.service.deadlines} <= {"vacancy_expiry", "consent_end", "pool_exit"}
    assert (world.vacancy.status, world.vacancy.free) == ("open", 1)
    assert ("VacancyReopened" in world.told()) == (begin is World.accept)
    refused(world.run(commands.Shortlist(world.vacancy_id, CASE)), "candidate_not_found", 404, "/case_id")


def test_an_opening_that_somebody_left_after_the_vacancys_last_day_opens_nothing() -> None:
    world = World()
    world.accept()
    world.service.advance(100 * DAY)
    world.tell(DIED)
    assert (world.vacancy.status, "VacancyReopened" in world.told()) == ("filled", False)


def test_what_others_have_under_way_and_work_that_has_begun_stay() -> None:
    world = World(openings=3)
    world.tell(referred(OTHER_CASE, OTHER_CASE), consent(case_id=OTHER_CASE, number=3))
    other, mine = world.present(OTHER_CASE, number=4), world.start()
    world.tell(DIED)
    assert (world.candidacy(other).status, world.candidacy(mine).status) == ("presented", "started")
    assert world.candidate.status == "deceased"


def test_a_death_that_proves_wrong_is_undone_by_a_reopening_and_what_closed_stays_closed() -> None:
    world = World()
    candidacy_id = world.shortlist()
    world.tell(DIED, at=NOW)
    world.tell(reopened(), at=NOW + timedelta(hours=1))
    assert (world.candidate.status, world.candidacy(candidacy_id).status) == ("pooled", "closed")
    assert world.shortlist() != candidacy_id


def test_a_death_that_is_heard_of_after_its_reopening_closes_nothing() -> None:
    world = World()
    candidacy_id = world.shortlist()
    world.tell(reopened(), at=NOW + timedelta(hours=1))
    world.tell(DIED, at=NOW)
    assert (world.candidate.status, world.candidacy(candidacy_id).status) == ("pooled", "shortlisted")


def test_the_dead_are_in_no_list_but_the_desk_that_picked_sees_what_has_ended() -> None:
    api = Api(World())
    candidacy_id = api.world.offer()
    api.world.tell(consent("matching", EDO, number=9), DIED)
    path = f"/candidacies/{candidacy_id}"
    for who in (OFFICER, EDOS):
        problem(api.get(f"/candidates/{CASE}", who), 404, "candidate_not_found")
    problem(api.get(path, EDOS), 404, "candidacy_not_found")
    shown = api.get(path).json()
    assert (shown["status"], shown["referral_end"], shown["offer"]["status"]) == ("closed", "deceased", "void")
    vacancy = f"/vacancies/{api.world.vacancy_id}"
    assert [each["candidacy_id"] for each in api.get(vacancy).json()["candidacies"]] == [str(candidacy_id)]
    assert api.get(vacancy, EDOS).json()["candidacies"] == []
    assert api.get(f"/candidates/{CASE}", PROGRAMME).json()["status"] == "deceased"


def test_a_vacancy_that_was_filled_by_somebody_who_died_says_what_is_free() -> None:
    world = World(openings=2)
    world.tell(referred(OTHER_CASE, OTHER_CASE), consent(case_id=OTHER_CASE, number=3))
    world.accept(OTHER_CASE, number=4)
    world.accept()
    assert world.vacancy.status == "filled"
    world.tell(DIED)
    event = world.last(VacancyReopened)
    assert (event.key, event.openings, event.free_openings) == (world.vacancy_id, 2, 1)
