"""The HTTP API of journey: it answers what was heard, and changes nothing."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from chassis.http.answering import json_response
from chassis.http.api import Reading, acting_as
from chassis.http.auditing import personal
from chassis.http.paging import paged
from chassis.http.problems import Problem
from chassis.http.routes import new_router
from chassis.pure.decision import Actor
from chassis.pure.paging import Page, Wish
from journey import refusals
from journey.answers import EnvelopeItem
from journey.ledger import ENVELOPES
from journey.resources import Scope
from journey.views import ledger
from vocabulary.roles import OPERATOR

Operator = Annotated[Actor, acting_as(OPERATOR)]
"""Who keeps the services running: sees envelopes, and nothing of any person."""

router = new_router()


async def _listed(_actor: Operator, case_id: UUID) -> Scope:
    return Scope(case_id)


Listed = Annotated[Scope, Depends(_listed)]
"""What a list is bound to."""


@router.get("/ledger/{case_id}", tags=["ledger"], **personal(Page[EnvelopeItem], 403, 404))
async def list_envelopes(reading: Reading, scope: Listed, wish: Annotated[Wish, paged(ENVELOPES)]) -> Response:
    """Every record about a case as it was read here, of all topics, as its events were recorded; no body of any."""
    page = await ledger.envelopes(reading, scope, wish)
    if not page.items and wish.after is None:
        raise Problem.of(refusals.CASE_NOT_FOUND)
    return json_response(page)
