"""The routes of break-glass: staff of a centre open a file that no consent lets them know any more, for an hour, and a
data protection officer reviews each opening."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import Query, Request
from starlette.responses import Response

from chassis.http.answering import REFUSALS, json_response
from chassis.http.api import Changer, Person, Reading, acting_as
from chassis.http.auditing import note_of, personal
from chassis.http.paging import paged
from chassis.http.routes import new_router
from chassis.http.viewing import View, root_of
from chassis.pure.decision import Actor
from chassis.pure.paging import Page, Wish
from chassis.pure.resources import Resource
from counselling import commands, refusals, views
from counselling.bodies import GlassReview, NewGlass
from counselling.domain.centre_file import CentreFile
from counselling.outcomes import GlassItem, GlassOutcome
from counselling.resources import FILE
from vocabulary.roles import CENTRE_STAFF, DATA_PROTECTION_OFFICER

Staff = Annotated[Actor, acting_as(*CENTRE_STAFF)]
"""Somebody who works at a centre and acts for it."""
Officer = Annotated[Actor, acting_as(DATA_PROTECTION_OFFICER)]
"""Who did not open it, and is of no centre."""

router = new_router(tags=["break-glass"])


@router.post("/files/{case_id}/break-glass", status_code=201, **personal(GlassOutcome, *REFUSALS))
async def break_glass(
    case_id: UUID, body: NewGlass, actor: Staff, person: Person, request: Request, run: Changer
) -> Response:
    """Opens the file for one hour, for the caller alone, as if the consent that has ended still held.

    For emergencies. Every look is a row of the audit with the reason, and a data protection officer reviews it. It
    opens neither what is destroyed nor anything in a suspended country.
    """
    _on_ground(request, body.reason)
    return await run(commands.OpenGlass(case_id, uuid4(), body.reason, person), actor, FILE, case_id)


@router.get("/break-glass", **personal(Page[GlassItem], 403))
async def list_break_glass(
    _actor: Officer,
    reading: Reading,
    wish: Annotated[Wish, paged(views.GLASSES)],
    status: Annotated[
        Literal["reviewed", "waiting"] | None, Query(description="only what was reviewed, or waits for that")
    ] = None,
) -> Response:
    """Who has opened which file, why and when, the last first. What they looked at: `GET /audit?case=`."""
    return json_response(await views.glasses(reading, wish, status=status))


@router.post("/break-glass/{break_glass_id}/review", **personal(GlassOutcome, *REFUSALS))
async def review_break_glass(
    break_glass_id: UUID, body: GlassReview, actor: Officer, reading: Reading, run: Changer
) -> Response:
    """Says whether it was right to look. That is said once."""
    case_id = await root_of(reading, CentreFile, break_glass_id, refusals.GLASS_NOT_FOUND)
    return await run(commands.ReviewGlass(case_id, break_glass_id, body.verdict), actor, FILE, case_id)


async def look(request: Request, view: View, resource: Resource, case_id: UUID, actor: Actor) -> Response:
    """What the caller may see of it. By break-glass: with the reason in the audit, and without a tag, since no command
    is decided on what is seen by it."""
    shown = await view.of(resource, case_id, actor)
    glass = getattr(shown, "break_glass", None)
    if glass is None:
        return view.answer(shown, case_id)
    _on_ground(request, glass.reason)
    return json_response(shown)


def _on_ground(request: Request, reason: str) -> None:
    note = note_of(request)
    assert note is not None, "the route is personal"
    note.ground = f"break_glass: {reason}"
