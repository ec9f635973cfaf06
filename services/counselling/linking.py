"""The routes by which two cases are told as one person's: one of the centre asks, a second one confirms, any undoes."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from starlette.responses import Response

from chassis.http.answering import REFUSALS
from chassis.http.api import Changer, Person, acting_as
from chassis.http.auditing import personal
from chassis.http.routes import new_router
from chassis.pure.decision import Actor
from counselling import commands
from counselling.bodies import NewLink, Unlinking
from counselling.outcomes import LinkOutcome
from counselling.resources import FILE
from vocabulary.roles import CENTRE_STAFF, DATA_PROTECTION_OFFICER

Staff = Annotated[Actor, acting_as(*CENTRE_STAFF)]
"""Somebody who works at a centre and acts for it."""
Undoing = Annotated[Actor, acting_as(*CENTRE_STAFF, DATA_PROTECTION_OFFICER)]
"""The same; or the data protection officer, whom a centre that has closed leaves."""

router = new_router(prefix="/files/{case_id}/links", tags=["walk-ins"])


@router.post("", **personal(LinkOutcome, *REFUSALS))
async def link_cases(case_id: UUID, body: NewLink, actor: Staff, person: Person, run: Changer) -> Response:
    """Asks for a case that the centre has opened to be told as the same person's as another one that it knows.

    Nothing changes before somebody else of the centre confirms it; after seven days the request lapses. Nothing of the
    one case is shown in the other: each keeps its consents, its profile, and who may see it.
    """
    return await run(commands.LinkCases(case_id, body.same_as, body.reason, person), actor, FILE, case_id)


@router.post("/{same_as}/confirm", **personal(LinkOutcome, *REFUSALS))
async def confirm_link(case_id: UUID, same_as: UUID, actor: Staff, person: Person, run: Changer) -> Response:
    """Says the same, after a look at both files: figures count the two cases as one person from now on."""
    return await run(commands.ConfirmLink(case_id, same_as, person), actor, FILE, case_id)


@router.post("/{same_as}/reject", **personal(LinkOutcome, *REFUSALS))
async def reject_link(case_id: UUID, same_as: UUID, actor: Staff, person: Person, run: Changer) -> Response:
    """Does not link what somebody else of the centre has asked to be linked."""
    return await run(commands.RejectLink(case_id, same_as, person), actor, FILE, case_id)


@router.post("/{same_as}/undo", **personal(LinkOutcome, *REFUSALS))
async def undo_link(case_id: UUID, same_as: UUID, body: Unlinking, actor: Undoing, run: Changer) -> Response:
    """Takes a link back that was an error: the two cases are two people's again, in every figure. Needs no consent."""
    return await run(commands.UndoLink(case_id, same_as, body.reason), actor, FILE, case_id)
