"""The routes of the switch per country: one programme manager requests, another one confirms or rejects."""

from __future__ import annotations

import json
from typing import Annotated

from starlette.responses import Response

from chassis.http.answering import REFUSALS, answers, json_response
from chassis.http.api import Changer, Now, Person, Reading, acting_as, took_effect
from chassis.http.paging import paged
from chassis.http.routes import new_router
from chassis.http.viewing import Viewer
from chassis.pure.decision import Actor
from chassis.pure.paging import Page, Wish
from chassis.telemetry.logs import get_logger
from referral import commands, views
from referral.answers import CountryOutcome, CountryView
from referral.bodies import StatusRequest
from referral.resources import COUNTRY
from vocabulary.codes import Country
from vocabulary.roles import PROGRAMME_MANAGER
from vocabulary.switch import id_of

Management = Annotated[Actor, acting_as(PROGRAMME_MANAGER)]
"""The programme's management: two people of it hold the switch."""

router = new_router(tags=["countries"])
log = get_logger(__name__)


@router.get("/countries", **answers(Page[CountryView], 403))
async def list_countries(
    _actor: Management, reading: Reading, now: Now, wish: Annotated[Wish, paged(views.COUNTRIES)]
) -> Response:
    """Countries that somebody has switched, or wants to; the others are as `GET /code-lists/countries` says."""
    return json_response(await views.countries(reading, wish, now=now))


@router.get("/countries/{country}", **answers(CountryView, 403, 404, tagged=True))
async def read_country(country: Country, actor: Management, view: Viewer) -> Response:
    """The switch of one country, and the request that waits.

    Its `ETag`, sent as `If-Match` with a request, a confirmation or a rejection, holds that to it.
    """
    return await view(COUNTRY, id_of(country), actor)


@router.post("/countries/{country}/status/request", **answers(CountryOutcome, *REFUSALS))
async def request_country_status(
    country: Country, body: StatusRequest, actor: Management, person: Person, run: Changer
) -> Response:
    """Asks for a country to be suspended, or active again.

    Nothing changes before another programme manager confirms it; after three days the request lapses.
    """
    command = commands.RequestCountryStatus(country, body.status, body.reason, person)
    answer = await run(command, actor, COUNTRY, id_of(country))
    if took_effect(answer):
        log.info("country_status_requested", country=country, status=body.status, owner=actor.org)
    return answer


@router.post("/countries/{country}/status/confirm", **answers(CountryOutcome, *REFUSALS))
async def confirm_country_status(country: Country, actor: Management, person: Person, run: Changer) -> Response:
    """Does what another programme manager has requested. Every service obeys within a second of having read it."""
    answer = await run(commands.ConfirmCountryStatus(country, person), actor, COUNTRY, id_of(country))
    if took_effect(answer):
        log.warning("country_status_confirmed", country=country, status=_now(answer), owner=actor.org)
    return answer


@router.post("/countries/{country}/status/reject", **answers(CountryOutcome, *REFUSALS))
async def reject_country_status(country: Country, actor: Management, person: Person, run: Changer) -> Response:
    """Does not do what another programme manager has requested."""
    answer = await run(commands.RejectCountryStatus(country, person), actor, COUNTRY, id_of(country))
    if took_effect(answer):
        log.info("country_status_rejected", country=country, status=_now(answer), owner=actor.org)
    return answer


def _now(answer: Response) -> str:
    """The status of the country that the answer tells of."""
    status: str = json.loads(bytes(answer.body))["status"]
    return status
