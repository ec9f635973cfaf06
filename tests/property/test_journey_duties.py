"""What journey takes for owed at a centre stands just as long as the centre's own service owes it.

The service runs through histories of its own tests, and journey hears what it heard from the desk and what it told.
Nothing is heard late: journey goes by when something happened, the service by when it hears of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

from hypothesis import example, given, settings

from counselling.handlers.overdue import LADDERS
from journey.contracts import counselling, referral
from journey.domain.duties import STANDS
from journey.domain.journey import Journey
from journey.handlers.hearing import HEARD
from tests.property.test_counselling_convergence import spines
from tests.support.counselling.run import Run, Step
from tests.support.counselling.world import CASE

OF_THE_CASE = {"adoption_answer", "first_contact", "arrival_confirmation", "pre_departure_call", "reintegration_plan"}
"""What is owed once in a case; all else is owed per referral."""


class Followed:
    """A run of the centres' service, and the journey that follows from what it hears and tells."""

    def __init__(self) -> None:
        self.run = Run()
        self.journey = Journey(CASE)
        self._told = 0
        self._granted: dict[int, tuple[Any, ...]] = {}
        service = self.run.desk.service
        deliver = service.event

        def heard(contract: Any, occurred_at: datetime | None = None) -> Any:
            self._hear(referral, contract, occurred_at or service.now)
            return deliver(contract, occurred_at)

        service.event = heard  # type: ignore[method-assign]

    def take(self, step: Step) -> None:
        """One step, and what the service tells of it; no two steps have one time. A consent is given once: told again,
        it is for whom it was for."""
        self.run.desk.service.advance(timedelta(seconds=1))
        if step.act == "grant":
            step = step._replace(arguments=self._granted.setdefault(step.pick, step.arguments))
        self.run.take(step._replace(pick=0) if step.act == "withdraw" else step)
        events = self.run.desk.service.events
        for event in events[self._told :]:
            self._hear(counselling, event, self.run.desk.service.now)
        self._told = len(events)

    def _hear(self, topic: ModuleType, event: Any, at: datetime) -> None:
        contract = getattr(topic, type(event).__name__, None)
        if contract in HEARD:
            self.journey = HEARD[contract](self.journey, contract.model_validate_json(event.model_dump_json()), at)


REOPENED_TWICE = [
    Step("grant", 0, (("country:NG",),)),
    Step("refer", 0, ("centre:NG-LOS", "normal", False, None)),
    *(Step(act, 0, (False,)) for act in ("accept", "arrive", "fail", "reopen")),
    Step("refer", 0, ("centre:NG-LOS", "normal", False, 4)),
    Step("fail", 1, (False,)),
    Step("reopen", 1, (False,)),
]
"""When the second referral came, the first had been let go of and gone on with; then both happen once more."""

GIVEN_TWICE = [
    Step("grant", 0, (("country:NG",),)),
    Step("refer", 0, ("centre:NG-EDO", "normal", False, None)),
    Step("accept", 0, (False,)),
    Step("revoke", 1),
    Step("grant", 0, (("centre:NG-LOS",),)),
]
"""The record of the beginning of one consent is missing, and that of another comes again."""

TAKEN_BACK_TWICE = [
    Step("grant", 0, (("country:NG", "country:GH"),)),
    Step("refer", 0, ("centre:NG-LOS", "normal", False, None)),
    Step("redirect", 0, (False, "centre:GH-ACC")),
    Step("accept", 0, (False,)),
    Step("revoke", 0),
    Step("revoke", 0),
]
"""The end of a consent is told twice, and names fewer centres than its beginning did."""


@given(spines())
@example(REOPENED_TWICE)
@example(GIVEN_TWICE)
@example(TAKEN_BACK_TWICE)
@settings(max_examples=60)
def test_a_duty_of_a_centre_stands_as_long_as_its_service_owes_it(spine: list[Step]) -> None:
    followed = Followed()
    for step in spine:
        followed.take(step)
        file, journey = followed.run.desk.file, followed.journey
        for ladder in LADDERS:
            owed = set(ladder.owed(file))
            subjects = {CASE} if ladder.name in OF_THE_CASE else {each.id for each in file.referrals}
            standing = {each for each in subjects if STANDS[ladder.name](journey, each)}
            assert standing == owed, (ladder.name, step)
