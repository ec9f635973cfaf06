"""The HTTP API of journey: it answers what was heard, and changes nothing."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from chassis.http.answering import answers, json_response
from chassis.http.api import Reading, acting_as
from chassis.http.paging import paged
from chassis.http.routes import new_router
from chassis.pure.decision import Actor
from chassis.pure.paging import Page, Wish
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


@router.get("/ledger/{case_id}", tags=["ledger"], **answers(Page[EnvelopeItem], 403))
async def list_envelopes(reading: Reading, scope: Listed, wish: Annotated[Wish, paged(ENVELOPES)]) -> Response:
    """Every record about a case as it was read here, of all topics, as its events were recorded; no body of any."""
    return json_response(await ledger.envelopes(reading, scope, wish))
