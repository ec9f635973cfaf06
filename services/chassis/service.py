"""What a service is, in one value: its rooms, handed to the chassis by `app.py`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chassis.pure.audit import AuditSealed
from chassis.pure.calendar import NO_CALENDAR, WorkingDays
from chassis.pure.decision import Actor, Handler, Refused, Visit
from chassis.pure.messages import Contract, Event
from chassis.pure.noting import Notes
from chassis.pure.operations import Operations
from chassis.pure.retention import Kept, Swept
from chassis.pure.sealing import holds_keys
from chassis.pure.states import Kind

if TYPE_CHECKING:
    from fastapi import APIRouter
    from starlette.routing import BaseRoute


@dataclass(frozen=True)
class Unsealed:
    """What earlier versions have stored in clear, and how it is sealed.

    `find` gives the ids of up to $1 aggregates that lie in clear, in order from the one after $2: SQL that a partial
    index answers, since it is asked again and again. `handler` gets `InClear` with each id, and decides on the sealed
    states.
    """

    find: str
    handler: Handler


@dataclass(frozen=True)
class Wrapped:
    """Data keys that lie in aggregates of one kind, and how they are wrapped anew.

    `state`: the type of the aggregates. `find` is SQL with the columns `id uuid, generation text`: a row per data key,
    with the part before its colon; of a key from before there were generations, an empty text. `handler` gets `Rewrap`
    with each id.
    """

    state: type[Any]
    find: str
    handler: Handler


@dataclass(frozen=True)
class Follows:
    """A kind of deadline that follows from aggregates of the type `state`. `handler` gets `Stored` with the id of each
    that was stored before there was the kind, and sets what it lacks."""

    name: str
    state: type[Any]
    handler: Handler


@dataclass(frozen=True)
class Watched:
    """What stands in a service's tables and must show without anybody asking for it: the gauge `ph_watched`, by `what`.

    `count`: SQL of one number that an index answers; $1 is the time by the service's clock.
    """

    what: str
    count: str


@dataclass(frozen=True)
class Overlay:
    """Few aggregates, of the type `state`, that say what holds at the moment; each process reads all of them twice a
    second. `over` lays them over the code lists, and whatever asks those, the door or a handler, obeys."""

    state: type[Any]
    over: Callable[[Any, Sequence[Any]], Any]


@dataclass(frozen=True)
class Service:
    """Everything the chassis needs to run one service.

    `org`: the organisation that the service itself acts for, when no person does. `kinds` stand in lock order, roots
    first. `subject`: what the service's telemetry is searched by; for an `order`, spans carry `ph.order.id`, log lines
    `order_id`, and paths, events and contracts have a field of that name. `org_kinds`: the kinds of organisations that
    callers may act for; any if empty. `role_kinds`: of which of them a role is one; any if it is not named. `shut` says
    why nobody may act for an organisation at a time, by the code lists. `load_reference` reads and validates the code
    lists at start. `standing`: aggregates of one of the `kinds` that every process knows by heart, and what they change
    in the code lists. `seals`: whether it has a key file. It needs one for what only a vault opens, and to remember
    bodies and persons by keyed hashes. `keeps`: the kinds of records that end by a rule.
    `repeats`: events of its own whose effect a database that has forgotten them must have again before the service
    answers, such as erasures; topic by topic, in the order of the first ones named. Each handler decides once more on
    what is stored now; what it tells was told then, and is not told again. `unsealed`: what lies in clear from before.
    `wrapped`: where its data keys lie, all of them. `audit_head`: its event that tells up to where its audit is sealed.
    `auditor`: the role that reads the audit. `operations`: its events that tell what became of parked records, and how
    far it has read.
    Of each of the `deadlines` either `moves` decides what follows when it moves with its calendar, such as who is told,
    or `stays` says why it hangs on none. `follows`: those that also what was stored before them is to have.
    `watched`: what a worker counts every minute. `notes`: what is kept of every record that is read, whatever becomes
    of it; mostly nothing. `pages` reads its settings and makes what the service shows in browsers: each of them finds
    out by itself who is asking, and none is a part of the API's document.
    `working_days`: the calendars that deadlines are counted by; the files `calendar_days`, `calendar_rules` and
    `weekends` are laid over them.
    """

    name: str
    title: str
    description: str
    org: str
    kinds: Sequence[Kind[Any]]
    commands: Mapping[type[Any], Handler]
    consumers: Mapping[type[Contract], Handler]
    deadlines: Mapping[str, Handler]
    routers: Sequence[APIRouter]
    migrations: Path
    subject: str = "subject"
    org_kinds: Collection[str] = ()
    role_kinds: Mapping[str, Collection[str]] = field(default_factory=dict)
    shut: Callable[[Visit, Any, datetime], Refused | None] | None = None
    load_reference: Callable[[Path], Any] = lambda _directory: None
    standing: Overlay | None = None
    keeps: Sequence[Kept | Swept] = ()
    repeats: Mapping[type[Event], Handler] = field(default_factory=dict)
    working_days: WorkingDays = NO_CALENDAR
    moves: Mapping[str, Handler] = field(default_factory=dict)
    stays: Mapping[str, str] = field(default_factory=dict)
    follows: Sequence[Follows] = ()
    watched: Sequence[Watched] = ()
    notes: Notes | None = None
    seals: bool = False
    unsealed: Sequence[Unsealed] = ()
    wrapped: Sequence[Wrapped] = ()
    audit_head: type[AuditSealed] | None = None
    auditor: str = ""
    operations: Operations | None = None
    pages: Callable[[], Sequence[BaseRoute]] = lambda: ()

    def __post_init__(self) -> None:
        """Raises `ValueError` for a deadline that would move without a word, and for data keys that nobody would wrap
        anew: with the generation that has wrapped them they would be lost."""
        undecided = self.deadlines.keys() ^ (self.moves.keys() ^ self.stays.keys())
        if undecided:
            names = ", ".join(sorted(undecided))
            raise ValueError(f"{self.name}: name in `deadlines`, and in one of `moves` and `stays`: {names}")
        holding = {kind.state for kind in self.kinds if holds_keys(kind.state)}
        if forgotten := holding ^ {each.state for each in self.wrapped}:
            names = ", ".join(sorted(each.__name__ for each in forgotten))
            raise ValueError(f"{self.name}: name in `wrapped` what holds a `WrappedKey`, and nothing else: {names}")

    @property
    def actor(self) -> Actor:
        """Who acts where no person does: on an event, on a deadline."""
        return Actor("system", self.org)

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics of other services that this one reads."""
        return tuple(sorted({contract.topic for contract in self.consumers}))
