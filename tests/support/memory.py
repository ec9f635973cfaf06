"""A service without a database: its pure handlers over dictionaries.

Unit and property tests drive commands, events and deadlines through it. It stores every state as JSON between two
messages, as the database does, so that a state that does not survive its encoding fails here already.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.pure import calendar_days
from chassis.pure.calendar import WorkingDays
from chassis.pure.decision import (
    Actor,
    Cleared,
    Context,
    Deadline,
    DeadlineDue,
    DeadlineMove,
    Decision,
    Handler,
    Refused,
    Stored,
)
from chassis.pure.messages import Contract, Event
from chassis.pure.reference import DIRECTORY
from chassis.pure.states import (
    Entry,
    Kind,
    Need,
    States,
)
from chassis.service import Follows
from tests.support.keys import memory_vault
from tests.support.once import codec_of
from vocabulary.countries import WORKING_DAYS

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday morning; Ramadan 2026 has begun, Easter is not near."""
NEVER = datetime.max.replace(tzinfo=UTC)
SYSTEM = Actor("system", "programme:chain")
DAYS = WORKING_DAYS.over(
    calendar_days.read(DIRECTORY), calendar_days.weekends(DIRECTORY), calendar_days.rules(DIRECTORY)
)


def _next(deadline: Deadline) -> datetime:
    """When a worker looks at it next; at what is missed for good, never."""
    if deadline.owed is not None and deadline.owed.missed:
        return NEVER
    reminds_at = None if deadline.owed is None else deadline.owed.approaches_at
    return deadline.due_at if reminds_at is None else min(deadline.due_at, reminds_at)


