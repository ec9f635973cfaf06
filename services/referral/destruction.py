"""The routes by which the keys of a case are destroyed: one person of its desk asks, another one confirms."""

from __future__ import annotations

from typing import Literal, TypeAlias
from uuid import UUID

from starlette.responses import Response

from chassis.http.answering import REFUSALS
from chassis.http.api import Changer, Person, took_effect
from chassis.http.auditing import personal
from chassis.http.routes import new_router
from chassis.pure.decision import Actor
from chassis.telemetry.logs import get_logger
from referral import commands
from referral.answers import DestructionOutcome
from referral.api import Desk
from referral.resources import CASE
from vocabulary.destroying import DestructionRequest

router = new_router(prefix="/cases/{case_id}/profile/destruction", tags=["profile"])
log = get_logger(__name__)
Noted: TypeAlias = Literal[
    "profile_destruction_requested", "profile_destruction_confirmed", "profile_destruction_rejected"
]
"""What the log says of it."""


@router.post("/request", **personal(DestructionOutcome, *REFUSALS))
async def request_destruction(
    case_id: UUID, body: DestructionRequest, actor: Desk, person: Person, run: Changer
) -> Response:
    """Asks for the case's keys to be destroyed: of the profile, and of what tells of health.

    Nothing happens before somebody else of the desk confirms it; after seven days the request lapses.
    """
    answer = await run(commands.RequestDestruction(case_id, body.reason, person), actor, CASE, case_id)
    if took_effect(answer):
        _noted("profile_destruction_requested", case_id, actor)
    return answer


@router.post("/confirm", **personal(DestructionOutcome, *REFUSALS))
async def confirm_destruction(case_id: UUID, actor: Desk, person: Person, run: Changer) -> Response:
    """Wants what somebody else of the desk has asked for: three days from now the keys are gone for good."""
    answer = await run(commands.ConfirmDestruction(case_id, person), actor, CASE, case_id)
    if took_effect(answer):
        _noted("profile_destruction_confirmed", case_id, actor)
    return answer


@router.post("/reject", **personal(DestructionOutcome, *REFUSALS))
async def reject_destruction(case_id: UUID, actor: Desk, run: Changer) -> Response:
    """Says no, until it has happened: whoever of the desk has asked, and whoever has confirmed."""
    answer = await run(commands.RejectDestruction(case_id), actor, CASE, case_id)
    if took_effect(answer):
        _noted("profile_destruction_rejected", case_id, actor)
    return answer


def _noted(event: Noted, case_id: UUID, actor: Actor) -> None:
    """A line in the log, without a value and without a person."""
    log.info(event, case_id=str(case_id), role=actor.role, owner=actor.org)
