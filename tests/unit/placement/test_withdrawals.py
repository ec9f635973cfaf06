"""What is taken back: consents and referrals, what closes with them, and what does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis.pure.decision import Decision
from placement.commands import Shortlist
from placement.contracts import ConsentWithdrawn
from placement.domain.candidate import Candidate
from placement.events import CandidacyClosed
from tests.support.memory import NOW
from tests.support.placement.world import (
    CASE,
    DAY,
    EDO,
    LAGOS,
    OTHER_CASE,
    SECOND,
    TODAY,
    World,
    consent,
    consent_gone,
    referred,
    rejected,
    withdrawn,
)


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


def test_the_support_of_a_walk_in_leaves_what_rests_on_another_referral() -> None:
    world = World()
    candidacy_id = world.shortlist()
    world.tell(withdrawn(SECOND, walk_in=True))
    assert world.candidacy(candidacy_id).status == "shortlisted"
    world.tell(withdrawn())
    assert world.candidacy(candidacy_id).closed_reason == "referral_withdrawn"


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


@pytest.mark.parametrize(("late", "status"), [(timedelta(0), "closed"), (-timedelta(microseconds=1), "shortlisted")])
def test_whether_another_consent_carries_it_is_asked_of_the_moment_of_the_withdrawal(
    late: timedelta, status: str
) -> None:
    world = World()
    candidacy_id = world.shortlist()
    end = datetime(2026, 3, 2, 19, tzinfo=UTC)
    world.tell(consent("matching", LAGOS, number=9, until=TODAY, expires_at=end))
    world.tell(consent_gone(), at=end + late)
    assert world.candidacy(candidacy_id).status == status


def test_a_withdrawal_of_another_desks_consent_closes_nothing_even_if_the_own_one_has_run_out() -> None:
    world = World()
    world.tell(consent(until=TODAY), consent("matching", EDO, number=9))
    candidacy_id = world.shortlist()
    world.tell(consent_gone(number=9), at=NOW + 3 * DAY)
    assert world.candidacy(candidacy_id).status == "shortlisted"


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


def test_a_withdrawal_closes_at_once_only_if_the_scout_left_nothing_standing() -> None:
    world = World()
    world.tell(referred(referral_id=SECOND))
    candidacy_id = world.shortlist()
    world.tell(rejected(), withdrawn(SECOND))
    # Whether a centre rejected the other one is told by another topic, in no order with this one.
    assert (world.candidate.status, world.candidacy(candidacy_id).status) == ("rejected", "shortlisted")
    world.service.advance(timedelta(days=10))
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


def test_those_days_are_counted_from_the_last_rejection() -> None:
    world = World()
    world.tell(referred(referral_id=SECOND))
    world.tell(rejected(SECOND), at=NOW)
    assert world.due("pool_exit", CASE) is None
    world.tell(rejected(), at=NOW + 2 * DAY)
    assert world.due("pool_exit", CASE) == datetime(2026, 3, 9, 22, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("event", [referred(referral_id=SECOND), withdrawn()])
def test_a_new_referral_or_a_withdrawal_stops_that_deadline(event: Any) -> None:
    world = World()
    world.tell(rejected())
    assert world.due("pool_exit", CASE) is not None
    world.tell(event)
    assert world.due("pool_exit", CASE) is None


def test_that_deadline_spares_offers_and_people_who_were_referred_anew() -> None:
    world = World()
    candidacy_id = world.offer()
    world.tell(rejected())
    world.service.advance(timedelta(days=10))
    assert world.candidacy(candidacy_id).status == "offered"
    later = World()
    shortlisted = later.shortlist()
    later.tell(rejected())
    deadline = later.service.deadlines["pool_exit", CASE]
    later.tell(referred(referral_id=SECOND))
    later.service.deadlines["pool_exit", CASE] = deadline
    later.service.advance(timedelta(days=10))
    assert later.candidacy(shortlisted).status == "shortlisted"


def test_a_deadline_of_nobody_does_nothing() -> None:
    world = World()
    world.tell(rejected())
    world.service.rows[Candidate].clear()
    world.service.advance(timedelta(days=10))
    assert world.told().count("CandidacyClosed") == 0


def test_a_withdrawal_that_is_told_before_its_consent_holds() -> None:
    world = World(openings=2)
    world.tell(referred(case_id=OTHER_CASE, referral_id=UUID(int=77)))
    world.tell(ConsentWithdrawn(case_id=OTHER_CASE, consent_id=UUID(int=5), purpose="matching"))
    world.tell(consent(case_id=OTHER_CASE, number=5))
    assert getattr(world.run(Shortlist(world.vacancy_id, OTHER_CASE)), "code", "") == "candidate_not_found"
    world.tell(consent(case_id=OTHER_CASE, number=6))
    assert isinstance(world.run(Shortlist(world.vacancy_id, OTHER_CASE)), Decision)
