"""The pages of journey on a real database, asked by a browser that keeps cookies and follows nothing by itself."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import httpx

from journey.app import SERVICE
from journey.pages.known_cases import KnownCases
from journey.pages.known_chain import KnownChain
from journey.pages.known_figures import KnownFigures
from journey.pages.parked_apis import ParkedApis
from journey.pages.parked_pages import ParkedPages
from journey.pages.routes import CasePages, ChainPages, FigurePages, routes
from journey.pages.settings import ParkedSettings
from tests.support.cluster import Cluster
from tests.support.journey.sample_pages import Sample
from tests.support.journey.signing_in import PAGES, Signing
from tests.support.service_process import ServiceProcess, on_a_copy


class Site(ServiceProcess):
    """The service with pages that show samples, or what it knows, and the provider at which people sign in."""

    def __init__(
        self, pool: asyncpg.Pool, signing: Signing, *, known: bool = False, apis: ParkedApis | None = None
    ) -> None:
        self.signing = signing
        self.sample = sample = Sample()
        parts: list[Any] = [CasePages(sample), FigurePages(sample), ChainPages(sample)]
        if known:
            parts = [CasePages(KnownCases()), FigurePages(KnownFigures()), ChainPages(KnownChain())]
        parts.append(ParkedPages(apis or ParkedApis(ParkedSettings())))
        super().__init__(replace(SERVICE, pages=lambda: routes(parts, signing.settings, signing.provider)), pool)

    def browser(self) -> Browser:
        """A new one."""
        return Browser(self)


@asynccontextmanager
async def opened(
    cluster: Cluster, template: str, signing: Signing, *, known: bool = False, apis: ParkedApis | None = None
) -> AsyncIterator[Site]:
    """The pages on a fresh database. `apis`: those of the services' parked records; none, unless they are given."""
    async with on_a_copy(cluster, template, lambda pool: Site(pool, signing, known=known, apis=apis)) as site:
        yield site


class Browser:
    """Somebody's browser. It sends what a browser sends with a form."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(site.app), base_url=PAGES)

    async def get(self, path: str, **request: Any) -> httpx.Response:
        """One page, without following where it leads."""
        return await self.client.get(path, **request)

    async def follow(self, path: str) -> httpx.Response:
        """A page, and where it leads on this site."""
        answer = await self.client.get(path)
        while answer.status_code == 303 and answer.headers["location"].startswith("/"):
            answer = await self.client.get(answer.headers["location"])
        return answer

    async def sign_in(
        self, role: str = "operator", org: str = "programme:operations", to: str = "/pages/search", **change: str
    ) -> httpx.Response:
        """By way of the provider; what it sends back with is changed by `change`. The answer of the callback."""
        begun = await self.get(to)
        assert begun.status_code == 303
        sent = await self.get(begun.headers["location"])
        assert sent.status_code == 303, sent.text
        back = {**await self.site.signing.chosen(sent.headers["location"], role, org), **change}
        return await self.get("/pages/sign-in/callback", params=back)

    async def send(self, page: str, path: str, **fields: str) -> httpx.Response:
        """A form of a page, with the token that stands in it unless another one is given."""
        [token, *_] = re.findall(r'name="form_token" value="([0-9a-f]+)"', (await self.get(page)).text)
        return await self.client.post(path, data={"form_token": token, **fields})

    async def decide(self, page: str, what: str, **fields: str) -> httpx.Response:
        """The form of this decision on a page of parked records, with all that stands hidden in it."""
        [form] = re.findall(
            rf'<form class="decision"[^>]*aria-labelledby="{what}">.*?</form>', await self._text(page), re.S
        )
        [path] = re.findall(r'action="([^"]+)"', form)
        hidden = dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', form))
        return await self.client.post(path, data={**hidden, **fields})

    async def _text(self, page: str) -> str:
        return (await self.get(page)).text
