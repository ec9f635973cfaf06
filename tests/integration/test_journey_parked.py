"""Parked records on journey's pages: looked at and decided at the service that has them, by whoever has signed in."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.http.auditing import remembered
from journey.sign_in.access import Access, put_away
from tests.support.cluster import Cluster
from tests.support.journey.parked import Hosts, apis_of, trusting
from tests.support.journey.signing_in import Signing
from tests.support.journey.site import Browser, Site, opened
from tests.support.loglines import configured, restore_logging  # noqa: F401 - a fixture
from tests.support.referral.parked import BY, TRAINING, Records, row
from tests.support.referral.process import Process

LIST = "/pages/parked"
RESOURCES = "perspektive-heimat:referral perspektive-heimat:training"


@pytest.fixture
def signing(tmp_path: Path) -> Signing:
    return Signing(tmp_path, resources=RESOURCES)


@pytest.fixture
def hosts(desk: Process, signing: Signing) -> Hosts:
    """Referral answers, training does not."""
    return Hosts({"referral": trusting(desk, signing).app})


@pytest.fixture
async def site(cluster: Cluster, journey_template: str, signing: Signing, hosts: Hosts) -> AsyncIterator[Site]:
    async with opened(cluster, journey_template, signing, apis=apis_of(hosts, "referral", "training")) as site:
        yield site


@pytest.fixture
async def browser(site: Site) -> Browser:
    """An operator's."""
    browser = site.browser()
    assert (await browser.sign_in(to=LIST)).status_code == 303
    return browser


@pytest.fixture
def records(desk: Process) -> Records:
    return Records(desk)


def listed(page: httpx.Response) -> list[int]:
    """The numbers of the records that a page leads to."""
    return [int(each) for each in re.findall(r'href="/pages/parked/referral/([0-9]+)"', page.text)]


async def rows(site: Site, action: str) -> list[tuple[str, list[UUID]]]:
    """What the audit of journey says of an action: outcome and subjects."""
    found = await site.pool.fetch("select outcome, subjects from audit where action = $1 order by id", action)
    return [(each["outcome"], each["subjects"]) for each in found]


async def grounds(site: Site, action: str) -> list[str | None]:
    """What the audit of journey says of an action: what was decided, of whom."""
    return [
        each["ground"]
        for each in await site.pool.fetch("select ground from audit where action = $1 order by id", action)
    ]


async def test_the_list_has_what_services_answer_now_and_says_who_does_not_answer(
    site: Site, browser: Browser, records: Records
) -> None:
    case = str(uuid4())
    first, behind = await records.take(records.about(case, 1), records.about(case, 2))
    page = await browser.get(LIST)
    assert (page.status_code, listed(page)) == (200, [first])
    assert behind not in listed(page)
    assert "case not found" in page.text
    assert "training cannot be reached" in page.text
    assert await rows(site, "list_parked") == [("shown", [UUID(case)])]


async def test_the_list_is_narrowed_by_service_topic_fault_and_age(
    desk: Process, browser: Browser, records: Records
) -> None:
    for address in (LIST, f"{LIST}?service=referral"):
        assert "Nothing is parked here." in (await browser.get(address)).text
    (old,) = await records.take(records.about(str(uuid4()), 1))
    (unread,) = await records.take(records.about(str(uuid4()), 1, b"no json"))
    (course,) = await records.take(records.about(str(uuid4()), 1, topic=TRAINING))
    await desk.pool.execute("update parked set parked_at = parked_at - $1::interval where id = $2", timedelta(2), old)
    for query, expected in (
        ({}, [old, unread, course]),
        ({"service": "referral"}, [old, unread, course]),
        ({"service": "training"}, []),
        ({"topic": TRAINING}, [course]),
        ({"failure": "json_invalid"}, [unread]),
        ({"failure": "json_invalid", "topic": TRAINING}, []),
        ({"age": "day"}, [old]),
        ({"age": "week"}, []),
    ):
        page = await browser.client.get(LIST, params=query)
        assert (page.status_code, listed(page)) == (200, expected), query
        is_empty = not expected and "service" not in query
        assert ("Nothing is parked here that fits." in page.text) is is_empty, query
    for wrong in ({"service": "nobody"}, {"age": "year"}, {"cursor": "x"}, {"key": "x"}):
        assert (await browser.client.get(LIST, params=wrong)).status_code == 422, wrong
    bad = await browser.client.get(LIST, params={"service": "referral", "cursor": "x"})
    assert (bad.status_code, "referral answers:" in bad.text) == (200, True)


