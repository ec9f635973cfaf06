"""What this service keeps of a case, and how it is found: the kinds of its rules in `retention.v1.csv`."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.pure.decision import Handler
from chassis.pure.needs import needs
from chassis.pure.retention import Clock, Kept, by_clock
from journey.domain.journey import Journey
from journey.domain.outcome import Outcome
from journey.handlers import retention
from vocabulary.retention import CLOCK, ENDS

KEEPS: Sequence[Kept] = (
    Kept(
        "journey",
        ENDS,
        "erased",
        by_clock("exists (select from journey as j where j.id = c.id)"),
        Handler(needs(id=(Clock, Journey)), retention.journey_over),
    ),
    Kept(
        "outcome",
        ENDS,
        "erased",
        by_clock("exists (select from outcome as o where o.id = c.id)"),
        Handler(needs(id=(Clock, Outcome)), retention.outcome_over),
    ),
    CLOCK,
)
