"""Sells, and hears what was counted: commands, alarms, and events of another service."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated
from uuid import UUID, uuid5

from pydantic import BaseModel, StrictFloat, StrictInt
from starlette.responses import Response

from chassis.http.answering import answers
from chassis.http.api import Runner, acting_as
from chassis.http.routes import new_router
from chassis.pure.answers import Answer
from chassis.pure.decision import (
    NOTHING,
    Actor,
    Context,
    Deadline,
    DeadlineDue,
    Decision,
    Refused,
)
from chassis.pure.messages import Contract, Event
from chassis.pure.states import States

SELLER = ("seller", "programme:shop")
MOVED = 1_000_000
"""What an alarm's n grows by each time it is put off."""


@dataclass(frozen=True, slots=True)
class Basket:
    """`counted`: n of every sale that till has counted, and -n of every alarm."""

    id: UUID
    sold: tuple[int, ...] = ()
    rung: tuple[int, ...] = ()
    counted: tuple[int, ...] = ()
    status: str = "open"


class ShopEvent(Event, service="shop", key="basket_id"):
    basket_id: UUID
    n: int


class Sold(ShopEvent):
    """A command's effect."""


class Rang(ShopEvent):
    """A deadline's effect."""


class Answered(Answer):
    """What a command answers: its n. Of an alarm that was to be moved and had rung already: the n that has rung."""

    n: int


@dataclass(frozen=True, slots=True)
class Sell:
    basket: UUID
    n: int


@dataclass(frozen=True, slots=True)
class SetAlarm:
    """Sets alarm n, or puts it off: it becomes n + MOVED, n + 2 MOVED and so on, unless it has rung."""

    basket: UUID
    n: int
    seconds: float


class CountedContract(Contract, key="basket_id"):
    """Of till."""

    basket_id: UUID
    source: str
    n: int


CountedContract.type, CountedContract.topic, CountedContract.origin = "ph.till.Counted.v1", "ph.till.v1", b"/ph/till"


def sell(states: States, command: Sell, _context: Context) -> Decision:
    basket = states.get(Basket, command.basket) or Basket(command.basket)
    basket = replace(basket, sold=(*basket.sold, command.n))
    return Decision((basket,), (Sold(basket_id=basket.id, n=command.n),), answer=Answered(n=command.n))


def set_alarm(states: States, command: SetAlarm, context: Context) -> Decision:
    basket = states.get(Basket, command.basket) or Basket(command.basket)
    rung = [n for n in basket.rung if n % MOVED == command.n % MOVED]
    if rung:
        return Decision((basket,), answer=Answered(n=rung[0]))
    due_at = context.now + timedelta(seconds=command.seconds)
    subject = uuid5(basket.id, str(command.n % MOVED))
    deadline = Deadline("alarm", subject, basket.id, due_at, level=command.n)
    return Decision((basket,), deadlines=(deadline,), answer=Answered(n=command.n))


def ring(states: States, deadline: DeadlineDue, _context: Context) -> Decision | Refused:
    basket = states.get(Basket, deadline.owner)
    if basket is None:
        return Refused("no_basket", "There is no such basket.", "Nothing to do.")
    basket = replace(basket, rung=(*basket.rung, deadline.level))
    return Decision((basket,), (Rang(basket_id=basket.id, n=deadline.level),))


def counted(states: States, message: CountedContract, _context: Context) -> Decision | Refused:
    if message.source == "price":
        return NOTHING
    basket = states.get(Basket, message.basket_id)
    if basket is None:
        return Refused("no_basket", "There is no such basket.", "It must have been sold from.")
    n = message.n if message.source == "shop_sold" else -message.n
    return Decision((replace(basket, counted=(*basket.counted, n)),))


class Sale(BaseModel):
    n: StrictInt


class Alarm(BaseModel):
    n: StrictInt
    seconds: StrictFloat


router = new_router()


@router.post("/baskets/{basket_id}/sales", status_code=201, **answers(Answered, 403, 409))
async def post_sale(basket_id: UUID, body: Sale, actor: Annotated[Actor, acting_as("seller")], run: Runner) -> Response:
    return await run(Sell(basket_id, body.n), actor)


@router.post("/baskets/{basket_id}/alarms", status_code=201, **answers(Answered, 403, 409))
async def post_alarm(
    basket_id: UUID, body: Alarm, actor: Annotated[Actor, acting_as("seller")], run: Runner
) -> Response:
    return await run(SetAlarm(basket_id, body.n, body.seconds), actor)