async def test_a_list_goes_on_where_it_ended(
    monkeypatch: pytest.MonkeyPatch, browser: Browser, records: Records
) -> None:
    taken = [(await records.take(records.about(str(uuid4()), 1)))[0] for _ in range(3)]
    monkeypatch.setattr("journey.pages.parked_apis.MOST", 2)
    page = await browser.get(LIST)
    assert listed(page) == taken[:2]
    [more] = re.findall(r'href="(/pages/parked\?[^"]*cursor=[^"]*)"', page.text)
    following = await browser.get(more.replace("&amp;", "&"))
    assert (following.status_code, listed(following)) == (200, taken[2:])


async def test_a_retry_is_the_services_and_carries_the_ticket_and_the_person(
    site: Site, desk: Process, browser: Browser, records: Records, hosts: Hosts
) -> None:
    case = str(uuid4())
    first, _ = await records.take(records.about(case, 1), records.about(case, 2))
    shown = await browser.get(f"{LIST}/referral/{first}")
    assert (shown.status_code, case in shown.text, "ce_sequence" in shown.text) == (200, True, True)
    answer = await browser.decide(f"{LIST}/referral/{first}", "retry", ticket="INC-4711")
    assert (answer.status_code, "1 of 1 will be retried" in answer.text) == (200, True)
    assert await row(desk, first) == ("retry", f"{BY} INC-4711", None)
    after = await browser.get(f"{LIST}/referral/{first}")
    assert ("to be retried" in after.text, 'aria-labelledby="retry"' in after.text) == (True, False)
    assert await rows(site, "show_parked") == [("shown", [UUID(case)])] * 3
    assert await rows(site, "decide_on_parked") == [("done", [UUID(case)])]
    assert await grounds(site, "decide_on_parked") == [f"referral retry {first} INC-4711"]
    person = await site.pool.fetchval("select person from audit where action = 'decide_on_parked'")
    request: Any = type("Request", (), {"app": site.app})
    assert person in remembered(request, "local-operator")
    assert {each.url.host for each in hosts.heard} == {"referral.test"}


async def test_a_discard_says_why_and_is_final(desk: Process, browser: Browser, records: Records) -> None:
    (first,) = await records.take(records.about(str(uuid4()), 1))
    place = f"{LIST}/referral/{first}"
    answer = await browser.decide(place, "discard", ticket="INC-4711", reason="  sent by a test tool ")
    assert (answer.status_code, "are discarded, for good" in answer.text) == (200, True)
    assert await row(desk, first) == ("discarded", f"{BY} INC-4711", "sent by a test tool")
    after = await browser.get(place)
    assert ("sent by a test tool" in after.text, 'class="decision"' in after.text) == (True, False)


@pytest.mark.parametrize(
    ("what", "fields", "wrong"),
    [
        ("retry", {}, "ticket"),
        ("retry", {"ticket": "Ada Lovelace"}, "ticket"),
        ("discard", {"ticket": "INC-4711"}, "reason"),
        ("discard", {"ticket": "INC-4711", "reason": "four"}, "reason"),
        ("discard", {"ticket": "INC-4711", "reason": "x" * 501}, "reason"),
    ],
)
async def test_a_form_that_lacks_something_says_what_and_decides_nothing(
    site: Site, desk: Process, browser: Browser, records: Records, what: str, fields: dict[str, str], wrong: str
) -> None:
    (first,) = await records.take(records.about(str(uuid4()), 1))
    for place in (f"{LIST}/referral/{first}", f"{LIST}/referral?ids={first}"):
        answer = await browser.decide(place, what, **fields)
        assert answer.status_code == 422
        assert f'id="{what}-{wrong}-wrong"' in answer.text
        assert f'value="{fields.get("ticket", "")}"' in answer.text
    assert (await row(desk, first))[0] == "parked"
    assert [outcome for outcome, _ in await rows(site, "decide_on_parked")] == ["shown"]


