"""When the last day of a consent is over, what rested on it is closed, and those who read of it are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from placement.commands import Present, Shortlist
from placement.domain.candidate import Candidate
from placement.events import CandidacyClosed
from tests.support.memory import NOW
from tests.support.placement.world import (
    CASE,
    DAKAR,
    DAY,
    EDO,
    IN_DAKAR,
    LAGOS,
    World,
    consent,
    consent_gone,
    referred,
    refused,
)

TICK = timedelta(microseconds=1)
END = datetime(2026, 3, 20, 22, 59, tzinfo=UTC)
AT_END = END - NOW


def ending(purpose: str = "matching", *recipients: str, number: int = 1, at: datetime = END, **more: Any) -> Any:
    return consent(purpose, *recipients, number=number, expires_at=at, **more)


def presented(world: World, at: datetime = END) -> UUID:
    """A candidacy whose employer the person may be named to until `at`."""
    candidacy_id = world.shortlist()
    world.tell(ending("presentation", f"employer:{world.employer}", number=2, at=at))
    world.do(Present(*world.ids(candidacy_id)))
    return candidacy_id


def test_a_shortlisted_candidacy_closes_at_the_end_of_its_consent_and_not_before() -> None:
    world = World()
    world.tell(ending())
    candidacy_id = world.shortlist()
    world.service.advance(AT_END - TICK)
    assert world.candidacy(candidacy_id).status == "shortlisted"
    world.service.advance(TICK)
    candidacy = world.candidacy(candidacy_id)
    assert (candidacy.status, candidacy.shown_reason, candidacy.closed_by) == ("closed", "consent_expired", "system")
    assert (world.vacancy.free, world.vacancy.status) == (1, "open")


def test_a_presented_candidacy_closes_at_the_end_of_the_consent_for_its_employer() -> None:
    world = World()
    candidacy_id = presented(world)
    world.service.advance(AT_END)
    assert world.candidacy(candidacy_id).shown_reason == "consent_expired"


def test_readers_are_told_once_in_a_word_that_they_know() -> None:
    world = World()
    world.tell(ending())
    candidacy_id = world.shortlist()
    world.service.advance(AT_END + 30 * DAY)
    (event,) = [each for each in world.service.events if isinstance(each, CandidacyClosed)]
    assert (event.candidacy_id, event.reason, event.by) == (candidacy_id, "consent_withdrawn", "system")
    assert world.candidacy(candidacy_id).consent_end == "expired"


def test_a_withdrawal_says_so_and_its_deadline_is_gone() -> None:
    world = World()
    world.tell(ending())
    candidacy_id = world.shortlist()
    world.tell(consent_gone())
    assert world.last(CandidacyClosed).reason == "consent_withdrawn"
    assert world.candidacy(candidacy_id).consent_end == "withdrawn"
    assert world.candidacy(candidacy_id).shown_reason == "consent_withdrawn"
    assert world.due("consent_end", UUID(int=1)) is None
    world.service.advance(AT_END + DAY)
    assert world.told().count("CandidacyClosed") == 1


@pytest.mark.parametrize("renewed", [("country:NG",), (LAGOS,), (EDO, LAGOS)])
def test_a_consent_that_is_renewed_in_time_moves_the_end(renewed: tuple[str, ...]) -> None:
    world = World()
    world.tell(ending())
    candidacy_id = world.shortlist()
    world.tell(ending("matching", *renewed, number=9, at=END + 10 * DAY))
    world.service.advance(AT_END)
    assert world.candidacy(candidacy_id).status == "shortlisted"
    world.service.advance(10 * DAY)
    assert world.candidacy(candidacy_id).shown_reason == "consent_expired"


@pytest.mark.parametrize(
    "other",
    [
        ending("matching", EDO, number=9, at=END + DAY),
        ending("matching", "country:GH", number=9, at=END + DAY),
        ending("presentation", LAGOS, number=9, at=END + DAY),
        ending("matching", LAGOS, number=9, at=END),
    ],
    ids=["another desk", "another country", "another purpose", "ends with it"],
)
def test_a_consent_for_something_else_renews_nothing(other: Any) -> None:
    world = World()
    world.tell(ending(), other)
    candidacy_id = world.shortlist()
    world.service.advance(AT_END)
    assert world.candidacy(candidacy_id).shown_reason == "consent_expired"


def test_a_consent_that_is_given_again_later_is_the_ground_of_a_new_candidacy() -> None:
    world = World()
    world.tell(ending())
    first = world.shortlist()
    world.service.advance(AT_END)
    refused(world.run(Shortlist(world.vacancy_id, CASE)), "candidate_not_found", 404, "/case_id")
    world.tell(ending(number=9, at=END + 30 * DAY))
    second = world.shortlist()
    assert (world.candidacy(first).status, world.candidacy(second).status) == ("closed", "shortlisted")


def test_what_a_person_was_offered_stays_theirs_to_answer() -> None:
    world = World()
    world.tell(ending())
    candidacy_id = presented(world)
    world.do(world.offer_command(candidacy_id, expires_at=END + 20 * DAY))
    world.service.advance(AT_END)
    assert world.candidacy(candidacy_id).status == "offered"
    assert "CandidacyClosed" not in world.told()


def test_a_presented_person_stays_presented_when_only_matching_has_ended() -> None:
    world = World()
    world.tell(ending())
    candidacy_id = presented(world, END + DAY)
    world.service.advance(AT_END)
    assert world.candidacy(candidacy_id).status == "presented"


def test_before_the_deadline_has_fired_a_candidacy_without_ground_goes_no_further() -> None:
    world = World()
    world.tell(ending())
    candidacy_id = world.shortlist()
    world.tell(ending("presentation", f"employer:{world.employer}", number=2, at=END + DAY))
    world.service.now = END
    refused(world.run(Present(*world.ids(candidacy_id))), "consent_missing")


def test_the_desk_of_another_country_has_its_own_consents_end_too() -> None:
    world = World()
    vacancy_id = world.publish_in_gambia()
    world.tell(referred(country="GM", to_centre=DAKAR, admin1=None), ending("matching", "country:SN", number=9))
    candidacy_id = world.do(Shortlist(vacancy_id, CASE), IN_DAKAR).candidacy_id
    world.service.advance(AT_END)
    assert world.candidacy(candidacy_id).shown_reason == "consent_expired"


def test_a_withdrawal_that_is_told_late_leaves_nothing_on_a_consent_that_has_ended_since() -> None:
    in_order, late = World(), World()
    candidacies = []
    for world in (in_order, late):
        world.tell(ending(number=1, at=END + 30 * DAY), ending("matching", LAGOS, number=9))
        candidacies.append(world.shortlist())
    in_order.tell(consent_gone(), at=NOW + DAY)
    in_order.service.advance(AT_END + DAY)
    late.service.advance(AT_END + DAY)
    late.tell(consent_gone(), at=NOW + DAY)
    late.service.advance(timedelta(0))
    for world, candidacy_id in zip((in_order, late), candidacies, strict=True):
        assert world.candidacy(candidacy_id).shown_reason == "consent_expired"
    assert in_order.service.snapshot() == late.service.snapshot()


def test_of_what_is_not_there_nothing_ends() -> None:
    world = World()
    world.tell(ending(), ending("training", "country:DE", number=7))
    assert world.due("consent_end", UUID(int=7)) is None
    world.shortlist()
    world.service.rows[Candidate].clear()
    world.service.advance(AT_END)
    assert "CandidacyClosed" not in world.told()
