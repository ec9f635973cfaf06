"""A correction of a departure, at any place of any history, ends as if it had been reported rightly from the start.

For the desk that corrects, deadlines included, and for each service that has heard what was wrong: also where the
record of it was missing and comes after its correction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from counselling import contracts as at_counselling
from counselling.domain.centre_file import CentreFile
from journey.contracts import referral as at_journey
from journey.domain.counts import HEARD as COUNTED
from journey.domain.journey import Journey
from journey.domain.outcome import Outcome
from journey.domain.waiting import waits_of
from journey.handlers.hearing import HEARD
from referral import commands
from referral.domain.journey import AHEAD
from tests.support.counselling.world import CASE as CENTRE_CASE
from tests.support.counselling.world import Desk as Centre
from tests.support.counselling.world import referred
from tests.support.memory import NOW
from tests.support.referral.news import CASE, arrived, never_arrived
from tests.support.referral.world import Desk, done, in_days
from tests.support.training import world as training
from training import contracts as at_training
from training.domain.learner import Learner

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
Act = Callable[[Desk], Any]
Told = tuple[Any, datetime]


def planned(desk: Desk) -> None:
    done(desk.plan(2, 9))


def departed(desk: Desk) -> None:
    done(desk.depart(-1, 1))


def in_vain(desk: Desk) -> None:
    """A centre has waited in vain."""
    desk.tell(never_arrived(), at=desk.service.now)


WAYS: Sequence[Sequence[Act]] = (
    (),
    (planned,),
    (planned, lambda desk: done(desk.book(3))),
    (planned, lambda desk: done(desk.cancel())),
    (lambda desk: done(desk.plan(0, 9)), lambda desk: done(desk.miss())),
    (planned, departed, lambda desk: done(desk.divert())),
    (planned, departed, in_vain),
)
"""How far the journey was before the departure was reported."""
NEXT: Sequence[tuple[Act, bool]] = (
    (lambda desk: None, True),
    (in_vain, True),
    (lambda desk: done(desk.divert()), False),
    (lambda desk: desk.tell(arrived(), at=desk.service.now), False),
)
"""What comes after the report, and whether the person may not have left all the same."""
DEPARTURE = st.tuples(st.integers(0, 12), st.integers(0, 9), st.sampled_from([(), ("onward_transport",)]))
"""How many days ago, how many days later the arrival is expected, and what assistance is granted."""
WORDS = st.tuples(st.lists(DEPARTURE, min_size=1, max_size=4), st.booleans())


def gone(ago: int, later: int, codes: tuple[str, ...]) -> tuple[Any, ...]:
    return CASE, in_days(-ago), in_days(later - ago), codes


def history(
    words: tuple[list[Any], bool],
    way: Sequence[Act],
    after: Act,
    place: int,
    waits: Sequence[timedelta],
    *,
    right: bool,
) -> tuple[Desk, list[Told]]:
    """What a desk does, and what it tells; `right`: as if it had known all at once."""
    departures, voided = words
    desk, told = Desk.referred(), list[Told]()

    def act(do: Act) -> None:
        before = len(desk.service.events)
        do(desk)
        told.extend((event, desk.service.now) for event in desk.service.events[before:])

    desk.tell(desk.received(), desk.accepted())
    for step in way:
        act(step)
        desk.service.advance(MINUTE)
    desk.service.advance(HOUR)
    if not right:
        act(lambda desk: done(desk.run(commands.ConfirmDeparture(*gone(*departures[0])))))
    elif not voided:
        act(lambda desk: done(desk.run(commands.ConfirmDeparture(*gone(*departures[-1])))))
    corrections: list[Any] = [commands.CorrectDeparture(*gone(*each), "wrong_day") for each in departures[1:]]
    corrections += [commands.VoidDeparture(CASE, "wrong_person")] if voided else []
    for number in range(len(corrections) + 1):
        desk.service.advance(waits[number])
        if number == min(place, len(corrections)):
            act(after)
            desk.service.advance(HOUR)
        if number < len(corrections) and not right:
            command = corrections[number]
            act(lambda desk, command=command: done(desk.run(command)))  # type: ignore[misc]
    desk.service.advance(HOUR)
    return desk, told


def what_lasts(desk: Desk) -> Any:
    """The case and its deadlines, but for what tells that something was corrected, and for its ciphertext."""
    case = replace(desk.case, departures_corrected=(), timeline=(), care_key=None)
    before = tuple(
        each if each.left is None else replace(each, left=replace(each.left, assistance_codes=()))
        for each in case.journey.before_departures
    )
    case = replace(case, journey=replace(case.journey, before_departures=before))
    duties = [each.duties for each in case.referrals]
    if case.journey.status not in AHEAD:
        # These duties are over. While a wrong departure stood nobody owed them, and nobody was told of a term that ran
        # out meanwhile: it is not told afterwards.
        case = replace(case, departure_missed=None)
        duties = [replace(each, package_missed=None) for each in duties]
    return replace(case, referrals=()), duties, desk.service.snapshot()["deadlines"]


@st.composite
def stories(draw: st.DrawFn) -> tuple[Any, ...]:
    """A way to the departure, words on it, and what came after it in between; both as they were and as they should."""
    words = draw(WORDS)
    assume(all(one != other for one, other in pairwise(words[0])))
    after, voidable = draw(st.sampled_from(NEXT))
    assume(voidable or not words[1])
    waits = [hours * HOUR for hours in draw(st.lists(st.integers(1, 90), min_size=6, max_size=6))]
    return words, draw(st.sampled_from(WAYS)), after, draw(st.integers(0, 5)), waits


RAN_OUT_MEANWHILE = (([(0, 0, ())], True), (planned,), in_vain, 0, [37 * HOUR, *5 * [HOUR]])
"""A package was due while a wrong departure stood; a centre has waited in vain before the departure was void."""


@settings(max_examples=60)
@given(stories())
@example(RAN_OUT_MEANWHILE)
def test_the_case_and_what_the_desk_owes_are_as_if_it_had_been_reported_rightly(story: tuple[Any, ...]) -> None:
    (wrong, _), (right, _) = history(*story, right=False), history(*story, right=True)
    assert what_lasts(wrong) == what_lasts(right)
    words = story[0]
    assert len(wrong.case.departures_corrected) == len(words[0]) - 1 + words[1]


# --- elsewhere --------------------------------------------------------------------------------------------------------


def read(module: Any, told: list[Told], *, late: bool) -> list[Told]:
    """What a service hears of it. `late`: the record of the report was missing, and fills its gap in the end."""
    if late:
        reports = [each for each in told if type(each[0]).__name__ == "ReturneeDeparted"]
        told = [*(each for each in told if each not in reports[-1:]), *reports[-1:]]
    heard = [(getattr(module, type(event).__name__, None), event, at) for event, at in told]
    return [(contract.model_validate(event.model_dump()), at) for contract, event, at in heard if contract is not None]


def at_the_centre(told: list[Told]) -> Any:
    centre = Centre.with_acceptance()
    for event, at in told:
        done(centre.service.event(event, at))
    deadlines = dict(centre.service.deadlines)
    centre.service.advance(60 * DAY)
    file: CentreFile = centre.file
    return deadlines, replace(file, journey_said_at=None), dict(centre.service.deadlines)


def at_the_provider(told: list[Told]) -> Any:
    world = training.World()
    for event, at in told:
        world.service.event(event, at)
    people: list[Learner] = world.service.all(Learner) or [Learner(CASE)]
    # A provider does not hear of a diversion, and of when it was told only where a departure after it is void.
    return [(replace(each, journey_said_at=None, journey_told_at=None), each.status, each.gone_on) for each in people]


def in_the_figures(told: list[Told]) -> Any:
    outcome = Outcome(CASE)
    for event, at in told:
        if type(event) in COUNTED:
            outcome = COUNTED[type(event)](outcome, event, at)
    return outcome.departed_on, outcome.part


def in_the_journey(told: list[Told]) -> Any:
    journey = Journey(CASE)
    for event, at in told:
        journey = HEARD[type(event)](journey, event, at)
    departure = journey.desk.departure
    if departure is not None:
        departure = None if departure.status == "undecided" else replace(departure, said_at=None)
    return departure, waits_of(journey), journey.deadlines


READERS: Sequence[tuple[str, Any, Callable[[list[Told]], Any]]] = (
    ("counselling", at_counselling, at_the_centre),
    ("training", at_training, at_the_provider),
    ("figures", at_journey, in_the_figures),
    ("journey", at_journey, in_the_journey),
)


@pytest.mark.parametrize(("name", "module", "outcome"), READERS)
@settings(max_examples=60)
@given(story=stories(), late=st.booleans())
def test_every_reader_is_as_if_it_had_been_told_rightly(
    name: str, module: Any, outcome: Callable[[list[Told]], Any], story: tuple[Any, ...], late: bool
) -> None:
    (_, wrong), (_, right) = history(*story, right=False), history(*story, right=True)
    of_departure = [
        [each for each in told if not type(each[0]).__name__.startswith("Deadline")] for told in (wrong, right)
    ]
    words = story[0]
    late = late and len(words[0]) + words[1] > 1
    assert outcome(read(module, of_departure[0], late=late)) == outcome(read(module, of_departure[1], late=False)), name


@pytest.mark.parametrize("called_off", [False, True])
def test_a_centre_knows_again_what_a_referral_has_named_once_a_departure_is_void(called_off: bool) -> None:
    centre = Centre()
    centre.tell(referred(departure=window(40)), at=NOW)
    if called_off:
        centre.tell(at_counselling.DeparturePlanned(case_id=CENTRE_CASE, status="planned", **days(2)), at=NOW + HOUR)
        centre.tell(at_counselling.DepartureCancelled(case_id=CENTRE_CASE), at=NOW + 2 * HOUR)
        centre.tell(referred(referral_id=UUID(int=99), departure=window(20)), at=NOW + 3 * HOUR)
    known, last = centre.file.departure, NOW + 4 * HOUR
    on = NOW.date()
    centre.tell(at_counselling.ReturneeDeparted(case_id=CENTRE_CASE, departed_on=on, arrival_expected_on=on), at=last)
    before: dict[str, Any] = {"status": "undecided"}
    if called_off:
        before = {"status": "cancelled", "told_at": NOW + 2 * HOUR}
    voided = at_counselling.DepartureVoided(case_id=CENTRE_CASE, reported_at=last, **before)
    centre.tell(voided, at=last + HOUR)
    assert centre.file.departure == known


def test_of_a_word_that_a_centre_does_not_know_yet_no_departure_is_known() -> None:
    centre, on = Centre(), NOW.date()
    centre.tell(referred(), at=NOW)
    left = {"case_id": CENTRE_CASE, "departed_on": on, "arrival_expected_on": on}
    centre.tell(at_counselling.ReturneeDeparted.model_validate(left), at=NOW + HOUR)
    corrected = {**left, "status": "transferred", "reported_at": NOW + HOUR}
    centre.tell(at_counselling.DepartureCorrected.model_validate(corrected), at=NOW + 2 * HOUR)
    assert centre.file.departure is not None
    assert centre.file.departure.status == "departed"
    voided = at_counselling.DepartureVoided(case_id=CENTRE_CASE, reported_at=NOW + HOUR, status="postponed")
    centre.tell(voided, at=NOW + 3 * HOUR)
    assert centre.file.departure is None


def days(first: int) -> dict[str, Any]:
    return {"earliest": NOW.date() + first * DAY, "latest": NOW.date() + (first + 3) * DAY}


def window(first: int) -> at_counselling.DepartureWindow:
    return at_counselling.DepartureWindow(**days(first))
