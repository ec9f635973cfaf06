"""The routes by which what was taken down when somebody walked in is put right, or the file is void: one person of the
centre asks, another one confirms or rejects it, by the routes of every correction in a file."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from chassis.http.answering import REFUSALS
from chassis.http.api import Changer, Person
from chassis.http.auditing import personal
from chassis.http.routes import new_router
from counselling import commands
from counselling.api import Staff
from counselling.bodies import IntakeCorrection, Voiding
from counselling.outcomes import CorrectionOutcome
from counselling.resources import FILE

router = new_router(prefix="/files/{case_id}/intake", tags=["walk-ins"])


@router.post("/correct", **personal(CorrectionOutcome, *REFUSALS))
async def correct_intake(case_id: UUID, body: IntakeCorrection, actor: Staff, person: Person, run: Changer) -> Response:
    """Asks for what was taken down to be another. Nothing changes before somebody else of the centre confirms it.

    After seven days the request lapses.
    """
    right = {name: getattr(body, name) for name in IntakeCorrection.model_fields}
    return await run(commands.CorrectIntake(case_id=case_id, by=person, **right), actor, FILE, case_id)


@router.post("/void", **personal(CorrectionOutcome, *REFUSALS))
async def void_file(case_id: UUID, body: Voiding, actor: Staff, person: Person, run: Changer) -> Response:
    """Asks for the whole file to be void, because it was opened for nobody, or for somebody else: there was no such
    case, and all that was signed is taken back. Needs no consent."""
    return await run(commands.VoidFile(case_id, body.reason, person), actor, FILE, case_id)
