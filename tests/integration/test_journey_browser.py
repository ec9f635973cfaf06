"""The pages in a real Chromium: narrow and wide, light and dark, from right to left, and by the keyboard alone.

Without a browser these tests are skipped, and say so; where `PH_BROWSER` is `required` they fail. Screenshots for
people to look at go to the folder that `PH_SCREENSHOTS` names.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright
from starlette.types import ASGIApp

from deploy.local.places import free_port
from deploy.local.provider import Provider as LocalProvider
from tests.support.cluster import Cluster
from tests.support.journey.parked import NAMES, Samples, apis_of
from tests.support.journey.sample_pages import CASE, CURSE, REFERENCE
from tests.support.journey.signing_in import Signing
from tests.support.journey.site import Site, opened

pytestmark = pytest.mark.timeout(600)
"""A browser beside other tests on a small machine is slow, and axe-core is too."""
CHROMIUM = os.environ.get("PH_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
SHOTS = os.environ.get("PH_SCREENSHOTS")
PATHS = {
    "search": "/pages/search",
    "case": f"/pages/cases/{CASE}",
    "stuck": "/pages/stuck",
    "chain": "/pages/chain",
    "parked": "/pages/parked",
    "parked-record": "/pages/parked/referral/1",
    "parked-many": "/pages/parked/referral?ids=1,2",
    "nowhere": "/pages/nowhere",
}
FIGURES = {"figures": "/pages/figures", "figure": "/pages/figures/k1", "waiting": "/pages/waiting"}
WIDTHS = (320, 1280)


@asynccontextmanager
async def served(app: ASGIApp, port: int) -> AsyncIterator[None]:
    """The app on a socket of this machine."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, lifespan="off"))
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield
    server.should_exit = True
    await running


class Web:
    """The site and its provider, where a browser reaches them."""

    def __init__(self, site: Site, browser: Browser, address: str, samples: Samples) -> None:
        self.site, self.browser, self.address, self.samples = site, browser, address, samples

    @asynccontextmanager
    async def page(self, **options: Any) -> AsyncIterator[Page]:
        """A page of a browser that nobody has signed in with. Whatever its policy refuses fails the test."""
        said: list[str] = []
        async with await self.browser.new_context(base_url=self.address, **options) as context:
            page = await context.new_page()
            page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
            yield page
        assert [each for each in said if "Content Security Policy" in each or "Refused" in each] == []

    async def sign_in(self, page: Page, role: str = "operator", org: str = "programme:operations") -> None:
        """By way of the provider's form."""
        await page.goto("/pages")
        await page.select_option("#role", role)
        await page.fill("#org", org)
        await page.click("button")
        await page.wait_for_url(f"{self.address}/pages/**")


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One for all tests, since it takes long to start: each page has a context of its own, which shares nothing."""
    if CHROMIUM is None:
        missing = "there is no Chromium here: install it (apt-get install chromium), or name one by PH_CHROMIUM"
        if os.environ.get("PH_BROWSER") == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def web(browser: Browser, cluster: Cluster, journey_template: str, tmp_path: Path) -> AsyncIterator[Web]:
    here, there = free_port(), free_port()
    address, provider = f"http://127.0.0.1:{here}", f"http://127.0.0.1:{there}"
    signing = Signing(tmp_path, address=address, provider=provider, transport=httpx.AsyncHTTPTransport())
    samples = Samples()
    async with opened(cluster, journey_template, signing, apis=apis_of(samples, *NAMES)) as site:
        local: LocalProvider = signing.local
        async with served(site.app, here), served(local.app(), there):
            yield Web(site, browser, address, samples)


async def shot(page: Page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


FITS = """() => {
    const wide = [...document.querySelectorAll('main *, header *')].filter((each) => {
        if (each.closest('.scroll, .hidden, thead, .skip')) return false;
        const box = each.getBoundingClientRect();
        return box.width > 0 && (box.right > innerWidth + 1 || box.left < -1);
    });
    return [document.documentElement.scrollWidth <= innerWidth, wide.map((each) => each.outerHTML.slice(0, 80))];
}"""
"""Nothing reaches beyond the window but what scrolls by itself."""
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "resultTypes": ["violations"],
}
"""Of axe-core: WCAG 2.2 A and AA, and what its makers advise beside them."""


async def hold(page: Page, where: str) -> None:
    """What must hold of every page, however it is looked at."""
    fits, wide = await page.evaluate(FITS)
    assert (fits, wide) == (True, []), where
    found = (await Axe().run(page, options=RULES)).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"], each["nodes"][0]["failureSummary"]) for each in found] == [], where


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
async def test_every_page_fits_and_can_be_read(web: Web, width: int, scheme: Any) -> None:
    sets = [("operator", "programme:operations", PATHS), ("programme_manager", "programme:desk", FIGURES)]
    for role, org, paths in sets:
        async with web.page(viewport={"width": width, "height": 800}, color_scheme=scheme) as page:
            await page.goto("/pages")
            await hold_provider(page)
            await web.sign_in(page, role, org)
            for name, path in paths.items():
                await page.goto(path)
                await hold(page, f"{name} {width} {scheme}")
                await shot(page, f"{name}-{width}-{scheme}")
                await page.evaluate("document.documentElement.dir = 'rtl'")
                await hold(page, f"{name} {width} {scheme} rtl")
                await shot(page, f"{name}-{width}-{scheme}-rtl")


async def hold_provider(page: Page) -> None:
    """The provider's own form fits as well."""
    assert (await page.evaluate(FITS))[0]


