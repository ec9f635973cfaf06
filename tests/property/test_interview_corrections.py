"""A correction of what became of an interview, at any place of any history, ends as if it had been told rightly at
once, with what the employer owes, and with what the case waits for elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from journey.contracts import placement as at_journey
from journey.domain.journey import Journey
from journey.handlers.hearing import HEARD
from placement import commands
from placement.events import InterviewEvent
from tests.support.memory import NOW
from tests.support.placement.world import CASE, TODAY, World

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PRESENTED = 10
"""So many days before what is told; the interview was to be after half of them."""
WORK_STARTS = TODAY + 60 * DAY
"""Of an offer, however long the desk has waited before it makes it."""
RESULT = st.tuples(st.integers(0, PRESENTED), st.sampled_from(["held", "person_absent", "employer_absent"]))
WORDS = st.tuples(st.lists(RESULT, min_size=1, max_size=4), st.booleans())
"""After how many days it was, and what became of it, as it is told and corrected; and whether it has not been."""


class Heard:
    """What journey makes of what the desk tells, but for what is owed."""

    def __init__(self, world: World) -> None:
        self.world, self.journey, self.read = world, Journey(CASE), 0

    def told(self, command: Any) -> None:
        """The desk does this, and journey hears of it at that time."""
        self.world.do(command)
        self.hears()

    def hears(self) -> None:
        """All that is new."""
        events = self.world.service.events
        for event in events[self.read :]:
            contract = getattr(at_journey, type(event).__name__, None)
            if contract in HEARD and not contract.__name__.startswith("Deadline"):
                told = contract.model_validate(event.model_dump())
                self.journey = HEARD[contract](self.journey, told, self.world.service.now)
        self.read = len(events)

    @property
    def waits(self) -> Any:
        """What the case waits for, whatever the ids of this world are."""
        return [(each.what, each.org, each.since, each.late_at) for each in self.journey.waits]


def history(
    words: tuple[list[Any], bool], offered: int | None, waits: Sequence[timedelta], *, right: bool
) -> tuple[World, Any, Heard]:
    """What a desk does; `right`: as if it had known all at once. `offered`: after so many words there is an offer."""
    results, voided = words
    world = World()
    candidacy_id = world.present()
    ids = world.ids(candidacy_id)
    heard = Heard(world)
    heard.told(commands.ArrangeInterview(*ids, NOW + PRESENTED / 2 * DAY, "video"))
    world.service.advance(PRESENTED * DAY)
    if not right:
        heard.told(commands.ReportInterview(*ids, TODAY + results[0][0] * DAY, results[0][1]))
    elif not voided:
        heard.told(commands.ReportInterview(*ids, TODAY + results[-1][0] * DAY, results[-1][1]))
    wanted: list[Any] = [
        commands.CorrectInterview(*ids, TODAY + on * DAY, what, "wrong_day") for on, what in results[1:]
    ]
    wanted += [commands.VoidInterview(*ids, "wrong_person")] if voided else []
    for number in range(len(wanted) + 1):
        world.service.advance(waits[number])
        if offered is not None and number == min(offered, len(wanted)):
            heard.told(world.offer_command(candidacy_id, starts_on=WORK_STARTS))
        if number < len(wanted) and not right:
            heard.told(wanted[number])
    world.service.advance(HOUR)
    return world, candidacy_id, heard


@settings(max_examples=25)
@given(WORDS, st.none() | st.integers(0, 4), st.lists(st.integers(1, 200), min_size=6, max_size=6))
@example(([(0, "held"), (0, "person_absent")], True), 2, [94, 200, 200, 1, 1, 1])  # the offer comes a month later
def test_the_candidacy_and_what_is_owed_are_as_if_it_had_been_told_rightly(
    words: tuple[list[Any], bool], offered: int | None, hours: list[int]
) -> None:
    assume(all(one != other for one, other in pairwise(words[0])))
    waits = [each * HOUR for each in hours]
    (wrong, one, told), (right, other, known) = (history(words, offered, waits, right=right) for right in (False, True))
    lasting = [replace(world.candidacy(id_), interviews_corrected=()) for world, id_ in ((wrong, one), (right, other))]
    same = [replace(each, id=one, offer=None) for each in lasting]
    assert same[0] == same[1]
    due = [{name: each.due_at for (name, _), each in world.service.deadlines.items()} for world in (wrong, right)]
    assert due[0] == due[1]
    assert told.waits == known.waits
    assert told.waits
    assert len(wrong.candidacy(one).interviews_corrected) == len(words[0]) - 1 + words[1]
    of_one = {each.interview_id for each in wrong.service.events if isinstance(each, InterviewEvent)}
    assert len(of_one) == 1, "it is one interview, whatever is told of it"
