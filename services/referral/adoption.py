"""The routes by which a desk asks for a case that a centre has opened, and reads what became of that."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from chassis.http.answering import REFUSALS, json_response
from chassis.http.api import Reading, Runner
from chassis.http.auditing import personal
from chassis.http.paging import paged
from chassis.http.problems import Problem
from chassis.http.routes import new_router
from chassis.pure.paging import Page, Wish
from referral import commands, refusals, views
from referral.answers import AdoptionView
from referral.api import Desk
from referral.bodies import Adoption
from vocabulary.case_ref import read
from vocabulary.refusals import case_ref_misread

router = new_router(tags=["adoption"])


@router.post("/adoptions", **personal(AdoptionView, *REFUSALS))
async def ask_for_case(body: Adoption, actor: Desk, reading: Reading, run: Runner) -> Response:
    """Asks a centre for the case of a person from Germany that it has opened, by the reference that the person has.

    Nothing of the case is shown, and nothing changes, before the centre hands it over with the person's consent; after
    thirty days the request lapses. The case keeps its id. From then on it is a case of the desk like any other.
    """
    reference = read(body.case_ref)
    if reference is None:
        raise Problem.of(case_ref_misread())
    case_id = await views.elsewhere(reading, reference)
    if case_id is None:
        raise Problem.of(refusals.NO_CASE_OF_A_CENTRE)
    return await run(commands.AskForCase(case_id), actor)


@router.get("/adoptions", **personal(Page[AdoptionView], 403))
async def list_adoptions(reading: Reading, actor: Desk, wish: Annotated[Wish, paged(views.ADOPTIONS)]) -> Response:
    """What the caller's desk has asked centres for, and what became of it."""
    return json_response(await views.adoptions(reading, actor.org, wish))