async def test_html_in_every_field_runs_nowhere(web: Web) -> None:
    web.site.sample.curse = web.samples.curse = CURSE
    async with web.page() as page:
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        await web.sign_in(page)
        for path in ("/pages/stuck", "/pages/chain", PATHS["case"], PATHS["parked"], PATHS["parked-record"]):
            await page.goto(path)
            assert "<script>alert" in await page.inner_text("main")
            assert await page.evaluate("document.scripts.length") == 0
        assert dialogs == []


async def test_the_pages_can_be_used_by_the_keyboard_alone(web: Web) -> None:
    async with web.page() as page:
        await web.sign_in(page)
        await page.goto("/pages/search")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "skip"
        assert await page.evaluate("document.activeElement.getBoundingClientRect().top >= 0"), (
            "it shows once it is reached"
        )
        await page.keyboard.press("Enter")
        assert await page.evaluate("document.activeElement.id") == "main"
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.id") == "case"
        await page.keyboard.type(REFERENCE)
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"**/pages/cases/{CASE}")
        reached = await reachable(page)
        marks = await page.evaluate("document.querySelectorAll('.lanes a').length")
        assert reached["A"] >= marks
        assert reached["unseen"] == 0
        assert await page.evaluate("document.querySelector('[role=region]').tabIndex") == 0


async def test_a_parked_record_is_retried_by_the_keyboard_alone(web: Web) -> None:
    async with web.page() as page:
        await web.sign_in(page)
        await page.goto("/pages/parked")
        await page.focus("a[href='/pages/parked/referral/1']")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/pages/parked/referral/1")
        reached = await reachable(page)
        assert (reached["INPUT"], reached["unseen"]) == (3, 0), "a ticket for each decision, and a reason"
        await page.focus("#retry-ticket")
        await page.keyboard.type("INC-4711")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("text=1 of 1 will be retried")
        assert web.samples.heard == [("/operations/parked/1/retry", {"ticket": "INC-4711"})]
        await hold(page, "decided")
        await shot(page, "parked-decided")


async def test_a_discard_without_a_reason_says_so_beside_the_field(web: Web) -> None:
    for width in WIDTHS:
        async with web.page(viewport={"width": width, "height": 800}) as page:
            await web.sign_in(page)
            await page.goto("/pages/parked/referral?ids=1,2")
            await page.eval_on_selector("#discard-reason", "each => { each.required = false; each.minLength = 0; }")
            await page.fill("#discard-ticket", "INC-4711")
            await page.fill("#discard-reason", "four")
            await page.get_by_role("button", name="Discard all of them for good").click()
            await page.wait_for_selector("#discard-reason-wrong")
            described = await page.get_attribute("#discard-reason", "aria-describedby")
            assert described is not None
            assert "discard-reason-wrong" in described.split()
            assert await page.get_attribute("#discard-reason", "aria-invalid") == "true"
            assert await page.input_value("#discard-ticket") == "INC-4711"
            assert web.samples.heard == []
            await hold(page, f"parked wrong {width}")
            await shot(page, f"parked-wrong-{width}")


