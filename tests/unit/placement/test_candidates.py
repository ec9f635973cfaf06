"""What other services tell about a person, whichever comes first, and what becomes of the person's candidacies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from placement import commands, contracts
from placement.domain.candidate import Candidate, Place
from placement.domain.progress import days_since, days_to_offer, targets
from tests.support.memory import NOW
from tests.support.placement.world import (
    ACCRA,
    CASE,
    CHILD,
    DAKAR,
    DAY,
    EDO,
    NOBODY,
    REFERRAL,
    SECOND,
    TODAY,
    World,
    arrived,
    assessed,
    closed_by_centre,
    completed,
    consent,
    consent_gone,
    failed,
    redirected,
    referred,
    refused,
    rejected,
    reopened,
    withdrawn,
)


def empty() -> World:
    """A world that nobody was told of yet."""
    world = World()
    world.service.rows[Candidate].clear()
    return world


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ((consent(),), "unknown"),
        ((arrived(),), "unknown"),
        ((assessed("now"),), "unknown"),
        ((completed(),), "unknown"),
        ((rejected(),), "unknown"),
        ((redirected(),), "unknown"),
        ((withdrawn(),), "unknown"),
        ((referred(),), "pooled"),
        ((referred(), arrived()), "active"),
        ((arrived(), referred()), "active"),
        ((referred(), withdrawn()), "withdrawn"),
        ((referred(), arrived(), withdrawn()), "withdrawn"),
        ((referred(), withdrawn(), referred(referral_id=SECOND)), "pooled"),
        ((referred(), rejected()), "rejected"),
        ((rejected(), referred()), "rejected"),
        ((referred(), rejected(), referred(referral_id=SECOND)), "pooled"),
        ((referred(), rejected(), referred(referral_id=SECOND, root_referral_id=CASE)), "pooled"),
        ((referred(), rejected(), withdrawn()), "withdrawn"),
        ((referred(), referred(referral_id=SECOND), withdrawn()), "pooled"),
        ((referred(), referred(referral_id=SECOND), withdrawn(), withdrawn(SECOND)), "withdrawn"),
        ((referred(), redirected()), "pooled"),
        ((referred(), redirected(), rejected(CHILD)), "rejected"),
        ((rejected(CHILD), redirected(), referred()), "rejected"),
        ((referred(), redirected(), withdrawn(CHILD)), "withdrawn"),
        ((referred(), withdrawn(CHILD), redirected()), "withdrawn"),
        ((referred(), redirected(), withdrawn()), "withdrawn"),
        ((referred(), referred(referral_id=SECOND), withdrawn(CHILD)), "pooled"),
        ((failed(ends_case=True),), "unknown"),
        ((referred(), closed_by_centre()), "left"),
        ((closed_by_centre(), referred()), "left"),
        ((referred(), failed()), "left"),
        ((referred(), arrived(), closed_by_centre(), referred(referral_id=SECOND)), "active"),
        ((referred(), referred(referral_id=SECOND), closed_by_centre()), "pooled"),
        ((referred(), referred(referral_id=SECOND), rejected(SECOND), failed()), "left"),
        ((referred(), referred(referral_id=SECOND), failed(), rejected(SECOND)), "rejected"),
        ((referred(), referred(referral_id=SECOND), failed(), withdrawn(SECOND)), "left"),
        ((referred(), redirected(), closed_by_centre(CHILD)), "left"),
        ((referred(), redirected(), closed_by_centre(CHILD), reopened(CHILD)), "pooled"),
        ((referred(), closed_by_centre(), reopened()), "pooled"),
        ((referred(), closed_by_centre(), reopened(), closed_by_centre()), "left"),
        ((referred(), withdrawn(), closed_by_centre()), "left"),
        ((referred(), withdrawn(), closed_by_centre(), reopened()), "pooled"),
        ((referred(), withdrawn(), closed_by_centre(), reopened(), withdrawn()), "withdrawn"),
        ((referred(), failed(ends_case=True)), "deceased"),
        ((failed(ends_case=True), referred()), "deceased"),
        ((referred(), referred(referral_id=SECOND), failed(ends_case=True)), "deceased"),
        ((referred(), failed(ends_case=True), reopened()), "pooled"),
        ((referred(), failed(ends_case=True), reopened(), failed()), "left"),
    ],
)
def test_where_a_person_is_follows_from_what_was_told(events: tuple[Any, ...], status: str) -> None:
    world = empty()
    for minutes, each in enumerate(events):
        world.tell(each, at=NOW + timedelta(minutes=minutes))
    assert world.candidate.status == status


def test_a_withdrawn_child_is_matched_to_its_parent_when_the_redirection_is_known() -> None:
    world = empty()
    world.tell(referred(), referred(referral_id=SECOND), rejected(SECOND), withdrawn(CHILD))
    assert world.candidate.referrals.open == (REFERRAL,)
    world.tell(redirected())
    assert world.candidate.referrals.open == ()
    assert world.candidate.status == "rejected"


def test_redirections_in_a_circle_end() -> None:
    world = empty()
    world.tell(referred(), redirected(), redirected(CHILD, referred().referral_id), rejected(CHILD))
    assert world.candidate.status == "rejected"


def test_the_centre_of_a_person_is_where_they_were_sent_last() -> None:
    world = empty()
    later = NOW + timedelta(hours=1)
    world.tell(referred(), at=NOW)
    world.tell(redirected(to_centre=ACCRA), at=later)
    assert world.candidate.place == Place(later, ACCRA, redirected=True)
    world.tell(referred(referral_id=SECOND), at=NOW + timedelta(minutes=5))
    assert world.candidate.place == Place(later, ACCRA, redirected=True)
    world.tell(referred(referral_id=SECOND, to_centre=EDO), at=later + timedelta(minutes=5))
    assert world.candidate.place == Place(later + timedelta(minutes=5), EDO)


def test_the_country_of_return_is_what_the_latest_referral_says_whichever_centre_has_the_person() -> None:
    world = empty()
    world.tell(redirected(to_centre=ACCRA), at=NOW)
    assert world.candidate.country is None
    world.tell(referred(to_centre=DAKAR, country="GM", admin1=None), at=NOW + timedelta(hours=1))
    assert world.candidate.country == "GM"
    world.tell(redirected(CHILD, SECOND, to_centre=EDO), at=NOW + timedelta(hours=2))
    assert (world.candidate.country, world.candidate.place and world.candidate.place.centre) == ("GM", EDO)


def test_a_redirection_at_the_very_time_of_a_referral_follows_it() -> None:
    first, second = empty(), empty()
    first.tell(referred(), redirected())
    second.tell(redirected(), referred())
    assert first.candidate == second.candidate
    assert first.candidate.place is not None
    assert first.candidate.place.centre == EDO


@pytest.mark.parametrize("event", [referred(to_centre="centre:NG-XXX"), redirected(to_centre="centre:NG-XXX")])
def test_an_unknown_centre_is_a_fault_of_the_message(event: Any) -> None:
    refused(World().service.event(event), "unknown_code", 422, "/to_centre")


def test_skills_add_up_and_only_an_examination_verifies_them() -> None:
    world = empty()
    world.tell(completed("attended", "7421", ("7411",)), referred(skills=("7131",)), completed("passed", "7132"))
    assert world.candidate.skills == ("7131", "7132", "7411", "7421")
    assert world.candidate.verified_skills == ("7132",)


def test_a_course_that_ended_otherwise_has_taught_what_was_told_last() -> None:
    world = empty()
    world.tell(referred(skills=("7131",)), completed("passed", "7132", ("7411",)), completed("passed", "7231"))
    course = {"case_id": CASE, "enrolment_id": UUID(int=7132), "isco08": "7132", "result": "attended"}
    world.tell(contracts.CompletionCorrected.model_validate(course), at=NOW + DAY)
    assert world.candidate.skills == ("7131", "7132", "7231")
    assert world.candidate.verified_skills == ("7231",)
    world.tell(contracts.CompletionVoided.model_validate(course), at=NOW + 2 * DAY)
    world.tell(completed("passed", "7132"))
    assert world.candidate.skills == ("7131", "7231")


def test_where_a_person_was_seen_beats_where_they_planned_to_go() -> None:
    world = empty()
    world.tell(arrived(admin1="NG-ED"), referred(admin1="NG-LA"))
    assert world.candidate.admin1 == "NG-ED"
    world.tell(arrived(admin1=None))
    assert world.candidate.admin1 == "NG-LA"


def test_a_centre_may_correct_the_day_of_arrival_and_the_readiness() -> None:
    world = World()
    world.tell(arrived(), arrived(TODAY - DAY), assessed("not_now"), assessed("after_support"))
    assert world.candidate.arrival is not None
    assert (world.candidate.arrival.on, world.candidate.readiness) == (TODAY - DAY, "after_support")


def test_consents_to_other_purposes_are_not_kept() -> None:
    world = empty()
    world.tell(consent("referral"), consent("training"))
    assert world.service.all(Candidate) == []
    world.tell(consent_gone("referral", 7))
    assert world.service.all(Candidate) == []


def test_a_placed_person_stays_placed_and_may_look_for_other_work() -> None:
    world = World()
    world.start()
    world.vacancy_id = world.publish()
    assert world.shortlist()
    world.tell(withdrawn())
    assert world.candidate.status == "placed"
    refused(world.run(commands.Shortlist(world.publish(), CASE)), "no_open_referral")


def test_the_clock_starts_at_arrival_and_an_early_offer_counts_as_day_0() -> None:
    assert days_to_offer(TODAY, TODAY + 40 * DAY) == 40
    assert days_to_offer(TODAY, TODAY - 40 * DAY) == 0
    assert days_to_offer(None, TODAY) is None
    assert days_to_offer(TODAY, None) is None
    assert (days_since(TODAY, TODAY + 7 * DAY), days_since(TODAY, TODAY)) == (7, 0)


@pytest.mark.parametrize(
    ("offer_after", "now_after", "states"),
    [
        (None, 0, ("running", "running")),
        (None, 90, ("running", "running")),
        (None, 91, ("missed", "running")),
        (None, 181, ("missed", "missed")),
        (-5, 0, ("met", "met")),
        (90, 200, ("met", "met")),
        (91, 200, ("missed", "met")),
        (181, 200, ("missed", "missed")),
        (91, 91, ("missed", "met")),
    ],
)
def test_each_target_is_met_missed_or_running(offer_after: int | None, now_after: int, states: tuple[str, ...]) -> None:
    offer = None if offer_after is None else TODAY + offer_after * DAY
    found = targets(TODAY, offer, TODAY + now_after * DAY)
    assert tuple(each.state for each in found) == states
    assert [each.due_on for each in found] == [TODAY + 90 * DAY, TODAY + 180 * DAY]


def test_an_unheard_of_case_is_nobody() -> None:
    world = World()
    with pytest.raises(KeyError):
        world.service.state(Candidate, NOBODY)
