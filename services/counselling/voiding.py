"""The routes by which a call, a contact, an assessment or a plan that was recorded wrongly is void: one person of the
centre says so.

What was meant is recorded anew, by the route that records it.
"""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from chassis.http.answering import REFUSALS
from chassis.http.api import Changer
from chassis.http.auditing import personal
from chassis.http.routes import new_router
from counselling import commands
from counselling.api import Staff
from counselling.bodies import Voiding
from counselling.outcomes import VoidOutcome
from counselling.resources import FILE

router = new_router(prefix="/files/{case_id}", tags=["files"])


@router.post("/pre-departure-call/{call_id}/void", **personal(VoidOutcome, *REFUSALS))
async def void_call(case_id: UUID, call_id: UUID, body: Voiding, actor: Staff, run: Changer) -> Response:
    """Says that the centre has not held this call, or not like that. Until it has held one, it owes one."""
    return await run(commands.VoidCall(case_id, call_id, body.reason), actor, FILE, case_id)


@router.post("/contacts/{contact_id}/void", **personal(VoidOutcome, *REFUSALS))
async def void_contact(case_id: UUID, contact_id: UUID, body: Voiding, actor: Staff, run: Changer) -> Response:
    """Says that this contact was not made, or not like that; not while an assessment or a plan rests on it."""
    return await run(commands.VoidContact(case_id, contact_id, body.reason), actor, FILE, case_id)


@router.post("/assessments/{assessment_ref}/void", **personal(VoidOutcome, *REFUSALS))
async def void_assessment(case_id: UUID, assessment_ref: UUID, body: Voiding, actor: Staff, run: Changer) -> Response:
    """Says that this assessment was not made, or not like that: if it was the latest, the one before counts again."""
    return await run(commands.VoidAssessment(case_id, assessment_ref, body.reason), actor, FILE, case_id)


@router.post("/plan/void", **personal(VoidOutcome, *REFUSALS))
async def void_plan(case_id: UUID, body: Voiding, actor: Staff, run: Changer) -> Response:
    """Says that what counts as the plan was not agreed on like that: what was agreed on before counts again."""
    return await run(commands.VoidPlan(case_id, body.reason), actor, FILE, case_id)