async def reachable(page: Page) -> dict[str, int]:
    """By Tab alone: what is reached, by its element, and how much of it does not show that it is reached."""
    await page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    reached: dict[str, int] = {"unseen": 0}
    for _ in range(200):
        await page.keyboard.press("Tab")
        tag, seen = await page.evaluate(
            """() => {
                const each = document.activeElement, style = getComputedStyle(each);
                const mark = each.matches('.lanes a') && each.querySelector('.mark');
                const drawn = mark ? getComputedStyle(mark).strokeWidth === '3px' : style.outlineStyle !== 'none';
                return [each.tagName.toUpperCase(), each === document.body || drawn];
            }"""
        )
        if tag == "BODY":
            return reached
        reached[tag] = reached.get(tag, 0) + 1
        reached["unseen"] += not seen
    return reached


async def test_a_mark_of_the_drawing_leads_to_its_row(web: Web) -> None:
    async with web.page() as page:
        await web.sign_in(page)
        await page.goto(PATHS["case"])
        await page.locator(".lanes a").first.focus()
        await page.keyboard.press("Enter")
        target = await page.evaluate("location.hash.slice(1)")
        assert await page.evaluate("document.querySelector('tr:target').id") == target


async def test_signing_out_by_the_button_ends_the_visit_here_and_at_the_provider(web: Web) -> None:
    async with web.page() as page:
        await web.sign_in(page)
        await page.get_by_role("button", name="Sign out").click()
        await page.wait_for_url("**/pages/signed-out")
        assert await web.site.pool.fetchval("select count(*) from sign_in") == 0
        assert not [each for each in await page.context.cookies() if each["name"] == "ph_local_provider"]
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 800})
            await hold(page, "signed out")
            await shot(page, f"signed-out-{width}")


async def test_a_session_that_has_ended_is_followed_by_the_question_who_it_is_now(web: Web) -> None:
    async with web.page() as page:
        await web.sign_in(page)
        await page.context.clear_cookies(name="ph_session")
        await page.goto("/pages")
        assert page.url.startswith(f"{web.address}/pages/"), "the provider remembers a browser"
        await web.site.pool.execute("update sign_in set idle_at = now()")
        await page.goto("/pages/search")
        assert await page.locator("#role").count() == 1


async def test_a_form_that_is_sent_after_the_session_has_ended_leads_to_signing_in(web: Web) -> None:
    async with web.page() as page:
        await web.sign_in(page)
        await page.goto("/pages/search")
        await web.site.pool.execute("delete from sign_in")
        await page.fill("#case", REFERENCE)
        await page.click(".search button")
        assert "Your session has ended" in await page.inner_text("main")
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 800})
            await hold(page, "session ended")
            await shot(page, f"session-ended-{width}")
        await page.click("main a")
        await page.wait_for_selector("#role")


async def test_the_pages_work_without_a_script_engine_and_load_nothing_from_elsewhere(web: Web) -> None:
    async with web.page(java_script_enabled=False) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.goto("/pages")
        await page.select_option("#role", "operator")
        await page.click("button")
        await page.fill("#case", REFERENCE)
        await page.click(".search button")
        assert REFERENCE in await page.inner_text("h1")
        await page.goto("/pages/parked/referral?ids=1,2")
        await page.fill("#discard-ticket", "INC-4711")
        await page.fill("#discard-reason", "sent twice")
        await page.get_by_role("button", name="Discard all of them for good").click()
        assert "1 of 2 are discarded" in await page.inner_text("main")
        assert "not decided" in await page.inner_text("main")
        assert not [each for each in asked if not each.startswith("http://127.0.0.1:")]
