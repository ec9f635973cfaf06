"""What follows from an event. Nobody commands journey, and nothing falls due in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chassis.pure.decision import Handler
from chassis.pure.states import Kind
from journey.domain.consumption import Handled, Mishap, Reader
from journey.domain.journey import Journey, links
from journey.domain.outcome import Outcome
from journey.domain.outcome import links as persons
from vocabulary.retention import KIND
from vocabulary.switch import CountryStatus

KINDS: tuple[Kind[Any], ...] = (
    Kind(Journey, "journey", links),
    Kind(Outcome, "outcome", persons),
    Kind(CountryStatus, "country_status"),
    KIND,
    Kind(Reader, "reader"),
    Kind(Handled, "handled"),
    Kind(Mishap, "mishap"),
)
"""In lock order."""

COMMANDS: Mapping[type[Any], Handler] = {}
DEADLINES: Mapping[str, Handler] = {}
