"""A centre owes an answer to a desk that asks for a case; whatever becomes of the request, the desk hears it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from chassis.pure.decision import Stored
from chassis.pure.messages import Event
from chassis.pure.retention import TermOver
from counselling import contracts
from counselling.events import AdoptionDeclined, DeadlineApproaching, DeadlineMet, DeadlineMissed
from counselling.handlers import FOLLOWS
from counselling.handlers.overdue import ADOPTIONS
from counselling.retention import KEEPS
from journey.domain.duties import open_deadlines
from journey.domain.journey import Journey
from journey.handlers.hearing import HEARD
from referral.handlers.adopting import HEARD_LATEST, LAPSES_AFTER
from tests.support.adopting import SCOUTS, Adopting, as_read
from tests.support.counselling.world import CASE, LAGOS, done, last, refused
from tests.support.memory import NOW, SYSTEM, MemoryService
from tests.support.referral.world import OTHER_SCOUT

NAME, LAPSES = "adoption_answer", "adoption_lapses"
NOWHERE = "centre:XX-XXX"
DAY = timedelta(days=1)
STRANGER = UUID(int=77)
[FILE_OVER] = [each for each in KEEPS if each.kind == "centre_file"]


def names(chain: Adopting) -> list[str]:
    return [type(each).__name__ for each in chain.centre.events if getattr(each, "deadline_type", "") == NAME]


def asked() -> Adopting:
    chain = Adopting()
    done(chain.ask())
    return chain


def test_an_answer_is_owed_from_the_request_on_and_its_absence_is_told_louder() -> None:
    chain = asked()
    service = chain.centre.service
    due_at = service.due(NAME, CASE)
    assert due_at is not None
    assert due_at.date() == NOW.date() + 7 * DAY, "five working days"
    service.advance(due_at - service.now)
    missed = last(chain.centre.events, DeadlineMissed)
    assert names(chain) == ["DeadlineApproaching", "DeadlineMissed"]
    assert (missed.level, missed.owner_role, missed.owner_org) == (1, "centre_counsellor", LAGOS)
    service.advance(14 * DAY)
    owners = [each.owner_role for each in chain.centre.events if isinstance(each, DeadlineMissed)]
    assert owners == ["centre_counsellor", "centre_manager", "programme_manager"]
    assert last(chain.centre.events, DeadlineApproaching).deadline_type == NAME


@pytest.mark.parametrize("handed_over", [True, False])
def test_an_answer_is_what_was_owed(handed_over: bool) -> None:
    chain = asked()
    done(chain.sign())
    done(chain.confirm() if handed_over else chain.decline("another_case"))
    assert names(chain) == ["DeadlineMet"]
    assert last(chain.centre.events, DeadlineMet).level == 0
    assert (chain.centre.service.due(NAME, CASE), chain.centre.service.due(LAPSES, CASE)) == (None, None)


def test_a_request_that_nobody_answers_is_declined_once_it_lapses_and_nothing_is_owed() -> None:
    chain = asked()
    chain.centre.service.advance(LAPSES_AFTER)
    told = last(chain.centre.events, AdoptionDeclined)
    assert (told.desk, told.reason) == (SCOUTS, "not_answered")
    assert "DeadlineMet" not in names(chain)
    assert (NAME, CASE) not in chain.centre.service.deadlines
    chain.settle()
    assert chain.elsewhere.asked is not None
    assert (chain.elsewhere.asked.status, chain.elsewhere.asked.reason) == ("declined", "not_answered")
    done(chain.ask(OTHER_SCOUT))


def test_a_desk_whose_centre_cannot_be_heard_knows_a_week_later() -> None:
    chain = asked()
    chain.desk.service.advance(LAPSES_AFTER + HEARD_LATEST)
    found = chain.elsewhere.asked
    assert found is not None
    assert (found.status, found.reason, found.answered_at) == (
        "declined",
        "not_answered",
        found.lapses_at + HEARD_LATEST,
    )


def test_a_desk_that_asks_for_a_file_that_is_gone_hears_that_nothing_is_left() -> None:
    chain = Adopting()
    over = TermOver(FILE_OVER.kind, CASE)
    chain.centre.service._run(FILE_OVER.handler, over, SYSTEM, chain.centre.service.now)
    done(chain.ask())
    told = last(chain.centre.events, AdoptionDeclined)
    assert (told.centre, told.country, told.desk, told.reason) == (LAGOS, "NG", SCOUTS, "no_file")
    assert chain.elsewhere.asked is not None
    assert (chain.elsewhere.asked.status, chain.elsewhere.asked.reason) == ("declined", "no_file")


def test_a_desk_that_waits_hears_that_the_file_goes() -> None:
    chain = asked()
    over = TermOver(FILE_OVER.kind, CASE)
    chain.centre.service._run(FILE_OVER.handler, over, SYSTEM, chain.centre.service.now)
    chain.settle()
    assert chain.elsewhere.asked is not None
    assert (chain.elsewhere.asked.status, chain.elsewhere.asked.reason) == ("declined", "no_file")
    assert not {NAME, LAPSES} & {name for name, _ in chain.centre.service.deadlines}


@pytest.mark.parametrize("centre", [LAGOS, NOWHERE])
def test_a_request_for_nothing_is_answered_by_the_centre_that_it_names_if_there_is_one(centre: str) -> None:
    service: MemoryService = Adopting().centre.service
    before = len(service.events)
    request = contracts.AdoptionRequested(case_id=STRANGER, desk=SCOUTS, lapses_at=NOW + LAPSES_AFTER, centre=centre)
    done(service.event(request))
    assert len(service.events) - before == (centre == LAGOS)


def test_the_journey_owes_it_until_the_desk_has_an_answer() -> None:
    chain = asked()
    chain.centre.service.advance(8 * DAY)
    told = [(event, at) for who, event, at in chain.told if who == "desk" or isinstance(event, DeadlineApproaching)]
    missed = last(chain.centre.events, DeadlineMissed)
    chain.centre.service.advance(LAPSES_AFTER)
    declined = (last(chain.centre.events, AdoptionDeclined), chain.centre.service.now)
    journey = Journey(CASE)
    for event, at in [*told, (missed, NOW + 7 * DAY)]:
        journey = heard(journey, event, at)
    assert [each.type for each in open_deadlines(journey)] == [NAME]
    assert NAME not in [each.type for each in open_deadlines(heard(journey, *declined))]


def heard(journey: Journey, event: Event, at: datetime) -> Journey:
    read = as_read(event, HEARD)
    return journey if read is None else HEARD[type(read)](journey, read, at)


def test_nobody_answers_a_desk_twice() -> None:
    chain = asked()
    done(chain.decline("another_case"))
    chain.centre.service.advance(LAPSES_AFTER + DAY)
    assert sum(isinstance(each, AdoptionDeclined) for each in chain.centre.events) == 1
    refused(chain.decline("another_case"), "nothing_requested")


def test_what_a_desk_had_asked_for_before_an_answer_was_owed_is_owed_and_lapses() -> None:
    chain = asked()
    service = chain.centre.service
    service.deadlines.clear()
    outcome = service._run(FOLLOWS[ADOPTIONS], Stored(CASE, frozenset()), SYSTEM, service.now)
    done(outcome)
    assert {NAME, LAPSES} == {name for name, _ in service.deadlines}
    service.advance(LAPSES_AFTER)
    assert last(chain.centre.events, AdoptionDeclined).reason == "not_answered"