async def test_many_are_decided_at_once_and_each_says_what_became_of_it(
    site: Site, desk: Process, browser: Browser, records: Records
) -> None:
    (one,) = await records.take(records.about(str(uuid4()), 1))
    (two,) = await records.take(records.about(str(uuid4()), 1))
    page = await browser.get(LIST)
    [place] = re.findall(r'href="(/pages/parked/referral\?ids=[0-9,]+)"', page.text)
    assert place == f"{LIST}/referral?ids={one},{two}"
    await browser.decide(f"{LIST}/referral/{two}", "discard", ticket="INC-1", reason="sent twice")
    answer = await browser.decide(place, "retry", ticket="INC-4711")
    assert (answer.status_code, "1 of 2 will be retried" in answer.text) == (200, True)
    assert f"was discarded by {BY} INC-1: that is final" in answer.text
    assert await grounds(site, "decide_on_many_parked") == [f"referral retry {one},{two} INC-4711"]
    assert (await row(desk, one))[0] == "retry"
    for ids in ("", "x", "1,", "1;2", ",".join(["1"] * 101), "9" * 19):
        assert (await browser.client.get(f"{LIST}/referral", params={"ids": ids})).status_code == 422


async def test_what_is_settled_or_gone_is_said_in_words(
    site: Site, desk: Process, browser: Browser, records: Records
) -> None:
    (first,) = await records.take(records.about(str(uuid4()), 1))
    place = f"{LIST}/referral/{first}"
    stale = await browser.get(place)
    await browser.decide(place, "discard", ticket="INC-1", reason="sent twice")
    [form] = re.findall(r'aria-labelledby="retry">.*?</form>', stale.text, re.S)
    hidden = dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', form))
    late = await browser.client.post(place, data={**hidden, "ticket": "INC-2"})
    assert (late.status_code, f"was discarded by {BY} INC-1" in late.text) == (409, True)
    assert [outcome for outcome, _ in await rows(site, "decide_on_parked")] == [
        "done",
        "done",
        "refused:record_decided",
    ]
    await desk.pool.execute("delete from parked where id = $1", first)
    gone = await browser.get(place)
    assert (gone.status_code, "There is no parked record with this number." in gone.text) == (404, True)
    assert f'href="{LIST}"' in gone.text


async def test_a_form_that_is_sent_twice_decides_once(desk: Process, browser: Browser, records: Records) -> None:
    (first,) = await records.take(records.about(str(uuid4()), 1))
    page = (await browser.get(f"{LIST}/referral/{first}")).text
    [form] = re.findall(r'aria-labelledby="discard">.*?</form>', page, re.S)
    hidden = dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', form))
    words = {"ticket": "INC-4711", "reason": "sent twice"}
    answers = [await browser.client.post(f"{LIST}/referral/{first}", data={**hidden, **words}) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]
    assert await desk.pool.fetchval("select count(*) from parked where state = 'discarded'") == 1
    await desk.pool.execute("delete from parked")
    again = await browser.client.post(f"{LIST}/referral/{first}", data={**hidden, **words})
    assert again.status_code == 200, "also once the record is gone"


async def test_a_decision_that_a_service_does_not_answer_is_said_to_be_so(site: Site, browser: Browser) -> None:
    answer = await browser.decide(f"{LIST}/training?ids=1,2", "retry", ticket="INC-4711")
    assert (answer.status_code, "Whether it was decided is not known" in answer.text) == (503, True)
    assert await rows(site, "decide_on_many_parked") == [("done", []), ("refused:service_unreachable", [])]
    assert await grounds(site, "decide_on_many_parked") == ["training retry 1,2 INC-4711"] * 2


