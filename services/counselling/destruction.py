"""The routes by which the keys of a walk-in's profile are destroyed: one person of the centre asks, another
one confirms; either may be a data protection officer.

Nobody of another centre sees that it was asked for."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from starlette.responses import Response

from chassis.http.answering import REFUSALS
from chassis.http.api import Changer, Person, acting_as
from chassis.http.auditing import personal
from chassis.http.routes import new_router
from chassis.http.viewing import Viewer
from chassis.pure.decision import Actor
from counselling import commands
from counselling.outcomes import DestructionOutcome
from counselling.resources import DESTRUCTION
from vocabulary.destroying import DestructionRequest
from vocabulary.roles import CENTRE_STAFF, DATA_PROTECTION_OFFICER

Keeper = Annotated[Actor, acting_as(*CENTRE_STAFF, DATA_PROTECTION_OFFICER)]
"""Staff of the centre; the data protection officer, to whom people may write, and whom a closed centre leaves."""

router = new_router(prefix="/files/{case_id}/profile/destruction", tags=["walk-ins"])


@router.get("", **personal(DestructionOutcome, 403, 404, 409, tagged=True))
async def read_destruction(case_id: UUID, actor: Keeper, view: Viewer) -> Response:
    """Whether somebody wants the keys of a walk-in's profile destroyed. Needs no consent, and shows nobody."""
    return await view(DESTRUCTION, case_id, actor)


@router.post("/request", **personal(DestructionOutcome, *REFUSALS))
async def request_destruction(
    case_id: UUID, body: DestructionRequest, actor: Keeper, person: Person, run: Changer
) -> Response:
    """Asks for the keys of the profile to be destroyed: nobody could read any more who the person is.

    Nothing happens before somebody else confirms it; after seven days the request lapses.
    """
    return await run(commands.RequestDestruction(case_id, body.reason, person), actor, DESTRUCTION, case_id)


@router.post("/confirm", **personal(DestructionOutcome, *REFUSALS))
async def confirm_destruction(case_id: UUID, actor: Keeper, person: Person, run: Changer) -> Response:
    """Wants what somebody else has asked for: three days from now the keys are gone for good."""
    return await run(commands.ConfirmDestruction(case_id, person), actor, DESTRUCTION, case_id)


@router.post("/reject", **personal(DestructionOutcome, *REFUSALS))
async def reject_destruction(case_id: UUID, actor: Keeper, run: Changer) -> Response:
    """Says no, until it has happened, whoever has asked, and whoever has confirmed."""
    return await run(commands.RejectDestruction(case_id), actor, DESTRUCTION, case_id)
