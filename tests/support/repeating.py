"""A service in memory whose rows are put back to a backup, and has the effect again of what they have forgotten."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

from chassis.pure.decision import Decision, Handler
from chassis.pure.messages import Event
from tests.support.memory import SYSTEM, MemoryService


class Backup:
    """Of a service as it is now. `told_at`: when an event was told, for those of which it matters."""

    def __init__(
        self,
        service: MemoryService,
        repeats: Mapping[type[Event], Handler],
        told_at: Callable[[Event], datetime] | None = None,
    ) -> None:
        self.service, self.repeats = service, repeats
        self._told_at = told_at or (lambda _: service.now)
        self._rows, self._deadlines = deepcopy(service.rows), dict(service.deadlines)
        self._told = len(service.events)

    def put_back(self, *, unpublished: Collection[type[Event]] = ()) -> dict[str, Any]:
        """Puts the rows back and repeats what the service has told since, but for what never got to its topic. Returns
        what was lost: rows and deadlines as they were."""
        lost = self.service.snapshot()
        self.service.rows, self.service.deadlines = deepcopy(self._rows), dict(self._deadlines)
        events = [each for each in self.service.events[self._told :] if type(each) not in unpublished]
        del self.service.events[self._told :]
        self.repeat(events)
        repeated = self.service.snapshot()
        self.repeat(events)
        assert self.service.snapshot() == repeated, "twice is no more than once"
        return lost

    def repeat(self, events: Collection[Event]) -> None:
        """As the worker does: topic by topic, in the order in which they were told, and nothing is told."""
        for topic in dict.fromkeys(each.topic for each in self.repeats):
            for event in events:
                if event.topic == topic and (handler := self.repeats.get(type(event))) is not None:
                    told = len(self.service.events)
                    outcome = self.service._run(handler, event, SYSTEM, self._told_at(event))
                    assert isinstance(outcome, Decision)
                    del self.service.events[told:]

    def go_on(self) -> list[str]:
        """What falls due at once, when the service answers again; the names of what it tells then."""
        self.service.advance(timedelta())
        return [type(each).__name__ for each in self.service.events[self._told :]]
