"""A service with a tiny domain of its own, for tests of the chassis: tills that add up receipts.

It reads `Sold` from a topic `ph.shop.v1`, keeps one `Till` per key, publishes `Counted` for each receipt, and has one
deadline. Amount 13 is refused; amount 99 makes the database refuse the write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from chassis.operators.retention import SWEPT
from chassis.pure.answers import Answer
from chassis.pure.decision import (
    NOTHING,
    Cleared,
    Context,
    Deadline,
    DeadlineDue,
    Decision,
    Handler,
    Refused,
)
from chassis.pure.messages import Contract, Event
from chassis.pure.reference import DIRECTORY
from chassis.pure.retention import agreed
from chassis.pure.states import (
    Kind,
    Need,
    States,
    by_id,
)
from chassis.service import Service

UNLUCKY = 13
UNSTORABLE = 99
MIGRATIONS = Path(__file__).with_name("toy_migrations")


@dataclass(frozen=True, slots=True)
class Till:
    id: UUID
    total: int = 0
    receipts: tuple[int, ...] = ()
    alarms: int = 0
    status: str = "open"


class Total(Answer):
    total: int


class TillEvent(Event, service="till", key="till_id"):
    till_id: UUID


class Counted(TillEvent):
    amount: int
    total: int


class Sold(Contract, source="shop", key="till_id"):
    till_id: UUID
    amount: int


@dataclass(frozen=True, slots=True)
class Sell:
    till: UUID
    amount: int


@dataclass(frozen=True, slots=True)
class SetAlarm:
    till: UUID
    minutes: int


@dataclass(frozen=True, slots=True)
class Close:
    till: UUID


def _count(states: States, till_id: UUID, amount: int) -> Decision | Refused:
    if amount == UNLUCKY:
        return Refused("unlucky", "13 is refused", "Sell something else.", "/amount", 422)
    till = states.get(Till, till_id) or Till(till_id)
    status = "x" * UNSTORABLE if amount == UNSTORABLE else till.status
    till = replace(till, total=till.total + amount, receipts=(*till.receipts, amount)[-20:], status=status)
    event = Counted(till_id=till.id, amount=amount, total=till.total)
    return Decision((till,), (event,), answer=Total(total=till.total))


def sold(states: States, message: Sold, _context: Context) -> Decision | Refused:
    return _count(states, message.till_id, message.amount)


def recounted(states: States, event: Counted, _context: Context) -> Decision:
    """What a till that was put back has forgotten; it would be told again, if what a repetition tells were."""
    till = states.get(Till, event.till_id)
    return NOTHING if till is None else Decision((replace(till, total=event.total),), (event,))


def sell(states: States, command: Sell, _context: Context) -> Decision | Refused:
    return _count(states, command.till, command.amount)


def set_alarm(states: States, command: SetAlarm, context: Context) -> Decision | Refused:
    till = states.get(Till, command.till) or Till(command.till)
    if till.status == "closed":
        return Refused("till_closed", "The till is closed.", "Open another.")
    if command.minutes == 0:
        return Decision((till,), deadlines=(Cleared("alarm", till.id),), answer=Total(total=till.total))
    due_at = context.now + timedelta(minutes=command.minutes)
    return Decision((till,), deadlines=(Deadline("alarm", till.id, till.id, due_at),), answer=Total(total=till.total))


def close(states: States, command: Close, _context: Context) -> Decision:
    till = replace(states.get(Till, command.till) or Till(command.till), status="closed")
    return Decision((till,), deadlines=(Cleared("alarm", till.id),), answer=Total(total=till.total))


def alarm(states: States, deadline: DeadlineDue, _context: Context) -> Decision | Refused:
    till = states.get(Till, deadline.owner)
    if till is None:
        return Refused("no_till", "The till is gone.", "Nothing to do.")
    till = replace(till, alarms=till.alarms + 1)
    return Decision((till,), (Counted(till_id=till.id, amount=0, total=till.total),))


def _one(attribute: str) -> Any:
    def needs(message: Any) -> Iterable[Need]:
        return (by_id(Till, getattr(message, attribute)),)

    return needs


KINDS = (Kind(Till, "till"),)
COMMANDS: Mapping[type[Any], Handler] = {
    Sell: Handler(_one("till"), sell),
    SetAlarm: Handler(_one("till"), set_alarm),
    Close: Handler(_one("till"), close),
}
CONSUMERS: Mapping[type[Contract], Handler] = {Sold: Handler(_one("till_id"), sold)}
HOUSEKEEPING = agreed("till", SWEPT, DIRECTORY)
"""What every service keeps of nobody."""
DEADLINES = {"alarm": Handler(_one("owner"), alarm)}

TILL = Service(
    name="till",
    title="Till",
    description="Adds up receipts.",
    org="shop:till",
    subject="till",
    kinds=KINDS,
    commands=COMMANDS,
    consumers=CONSUMERS,
    deadlines=DEADLINES,
    repeats={Counted: Handler(_one("till_id"), recounted)},
    stays={"alarm": "it rings when it was set for"},
    routers=(),
    migrations=MIGRATIONS,
)
