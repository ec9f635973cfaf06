"""The pages, each from one question to what journey knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from chassis.http.problems import Problem
from journey.pages.entrance import Entrance
from journey.pages.frame import HEADERS, style_route
from journey.pages.menu import ANYBODY, CASES, CHAIN_PAGE, FIGURES_PAGE, HOME, OVERDUE, SEARCH, STUCK
from journey.pages.models import CasePage, ChainPage, FiguresPage, ListPage
from journey.pages.visits import Visit, Visits
from journey.sign_in.provider import Provider
from journey.sign_in.sessions import Sessions
from journey.sign_in.settings import SignInSettings

FILTERS = ("country", "centre", "type", "cursor")
FIGURE_FILTERS = ("cohort", "country", "centre", "group", "sex")


class Knowledge(Protocol):
    """What the pages ask. Each answer is chosen for the visitor; what they may not see raises `Problem`."""

    async def find(self, visit: Visit, text: str) -> UUID | None:
        """The case with this id or reference, or of the referral with this id."""

    async def case(self, visit: Visit, case_id: UUID) -> CasePage:
        """Raises `Problem` 404 if there is none."""

    async def stuck(self, visit: Visit, wish: Mapping[str, str]) -> ListPage:
        """Cases in which nothing has happened for long."""

    async def overdue(self, visit: Visit, wish: Mapping[str, str]) -> ListPage:
        """What is owed and late."""

    async def figures(self, visit: Visit, wish: Mapping[str, str]) -> FiguresPage:
        """The programme's figures."""

    async def chain(self, visit: Visit) -> ChainPage:
        """How the services stand."""


class Pages:
    """What each page shows."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knows = knowledge

    async def home(self, visit: Visit) -> Response:
        """The first page that the visitor's role opens."""
        return RedirectResponse(visit.visitor.menu[0].path, 303, dict(HEADERS))

    async def search(self, visit: Visit) -> Response:
        """The form."""
        return visit.page("search.html", asked="", nothing="")

    async def find_case(self, visit: Visit) -> Response:
        """From what was typed to the case: a form sends it, since addresses are kept in logs on the way."""
        asked = visit.form.get("case", "")[:64]
        try:
            found = await self._knows.find(visit, asked) if asked else None
        except Problem as problem:
            if problem.status not in {404, 422}:
                raise
            return visit.page("search.html", problem.status, asked=asked, nothing=f"{problem.detail} {problem.remedy}")
        if found is None:
            nothing = "No case has this id or reference, or you may not see it."
            return visit.page("search.html", 404, asked=asked, nothing=nothing)
        return RedirectResponse(f"/pages/cases/{found}", 303, dict(HEADERS))

    async def case(self, visit: Visit) -> Response:
        """The timeline of one case."""
        case_id: UUID = visit.request.path_params["case_id"]
        page = await self._knows.case(visit, case_id)
        await visit.shown([case_id])
        return visit.page("case.html", page=page)

    async def stuck(self, visit: Visit) -> Response:
        """Cases that stand still."""
        return await self._list(visit, await self._knows.stuck(visit, visit.query))

    async def overdue(self, visit: Visit) -> Response:
        """What is owed and late."""
        return await self._list(visit, await self._knows.overdue(visit, visit.query))

    async def _list(self, visit: Visit, page: ListPage) -> Response:
        await visit.shown(UUID(each.case_id) for each in page.items if each.case_id)
        return visit.page("list.html", page=page)

    async def figures(self, visit: Visit) -> Response:
        """The programme's figures."""
        return visit.page("figures.html", page=await self._knows.figures(visit, visit.query))

    async def chain(self, visit: Visit) -> Response:
        """How the services stand."""
        return visit.page("chain.html", page=await self._knows.chain(visit))


def routes(
    knowledge: Knowledge, settings: SignInSettings | None = None, provider: Provider | None = None
) -> list[BaseRoute]:
    """All that browsers get. Raises `ValueError` if a setting is wrong."""
    settings = settings or SignInSettings()
    sessions = Sessions(settings)
    visits = Visits(settings, sessions)
    entrance = Entrance(settings, provider or Provider(settings), sessions, visits)
    pages = Pages(knowledge)
    return [
        style_route(),
        *entrance.routes(),
        visits.route(HOME, pages.home, roles=ANYBODY),
        visits.route(SEARCH.path, pages.search, roles=SEARCH.roles),
        visits.route(SEARCH.path, pages.find_case, roles=SEARCH.roles, method="POST", fields=["case"]),
        visits.route("/pages/cases/{case_id:uuid}", pages.case, roles=CASES),
        visits.route(STUCK.path, pages.stuck, roles=STUCK.roles, fields=FILTERS),
        visits.route(OVERDUE.path, pages.overdue, roles=OVERDUE.roles, fields=FILTERS),
        visits.route(FIGURES_PAGE.path, pages.figures, roles=FIGURES_PAGE.roles, fields=FIGURE_FILTERS),
        visits.route(CHAIN_PAGE.path, pages.chain, roles=CHAIN_PAGE.roles),
    ]
