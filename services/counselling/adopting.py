"""The routes by which a centre hands a case that it has opened over to the desk in Germany that asks for it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from starlette.responses import Response

from chassis.http.answering import REFUSALS
from chassis.http.api import Changer, acting_as
from chassis.http.auditing import personal
from chassis.http.routes import new_router
from chassis.pure.decision import Actor
from counselling import commands
from counselling.bodies import DeclinedAdoption
from counselling.outcomes import AdoptionOutcome
from counselling.resources import FILE
from vocabulary.roles import CENTRE_STAFF

Staff = Annotated[Actor, acting_as(*CENTRE_STAFF)]
"""Somebody who works at a centre and acts for it."""

router = new_router(prefix="/files/{case_id}/adoption", tags=["walk-ins"])


@router.post("/confirm", **personal(AdoptionOutcome, *REFUSALS))
async def confirm_adoption(case_id: UUID, actor: Staff, run: Changer) -> Response:
    """Hands the case over to the desk that has asked for it, for good: that desk keeps the consents for placement, the
    profile and the end of the case from now on. The case id, the file and the support stay as they are.

    The person must have signed for it: record a consent `adoption` that names the desk first. Nothing of the profile
    goes to Germany: the desk sets its own, and the centre sees both.
    """
    return await run(commands.ConfirmAdoption(case_id), actor, FILE, case_id)


@router.post("/decline", **personal(AdoptionOutcome, *REFUSALS))
async def decline_adoption(case_id: UUID, body: DeclinedAdoption, actor: Staff, run: Changer) -> Response:
    """Does not hand it over; the desk is told why, by a code."""
    return await run(commands.DeclineAdoption(case_id, body.reason), actor, FILE, case_id)
