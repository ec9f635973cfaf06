"""The pages, each from one question to what journey knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol
from uuid import UUID

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from chassis.http.problems import Problem
from journey.pages.entrance import Entrance
from journey.pages.frame import HEADERS, style_route
from journey.pages.menu import CHAIN_PAGE, FIGURES_PAGE, HOME, LOST, PROMISED, SEARCH, STUCK, Entry, anybody
from journey.pages.models import CasePage, ChainPage, FigurePage, FiguresPage, ListPage
from journey.pages.visits import Visit, Visits
from journey.sign_in.provider import Provider
from journey.sign_in.sessions import Sessions
from journey.sign_in.settings import SignInSettings
from vocabulary.roles import ORG_KINDS

FILTERS = ("country", "centre", "type", "cursor")


class Cases(Protocol):
    """What is asked of cases. Each answer is chosen for the visitor; what they may not see raises `Problem`. Before
    that the visit is told which case it is about."""

    async def find(self, visit: Visit, text: str) -> UUID:
        """The case with this id or reference, or of the referral with this id. Raises `Problem` 404 or 422."""

    async def case(self, visit: Visit, case_id: UUID) -> CasePage:
        """Raises `Problem` 404 if there is none."""

    async def stuck(self, visit: Visit, wish: Mapping[str, str]) -> ListPage:
        """Cases in which nothing has happened for long."""

    async def lost(self, visit: Visit, wish: Mapping[str, str]) -> ListPage:
        """People whom nobody has seen by the day that was named."""


class Figures(Protocol):
    """What is asked of the programme's figures."""

    async def all(self, visit: Visit, country: str) -> FiguresPage:
        """All of them: in total, or of one country."""

    async def one(self, visit: Visit, name: str) -> FigurePage:
        """One with all of its tables. Raises `Problem` 404 if there is none."""

    async def waiting(self, visit: Visit, wish: Mapping[str, str]) -> ListPage:
        """Who has arrived and has no job offer."""


class Chain(Protocol):
    """What is asked of the services."""

    async def chain(self, visit: Visit) -> ChainPage:
        """How they stand."""


class CasePages:
    """Where cases are, and what they wait for."""

    menu = (SEARCH, STUCK, LOST)
    acts = ()

    def __init__(self, cases: Cases) -> None:
        self._cases = cases

    def routes(self, visits: Visits) -> Iterable[Route]:
        """All of them."""
        roles = SEARCH.roles
        yield visits.route(SEARCH.path, self.search, roles=roles)
        yield visits.route(SEARCH.path, self.find_case, roles=roles, method="POST", fields=["case"], personal=True)
        yield visits.route("/pages/cases/{case_id:uuid}", self.case, roles=roles, personal=True)
        yield visits.route(STUCK.path, self.stuck, roles=STUCK.roles, fields=FILTERS, personal=True)
        yield visits.route(LOST.path, self.lost, roles=LOST.roles, fields=FILTERS, personal=True)

    async def search(self, visit: Visit) -> Response:
        """The form."""
        return visit.page("search.html", asked="", nothing="")

    async def find_case(self, visit: Visit) -> Response:
        """From what was typed to the case: a form sends it, since addresses are kept in logs on the way."""
        asked = visit.form.get("case", "")[:64]
        try:
            found = await self._cases.find(visit, asked)
        except Problem as problem:
            if problem.status not in {404, 422}:
                raise
            await visit.refused(problem)
            return visit.page("search.html", problem.status, asked=asked, nothing=f"{problem.detail} {problem.remedy}")
        await visit.shown()
        return RedirectResponse(f"/pages/cases/{found}", 303, dict(HEADERS))

    async def case(self, visit: Visit) -> Response:
        """The timeline of one case."""
        case_id: UUID = visit.request.path_params["case_id"]
        page = await self._cases.case(visit, case_id)
        await visit.shown()
        return visit.page("case.html", page=page)

    async def stuck(self, visit: Visit) -> Response:
        """Cases that stand still."""
        return await _list(visit, await self._cases.stuck(visit, visit.query))

    async def lost(self, visit: Visit) -> Response:
        """People whom nobody has seen by the day that was named."""
        return await _list(visit, await self._cases.lost(visit, visit.query))


class FigurePages:
    """The programme's figures."""

    menu = (FIGURES_PAGE, PROMISED)
    acts = ()

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def routes(self, visits: Visits) -> Iterable[Route]:
        """All of them."""
        roles = FIGURES_PAGE.roles
        yield visits.route(FIGURES_PAGE.path, self.figures, roles=roles, fields=["country"])
        yield visits.route("/pages/figures/{name}", self.figure, roles=roles)
        yield visits.route(PROMISED.path, self.waiting, roles=PROMISED.roles, fields=FILTERS, personal=True)

    async def figures(self, visit: Visit) -> Response:
        """All, in total or of one country."""
        return visit.page("figures.html", page=await self._figures.all(visit, visit.query.get("country", "")))

    async def figure(self, visit: Visit) -> Response:
        """One, with all that is published of it."""
        return visit.page("figure.html", page=await self._figures.one(visit, visit.request.path_params["name"]))

    async def waiting(self, visit: Visit) -> Response:
        """Who has arrived and has no job offer."""
        return await _list(visit, await self._figures.waiting(visit, visit.query))


class ChainPages:
    """How the services stand."""

    menu = (CHAIN_PAGE,)
    acts = ()

    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    def routes(self, visits: Visits) -> Iterable[Route]:
        """One."""
        yield visits.route(CHAIN_PAGE.path, self.chain, roles=CHAIN_PAGE.roles)

    async def chain(self, visit: Visit) -> Response:
        """Per service."""
        return visit.page("chain.html", page=await self._chain.chain(visit))


class Part(Protocol):
    """Some pages that belong together."""

    @property
    def menu(self) -> tuple[Entry, ...]:
        """Those that the menu names."""

    @property
    def acts(self) -> tuple[str, ...]:
        """The roles in which somebody does something at a service by one of them."""

    def routes(self, visits: Visits) -> Iterable[Route]:
        """All of them."""


def routes(
    parts: Iterable[Part], settings: SignInSettings | None = None, provider: Provider | None = None
) -> list[BaseRoute]:
    """All that browsers get. Raises `ValueError` if a setting is wrong."""
    settings = settings or SignInSettings()
    parts = tuple(parts)
    sessions = Sessions(settings)
    menu = tuple(entry for part in parts for entry in part.menu)
    visits = Visits(settings, sessions, menu, [role for part in parts for role in part.acts])
    entrance = Entrance(settings, provider or Provider(settings, ORG_KINDS), sessions, visits)
    return [
        style_route(),
        *entrance.routes(),
        visits.route(HOME, _home, roles=anybody(visits.menu)),
        *(route for part in parts for route in part.routes(visits)),
        visits.route("/pages/{rest:path}", _nowhere, roles=anybody(visits.menu)),
    ]


async def _list(visit: Visit, page: ListPage) -> Response:
    await visit.shown(UUID(each.case_id) for each in page.items)
    return visit.page("list.html", page=page)


async def _nowhere(_visit: Visit) -> Response:
    raise Problem(
        status=404,
        code="no_such_page",
        detail="There is no page at this address.",
        remedy="Choose one of the menu.",
    )


async def _home(visit: Visit) -> Response:
    """The first page that the visitor's role opens."""
    return RedirectResponse(visit.visitor.menu[0].path, 303, dict(HEADERS))
