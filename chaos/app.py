"""Two services made of the shipped chassis whose tiny domain makes every lost, repeated or reordered event visible.

`python -m chaos.app shop|till`, told by its environment like any service. `shop` sells: n counts 1, 2, 3..
per basket, chosen by the caller. `till` writes down every n that it hears of, per source and in the order in which it
was told, and says `Counted`; `shop` writes down what was counted. So each list shows at a glance what became of its
events. `Priced` comes from a foreign producer, which writes rubbish among it.

The harness speaks to the running process through files in `CHAOS_FLAGS`:

- `shut`: `refused` is refused and `unstorable` violates a CHECK; without it both are like `plain`, so that a retry
  succeeds
- `hang`: handling `hang` blocks the process as long as the file exists
- `slow`, `<instance>.crash`: see `crash_points`
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid5

from pydantic import BaseModel, StrictFloat, StrictInt
from starlette.responses import Response

from chassis.http.answering import answers
from chassis.http.api import Runner, acting_as
from chassis.http.routes import new_router
from chassis.outbox import relay
from chassis.pure.answers import Answer
from chassis.pure.decision import (
    NOTHING,
    Actor,
    Context,
    Deadline,
    DeadlineDue,
    Decision,
    Handler,
    Refused,
)
from chassis.pure.messages import Contract, Event
from chassis.pure.states import (
    Kind,
    Need,
    States,
    by_id,
)
from chassis.runtime.process import main
from chassis.service import Service

HERE = Path(__file__).parent
MIGRATIONS = {"shop": HERE / "migrations_shop", "till": HERE / "migrations_till"}
PRICES = "ph.price.v1"
SELLER = ("seller", "programme:shop")
TOO_LONG = 99
"""Characters of a status that a CHECK refuses."""


def flag(name: str) -> Path:
    """A file by which the harness speaks."""
    return Path(os.environ["CHAOS_FLAGS"]) / name


# --- shop ------------------------------------------------------------------------------------------------------------


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
    """What a command answers: its n."""

    n: int


@dataclass(frozen=True, slots=True)
class Sell:
    basket: UUID
    n: int


@dataclass(frozen=True, slots=True)
class SetAlarm:
    basket: UUID
    n: int
    seconds: float


class CountedContract(Contract, key="basket_id"):
    """Of till."""

    basket_id: UUID
    source: str
    n: int


CountedContract.type, CountedContract.topic = "ph.till.Counted.v1", "ph.till.v1"


def sell(states: States, command: Sell, _context: Context) -> Decision:
    basket = states.get(Basket, command.basket) or Basket(command.basket)
    basket = replace(basket, sold=(*basket.sold, command.n))
    return Decision((basket,), (Sold(basket_id=basket.id, n=command.n),), answer=Answered(n=command.n))


def set_alarm(states: States, command: SetAlarm, context: Context) -> Decision:
    basket = states.get(Basket, command.basket) or Basket(command.basket)
    due_at = context.now + timedelta(seconds=command.seconds)
    subject = uuid5(basket.id, str(command.n))
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


shop_router = new_router()


@shop_router.post("/baskets/{basket_id}/sales", status_code=201, **answers(Answered, 403, 409))
async def post_sale(basket_id: UUID, body: Sale, actor: Annotated[Actor, acting_as("seller")], run: Runner) -> Response:
    return await run(Sell(basket_id, body.n), actor)


@shop_router.post("/baskets/{basket_id}/alarms", status_code=201, **answers(Answered, 403, 409))
async def post_alarm(
    basket_id: UUID, body: Alarm, actor: Annotated[Actor, acting_as("seller")], run: Runner
) -> Response:
    return await run(SetAlarm(basket_id, body.n, body.seconds), actor)


# --- till ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Till:
    """n of every event that was handled, per source, in the order in which they were handled."""

    id: UUID
    shop_sold: tuple[int, ...] = ()
    shop_rang: tuple[int, ...] = ()
    price: tuple[int, ...] = ()
    status: str = "open"


class Counted(Event, service="till", key="basket_id"):
    """One more n was written down. `source`: shop_sold, shop_rang or price."""

    basket_id: UUID
    source: str
    n: int


class _Heard(Contract, key="basket_id"):
    basket_id: UUID
    n: int


class SoldContract(_Heard):
    """Of shop."""


class RangContract(_Heard):
    """Of shop."""


class PricedContract(_Heard):
    """Of the foreign producer."""

    kind: str


SoldContract.type, SoldContract.topic = "ph.shop.Sold.v1", "ph.shop.v1"
RangContract.type, RangContract.topic = "ph.shop.Rang.v1", "ph.shop.v1"
PricedContract.type, PricedContract.topic = "ph.price.Priced.v1", PRICES


def _write_down(source: str) -> Callable[[States, Any, Context], Decision | Refused]:
    def decide(states: States, message: Any, _context: Context) -> Decision | Refused:
        till = states.get(Till, message.basket_id) or Till(message.basket_id)
        till = replace(till, **{source: (*getattr(till, source), message.n)})
        return Decision((till,), (Counted(basket_id=till.id, source=source, n=message.n),))

    return decide


def priced(states: States, message: PricedContract, context: Context) -> Decision | Refused:
    while message.kind == "hang" and flag("hang").exists():
        time.sleep(0.1)
    shut = message.kind in {"refused", "unstorable"} and flag("shut").exists()
    if shut and message.kind == "refused":
        return Refused("shut", "The till is shut.", "Open it and try again.")
    decision = _write_down("price")(states, message, context)
    if shut and isinstance(decision, Decision):
        till = replace(decision.states[0], status="x" * TOO_LONG)
        decision = Decision((till,), decision.events)
    return decision


# --- both ------------------------------------------------------------------------------------------------------------


def _one(state: type[Any], attribute: str) -> Callable[[Any], Iterable[Need]]:
    return lambda message: (by_id(state, getattr(message, attribute)),)


SERVICES = {
    "shop": Service(
        name="shop",
        title="Shop",
        description="Sells, and hears what was counted.",
        org="programme:shop",
        subject="basket",
        kinds=(Kind(Basket, "basket"),),
        commands={
            Sell: Handler(_one(Basket, "basket"), sell),
            SetAlarm: Handler(_one(Basket, "basket"), set_alarm),
        },
        consumers={CountedContract: Handler(_one(Basket, "basket_id"), counted)},
        deadlines={"alarm": Handler(_one(Basket, "owner"), ring)},
        routers=(shop_router,),
        migrations=MIGRATIONS["shop"],
    ),
    "till": Service(
        name="till",
        title="Till",
        description="Writes down what it hears.",
        org="programme:till",
        subject="basket",
        kinds=(Kind(Till, "till"),),
        commands={},
        consumers={
            SoldContract: Handler(_one(Till, "basket_id"), _write_down("shop_sold")),
            RangContract: Handler(_one(Till, "basket_id"), _write_down("shop_rang")),
            PricedContract: Handler(_one(Till, "basket_id"), priced),
        },
        deadlines={},
        routers=(),
        migrations=MIGRATIONS["till"],
    ),
}


def _main() -> None:
    from chaos import crash_points

    relay.MARK_ROWS = 20  # so that the mark moves in a short run too
    crash_points.install(os.environ["INSTANCE"])
    if defect := os.environ.get("CHAOS_DEFECT"):
        from chaos import defects

        defects.install(defect)
    main(lambda: SERVICES[sys.argv[1]])


if __name__ == "__main__":
    _main()
