"""The HTTP API of journey: it answers what was heard, and changes nothing."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Path, Query, Request
from starlette.responses import Response

from chassis.http.answering import json_response
from chassis.http.api import CODE_LISTS, Now, Reading, acting_as
from chassis.http.auditing import note_of, personal
from chassis.http.paging import paged
from chassis.http.problems import Problem, allowed
from chassis.http.routes import new_router
from chassis.pure.codes import Code
from chassis.pure.decision import Actor
from chassis.pure.paging import Page, Wish
from journey import refusals
from journey.answers import EnvelopeItem
from journey.ledger import ENVELOPES
from journey.reference import Reference
from journey.resources import AllWaits, Scope
from journey.views import cases, ledger, waits
from journey.views.shapes import Trace, WaitItem
from vocabulary.codes import Centre, Country
from vocabulary.roles import (
    CENTRE_COUNSELLOR,
    CENTRE_MANAGER,
    OPERATOR,
    PLACEMENT_OFFICER,
    PROGRAMME_MANAGER,
    RETURN_COUNSELLOR,
    SCOUT,
    TRAINING_CLERK,
)

Operator = Annotated[Actor, acting_as(OPERATOR)]
"""Who keeps the services running: sees envelopes, and nothing of any person."""
Looker = Annotated[
    Actor,
    acting_as(OPERATOR, SCOUT, RETURN_COUNSELLOR, CENTRE_COUNSELLOR, CENTRE_MANAGER, PLACEMENT_OFFICER, TRAINING_CLERK),
]
"""Who may look at one case: an operator at its envelopes, an organisation at what is its own."""
Watcher = Annotated[Actor, acting_as(OPERATOR, PROGRAMME_MANAGER)]
"""Who sees which cases wait: by reference, and without what is told of the person."""

router = new_router()
MOST_HOURS: Final = 24 * 366 * 10


Lists = Annotated[Reference, CODE_LISTS]


async def _listed(_actor: Operator, case_id: UUID, lists: Lists, now: Now) -> Scope:
    return Scope(case_id, lists.terms, now)


Listed = Annotated[Scope, Depends(_listed)]
"""What a list is bound to."""


@router.get("/ledger/{case_id}", tags=["ledger"], **personal(Page[EnvelopeItem], 403, 404))
async def list_envelopes(reading: Reading, scope: Listed, wish: Annotated[Wish, paged(ENVELOPES)]) -> Response:
    """Every record about a case as it was read here, of all topics, as its events were recorded; no body of any."""
    page = await ledger.envelopes(reading, scope, wish)
    if not page.items and wish.after is None:
        raise Problem.of(refusals.CASE_NOT_FOUND)
    return json_response(page)


# --- where is this case, and what is it waiting for ------------------------------------------------------------------


@router.get("/cases/{case}", tags=["cases"], **personal(Trace, 403, 404, 422))
async def trace_case(
    request: Request,
    case: Annotated[str, Path(max_length=64, description="id of the case or of a referral, or the case's reference")],
    actor: Looker,
    reading: Reading,
    lists: Lists,
    now: Now,
) -> Response:
    """Where a case is, what it waits for, since when, and what went wrong on the way; and what is not known of that.

    `ph trace-case` shows it on a terminal. No name, no contact and no text of anybody is in it.
    """
    note = note_of(request)
    assert note is not None, "the operation is personal"
    return json_response(allowed(await cases.trace(reading, case, actor, lists, now, note.subjects.update)))


async def _wanted(
    country: Annotated[Country | None, Query(description="only cases of this country")] = None,
    centre: Annotated[Centre | None, Query(description="only cases of this centre")] = None,
    deadline_type: Annotated[Code | None, Query(alias="type", description="a code of deadline_types")] = None,
    hours: Annotated[
        int | None, Query(ge=0, le=MOST_HOURS, description="only what has been waited for at least so long")
    ] = None,
) -> waits.Wanted:
    return waits.Wanted(country, centre, deadline_type, hours)


Filters = Annotated[waits.Wanted, Depends(_wanted)]


async def _all_waits(_actor: Watcher, lists: Lists, now: Now) -> AllWaits:
    return AllWaits(lists.terms, now)


Waits = Annotated[AllWaits, Depends(_all_waits)]


@router.get("/stuck", tags=["cases"], **personal(Page[WaitItem], 403))
async def list_stuck(
    reading: Reading, scope: Waits, wish: Annotated[Wish, paged(waits.STUCK)], wanted: Filters
) -> Response:
    """Cases that have waited for longer than a deadline, or than journey states, the longest overdue first."""
    return json_response(await waits.stuck(reading, scope, wish, wanted=wanted))


@router.get("/lost", tags=["cases"], **personal(Page[WaitItem], 403))
async def list_lost(
    reading: Reading, scope: Waits, wish: Annotated[Wish, paged(waits.LOST)], wanted: Filters
) -> Response:
    """People who were referred and should have left, arrived or been spoken with by a day that was named, and of whom
    nobody has told it."""
    return json_response(await waits.lost(reading, scope, wish, wanted=wanted))
