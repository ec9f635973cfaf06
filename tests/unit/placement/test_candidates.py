"""What other services tell about a person, whichever comes first, and what becomes of the person's candidacies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from placement import commands
from placement.domain.candidate import Candidate
from placement.domain.progress import days_since, days_to_offer, targets
from placement.events import CandidacyClosed
from tests.support.memory import NOW
from tests.support.placement import (
    ACCRA,
    CASE,
    CHILD,
    DAY,
    EDO,
    LAGOS,
    NOBODY,
    OTHER_CASE,
    SECOND,
    TODAY,
    World,
    arrived,
    assessed,
    completed,
    consent,
    consent_gone,
    redirected,
    referred,
    refused,
    rejected,
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
    ],
)
def test_where_a_person_is_follows_from_what_was_told(events: tuple[Any, ...], status: str) -> None:
    world = empty()
    world.tell(*events)
    assert world.candidate.status == status


def test_a_withdrawn_child_is_matched_to_its_parent_when_the_redirection_is_known() -> None:
    world = empty()
    world.tell(referred(), referred(referral_id=SECOND), rejected(SECOND), withdrawn(CHILD))
    assert world.candidate.status == "pooled"
    world.tell(redirected())
    assert world.candidate.status == "rejected"
    assert world.candidate.referrals.open == ()


def test_redirections_in_a_circle_end() -> None:
    world = empty()
    world.tell(referred(), redirected(), redirected(CHILD, referred().referral_id), rejected(CHILD))
    assert world.candidate.status == "rejected"


def test_the_centre_of_a_person_is_where_they_were_sent_last() -> None:
    world = empty()
    later = NOW + timedelta(hours=1)
    world.tell(referred(), at=NOW)
    world.tell(redirected(to_centre=ACCRA, to_country="GH"), at=later)
    assert (world.candidate.country, world.candidate.place and world.candidate.place.centre) == ("GH", ACCRA)
    world.tell(referred(referral_id=SECOND), at=NOW + timedelta(minutes=5))
    assert world.candidate.country == "GH"
    world.tell(referred(referral_id=SECOND, to_centre=EDO), at=later + timedelta(minutes=5))
    assert (world.candidate.country, world.candidate.place and world.candidate.place.centre) == ("NG", EDO)


def test_a_redirection_at_the_very_time_of_a_referral_follows_it() -> None:
    first, second = empty(), empty()
    first.tell(referred(), redirected())
    second.tell(redirected(), referred())
    assert first.candidate == second.candidate
    assert first.candidate.place is not None
    assert first.candidate.place.centre == EDO


@pytest.mark.parametrize("event", [referred(to_centre="centre:NG-XXX"), redirected(to_centre="centre:NG-XXX")])
def test_an_unknown_centre_is_a_fault_of_the_message(event: Any) -> None:
    refused(World().service.event(event), "centre_unknown", 422, "/to_centre")


def test_skills_add_up_and_only_an_examination_verifies_them() -> None:
    world = empty()
    world.tell(completed("attended", "7421", ("7411",)), referred(skills=("7131",)), completed("passed", "7132"))
    assert world.candidate.skills == ("7131", "7132", "7411", "7421")
    assert world.candidate.verified_skills == ("7132",)


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
    world.tell(consent_gone("matching", 7))
    assert world.service.all(Candidate) == []


@pytest.mark.parametrize(
    ("event", "reason", "by"),
    [(consent_gone(), "consent_withdrawn", "person"), (withdrawn(), "referral_withdrawn", "system")],
)
def test_what_a_shortlisted_candidacy_rests_on_is_taken_away(event: Any, reason: str, by: str) -> None:
    world = World()
    candidacy_id = world.shortlist()
    world.tell(event)
    candidacy = world.candidacy(candidacy_id)
    assert (candidacy.status, candidacy.closed_reason, candidacy.closed_by) == ("closed", reason, by)
    assert (world.last(CandidacyClosed).reason, world.last(CandidacyClosed).by) == (reason, by)
    assert world.vacancy.free == 1


@pytest.mark.parametrize(
    ("event", "reason"),
    [(consent_gone("presentation", 2), "consent_withdrawn"), (withdrawn(), "referral_withdrawn")],
)
def test_what_a_presented_candidacy_rests_on_is_taken_away(event: Any, reason: str) -> None:
    world = World()
    candidacy_id = world.present()
    world.tell(event)
    assert world.candidacy(candidacy_id).closed_reason == reason


@pytest.mark.parametrize(
    ("others", "event"),
    [
        ((consent("matching", LAGOS, number=9),), consent_gone()),
        ((consent("matching", EDO, number=9),), consent_gone(number=9)),
        ((consent("presentation", "employer:x", number=9),), consent_gone("presentation", 9)),
    ],
)
def test_a_shortlisted_candidacy_survives_while_a_consent_carries_it(others: tuple[Any, ...], event: Any) -> None:
    world = World()
    candidacy_id = world.shortlist()
    world.tell(*others, event)
    assert world.candidacy(candidacy_id).status == "shortlisted"


def test_a_consent_that_has_run_out_carries_nothing() -> None:
    world = World()
    candidacy_id = world.shortlist()
    world.tell(consent("matching", LAGOS, number=9, until=TODAY - DAY), consent_gone())
    assert world.candidacy(candidacy_id).closed_reason == "consent_withdrawn"


def test_a_presented_person_stays_presented_without_matching() -> None:
    world = World()
    candidacy_id = world.present()
    world.tell(consent_gone())
    assert world.candidacy(candidacy_id).status == "presented"


def test_only_the_candidacies_of_the_person_close() -> None:
    world = World(openings=2)
    world.tell(referred(OTHER_CASE, OTHER_CASE), consent(case_id=OTHER_CASE, number=3))
    mine, theirs = world.shortlist(), world.shortlist(OTHER_CASE)
    world.tell(consent_gone())
    assert (world.candidacy(mine).status, world.candidacy(theirs).status) == ("closed", "shortlisted")


def test_a_person_with_another_standing_referral_does_not_leave() -> None:
    world = World()
    world.tell(referred(referral_id=SECOND))
    candidacy_id = world.shortlist()
    world.tell(withdrawn(SECOND))
    assert world.candidacy(candidacy_id).status == "shortlisted"
    world.tell(withdrawn())
    assert world.candidacy(candidacy_id).closed_reason == "referral_withdrawn"


def test_a_rejected_person_has_three_working_days_to_be_referred_anew() -> None:
    world = World()
    candidacy_id = world.shortlist()
    friday = datetime(2026, 3, 6, 15, tzinfo=UTC)
    world.tell(rejected(), at=friday)
    # Monday to Wednesday, to its end in Berlin.
    assert world.due("pool_exit", CASE) == datetime(2026, 3, 11, 22, 59, 59, tzinfo=UTC)
    assert world.candidacy(candidacy_id).status == "shortlisted"
    world.service.advance(timedelta(days=10))
    assert world.candidacy(candidacy_id).closed_reason == "referral_withdrawn"
    assert world.due("pool_exit", CASE) is None


@pytest.mark.parametrize("event", [referred(referral_id=SECOND), withdrawn()])
def test_a_new_referral_or_a_withdrawal_stops_that_timer(event: Any) -> None:
    world = World()
    world.tell(rejected())
    assert world.due("pool_exit", CASE) is not None
    world.tell(event)
    assert world.due("pool_exit", CASE) is None


def test_that_timer_spares_offers_and_people_who_were_referred_anew() -> None:
    world = World()
    candidacy_id = world.offer()
    world.tell(rejected())
    world.service.advance(timedelta(days=10))
    assert world.candidacy(candidacy_id).status == "offered"
    later = World()
    shortlisted = later.shortlist()
    later.tell(rejected())
    timer = later.service.timers["pool_exit", CASE]
    later.tell(referred(referral_id=SECOND))
    later.service.timers["pool_exit", CASE] = timer
    later.service.advance(timedelta(days=10))
    assert later.candidacy(shortlisted).status == "shortlisted"


def test_a_timer_of_nobody_does_nothing() -> None:
    world = World()
    world.tell(rejected())
    world.service.rows[Candidate].clear()
    world.service.advance(timedelta(days=10))
    assert world.told().count("CandidacyClosed") == 0


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