async def test_a_form_of_another_site_or_without_its_token_decides_nothing(
    desk: Process, browser: Browser, records: Records
) -> None:
    (first,) = await records.take(records.about(str(uuid4()), 1))
    place, fields = f"{LIST}/referral/{first}", {"what": "retry", "intent": str(uuid4()), "ticket": "INC-4711"}
    assert (await browser.client.post(place, data=fields)).status_code == 403
    [token] = set(re.findall(r'name="form_token" value="([0-9a-f]+)"', (await browser.get(place)).text))
    foreign = {"sec-fetch-site": "cross-site"}
    data = {**fields, "form_token": token}
    assert (await browser.client.post(place, data=data, headers=foreign)).status_code == 403
    assert (await browser.client.post(place, data={**data, "what": "forget"})).status_code == 422
    assert (await browser.client.post(place, data={**data, "intent": "x"})).status_code == 422
    assert (await row(desk, first))[0] == "parked"
    assert (await browser.client.post(place, data=data)).status_code == 200


@pytest.mark.parametrize(
    ("role", "org"), [("programme_manager", "programme:desk"), ("centre_manager", "centre:NG-LOS")]
)
async def test_nobody_but_operators_finds_the_pages_and_no_token_of_theirs_is_kept(
    site: Site, hosts: Hosts, role: str, org: str
) -> None:
    browser = site.browser()
    await browser.sign_in(role, org, to=LIST)
    for path in (LIST, f"{LIST}/referral/1", f"{LIST}/referral?ids=1"):
        answer = await browser.get(path)
        assert (answer.status_code, "Role required" in answer.text) == (403, True)
    assert await site.pool.fetchval("select count(*) from sign_in where access_box is not null") == 0
    assert hosts.heard == []


async def test_the_service_has_the_last_word_on_who_may(
    site: Site, signing: Signing, desk: Process, browser: Browser, records: Records
) -> None:
    """It goes by the token, whatever the session remembers."""
    (first,) = await records.take(records.about(str(uuid4()), 1))
    scout = signing.issuer.token("scout", "scouts:bavaria", audiences=RESOURCES.split())
    box = put_away(browser.client.cookies["ph_session"], Access(scout, 600))
    await site.pool.execute("update sign_in set access_box = $1", box)
    for answer in (await browser.get(f"{LIST}/referral/{first}"), await browser.get(LIST)):
        assert "referral answers: This needs one of the roles operator." in answer.text
    assert (await row(desk, first))[0] == "parked"
    assert await rows(site, "show_parked") == [("refused:role_required", [])]


async def test_the_access_token_rests_where_neither_the_table_nor_a_log_nor_a_page_shows_it(
    site: Site,
    browser: Browser,
    records: Records,
    hosts: Hosts,
    restore_logging: Any,  # noqa: F811
) -> None:
    lines = configured()
    (first,) = await records.take(records.about(str(uuid4()), 1))
    pages = [await browser.get(LIST), await browser.decide(f"{LIST}/referral/{first}", "retry", ticket="INC-4711")]
    token = hosts.heard[-1].headers["authorization"].removeprefix("Bearer ")
    assert token.count(".") == 2
    assert await site.holding(token) == []
    assert not [cookie for cookie in browser.client.cookies.jar if token in str(cookie.value)]
    assert all(token not in page.text + str(page.headers) for page in pages)
    assert token not in str(lines())
    stolen = await site.pool.fetchrow("select id_hash, access_box from sign_in")
    assert browser.client.cookies["ph_session"].encode() not in stolen["id_hash"]
    assert token not in stolen["access_box"]


async def test_another_process_takes_it_out_for_the_same_cookie(
    site: Site, signing: Signing, browser: Browser, hosts: Hosts
) -> None:
    other = Site(site.pool, signing, apis=apis_of(hosts, "referral"))
    second = other.browser()
    second.client.cookies = browser.client.cookies
    assert (await second.get(LIST)).status_code == 200


