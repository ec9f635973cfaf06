"""The toy service as a process: `python -m tests.support.toy_app`, told by its environment like any service.

`TOY_SOURCE` names the service whose `Sold` it reads, so that each test has a topic of its own. Amount 666 meets a bug
while `TOY_BUG` is set: what nobody foresaw. With `TOY_STANDING` one closed till shuts the shop.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, StrictInt
from starlette.responses import Response

from chassis.http.answering import answers
from chassis.http.api import Changer, acting_as
from chassis.http.routes import new_router
from chassis.http.viewing import Viewer
from chassis.pure.decision import (
    Actor,
    Context,
    Decision,
    Handler,
    Refused,
    Visit,
)
from chassis.pure.messages import Contract
from chassis.pure.resources import Resource
from chassis.pure.states import States, by_id
from chassis.runtime.process import main
from chassis.service import Overlay
from tests.support import toy

BUGGY = 666
SELLER = ("seller", "programme:shop")

router = new_router()


class Sold(Contract, source=os.environ.get("TOY_SOURCE", "shop"), key="till_id"):
    till_id: UUID
    amount: int


class Sale(BaseModel):
    amount: StrictInt


def show(states: States, till: UUID, _context: Context) -> toy.Total:
    found = states.get(toy.Till, till)
    return toy.Total(total=found.total if found else 0)


TILL = Resource(lambda till: (by_id(toy.Till, till),), show)


@router.post("/tills/{till}/sales", status_code=201, **answers(toy.Total, 403, 409))
async def sell(till: UUID, body: Sale, actor: Annotated[Actor, acting_as("seller")], run: Changer) -> Response:
    return await run(toy.Sell(till, body.amount), actor, TILL, till)


@router.get("/tills/{till}", **answers(toy.Total, 403, tagged=True))
async def read(till: UUID, actor: Annotated[Actor, acting_as("seller")], view: Viewer) -> Response:
    return await view(TILL, till, actor)


def sold(states: States, message: Sold, context: Context) -> Decision | Refused:
    if message.amount == BUGGY and os.environ.get("TOY_BUG"):
        raise LookupError("a bug")
    return toy.sell(states, toy.Sell(message.till_id, message.amount), context)


def closed(_lists: Any, tills: Sequence[toy.Till]) -> bool:
    """Whether a till is closed: then the whole shop is."""
    return any(till.status == "closed" for till in tills)


def shut(_visit: Visit, reference: Any, _now: datetime) -> Refused | None:
    return Refused("shop_closed", "The shop is closed.", "Come again.", status=403) if reference else None


SERVICE = replace(
    toy.TILL,
    consumers={Sold: Handler(lambda message: (by_id(toy.Till, message.till_id),), sold)},
    routers=(router,),
    **({"standing": Overlay(toy.Till, closed), "shut": shut} if os.environ.get("TOY_STANDING") else {}),
)

if __name__ == "__main__":
    main(lambda: SERVICE)
