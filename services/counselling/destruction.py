"""The routes by which the keys of a walk-in's profile are destroyed: somebody of the centre asks, another confirms.

Nobody of another centre sees that it was asked for."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from chassis.http.answering import REFUSALS
from chassis.http.api import Changer, Person
from chassis.http.auditing import personal
from chassis.http.routes import new_router
from chassis.http.viewing import Viewer
from counselling import commands
from counselling.outcomes import DestructionOutcome
from counselling.resources import DESTRUCTION
from counselling.walk_ins import Staff
from vocabulary.destroying import DestructionRequest

router = new_router(prefix="/files/{case_id}/profile/destruction", tags=["walk-ins"])


@router.get("", **personal(DestructionOutcome, 403, 404, 409, tagged=True))
async def read_destruction(case_id: UUID, actor: Staff, view: Viewer) -> Response:
    """Whether a colleague wants the keys of a walk-in's profile destroyed. Needs no consent, and shows nobody."""
    return await view(DESTRUCTION, case_id, actor)


@router.post("/request", **personal(DestructionOutcome, *REFUSALS))
async def request_destruction(
    case_id: UUID, body: DestructionRequest, actor: Staff, person: Person, run: Changer
) -> Response:
    """Asks for the keys of the profile to be destroyed: nobody could read any more who the person is.

    Nothing happens before somebody else of the centre confirms it; after seven days the request lapses.
    """
    return await run(commands.RequestDestruction(case_id, body.reason, person), actor, DESTRUCTION, case_id)


@router.post("/confirm", **personal(DestructionOutcome, *REFUSALS))
async def confirm_destruction(case_id: UUID, actor: Staff, person: Person, run: Changer) -> Response:
    """Wants what somebody else of the centre has asked for: three days from now the keys are gone for good."""
    return await run(commands.ConfirmDestruction(case_id, person), actor, DESTRUCTION, case_id)


@router.post("/reject", **personal(DestructionOutcome, *REFUSALS))
async def reject_destruction(case_id: UUID, actor: Staff, run: Changer) -> Response:
    """Says no, until it has happened: whoever of the centre has asked, and whoever has confirmed."""
    return await run(commands.RejectDestruction(case_id), actor, DESTRUCTION, case_id)
