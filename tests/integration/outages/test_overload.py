"""A service whose connections are all in use says so, whatever it is asked: nobody waits without end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from tests.support.counselling.process import LAGOS, staff
from tests.support.counselling.process import Process as Counselling
from tests.support.openapi import Operation, operations
from tests.support.placement.api import OFFICER
from tests.support.placement.process import Placement
from tests.support.referral.process import BAVARIA
from tests.support.referral.process import Process as Desk
from tests.support.service_process import ServiceProcess
from tests.support.training.process import PAINT
from tests.support.training.process import Process as Training
from tests.support.web import problem

CLERK = {"roles": ["training_clerk"], "org": PAINT}
MANAGER = {"roles": ["programme_manager"], "org": "programme:desk"}
OPERATOR = {"roles": ["operator"], "org": "programme:operations"}
PROTECTION = {"roles": ["data_protection_officer"], "org": "programme:protection"}


def asker(operation: Operation, who: Mapping[str, Any]) -> Mapping[str, Any]:
    """Who may ask for this operation: for most of a service's it is one of its own."""
    if operation.path.startswith("/operations/"):
        return OPERATOR
    if operation.path.startswith("/countries"):
        return MANAGER
    if "retention" in operation.tags or operation.path.startswith("/break-glass"):
        return PROTECTION
    return BAVARIA if operation.name == "request_enrolment" else who


async def refused(process: ServiceProcess, operation: Operation, who: Mapping[str, Any]) -> None:
    body = {} if operation.body is None else {"json": operation.example()}
    answer = await process.ask(operation.method, operation.url(), who, **body)
    problem(answer, 503, "temporarily_unavailable")


async def test_what_is_asked_while_no_connection_is_free_is_refused_for_now(
    desk: Desk, training: Training, counselling: Counselling, placement: Placement
) -> None:
    asking = []
    for process, who in (
        (desk, BAVARIA),
        (training, CLERK),
        (counselling, staff(LAGOS)),
        (placement, OFFICER),
    ):
        for _ in range(process.pool.get_max_size()):
            await process.pool.acquire()  # the pool goes with the test
        found = operations(type(process).__name__, process.app.openapi())
        found = [each for each in found if not each.path.startswith(("/audit", "/code-lists"))]
        asking += [refused(process, each, asker(each, who)) for each in found]
    assert len(asking) > 50
    await asyncio.gather(*asking)