async def expired(site: Site) -> None:
    await site.pool.execute("update sign_in set access_until = now()")


async def ended(site: Site) -> None:
    await site.pool.execute("update sign_in set idle_at = now()")


@pytest.mark.parametrize(("over", "status"), [(expired, 403), (ended, 303)])
async def test_once_the_token_or_the_session_is_over_nothing_is_asked_and_the_next_sign_in_empties_the_box(
    site: Site, browser: Browser, hosts: Hosts, over: Callable[[Site], Any], status: int
) -> None:
    assert (await browser.get(LIST)).status_code == 200
    asked = len(hosts.heard)
    await over(site)
    answer = await browser.get(LIST)
    assert (answer.status_code, len(hosts.heard)) == (status, asked)
    if status == 403:
        assert 'href="/pages/sign-in?to=/pages/parked"' in answer.text
        assert (await browser.get("/pages/search")).status_code == 200, "the session goes on"
    await site.browser().sign_in(to=LIST)
    boxes = await site.pool.fetch("select access_box is not null as kept from sign_in order by signed_in_at")
    assert [each["kept"] for each in boxes] == [False, True]


async def test_the_page_leads_whoever_has_signed_in_at_another_one_to_a_sign_in_with_a_token(
    site: Site, hosts: Hosts
) -> None:
    browser = site.browser()
    await browser.sign_in()
    answer = await browser.get(LIST)
    assert (answer.status_code, hosts.heard) == (403, [])
    [again] = re.findall(r'href="(/pages/sign-in[^"]*)"', answer.text)
    sent = await browser.get(again)
    assert "resource=" in sent.headers["location"]
    back = await site.signing.chosen(sent.headers["location"])
    there = await browser.get("/pages/sign-in/callback", params=back)
    assert there.headers["location"] == LIST
    assert (await browser.get(LIST)).status_code == 200


async def test_signing_out_takes_the_token_along(site: Site, browser: Browser) -> None:
    await browser.send("/pages/search", "/pages/sign-out")
    assert await site.pool.fetchval("select count(*) from sign_in") == 0


async def test_a_token_that_the_service_takes_no_more_leads_to_signing_in_again(
    desk: Process, tmp_path: Path, browser: Browser
) -> None:
    (tmp_path / "another").mkdir()
    trusting(desk, Signing(tmp_path / "another"))
    answer = await browser.get(LIST)
    assert "referral does not take the token with which this page acts in your name" in answer.text
    one = await browser.get(f"{LIST}/referral/1")
    assert (one.status_code, 'href="/pages/sign-in?to=/pages/parked"' in one.text) == (403, True)


async def test_where_no_api_is_named_the_page_says_so_and_no_token_is_kept(
    cluster: Cluster, journey_template: str, signing: Signing
) -> None:
    async with opened(cluster, journey_template, signing) as site:
        browser = site.browser()
        await browser.sign_in(to=LIST)
        answer = await browser.get(LIST)
        assert (answer.status_code, "JOURNEY_PARKED_REFERRAL_URL" in answer.text) == (503, True)
        assert await site.pool.fetchval("select count(*) from sign_in where access_box is not null") == 0


async def test_a_service_without_an_api_here_has_no_page(browser: Browser) -> None:
    for path in (f"{LIST}/placement/1", f"{LIST}/nobody?ids=1", f"{LIST}/referral/x"):
        assert (await browser.get(path)).status_code == 404


async def test_what_is_no_number_is_no_record_whoever_asks(site: Site, browser: Browser, hosts: Hosts) -> None:
    for number in ("9" * 19, "9" * 4000, "-1", "\N{ARABIC-INDIC DIGIT ONE}"):
        assert (await site.browser().get(f"{LIST}/referral/{number}")).status_code == 303
        assert (await browser.get(f"{LIST}/referral/{number}")).status_code == 404
    assert (await browser.get(f"{LIST}/referral/{'9' * 5000}")).status_code == 400, "longer than an address may be"
    assert hosts.heard == []
