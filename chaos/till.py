"""Writes down every n that it hears of, per source and in the order in which it was told, and says so."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from chassis.pure.decision import (
    Context,
    Decision,
    Refused,
)
from chassis.pure.messages import Contract, Event
from chassis.pure.states import States

PRICES = "ph.price.v1"
TIPS = "ph.tip.v1"
MORE_TIPS = ("ph.tip1.v1", "ph.tip2.v1")
"""Topics of the same kind that a later version reads, too."""
TOO_LONG = 99
"""Characters of a status that a CHECK refuses."""


def flag(name: str) -> Path:
    """A file by which the harness speaks."""
    return Path(os.environ["CHAOS_FLAGS"]) / name


@dataclass(frozen=True, slots=True)
class Till:
    """n of every event that was handled, per source, in the order in which they were handled."""

    id: UUID
    shop_sold: tuple[int, ...] = ()
    shop_rang: tuple[int, ...] = ()
    price: tuple[int, ...] = ()
    tip: tuple[int, ...] = ()
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


class TippedContract(_Heard):
    """Of another one, whose topic is made anew and gets more partitions. Nobody is told what becomes of it."""


def tipped_in(topic: str) -> type[TippedContract]:
    """The contract of the same event in another topic."""

    class Tipped(TippedContract):
        """Of the owner of that topic."""

    name = topic.split(".")[1]
    Tipped.type, Tipped.topic, Tipped.origin = f"ph.{name}.Tipped.v1", topic, f"/ph/{name}".encode()
    return Tipped


SoldContract.type, SoldContract.topic, SoldContract.origin = "ph.shop.Sold.v1", "ph.shop.v1", b"/ph/shop"
RangContract.type, RangContract.topic, RangContract.origin = "ph.shop.Rang.v1", "ph.shop.v1", b"/ph/shop"
PricedContract.type, PricedContract.topic, PricedContract.origin = "ph.price.Priced.v1", PRICES, b"/ph/price"
TippedContract.type, TippedContract.topic, TippedContract.origin = "ph.tip.Tipped.v1", TIPS, b"/ph/tip"


def write_down(source: str) -> Callable[[States, Any, Context], Decision | Refused]:
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
    decision = write_down("price")(states, message, context)
    if shut and isinstance(decision, Decision):
        till = replace(decision.states[0], status="x" * TOO_LONG)
        decision = Decision((till,), decision.events)
    return decision


def tipped(states: States, message: TippedContract, _context: Context) -> Decision | Refused:
    till = states.get(Till, message.basket_id) or Till(message.basket_id)
    return Decision((replace(till, tip=(*till.tip, message.n)),))
