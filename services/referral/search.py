"""The route by which a desk finds one of its own cases by who the person is."""

from __future__ import annotations

from starlette.responses import Response

from chassis.http.answering import json_response
from chassis.http.api import Marking, Reading
from chassis.http.auditing import personal
from chassis.http.problems import allowed
from chassis.http.routes import new_router
from referral import views
from referral.answers import FoundCases
from referral.api import Desk
from vocabulary.finding import Search, sought

router = new_router(tags=["cases"])


@router.post("/cases/search", **personal(FoundCases, 403))
async def search_cases(body: Search, actor: Desk, reading: Reading, marking: Marking) -> Response:
    """Cases of the caller's desk: by reference, name or phone, and birth date.

    It changes nothing. Who is looked for is personal, so it comes in a body: addresses are kept in logs on the way.
    """
    return json_response(await views.found(reading, actor.org, allowed(sought(body, marking))))