class MemoryService:
    """Runs one service's handlers; `events` collects what it published, in order."""

    def __init__(
        self,
        kinds: Iterable[Kind[Any]],
        commands: Mapping[type[Any], Handler],
        consumers: Mapping[type[Contract], Handler],
        deadlines: Mapping[str, Handler],
        reference: Any,
        now: datetime = NOW,
        seed: int = 7,
    ) -> None:
        self.kinds = tuple(kinds)
        self.handlers: dict[type[Any], Handler] = {**commands, **consumers}
        self.deadline_handlers = deadlines
        self.reference = reference
        self.working_days = DAYS
        self.now = now
        self.rows: dict[type[Any], dict[UUID, str]] = {kind.state: {} for kind in self.kinds}
        self.deadlines: dict[tuple[str, UUID], Deadline] = {}
        self.events: list[Event] = []
        self.vault = memory_vault(seed)
        self._codecs = {kind.state: codec_of(kind) for kind in self.kinds}
        self._random = random.Random(seed)

    def command(self, command: Any, actor: Actor, stale: Refused | None = None) -> Decision | Refused:
        """Runs a command; a refusal changes nothing. `stale` refuses what the command itself does not."""
        handler = self.handlers[type(command)]
        if stale is None:
            return self._run(handler, command, actor, self.now)
        outcome = self._decided(handler, command, actor, self.now)
        return outcome if isinstance(outcome, Refused) else stale

    def event(self, contract: Contract, occurred_at: datetime | None = None) -> Decision | Refused:
        """Delivers an event of another service once."""
        return self._run(self.handlers[type(contract)], contract, SYSTEM, occurred_at or self.now)

    def advance(self, delta: timedelta) -> list[Decision | Refused]:
        """Moves the clock and fires what falls due, in order of time."""
        target = self.now + delta
        fired = []
        while due := [deadline for deadline in self.deadlines.values() if _next(deadline) <= target]:
            deadline = min(due, key=lambda each: (_next(each), each.name, each.subject))
            self.now = max(self.now, _next(deadline))
            approaching = self.now < deadline.due_at
            if approaching and deadline.owed is not None:
                owed = deadline.owed._replace(approaches_at=None)
                self.deadlines[deadline.name, deadline.subject] = deadline._replace(owed=owed)
            else:
                del self.deadlines[deadline.name, deadline.subject]
            message = DeadlineDue(*deadline[:5], approaching=approaching)
            fired.append(self._run(self.deadline_handlers[deadline.name], message, SYSTEM, self.now))
        self.now = target
        return fired

    def due(self, name: str, subject: UUID) -> datetime | None:
        """When a deadline is due, if it runs: what is missed for good stands still."""
        deadline = self.deadlines.get((name, subject))
        return None if deadline is None or _next(deadline) == NEVER else deadline.due_at

    def follow(self, handlers: Mapping[str, Handler], days: WorkingDays) -> list[DeadlineMove]:
        """The calendars are others now: moves the deadlines that hang on them, as a worker does."""
        self.working_days = days
        moves = []
        for key, each in sorted(self.deadlines.items()):
            due_at = each.due_at if each.counted is None else each.counted.moved(each.due_at, self.now, days)
            if due_at == each.due_at:
                continue
            owed = each.owed
            if owed is not None and owed.approaches_at is not None:
                owed = owed._replace(approaches_at=due_at - (each.due_at - owed.approaches_at))
            self.deadlines[key] = each._replace(due_at=due_at, owed=owed)
            moves.append(DeadlineMove(*each[:3], each.due_at, due_at, each.level))
            if each.name in handlers:
                self._run(handlers[each.name], moves[-1], SYSTEM, self.now)
        return moves

    def followed(self, kinds: Iterable[Follows]) -> None:
        """These kinds of deadlines are new: each goes over all that is stored, as a worker does."""
        for kind in kinds:
            listed = {subject for (name, subject), each in self.deadlines.items() if name == kind.name and each.owed}
            for id_ in sorted(self.rows[kind.state]):
                self._run(kind.handler, Stored(id_, frozenset(listed)), SYSTEM, self.now)

    def state(self, state: type[Any], id_: UUID) -> Any:
        """The stored aggregate. Raises `KeyError` if there is none."""
        return self._codecs[state].load(self.rows[state][id_])

    def all(self, state: type[Any]) -> list[Any]:
        """Every stored aggregate of a kind, by id."""
        return [self._codecs[state].load(text) for _, text in sorted(self.rows[state].items())]

    def snapshot(self) -> dict[str, Any]:
        """All that lasts, comparable: states as JSON and deadlines."""
        states = {kind.table: dict(sorted(self.rows[kind.state].items())) for kind in self.kinds}
        return {"states": states, "deadlines": dict(sorted(self.deadlines.items()))}

    def _new_id(self) -> UUID:
        return UUID(int=self._random.getrandbits(128), version=4)

    def loaded(self, needs: Iterable[Need], states: States | None = None) -> States:
        """What the needs name, as a transaction loads it; added to `states`, if there are any."""
        states = States(self.kinds) if states is None else states
        for need in needs:
            for id_, text in self.rows[need.state].items():
                state = self._codecs[need.state].load(text)
                links_of = states.kinds[need.state].links
                links = frozenset(links_of(state)) if links_of else frozenset()
                if (need.id in links) if need.linked else (need.id == id_):
                    states.entries[need.state][id_] = Entry(state, 1, links)
        return states

    def context(self, actor: Actor, occurred_at: datetime) -> Context:
        """The circumstances of one message."""
        return Context(
            now=self.now,
            occurred_at=occurred_at,
            actor=actor,
            reference=self.reference,
            new_id=self._new_id,
            random_id=self._new_id,
            working_days=self.working_days,
            vault=self.vault,
        )

    def _decided(self, handler: Handler, message: Any, actor: Actor, occurred_at: datetime) -> Decision | Refused:
        return handler.decided(self.loaded(handler.needs(message)), message, self.context(actor, occurred_at))

    def _run(self, handler: Handler, message: Any, actor: Actor, occurred_at: datetime) -> Decision | Refused:
        outcome = self._decided(handler, message, actor, occurred_at)
        if isinstance(outcome, Refused):
            return outcome
        for state in outcome.states:
            self.rows[type(state)][state.id] = self._codecs[type(state)].dump(state)
        for state in outcome.erased:
            del self.rows[type(state)][state.id]
        for deadline in outcome.deadlines:
            if isinstance(deadline, Cleared):
                self.deadlines.pop((deadline.name, deadline.subject), None)
            else:
                self.deadlines[deadline.name, deadline.subject] = deadline
        self.events.extend(outcome.events)
        return outcome
