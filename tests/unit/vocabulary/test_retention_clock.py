"""The clock of a case ends up the same in whatever order its owner's words are heard."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import permutations
from uuid import UUID

from chassis.pure.retention import Clock
from tests.support.memory import NOW, MemoryService
from training.consumers import EVENTS
from training.contracts import RetentionHeld, RetentionReleased, RetentionStarted, RetentionStopped
from training.handlers import KINDS

CASE, FIRST, SECOND = UUID(int=1), UUID(int=2), UUID(int=3)
DAY = timedelta(days=1)
WORDS = (
    (RetentionStarted(case_id=CASE, reference="case_ended_before_departure", ended_on=date(2026, 3, 1)), NOW),
    (RetentionStopped(case_id=CASE), NOW + DAY),
    (RetentionStarted(case_id=CASE, reference="case_ended", ended_on=date(2026, 3, 4)), NOW + 2 * DAY),
    (RetentionHeld(case_id=CASE, hold_id=FIRST, reason="complaint"), NOW + 3 * DAY),
    (RetentionReleased(case_id=CASE, hold_id=FIRST), NOW + 4 * DAY),
    (RetentionHeld(case_id=CASE, hold_id=SECOND, reason="legal"), NOW + 5 * DAY),
)


def test_every_order_ends_in_the_same_clock() -> None:
    found = set()
    for order in permutations(WORDS):
        service = MemoryService(KINDS, {}, EVENTS, {}, None)
        for word, at in order:
            service.event(word, at)
        found.add(repr(service.state(Clock, CASE)))
    assert len(found) == 1
    clock = service.state(Clock, CASE)
    assert (clock.reference, clock.since, clock.status) == ("case_ended", date(2026, 3, 4), "held")
    assert [each.reason for each in clock.holds] == ["legal"]
