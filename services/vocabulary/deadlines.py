"""What somebody owes by a time: one shape for every kind of deadline, in every service.

A kind is a `Ladder`: who owes it at each level, and what of it stands in an aggregate. All else follows from that. The
deadline is set and cleared; who owes it is reminded; its end is told louder each time, level by level, then it is quiet
and stays in the list; a change of the calendar is told, and so is that it was done. No deadline decides anything over a
person (docs/domain.md: never-by-a-clock). That one was set is no event: the fact that it follows from is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import wraps
from itertools import islice, takewhile
from typing import Any, Final, NamedTuple
from uuid import UUID

from pydantic import Field

from chassis.pure.codes import LATEST_YEAR, Code, Instant
from chassis.pure.decision import (
    NOTHING,
    Cleared,
    Context,
    Deadline,
    DeadlineDue,
    DeadlineMove,
    Decision,
    Due,
    Owed,
    Refused,
    Stored,
)
from chassis.pure.messages import Event
from chassis.pure.states import States
from vocabulary import roles
from vocabulary.codes import Centre, Country, Org
from vocabulary.events import CaseEvent

PROGRAMME_DESK: Final = roles.programme("desk")
NOTICE: Final = 4
"""Who owes something is reminded when one part in so many of the time is left (docs/domain.md: deadline-notice)."""
WORKING_DAYS_CHANGED: Final = "working_days_changed"
COUNTED_ANEW: Final = "counted_anew"


class DeadlineEvent(CaseEvent):
    """Something of what an organisation owes in a case. Each service has its own of these, by the same name."""

    centre: Centre
    country: Country
    deadline_type: Code
    subject_id: UUID
    owner_role: Code
    owner_org: Org
    due_at: Instant


class DeadlineApproaching(DeadlineEvent):
    """Somebody owes an act by `due_at`, and most of the time for it is over. Told once, to whoever owes it first."""


class DeadlineMissed(DeadlineEvent):
    """Somebody owed an act by `due_at`. Told once per level, each of another owner; nothing is decided by it."""

    level: int = Field(ge=1, le=3)


class DeadlineMet(DeadlineEvent):
    """What was owed by `due_at` was done: in time at `level` 0, else after that level was missed."""

    level: int = Field(ge=0, le=3)


class DeadlineMoved(DeadlineEvent):
    """What was owed by `old_due_at` is owed by `due_at`: the working days that it was counted in turned out to be
    others, or what it is counted from has changed, such as the departure. One that is shortened ends no earlier than
    with the next working day."""

    old_due_at: Instant
    level: int = Field(ge=1, le=3)
    reason: Code


class Told(NamedTuple):
    """The events by which a service tells of its deadlines."""

    approaching: type[DeadlineApproaching]
    missed: type[DeadlineMissed]
    met: type[DeadlineMet]
    moved: type[DeadlineMoved]


Limit = Callable[[int, datetime, Context], Due]
"""When a level is over that begins at a time: the first at `Owing.since`, any other when the one before it is over."""


@dataclass(frozen=True, slots=True)
class Owing:
    """One thing that is owed in a case. Two of the same words are owed alike: nothing is set anew.

    `org`: who owes it, up to the programme's desk, to which the last levels go. `since`: from when it is counted; and,
    where that lies ahead, `owed_from`: since when `org` can do it.

    What the aggregate keeps may differ nevertheless: `due_at`, the end of the first level, and `level`, the last that
    was missed: it is told once, also if another owes it now, or if it was not owed for a while. `late` is the aggregate
    once another was missed, `until` once the first ends at another time. Each is absent where it keeps no such thing.
    `keep`: an aggregate with the end of the first level, where it is counted as it comes to be owed.
    """

    case_id: UUID
    centre: str
    country: str
    org: str
    since: datetime
    limit: Limit = field(compare=False)
    late: Callable[[DeadlineDue, datetime], Any] | None = field(default=None, compare=False)
    until: Callable[[DeadlineMove, datetime], Any] | None = field(default=None, compare=False)
    keep: Callable[[Any, datetime], Any] | None = field(default=None, compare=False)
    due_at: datetime | None = field(default=None, compare=False)
    level: int = field(default=0, compare=False)
    owed_from: datetime | None = None


@dataclass(frozen=True)
class Ladder:
    """A kind of deadline.

    `roles`: who owes it, per level from the first. `owed`: what of it stands in an aggregate of the type `state`, by
    subject: a deadline is set and cleared as that comes to stand and falls. `done`: whether what stood before a change,
    and does not stand so after it, was done by that; else it is owed no more, or otherwise. `notice`: how long before
    the end of the first level its owner is reminded; None: by `NOTICE`. `tells_of_moves`: whether it is
    told where the same is owed by another time, since what it is counted from has changed; else that is told by the
    fact alone.
    """

    name: str
    state: type[Any]
    roles: tuple[str, ...]
    told: Told
    owed: Callable[[Any], Mapping[UUID, Owing]]
    done: Callable[[Any, Any, UUID], bool]
    notice: timedelta | None = None
    tells_of_moves: bool = False

    def fires(self, states: States, deadline: DeadlineDue, context: Context) -> Decision:
        """It approaches, or a level was missed: that is told, and the next one begins."""
        owing = self._still(states, deadline)
        if owing is None:
            return NOTHING
        told = self._told(deadline, owing)
        if deadline.approaching:
            return Decision(events=(self.told.approaching(**told),))
        states_after = () if owing.late is None else (owing.late(deadline, context.now),)
        events = (self.told.missed(**told, level=deadline.level),)
        return Decision(states_after, events, (self._next(deadline, owing, context),))

    def moves(self, states: States, move: DeadlineMove, context: Context) -> Decision:
        """It is owed by another time, because working days are others."""
        owing = self._still(states, move)
        if owing is None:
            return NOTHING
        changed = () if owing.until is None or move.level > 1 else (owing.until(move, context.now),)
        told = self._told(move, owing)
        times = {"old_due_at": move.old_due_at, "level": move.level, "reason": WORKING_DAYS_CHANGED}
        return Decision(changed, (self.told.moved(**told, **times),))

    def changed(self, before: Any | None, after: Any, context: Context) -> Decision:
        """What a change of the aggregate sets, clears and tells."""
        owed, owes = {} if before is None else self._owed(before, context), self._owed(after, context)
        if owed == owes:
            return NOTHING
        cleared = (Cleared(self.name, id_) for id_ in owed if id_ not in owes)
        begun = tuple(self._begun(id_, after.id, each, context) for id_, each in owes.items() if owed.get(id_) != each)
        moved = (
            self._moved(owed[each.subject], owes[each.subject], each, context) for each in begun if each.subject in owed
        )
        events = tuple(
            self._met(id_, owing, context)
            for id_, owing in owed.items()
            if owes.get(id_) != owing and self.done(before, after, id_)
        )
        kept = after
        for each in begun:
            owing = owes[each.subject]
            if owing.keep is not None and owing.due_at is None:
                kept = owing.keep(kept, self._first(owing, context).at)
        told = (*events, *(each for each in moved if each is not None))
        return Decision(() if kept is after else (kept,), told, (*cleared, *begun))

    def stored(self, states: States, message: Stored, context: Context) -> Decision:
        """What follows from an aggregate that was stored before there was this kind; what is set stays."""
        state = states.get(self.state, message.id)
        follows = NOTHING if state is None else self.changed(None, state, context)
        begun = tuple(each for each in follows.deadlines if each.subject not in message.listed)
        return Decision(follows.states if begun else (), deadlines=begun)

    def _owed(self, state: Any, context: Context) -> Mapping[UUID, Owing]:
        """What is owed within the programme's time: a date far ahead makes an end of which no event could tell."""
        found = self.owed(state)
        return {
            id_: each for id_, each in found.items() if _in_time(each.due_at or each.limit(1, each.since, context).at)
        }

    def _begun(self, subject: UUID, owner: UUID, owing: Owing, context: Context) -> Deadline:
        """The first level that was not missed yet; after the last one, what stays in the list."""
        level = min(owing.level + 1, len(self.roles))
        due = self._due(level, owing, context)
        if owing.level == len(self.roles) or not _in_time(due.at):
            return self._given_up(subject, owner, owing, level, due.at)
        reminded_at = due.at - (self.notice or (due.at - owing.since) / NOTICE) if level == 1 else None
        owed = Owed(self.roles[level - 1], owing.org, owing.case_id, reminded_at)
        return Deadline(self.name, subject, owner, due.at, level, due.counted, owed)

    def _moved(self, before: Owing, after: Owing, anew: Deadline, context: Context) -> Event | None:
        """That the same is owed by another time, where this kind tells it."""
        if not self.tells_of_moves or before.org != after.org or anew.owed is None or anew.owed.missed:
            return None
        old_due_at = self._due(anew.level, before, context).at
        if old_due_at == anew.due_at:
            return None
        move = DeadlineMove(self.name, anew.subject, anew.owner, old_due_at, anew.due_at, anew.level)
        times = {"old_due_at": old_due_at, "level": anew.level, "reason": COUNTED_ANEW}
        return self.told.moved(**self._told(move, after), **times)

    def _next(self, missed: DeadlineDue, owing: Owing, context: Context) -> Deadline:
        """The level after one that was missed; after the last one, what stays in the list."""
        level = missed.level + 1
        if level <= len(self.roles):
            due = owing.limit(level, missed.due_at, context)
            if _in_time(due.at):
                owed = Owed(self.roles[level - 1], owing.org, owing.case_id)
                return Deadline(self.name, missed.subject, missed.owner, due.at, level, due.counted, owed)
        return self._given_up(missed.subject, missed.owner, owing, missed.level, missed.due_at)

    def _given_up(self, subject: UUID, owner: UUID, owing: Owing, level: int, due_at: datetime) -> Deadline:
        """It stays as it was when it was missed for the last time, and is due no more."""
        owed = Owed(self.roles[level - 1], owing.org, owing.case_id, missed=True)
        return Deadline(self.name, subject, owner, due_at, level, owed=owed)

    def _still(self, states: States, deadline: DeadlineDue | DeadlineMove) -> Owing | None:
        state = states.get(self.state, deadline.owner)
        return None if state is None else self.owed(state).get(deadline.subject)

    def _met(self, subject: UUID, owing: Owing, context: Context) -> DeadlineMet:
        """That it was done, and how late: a level that is over counts, also if nobody has told so yet."""
        role, org = self._owner(1, owing)
        due_at, level = self._first(owing, context).at, max(owing.level, self._reached(owing, context))
        who = {"case_id": owing.case_id, "centre": owing.centre, "country": owing.country}
        what = {"deadline_type": self.name, "subject_id": subject, "owner_role": role, "owner_org": org}
        return self.told.met(**who, **what, due_at=due_at, level=level)

    def _reached(self, owing: Owing, context: Context) -> int:
        """How many of its levels are over."""
        return sum(1 for _ in takewhile(lambda due: due.at <= context.now, self._levels(owing, context)))

    def _levels(self, owing: Owing, context: Context) -> Iterator[Due]:
        """When each level is over. One is counted when it is asked for: later ones may end where no calendar does."""
        due = self._first(owing, context)
        yield due
        for level in range(2, len(self.roles) + 1):
            due = owing.limit(level, due.at, context)
            yield due

    def _due(self, level: int, owing: Owing, context: Context) -> Due:
        """When this level is over."""
        return next(islice(self._levels(owing, context), level - 1, None))

    def _first(self, owing: Owing, context: Context) -> Due:
        """When the first level is over: as the aggregate keeps it, which may have moved."""
        due = owing.limit(1, owing.since, context)
        return due if owing.due_at is None else due._replace(at=owing.due_at)

    def _told(self, deadline: DeadlineDue | DeadlineMove, owing: Owing) -> dict[str, Any]:
        role, org = self._owner(deadline.level, owing)
        return {
            "case_id": owing.case_id,
            "centre": owing.centre,
            "country": owing.country,
            "deadline_type": self.name,
            "subject_id": deadline.subject,
            "owner_role": role,
            "owner_org": org,
            "due_at": deadline.due_at,
        }

    def _owner(self, level: int, owing: Owing) -> tuple[str, str]:
        role = self.roles[level - 1]
        return role, PROGRAMME_DESK if role == roles.PROGRAMME_MANAGER else owing.org


def _in_time(at: datetime) -> bool:
    return at.year <= LATEST_YEAR


def _with(decision: Decision, follows: Decision) -> Decision:
    events, deadlines = decision.events + follows.events, decision.deadlines + follows.deadlines
    return decision if follows == NOTHING else decision._replace(events=events, deadlines=deadlines)


Decide = Callable[[States, Any, Context], Decision | Refused]


def followed(ladders: Iterable[Ladder], decide: Decide) -> Decide:
    """The same decision, and with it what it sets, clears and tells of deadlines of these kinds."""
    ladders = tuple(ladders)

    @wraps(decide)
    def decided(states: States, message: Any, context: Context) -> Decision | Refused:
        decision = decide(states, message, context)
        if isinstance(decision, Refused):
            return decision
        for state in decision.states:
            after = state
            for ladder in ladders:
                if type(after) is ladder.state:
                    follows = ladder.changed(states.get(ladder.state, after.id), after, context)
                    decision, after = _with(decision, follows), next(iter(follows.states), after)
            if after is not state:
                decision = decision._replace(states=tuple(after if each is state else each for each in decision.states))
        return decision

    return decided
