"""Shortlist, present, close: who may be picked, what the picking rests on, and that nobody is barred afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args
from uuid import UUID

import pytest

from placement import commands
from placement.domain.candidacy import CLOSERS, TRANSITIONS, CandidacyStatus
from placement.domain.candidate import Candidate
from placement.domain.terms import Party
from placement.events import CandidacyClosed, CandidatePresented, CandidateShortlisted
from tests.support.memory import NOW
from tests.support.placement.world import (
    ACCRA,
    CASE,
    DAY,
    EDO,
    IN_ACCRA,
    IN_EDO,
    LAGOS,
    NOBODY,
    OTHER_CASE,
    TODAY,
    World,
    aged,
    arrived,
    assessed,
    consent,
    consent_gone,
    referred,
    refused,
    rejected,
    withdrawn,
)


def test_a_person_is_shortlisted_before_arrival() -> None:
    world = World()
    candidacy_id = world.shortlist()
    candidacy = world.candidacy(candidacy_id)
    assert (candidacy.status, candidacy.case_id, candidacy.shortlisted_on) == ("shortlisted", CASE, TODAY)
    event = world.last(CandidateShortlisted)
    assert (event.key, event.vacancy_id, event.isco08, event.country) == (CASE, world.vacancy_id, "7131", "NG")


def shortlist(world: World) -> Any:
    return world.run(commands.Shortlist(world.vacancy_id, CASE))


@pytest.mark.parametrize(
    "event",
    [
        consent_gone(),
        consent(until=TODAY - DAY),
        consent("matching", ACCRA),
        consent("matching", EDO),
        consent("matching", "country:GH"),
        referred(to_centre=ACCRA, country="GH"),
    ],
)
def test_a_person_is_out_of_reach_for_the_desk(event: Any) -> None:
    world = World()
    world.tell(event)
    refused(shortlist(world), "candidate_not_found", 404, "/case_id")


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (referred(age_band="under_18"), "minor"),
        (assessed("not_now"), "not_ready"),
        (withdrawn(), "no_open_referral"),
        (rejected(), "no_open_referral"),
    ],
)
def test_a_person_may_not_be_picked_or_presented(event: Any, code: str) -> None:
    world = World()
    world.tell(event)
    refused(shortlist(world), code)
    if code != "no_open_referral" or isinstance(event, type(rejected())):
        later = World()
        candidacy_id = later.shortlist()
        later.tell(consent("presentation", f"employer:{later.employer}", number=2), event)
        refused(later.run(commands.Present(*later.ids(candidacy_id))), code)


@pytest.mark.parametrize(
    "events",
    [
        (consent("matching", LAGOS),),
        (consent("matching", "country:NG"),),
        (consent("matching", LAGOS, until=TODAY),),
        (consent_gone(), consent(number=9)),
        (assessed("now"),),
        (assessed("after_support"),),
        (assessed("not_now"), assessed("now")),
        (referred(age_band="unknown"),),
        (arrived(),),
        (rejected(), referred()),
        (rejected(), referred(referral_id=OTHER_CASE)),
        (withdrawn(), referred(referral_id=OTHER_CASE)),
    ],
)
def test_a_person_may_be_picked(events: tuple[Any, ...]) -> None:
    world = World()
    world.tell(*events)
    if events == (rejected(), referred()):  # the very referral that was rejected cannot come back
        refused(shortlist(world), "no_open_referral")
    else:
        assert world.shortlist()


def test_a_minor_who_comes_of_age_may_be_picked_and_counts() -> None:
    world = World()
    world.tell(referred(age_band="under_18"))
    refused(shortlist(world), "minor")
    world.tell(aged("18_24"))
    assert world.shortlist()


def test_who_turns_out_to_be_a_minor_goes_no_further_and_keeps_what_there_is() -> None:
    world = World()
    candidacy_id = world.present()
    world.tell(aged("under_18"))
    other = world.publish()
    refused(world.run(commands.Shortlist(other, CASE)), "minor")
    assert world.candidacy(candidacy_id).status == "presented"


def test_a_referral_from_before_a_change_of_age_that_comes_late_does_not_undo_it() -> None:
    world = World()
    world.tell(aged("18_24"), at=NOW + DAY)
    world.tell(referred(age_band="under_18", referral_id=OTHER_CASE), at=NOW + DAY / 2)
    assert world.shortlist()
    world.tell(referred(age_band="under_18", referral_id=OTHER_CASE), at=NOW + 2 * DAY)
    assert world.candidate.minor


def test_a_change_of_age_may_be_the_first_that_is_heard_of_a_person() -> None:
    world = World()
    world.service.rows[Candidate].clear()
    world.tell(aged("18_24"), at=NOW)
    assert (world.candidate.status, world.candidate.minor) == ("unknown", False)
    world.tell(referred(age_band="under_18"), at=NOW - DAY)
    world.tell(consent())
    assert world.shortlist()


def test_a_stub_is_nobody_to_pick() -> None:
    world = World()
    world.tell(consent(case_id=OTHER_CASE))
    for case_id in (OTHER_CASE, NOBODY):
        outcome = world.run(commands.Shortlist(world.vacancy_id, case_id))
        refused(outcome, "candidate_not_found", 404, "/case_id")


def test_the_vacancy_must_be_the_desks_and_take_people() -> None:
    world = World()
    refused(world.run(commands.Shortlist(NOBODY, CASE)), "vacancy_not_found", 404, "/vacancy_id")
    outcome = world.run(commands.Shortlist(world.vacancy_id, CASE), IN_ACCRA)
    refused(outcome, "other_organisation", 403, "/vacancy_id")
    world.do(commands.CloseVacancy(world.vacancy_id))
    refused(shortlist(world), "vacancy_closed", field="/vacancy_id")


def test_a_vacancy_takes_nobody_after_its_last_day_even_if_its_deadline_is_late() -> None:
    world = World()
    shortlisted = world.shortlist()
    world.vacancy_id = world.publish()
    presented = world.present()
    world.vacancy_id = world.publish()
    world.service.now = datetime(2026, 5, 31, 23, 30, tzinfo=UTC)  # 1 June in Lagos
    refused(shortlist(world), "vacancy_closed", field="/vacancy_id")
    refused(world.run(commands.Present(*world.ids(shortlisted))), "vacancy_closed")
    refused(world.run(world.offer_command(presented, starts_on=date(2026, 7, 1))), "vacancy_closed")


def test_several_people_are_picked_for_one_opening() -> None:
    world = World(openings=1)
    world.tell(referred(OTHER_CASE, OTHER_CASE), consent(case_id=OTHER_CASE, number=3))
    assert world.shortlist() != world.shortlist(OTHER_CASE)
    assert world.vacancy.status == "open"


def test_a_person_is_on_one_way_into_a_vacancy_at_a_time() -> None:
    world = World(openings=2)
    world.shortlist()
    refused(shortlist(world), "candidacy_exists", field="/case_id")


def test_a_person_may_be_on_the_way_into_two_vacancies() -> None:
    world = World()
    world.shortlist()
    world.vacancy_id = world.publish()
    assert world.shortlist()


def test_another_desk_of_the_country_picks_with_a_consent_for_the_country() -> None:
    world = World()
    assert world.candidacy(world.shortlist(actor=IN_EDO)).centre == EDO


def test_a_person_is_presented_with_a_consent_for_the_employer() -> None:
    world = World()
    candidacy = world.candidacy(world.present())
    assert (candidacy.status, candidacy.presented_on) == ("presented", TODAY)
    event = world.last(CandidatePresented)
    assert (event.employer_id, event.candidacy_id) == (world.employer, candidacy.id)


@pytest.mark.parametrize("recipient", ["employer:00000000-0000-4000-8000-000000000000", "country:NG", LAGOS])
def test_no_other_recipient_stands_for_the_employer(recipient: str) -> None:
    world = World()
    candidacy_id = world.shortlist()
    world.tell(consent("presentation", recipient, number=2))
    refused(world.run(commands.Present(*world.ids(candidacy_id))), "consent_missing")


def test_a_consent_to_presentation_ends_with_its_last_day() -> None:
    world = World()
    candidacy_id = world.shortlist()
    world.tell(consent("presentation", f"employer:{world.employer}", number=2, until=TODAY))
    world.service.advance(timedelta(days=1))
    refused(world.run(commands.Present(*world.ids(candidacy_id))), "consent_missing")


SIGNED: dict[str, tuple[datetime | None, datetime]] = {
    "in Germany, told by the day alone": (None, datetime(2026, 3, 2, 23, tzinfo=UTC)),
    "in Pakistan": (datetime(2026, 3, 2, 19, tzinfo=UTC), datetime(2026, 3, 2, 19, tzinfo=UTC)),
    "in Ghana": (datetime(2026, 3, 3, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC)),
}
"""What the event says of the moment at which a consent ends whose last day is the 2nd of March, and what follows."""


@pytest.mark.parametrize("signed", SIGNED)
def test_a_consent_ends_with_its_last_day_where_it_was_signed(signed: str) -> None:
    told, end = SIGNED[signed]
    world = World(openings=3)
    employer = f"employer:{world.employer}"
    world.tell(referred(OTHER_CASE, OTHER_CASE), consent(case_id=OTHER_CASE, number=4))
    shortlisted = commands.Present(*world.ids(world.shortlist(OTHER_CASE)))
    world.tell(consent(until=TODAY, expires_at=told))
    world.tell(consent("presentation", employer, case_id=OTHER_CASE, number=5, until=TODAY, expires_at=told))
    world.service.now = end
    refused(shortlist(world), "candidate_not_found", 404, "/case_id")
    refused(world.run(shortlisted), "consent_missing")
    world.service.now = end - timedelta(microseconds=1)
    assert world.shortlist()
    world.do(shortlisted)


def test_half_past_eleven_at_night_in_greenwich_is_too_late_for_what_was_signed_in_germany() -> None:
    world = World()
    world.tell(consent(until=TODAY))
    world.service.now = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    refused(shortlist(world), "candidate_not_found", 404, "/case_id")


@pytest.mark.parametrize(
    "ids",
    [(NOBODY, CASE, None), (None, NOBODY, None), (None, CASE, NOBODY), (None, OTHER_CASE, None)],
)
def test_the_ids_of_a_command_belong_together(ids: tuple[Any, Any, Any]) -> None:
    world = World()
    world.tell(referred(OTHER_CASE, OTHER_CASE))
    candidacy_id = world.shortlist()
    command = commands.Present(ids[0] or world.vacancy_id, ids[1], ids[2] or candidacy_id)
    refused(world.run(command), "candidacy_not_found", 404)


def reach(world: World, status: CandidacyStatus) -> UUID:
    """A candidacy of the given status."""
    if status == "closed":
        candidacy_id = world.shortlist()
        world.do(commands.CloseCandidacy(*world.ids(candidacy_id), "unreachable", "officer"))
        return candidacy_id
    ways: dict[str, Callable[[], UUID]] = {
        "shortlisted": world.shortlist,
        "presented": world.present,
        "interview": world.interview,
        "offered": world.offer,
        "accepted": world.accept,
        "started": world.start,
    }
    return ways[status]()


def act(world: World, step: str, candidacy_id: Any) -> Any:
    """The command that takes a step of the table."""
    ids = world.ids(candidacy_id)
    if step == "present":
        world.tell(consent("presentation", f"employer:{world.employer}", number=2))
        return world.run(commands.Present(*ids))
    if step == "arrange":
        return world.run(commands.ArrangeInterview(*ids, NOW + DAY, "phone"))
    if step == "hold":
        return world.run(commands.ReportInterview(*ids, TODAY, "held"))
    if step == "offer":
        return world.run(world.offer_command(candidacy_id))
    if step == "accept":
        return world.run(commands.AcceptOffer(*ids))
    if step == "decline":
        return world.run(commands.DeclineOffer(*ids, "wage"))
    return world.run(commands.StartEmployment(*ids, TODAY, "contract"))


@pytest.mark.parametrize("step", ["present", "arrange", "hold", "offer", "accept", "decline", "start"])
@pytest.mark.parametrize("status", get_args(CandidacyStatus))
def test_every_step_is_in_the_table_or_refused(status: CandidacyStatus, step: Any) -> None:
    world = World()
    candidacy_id = reach(world, status)
    outcome = act(world, step, candidacy_id)
    after = TRANSITIONS.get((status, step))
    if after is None:
        refused(outcome, "wrong_state")
    assert world.candidacy(candidacy_id).status == (after or status)


@pytest.mark.parametrize("by", ["person", "employer", "officer"])
@pytest.mark.parametrize("reason", CLOSERS)
@pytest.mark.parametrize("status", get_args(CandidacyStatus))
def test_a_candidacy_closes_for_a_reason_that_fits_its_state_and_who_gives_it(
    status: CandidacyStatus, reason: Any, by: Party
) -> None:
    world = World()
    candidacy_id = reach(world, status)
    parties, states = CLOSERS[reason]
    outcome = world.run(commands.CloseCandidacy(*world.ids(candidacy_id), reason, by))
    if by not in parties:
        refused(outcome, "closer_inadmissible", 422, "/by")
    elif status not in states:
        refused(outcome, "wrong_state")
    else:
        candidacy = world.candidacy(candidacy_id)
        assert (candidacy.status, candidacy.closed_reason, candidacy.closed_by) == ("closed", reason, by)
        event = world.last(CandidacyClosed)
        assert (event.candidacy_id, event.reason, event.by) == (candidacy_id, reason, by)
        assert (world.vacancy.status, world.vacancy.free) == ("open", 1)


def test_a_closed_candidacy_bars_no_new_one() -> None:
    world = World()
    first = world.shortlist()
    world.do(commands.CloseCandidacy(*world.ids(first), "not_suitable", "employer"))
    assert world.shortlist() != first


def test_another_country_may_not_touch_a_candidacy() -> None:
    world = World()
    candidacy_id = world.shortlist()
    refused(world.run(commands.Present(*world.ids(candidacy_id)), IN_ACCRA), "other_organisation", 403)
