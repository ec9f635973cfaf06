"""Signing in to the pages at the local stack's provider: who comes in, for how long, and who does not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import pytest
from starlette.requests import Request

from chassis.audit.rows import Who
from chassis.http.problems import Problem
from chassis.operators.retention import SWEPT, sweep
from chassis.pure.reference import DIRECTORY
from chassis.pure.retention import agreed
from journey.pages import entrance
from journey.retention import KEEPS
from journey.sign_in.provider import Attempt
from journey.sign_in.sessions import end_many
from tests.support.cluster import Cluster
from tests.support.journey.sample_pages import CASE, REFERENCE
from tests.support.journey.signing_in import PROVIDER, Signing
from tests.support.journey.site import Browser, Site, opened

OPERATIONS = "programme:operations"


@pytest.fixture
async def site(cluster: Cluster, journey_template: str, tmp_path: Path) -> AsyncIterator[Site]:
    async with opened(cluster, journey_template, Signing(tmp_path)) as site:
        yield site


@pytest.fixture
def browser(site: Site) -> Browser:
    return site.browser()


async def test_a_page_is_shown_to_whoever_has_signed_in_where_they_wanted_to_go(browser: Browser) -> None:
    answer = await browser.sign_in(to=f"/pages/cases/{CASE}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/pages/cases/{CASE}")
    page = await browser.get(answer.headers["location"])
    assert page.status_code == 200
    assert REFERENCE in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_nobody_sees_a_page_without_signing_in(browser: Browser) -> None:
    for path in ("/pages", f"/pages/cases/{CASE}", "/pages/stuck", "/pages/figures", "/pages/chain"):
        answer = await browser.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/pages/sign-in?to=")
        assert REFERENCE not in answer.text


async def test_the_cookie_is_for_the_server_only_and_the_table_does_not_have_it(site: Site, browser: Browser) -> None:
    answer = await browser.sign_in()
    [set_cookie] = [each for each in answer.headers.get_list("set-cookie") if each.startswith("ph_session=")]
    assert "HttpOnly" in set_cookie
    assert "SameSite=lax" in set_cookie
    assert "Secure" not in set_cookie  # http, on this machine
    id_ = browser.client.cookies["ph_session"]
    row = await site.pool.fetchrow("select * from sign_in")
    assert row["id_hash"] == sha256(id_.encode()).digest()
    assert (row["roles"], row["org"]) == (["operator"], "programme:operations")
    assert id_ not in str(row)
    assert b"local-operator" not in row["person"]


async def test_over_tls_the_cookies_are_secure_and_of_this_host(
    cluster: Cluster, journey_template: str, tmp_path: Path
) -> None:
    signing = Signing(tmp_path, redirect_url="https://journey.test/pages/sign-in/callback")
    async with opened(cluster, journey_template, signing) as site:
        answer = await site.browser().get("/pages/sign-in")
        [cookie] = answer.headers.get_list("set-cookie")
        assert cookie.startswith("__Host-ph_signing_in=")
        assert "Secure" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"state": "of another browser"}, "State mismatch"),
        ({"code": "guessed"}, "Code refused"),
        ({"iss": "https://evil.test"}, "Issuer mismatch"),
    ],
)
async def test_an_answer_that_is_not_to_this_sign_in_makes_no_session(
    site: Site, browser: Browser, change: dict[str, str], code: str
) -> None:
    answer = await browser.sign_in(**change)
    assert answer.status_code == 403
    assert code in answer.text
    assert await site.pool.fetchval("select count(*) from sign_in") == 0


async def test_a_code_of_another_browser_opens_nothing_even_with_the_state_of_this_one(site: Site) -> None:
    mine, theirs = site.browser(), site.browser()
    sent = await theirs.get("/pages/sign-in")
    stolen = await site.signing.chosen(sent.headers["location"])
    answer = await mine.sign_in(code=stolen["code"])
    assert (answer.status_code, "Code refused" in answer.text) == (403, True)


async def test_a_callback_without_a_sign_in_of_this_browser_is_refused(site: Site, browser: Browser) -> None:
    answer = await browser.get("/pages/sign-in/callback", params={"code": "x", "state": "y"})
    assert (answer.status_code, "State mismatch" in answer.text) == (403, True)


@pytest.mark.parametrize(
    ("role", "org", "code"),
    [
        ("data_protection_officer", "programme:desk", "Role required"),
        ("operator", "centre:NG-LOS", "Role elsewhere"),
    ],
)
async def test_a_role_that_opens_no_page_does_not_come_in(
    site: Site, browser: Browser, role: str, org: str, code: str
) -> None:
    answer = await browser.sign_in(role, org)
    assert (answer.status_code, code in answer.text) == (403, True)
    assert await site.pool.fetchval("select count(*) from sign_in") == 0


@pytest.mark.parametrize(
    ("role", "org", "opened_", "shut"),
    [
        ("operator", "programme:operations", ["search", "stuck", "lost", "chain"], ["figures", "waiting"]),
        ("programme_manager", "programme:desk", ["stuck", "lost", "figures", "waiting"], ["search", "chain"]),
        ("scout", "scouts:bavaria", ["search"], ["stuck", "lost", "figures", "waiting", "chain"]),
    ],
)
async def test_a_role_sees_its_pages_and_no_other(
    browser: Browser, role: str, org: str, opened_: list[str], shut: list[str]
) -> None:
    await browser.sign_in(role, org)
    home = (await browser.follow("/pages")).text
    for name in opened_:
        assert (await browser.get(f"/pages/{name}")).status_code == 200, name
        assert f'href="/pages/{name}"' in home
    for name in shut:
        refused = await browser.get(f"/pages/{name}")
        assert (refused.status_code, "Sign out" in refused.text) == (403, True), name
        assert f'href="/pages/{name}"' not in home


@pytest.mark.parametrize("column", ["expires_at", "idle_at"])
async def test_after_a_session_that_is_over_or_idle_the_provider_asks_who_it_is_now(
    site: Site, browser: Browser, column: str
) -> None:
    assert "prompt" not in await asked_of_the_provider(browser)
    await browser.sign_in()
    await site.pool.execute(f"update sign_in set {column} = now() - interval '1 second'")
    assert (await browser.get("/pages/search")).status_code == 303
    assert (await asked_of_the_provider(browser))["prompt"] == "login"
    await browser.sign_in()
    assert (await browser.get("/pages/search")).status_code == 200


async def asked_of_the_provider(browser: Browser) -> dict[str, str]:
    sent = await browser.get("/pages/sign-in")
    return dict(parse_qsl(urlsplit(sent.headers["location"]).query))


async def test_sessions_that_ended_a_day_ago_are_swept(site: Site, browser: Browser) -> None:
    await browser.sign_in()
    await site.browser().sign_in()
    await site.pool.execute("update sign_in set expires_at = now() - interval '25 hours' where org = $1", OPERATIONS)
    await browser.sign_in("scout", "scouts:bavaria")
    async with site.pool.acquire() as connection:
        await sweep(connection, agreed("journey", (*KEEPS, *SWEPT), DIRECTORY))
    assert [row["org"] for row in await site.pool.fetch("select org from sign_in")] == ["scouts:bavaria"]


async def test_an_operator_ends_the_sessions_of_an_organisation_and_the_audit_says_so(
    site: Site, browser: Browser
) -> None:
    scout = site.browser()
    await browser.sign_in()
    await scout.sign_in("scout", "scouts:bavaria")
    who = Who(b"h" * 32, "operator", OPERATIONS, "end_sign_ins", "INC-4711: scouts:bavaria: left")
    async with site.pool.acquire() as connection:
        assert await end_many(connection, "scouts:bavaria", who) == 1
        assert (await scout.get("/pages/search")).status_code == 303
        assert (await browser.get("/pages/search")).status_code == 200
        assert await end_many(connection, None, who) == 1
    rows = await site.pool.fetch("select action, outcome, ground, subjects from audit")
    assert [tuple(row) for row in rows] == [("end_sign_ins", "done", who.ground, [])] * 2


async def test_looking_keeps_a_session_from_being_idle_and_nothing_keeps_it_beyond_its_hours(
    site: Site, browser: Browser
) -> None:
    await browser.sign_in()
    await site.pool.execute("update sign_in set idle_at = now() + interval '1 minute'")
    before = await site.pool.fetchrow("select idle_at, expires_at from sign_in")
    assert (await browser.get("/pages/search")).status_code == 200
    after = await site.pool.fetchrow("select idle_at, expires_at from sign_in")
    assert after["idle_at"] > before["idle_at"]
    assert after["expires_at"] == before["expires_at"]


async def test_each_sign_in_has_a_new_session_and_ends_the_one_before(site: Site, browser: Browser) -> None:
    await browser.sign_in()
    first = browser.client.cookies["ph_session"]
    sent = await browser.get("/pages/sign-in")
    back = await site.signing.chosen(sent.headers["location"])
    await browser.get("/pages/sign-in/callback", params=back)
    assert browser.client.cookies["ph_session"] != first
    assert await site.pool.fetchval("select count(*) from sign_in") == 1


async def test_signing_out_ends_the_session_in_the_table_too(site: Site, browser: Browser) -> None:
    await browser.sign_in()
    id_ = browser.client.cookies["ph_session"]
    answer = await browser.send("/pages/search", "/pages/sign-out")
    assert answer.status_code == 200
    assert answer.headers["refresh"].startswith(f"0; url={PROVIDER}/end-session?")
    assert browser.client.cookies["ph_session"] == "ended"
    assert (await asked_of_the_provider(browser))["max_age"] == "0"
    assert await site.pool.fetchval("select count(*) from sign_in") == 0
    browser.client.cookies.set("ph_session", id_)
    assert (await browser.get("/pages/search")).status_code == 303


async def test_a_form_that_another_site_sends_does_nothing(site: Site, browser: Browser) -> None:
    await browser.sign_in()
    for token in ("", "0" * 64):
        answer = await browser.client.post("/pages/sign-out", data={"form_token": token})
        assert (answer.status_code, "Form foreign" in answer.text) == (403, True)
    stranger = site.browser()
    await stranger.sign_in()
    answer = await browser.send("/pages/search", "/pages/search", case=REFERENCE)
    assert answer.status_code == 303
    cross = {"sec-fetch-site": "cross-site"}
    [token, *_] = [(await browser.get("/pages/search")).text.split('form_token" value="')[1].split('"')[0]]
    answer = await browser.client.post("/pages/sign-out", data={"form_token": token}, headers=cross)
    assert answer.status_code == 403
    assert await site.pool.fetchval("select count(*) from sign_in") == 2


async def test_a_search_finds_by_what_people_have_and_says_so_if_there_is_nothing(browser: Browser) -> None:
    await browser.sign_in()
    found = await browser.send("/pages/search", "/pages/search", case=f" {REFERENCE} ")
    assert found.headers["location"] == f"/pages/cases/{CASE}"
    nothing = await browser.send("/pages/search", "/pages/search", case='"><script>alert(1)</script>')
    assert nothing.status_code == 404
    assert "No case that you may look at is known" in nothing.text
    assert "<script" not in nothing.text
    assert "&lt;script&gt;" in nothing.text


async def test_a_case_that_is_shown_is_a_row_of_the_audit(site: Site, browser: Browser) -> None:
    await browser.sign_in("scout", "scouts:bavaria")
    await browser.get(f"/pages/cases/{CASE}")
    row = await site.pool.fetchrow("select role, org, action, subjects, outcome, person from audit")
    assert (row["role"], row["org"], row["action"], row["outcome"]) == ("scout", "scouts:bavaria", "case", "shown")
    assert row["subjects"] == [CASE]
    assert row["person"] == await site.pool.fetchval("select person from sign_in")


async def test_a_case_that_a_search_leads_to_is_a_row_of_the_audit_and_so_is_one_that_it_does_not_find(
    site: Site, browser: Browser
) -> None:
    await browser.sign_in()
    await browser.send("/pages/search", "/pages/search", case=REFERENCE)
    await browser.send("/pages/search", "/pages/search", case="PH-1111111-1")
    rows = await site.pool.fetch("select role, action, subjects, outcome from audit order by id")
    assert [tuple(row) for row in rows] == [
        ("operator", "find_case", [CASE], "shown"),
        ("operator", "find_case", [], "refused:case_not_found"),
    ]


async def test_a_page_that_is_refused_is_a_row_of_the_audit(site: Site, browser: Browser) -> None:
    manager = site.browser()
    await manager.sign_in("programme_manager", "programme:desk")
    await browser.sign_in()
    nobody = uuid4()
    await manager.get(f"/pages/cases/{CASE}")
    await browser.get(f"/pages/cases/{nobody}")
    await browser.get("/pages/stuck?contry=NG")
    await browser.get("/pages/figures")  # tells of no case
    rows = await site.pool.fetch("select role, org, action, subjects, outcome from audit order by id")
    assert [tuple(row) for row in rows] == [
        ("", "programme:desk", "case", [CASE], "refused:role_required"),
        ("operator", OPERATIONS, "case", [nobody], "refused:case_unknown"),
        ("operator", OPERATIONS, "stuck", [], "refused:request_invalid"),
    ]


async def test_a_form_that_is_sent_after_the_session_has_ended_leads_to_a_page_that_says_so(
    site: Site, browser: Browser
) -> None:
    await browser.sign_in()
    await site.pool.execute("delete from sign_in")
    answer = await browser.client.post("/pages/search", data={"form_token": "0" * 64, "case": REFERENCE})
    assert (answer.status_code, "location" in answer.headers) == (401, False)
    assert '<a href="/pages">Sign in</a>' in answer.text


async def test_a_cookie_that_this_service_has_not_made_leads_to_no_call_of_the_provider(
    site: Site, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    await browser.get("/pages/sign-in")
    made = browser.client.cookies["ph_signing_in"]
    asked: list[Any] = []

    async def person(_provider: Any, *each: Any) -> Any:
        asked.append(each)
        raise Problem(status=403, code="asked", detail="", remedy="")

    monkeypatch.setattr(type(site.signing.provider), "person", person)
    secret, begun, anew, rest = made.split(".", 3)
    other = [
        f"{secret}.{begun}.{int(anew) ^ 1}.{rest}",
        f"{secret}.{int(begun) + 1}.{anew}.{rest}",
        "x",
        "",
        "...." * 2,
    ]
    for cookie in other:
        browser.client.cookies.set("ph_signing_in", cookie)
        answer = await browser.get("/pages/sign-in/callback", params={"code": "x", "state": "y"})
        assert (answer.status_code, "State mismatch" in answer.text) == (403, True)
    assert asked == []
    await browser.get("/pages/sign-in/callback", params={"code": "x"}, headers={"cookie": f"ph_signing_in={made}"})
    assert len(asked) == 1


async def test_a_sign_in_that_another_version_has_begun_is_begun_anew(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kept(request: Request, attempt: Attempt, place: str) -> str:
        text = f"{attempt.secret}.{attempt.begun}.{place}"
        return f"{text}.{entrance._marks(request, text)[0]}"

    monkeypatch.setattr(entrance, "_kept", kept)
    await browser.get("/pages/sign-in")
    answer = await browser.get("/pages/sign-in/callback", params={"code": "x", "state": "y"})
    assert (answer.status_code, "State mismatch" in answer.text) == (403, True)


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/pages/cases/0198c9e0-0000-7c3e-9d5b-6a1f2e3d4c5b", 404, "There is no such case."),
        ("/pages/figures/k99", 404, "There is no such figure."),
        ("/pages/nowhere/at/all", 404, "There is no page at this address."),
        ("/pages/stuck?contry=NG", 422, "unknown"),
        ("/pages/stuck?country=NG&country=IQ", 422, "more than once"),
        ("/pages/stuck?country=%ff", 400, ""),
        ("/pages/stuck?country=%00", 400, ""),
    ],
)
async def test_what_nobody_can_answer_is_told_in_words(browser: Browser, path: str, status: int, says: str) -> None:
    await browser.sign_in("programme_manager", "programme:desk")
    if "cases" in path:
        browser = browser.site.browser()
        await browser.sign_in()
    answer = await browser.get(path)
    assert (answer.status_code, says in answer.text) == (status, True)


async def test_a_filter_that_is_left_blank_is_none(site: Site, browser: Browser) -> None:
    await browser.sign_in()
    await browser.get("/pages/stuck?country=NG&centre=&type=")
    assert site.sample.wishes == [{"country": "NG"}]


@pytest.mark.parametrize(
    "to", ["https://evil.test", "//evil.test", "/pages/../evil", "/docs", "/pages?x=1", "javascript:x"]
)
async def test_a_sign_in_leads_to_pages_of_ours_only(site: Site, browser: Browser, to: str) -> None:
    sent = await browser.get("/pages/sign-in", params={"to": to})
    back = await site.signing.chosen(sent.headers["location"])
    answer = await browser.get("/pages/sign-in/callback", params=back)
    assert answer.headers["location"] == "/pages"


async def test_without_a_provider_the_pages_say_that_nobody_can_sign_in(
    cluster: Cluster, journey_template: str, tmp_path: Path
) -> None:
    async with opened(cluster, journey_template, Signing(tmp_path, issuer="")) as site:
        answer = await site.browser().get("/pages/sign-in")
        assert (answer.status_code, "JOURNEY_OIDC_ISSUER" in answer.text) == (503, True)


async def test_pages_and_their_cookies_open_no_route_of_the_api(site: Site, browser: Browser) -> None:
    await browser.sign_in()
    answer = await browser.get(f"/ledger/{CASE}")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_missing")
    assert not [path for path in site.app.openapi()["paths"] if path.startswith("/pages")]


async def test_the_stylesheet_is_for_everybody(browser: Browser) -> None:
    answer = await browser.get("/pages/style.css")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/css; charset=utf-8")
