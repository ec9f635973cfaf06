"""What a handler is given and what it answers: values only, no input or output.

A handler is a pure function `decide(states, message, context) -> Decision | Refused`. The same handler runs one at a
time behind the HTTP API and by the hundred behind Kafka, because all it needs is loaded before and all it wants is
written after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from chassis.pure.answers import Answer
from chassis.pure.calendar import NO_CALENDAR, UnknownCalendar, WorkingDays
from chassis.pure.sealing import NO_VAULT, Vault

if TYPE_CHECKING:
    from chassis.pure.states import Need, States


@dataclass(frozen=True, slots=True)
class Refused:
    """A rule said no. At the API it becomes a problem document, for an event it parks the event.

    `code` is stable and machine-readable (`seat_taken`); `detail` says what is wrong and `remedy` what to do about it,
    to a person, without personal data; `field` is the JSON pointer of the request field at fault, if there is one;
    `status` is the HTTP status: 403 not yours, 404 no such thing, 409 wrong state, 412 changed since it was read,
    422 inadmissible value.
    """

    code: str
    detail: str
    remedy: str
    field: str = ""
    status: int = 409

    def at(self, field: str) -> Refused:
        """The same refusal, pointing to `field`."""
        return replace(self, field=field)


class Counted(NamedTuple):
    """What a due time was counted from: so many working days of a place after the day of `start`, or before it."""

    place: str
    start: datetime
    working_days: int

    def due(self, days: WorkingDays) -> Due:
        """When it ends, by these calendars. Raises `UnknownCalendar`."""
        return Due(days.due_at(*self), self)

    def moved(self, due_at: datetime, now: datetime, days: WorkingDays) -> datetime:
        """When it ends by calendars that have changed since it was set to `due_at`. Raises `UnknownCalendar`.

        Who relied on the later time is left the next working day: nothing that is still ahead becomes overdue at once.
        """
        found = days.due_at(*self)
        if found >= due_at:
            return found
        return min(due_at, max(found, days.due_at(self.place, now, 1)))


class Due(NamedTuple):
    """A due time. `counted` is None if it does not hang on a calendar: clock hours, or a day that somebody named."""

    at: datetime
    counted: Counted | None = None


class Owed(NamedTuple):
    """Who owes what a deadline is about, and whom it concerns, for the list of what is owed.

    `about`: what the service's telemetry is searched by, such as an order. `approaches_at`: when the debtor is to be
    reminded, before it is due; None: never. `missed`: its time has passed, and nothing fires any more; it stands in the
    list until it is cleared.
    """

    role: str
    org: str
    about: UUID
    approaches_at: datetime | None = None
    missed: bool = False


class Deadline(NamedTuple):
    """Sets or replaces the deadline `name` of `subject` (an order, a delivery).

    When it has passed, the handler of that name decides on the aggregate whose id is `owner`; setting it writes
    that aggregate, changed or not. `level` counts escalations from 1. With `counted`, it moves with its calendar. With
    `owed`, it stands in the list of deadlines; what nobody owes is a timer of the service itself.
    """

    name: str
    subject: UUID
    owner: UUID
    due_at: datetime
    level: int = 1
    counted: Counted | None = None
    owed: Owed | None = None


class Cleared(NamedTuple):
    """Removes the deadline `name` of `subject`; no error if there is none."""

    name: str
    subject: UUID


class Decision(NamedTuple):
    """States to save, events to publish and deadlines to set, all in one transaction.

    `answer` goes to the caller of a command; events and deadlines have no caller. `erased`: states whose rows go, with
    every deadline that they own.
    """

    states: tuple[Any, ...] = ()
    events: tuple[Any, ...] = ()
    deadlines: tuple[Deadline | Cleared, ...] = ()
    answer: Answer | None = None
    erased: tuple[Any, ...] = ()


NOTHING = Decision()


class Actor(NamedTuple):
    """Who acts: a role and an organisation, never a name. `org` is a kind and a code, such as `shop:ZRH`."""

    role: str
    org: str
    country: str = ""


class Visit(NamedTuple):
    """Who wants to be let in, and for which operation: the name of its route."""

    org: str
    operation: str
    country: str = ""


class Context(NamedTuple):
    """Everything a handler may know besides state and message.

    `now` is the injected clock (UTC). `occurred_at` is when it happened: an event's own time, a deadline's due time,
    `now` for a command. Handlers of events use it for all that lasts, so that a replay gives the same state.
    `reference` holds the service's code lists. `new_id` makes time-ordered ids (UUIDv7); `random_id` ids that tell
    nothing (UUIDv4). `working_days`: the calendars as they are known now. `vault` seals and opens what rests sealed.
    """

    now: datetime
    occurred_at: datetime
    actor: Actor
    reference: Any
    new_id: Callable[[], UUID]
    random_id: Callable[[], UUID]
    working_days: WorkingDays = NO_CALENDAR
    vault: Vault = NO_VAULT


BEYOND_CALENDARS = Refused(
    code="calendar_unknown",
    detail="A date, or the place whose days count, leads to where there is no calendar of working days.",
    remedy="Check the years and the place. An event that is wrong is mended by its sender; discard this one.",
    status=422,
)


@dataclass(frozen=True, slots=True)
class Handler:
    """A pure `decide` and the aggregates it needs, known from the message alone."""

    needs: Callable[[Any], Iterable[Need]]
    decide: Callable[[States, Any, Context], Decision | Refused]

    def decided(self, states: States, message: Any, context: Context) -> Decision | Refused:
        """What `decide` says. Where it counts days for which there is no calendar, its message is refused: a date that
        somebody has sent ends no process."""
        try:
            return self.decide(states, message, context)
        except UnknownCalendar:
            return BEYOND_CALENDARS


@dataclass(frozen=True, slots=True)
class DeadlineMove:
    """The message for the handler of a deadline that has moved, because the days it was counted in are others.

    The row has moved already; the handler says so in states and events.
    """

    name: str
    subject: UUID
    owner: UUID
    old_due_at: datetime
    due_at: datetime
    level: int


@dataclass(frozen=True, slots=True)
class DeadlineDue:
    """The message a deadline's handler gets: it has passed, or it only approaches and stays as it is."""

    name: str
    subject: UUID
    owner: UUID
    due_at: datetime
    level: int
    approaching: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """The message for what follows from an aggregate that was stored before there was this kind of deadline.

    `listed`: subjects whose deadline is set already, and stays.
    """

    id: UUID
    listed: frozenset[UUID] = frozenset()
