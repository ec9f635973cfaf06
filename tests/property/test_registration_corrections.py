"""A correction of what was registered, at any place of any history, ends as if it had been registered rightly at once.

For the desk, deadlines included, and for each service that has heard what was wrong: also where the record of the
opening, of a referral or of the correction itself was missing and comes last. What is void leaves nothing open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from counselling import contracts as at_counselling
from counselling.domain.centre_file import CentreFile
from journey.contracts import referral as at_journey
from journey.domain.counts import HEARD as COUNTED
from journey.domain.journey import Journey
from journey.domain.outcome import Outcome, Part
from journey.domain.waiting import waits_of
from journey.handlers.hearing import HEARD
from placement import contracts as at_placement
from placement.domain.candidate import Candidate
from referral import commands
from referral.domain.registered import Registered
from tests.support.counselling.world import Desk as Centre
from tests.support.memory import MemoryService
from tests.support.placement import world as placement
from tests.support.referral.news import CASE, arrived
from tests.support.referral.world import Desk, done
from tests.support.training import world as training
from training import contracts as at_training
from training.domain.learner import Learner

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
Told = tuple[Any, datetime]
Step = Callable[[Desk], None]
REGIONS = {"NG": ("NG-LA", "NG-OG", None), "GH": ("GH-AA", None)}
BANDS = ("under_18", "18_24", "25_34", "50_plus", "unknown")


@st.composite
def people(draw: st.DrawFn, country: str = "NG") -> Registered:
    return Registered(
        country=country,
        admin1=draw(st.sampled_from(REGIONS[country])),
        language=draw(st.sampled_from(["en", "yo"])),
        return_type=draw(st.sampled_from(["voluntary_assisted", "forced"])),
        age_band=draw(st.sampled_from(BANDS)),  # type: ignore[arg-type]
        sex=draw(st.sampled_from([None, "female", "male"])),  # type: ignore[arg-type]
        household_id=None,
        household_size=draw(st.integers(1, 3)),
        vulnerability_present=draw(st.booleans()),
    )


def consented(desk: Desk) -> None:
    done(desk.grant(guardian=True))


def referred(desk: Desk) -> None:
    """To a centre that is named: the region, which may be wrong, does not choose another one."""
    done(desk.refer("centre:NG-LOS"))


def heard(desk: Desk, *events: Any) -> None:
    desk.tell(*events, at=desk.service.now)


STEPS: Sequence[Step] = (
    consented,
    referred,
    lambda desk: heard(desk, desk.received(desk.referrals[-1])),
    lambda desk: heard(desk, desk.accepted(desk.referrals[-1])),
    lambda desk: done(desk.plan(40, 60)) and None,
    lambda desk: heard(desk, arrived()),
)
"""How far a case goes; each follows the one before."""


class Story:
    """What a desk does with a person, and what it tells, and when."""

    def __init__(self, whom: Registered, way: int, waits: Sequence[timedelta]) -> None:
        self.desk = Desk()
        self.told: list[Told] = []
        self.waits = iter(waits)
        self.way = way
        self.act(lambda desk: done(desk.open(**{each.name: getattr(whom, each.name) for each in fields(whom)})))

    def act(self, step: Callable[[Desk], Any]) -> None:
        before = len(self.desk.service.events)
        step(self.desk)
        self.told.extend((event, self.desk.service.now) for event in self.desk.service.events[before:])
        self.desk.service.advance(MINUTE)


def history(
    people_: Sequence[Registered], places: Sequence[int], way: int, waits: Sequence[timedelta], *, right: bool
) -> Story:
    """`right`: the last of these people is registered at once, and nothing is corrected."""
    story = Story(people_[-1] if right else people_[0], way, waits)
    corrections = list(people_[1:])
    for number in range(way + 1):
        story.desk.service.advance(waits[number])
        for place, whom in zip(places, corrections, strict=True):
            if place == number or (number == way and place > way):
                known = story.desk.case.registered
                if not right and known != whom:
                    story.act(lambda desk, whom=whom: done(desk.run(commands.CorrectCase(CASE, whom, "misunderstood"))))  # type: ignore[misc]
                else:
                    story.desk.service.advance(MINUTE)
        if number < way:
            story.act(STEPS[number])
    return story


@st.composite
def stories(draw: st.DrawFn) -> tuple[Any, ...]:
    """Who somebody was said to be, one word after the other, and at which places of their way that was said."""
    whom = draw(st.lists(people(), min_size=2, max_size=4))
    places = sorted(draw(st.lists(st.integers(0, len(STEPS)), min_size=len(whom) - 1, max_size=len(whom) - 1)))
    waits = [hours * HOUR for hours in draw(st.lists(st.integers(0, 60), min_size=7, max_size=7))]
    return whom, places, draw(st.integers(0, len(STEPS))), waits


def what_lasts(desk: Desk) -> Any:
    """The case and its deadlines, but for what tells that something was corrected, and for its ciphertext."""
    case = replace(desk.case, corrections=(), timeline=(), care_key=None)
    referrals = [replace(each, needs=()) for each in case.referrals]
    return replace(case, referrals=()), referrals, desk.service.snapshot()["deadlines"]


@settings(max_examples=20)
@given(people(), people("GH"), st.booleans())
def test_a_country_is_as_if_it_had_been_the_right_one(was: Registered, is_: Registered, asked: bool) -> None:
    """A centre of the wrong country may have been asked before: that stays, and is over."""
    wrong, right = Story(was, 0, ()), Story(is_, 0, ())
    if asked:
        for step in (consented, referred, lambda desk: done(desk.withdraw(reason="country_changed")) and None):
            wrong.act(step)
    wrong.act(lambda desk: done(desk.run(commands.CorrectCase(CASE, is_, "misunderstood"))))
    for story in (wrong, right):
        story.act(lambda desk: done(desk.grant("country:GH", guardian=True)))
        story.act(lambda desk: done(desk.refer("centre:GH-ACC")))
    assert wrong.desk.case.registered == right.desk.case.registered
    assert wrong.desk.case.status == right.desk.case.status
    assert in_the_figures(wrong.told).country == in_the_figures(right.told).country == "GH"
    for reader, module in ((at_the_desk_of_placement, at_placement), (at_the_provider, at_training)):
        heard_of = [read(module, story.told) for story in (wrong, right)]
        profiles = [[each.profile for each in reader(told)] for told in heard_of]
        assert profiles[0] == profiles[1]


# --- elsewhere --------------------------------------------------------------------------------------------------------


def read(module: Any, told: Sequence[Told], late: str = "") -> list[Told]:
    """What a service hears of it. `late`: the first record of this type was missing, and fills its gap in the end."""
    missing = next((each for each in told if type(each[0]).__name__ == late), None)
    if missing is not None:
        told = [*(each for each in told if each is not missing), missing]
    heard_of = [(getattr(module, type(event).__name__, None), event, at) for event, at in told]
    return [
        (contract.model_validate(event.model_dump()), at)
        for contract, event, at in heard_of
        if contract is not None and contract.type == type(event).type
    ]


def at_the_centre(told: list[Told]) -> Any:
    centre = Centre()
    for event, at in told:
        centre.service.now = max(centre.service.now, at)
        done(centre.service.event(event, at))
    referrals = [each for file in centre.service.all(CentreFile) for each in file.referrals]
    shown = [(each.id, each.status, replace(each.preview, age_told_at=None), each.answer_due_at) for each in referrals]
    return shown, centre.service.deadlines


def at_the_desk_of_placement(told: list[Told]) -> list[Candidate]:
    service = MemoryService(
        placement.KINDS, placement.COMMANDS, placement.EVENTS, placement.DEADLINES, placement.reference()
    )
    for event, at in told:
        done(service.event(event, at))
    known: list[Candidate] = service.all(Candidate)
    return known


def candidates(told: list[Told]) -> Any:
    """When somebody came of age, a correction never moves; that the band was told then is all that it leaves."""
    return [(each.profile, each.status, each.of_age_from, each.minor) for each in at_the_desk_of_placement(told)]


def at_the_provider(told: list[Told]) -> list[Learner]:
    world = training.World()
    for event, at in told:
        world.service.event(event, at)
    known: list[Learner] = world.service.all(Learner)
    return known


def learners(told: list[Told]) -> Any:
    return [(each.profile, each.desk, each.case_ref, each.status, each.consents) for each in at_the_provider(told)]


def in_the_figures(told: list[Told]) -> Part:
    outcome = Outcome(CASE)
    for event, at in told:
        contract = getattr(at_journey, type(event).__name__, None)
        if contract in COUNTED:
            outcome = COUNTED[contract](outcome, contract.model_validate(event.model_dump()), at)
    return outcome.part


def in_the_journey(told: list[Told]) -> Any:
    journey = Journey(CASE)
    for event, at in told:
        journey = HEARD[type(event)](journey, event, at)
    return journey.opened, journey.minor, journey.status, waits_of(journey), journey.referrals


READERS: Sequence[tuple[str, Any, Callable[[list[Told]], Any]]] = (
    ("counselling", at_counselling, at_the_centre),
    ("placement", at_placement, candidates),
    ("training", at_training, learners),
    ("figures", at_journey, in_the_figures),
    ("journey", at_journey, in_the_journey),
)
RECORDS = st.sampled_from(["", "CaseOpened", "ReturneeReferred", "CaseCorrected", "AgeBandChanged"])


@settings(max_examples=60)
@given(story=stories(), late=RECORDS)
def test_every_service_is_as_if_it_had_been_told_rightly(story: tuple[Any, ...], late: str) -> None:
    """The desk itself, with what it owes, and all that have read what was wrong."""
    wrong, right = history(*story, right=False), history(*story, right=True)
    assert what_lasts(wrong.desk) == what_lasts(right.desk)
    for name, module, outcome in READERS:
        assert outcome(read(module, wrong.told, late)) == outcome(read(module, right.told)), name


@settings(max_examples=20)
@given(people(), st.integers(0, 2), st.booleans())
def test_what_is_void_is_counted_nowhere_and_waited_for_by_nobody(whom: Registered, way: int, late: bool) -> None:
    story = Story(whom, way, ())
    for step in STEPS[:way]:
        story.act(step)
    if way > 1:
        story.act(lambda desk: done(desk.withdraw(reason="entered_in_error")))
    story.act(lambda desk: done(desk.run(commands.VoidCase(CASE, "entered_twice"))))
    told = read(at_journey, story.told, "CaseOpened" if late else "")
    assert in_the_figures(told) == Part()
    journey = in_the_journey(told)
    assert (journey[2], journey[3]) == ("void", ())
    for each in at_the_provider(read(at_training, story.told)):
        assert not any(consent.covers("provider:TRADE-PAINT") for consent in each.consents)
    for each in at_the_desk_of_placement(read(at_placement, story.told)):
        assert each.status in ("unknown", "withdrawn")
