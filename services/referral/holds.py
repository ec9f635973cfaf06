"""The routes of retention: since when a case has ended, and what holds its records beyond their terms."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from starlette.responses import Response

from chassis.http.answering import REFUSALS
from chassis.http.api import Changer, acting_as
from chassis.http.auditing import personal
from chassis.http.routes import new_router
from chassis.http.viewing import Viewer
from chassis.pure.decision import Actor
from referral import commands
from referral.resources import RETENTION
from vocabulary.holding import HoldOutcome, HoldRelease, NewHold, RetentionOutcome, RetentionView
from vocabulary.roles import DATA_PROTECTION_OFFICER

Officer = Annotated[Actor, acting_as(DATA_PROTECTION_OFFICER)]
"""Who alone holds records, and releases them."""

router = new_router(tags=["retention"])


@router.get("/cases/{case_id}/retention", **personal(RetentionView, 403, 404, tagged=True))
async def read_retention(case_id: UUID, actor: Officer, view: Viewer) -> Response:
    """Since when the case has ended, and what holds its records. Nothing of the person."""
    return await view(RETENTION, case_id, actor)


@router.post("/cases/{case_id}/holds", status_code=201, **personal(HoldOutcome, *REFUSALS))
async def hold_case(case_id: UUID, body: NewHold, actor: Officer, run: Changer) -> Response:
    """Keeps every record of the case, in every service, until the hold is released: what is due does not end."""
    return await run(commands.HoldCase(case_id, body.reason), actor, RETENTION, case_id)


@router.post("/cases/{case_id}/holds/{hold_id}/release", **personal(RetentionOutcome, *REFUSALS))
async def release_hold(case_id: UUID, hold_id: UUID, body: HoldRelease, actor: Officer, run: Changer) -> Response:
    """Ends a hold. With the last one what is due ends with the next run."""
    return await run(commands.ReleaseHold(case_id, hold_id, body.reason), actor, RETENTION, case_id)
