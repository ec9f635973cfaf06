"""The lists of the scout's desk on a real database: who gets what, in which order and pages, and what that costs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chassis.runtime import loops
from referral.app import SERVICE
from referral.views import CASES
from tests.support.referral.process import BAVARIA, BERLIN, PROGRAMME, Process, ids

MANY = 3000
"""Cases that are enough for a scan to cost more than an index."""
ORDERS = {
    "/cases": ("id", "opened_at", "updated_at"),
    "/referrals": ("case_id", "id", "referred_at", "answer_due_at", "updated_at"),
}
EVERY = [(path, sign + name) for path, names in ORDERS.items() for name in names for sign in ("", "-")]


async def walked(desk: Process, path: str, who: Mapping[str, Any] = BAVARIA, **query: Any) -> list[list[str]]:
    """The ids of a list, page by page."""
    pages: list[list[str]] = []
    cursor: dict[str, str] = {}
    while True:
        page = await desk.read(path, who, **query, **cursor)
        pages.append(ids(page))
        if page["next_cursor"] is None:
            return pages
        cursor = {"cursor": page["next_cursor"]}


async def filled(desk: Process, cases: int, referrals: int = 1, desks: int = 10) -> None:
    """Cases of several desks as copies of one, each with so many referrals, opened and changed a second apart."""
    template = await desk.opened()
    await desk.referred(template, "employment")
    row = await desk.pool.fetchval("select data from case_file")
    await desk.pool.execute("delete from case_file")
    await desk.pool.execute(
        """
        insert into case_file (id, version, status, links, data, updated_at)
        select made.id, 1, 'referred', '{}',
               $1::jsonb || jsonb_build_object(
                   'id', made.id, 'case_ref', made.id, 'opened_by', 'scouts:d' || made.number % $4,
                   'opened_at', now() - (made.number || 's')::interval,
                   'care_key', null,  -- its boxes open in no copy of the case
                   'referrals', (
                       select jsonb_agg($1::jsonb -> 'referrals' -> 0 || jsonb_build_object(
                           'id', gen_random_uuid(), 'needs', null,
                           'referred_at', now() - (made.number || 's')::interval,
                           'answer_due_at', case when place = 1 then now() + (made.number || 's')::interval end,
                           'status', case when made.number = 7 then 'rejected' else 'submitted' end))
                       from generate_series(1, $3) place)),
               now() - (made.number || 's')::interval
        from (select number, gen_random_uuid() as id from generate_series(1, $2) as number) as made
        """,
        row,
        cases,
        referrals,
        desks,
    )
    await desk.pool.execute("vacuum analyze case_file")


async def test_a_desk_lists_its_own_cases_and_filters_them(desk: Process) -> None:
    planned, referred = await desk.opened(), await desk.opened(admin1="NG-ED")
    elsewhere, foreign = await desk.opened(country="GH"), await desk.opened(BERLIN)
    window = {"earliest": desk.day(20), "latest": desk.day(30)}
    assert (await desk.act("POST", f"/cases/{planned}/journey/plan", window))["http"] == 200
    await desk.referred(referred, "employment")

    assert ids(await desk.read("/cases")) == sorted([planned, referred, elsewhere])
    assert ids(await desk.read("/cases", country="GH")) == [elsewhere]
    assert ids(await desk.read("/cases", status="referred")) == [referred]
    assert ids(await desk.read("/cases", journey="planned")) == [planned]
    assert ids(await desk.read("/cases", journey="planned", status="referred")) == []
    assert ids(await desk.read("/cases", country="NG", journey="planned", status="open", limit=7)) == [planned]
    assert ids(await desk.read("/cases", org=BAVARIA["org"])) == sorted([planned, referred, elsewhere])
    assert ids(await desk.read("/cases", BERLIN)) == [foreign]
    refused = await desk.read("/cases", org=BERLIN["org"])
    assert (refused["http"], refused["code"]) == (403, "other_organisation")


async def test_the_list_of_cases_reads_no_key_and_no_consent(desk: Process) -> None:
    case = await desk.opened()
    await desk.referred(case, "health")
    stored = await desk.pool.fetchrow("select data from case_file")
    unread = {"care_key", "profile_keys", "shares", "consents", "centre_consents", "engagements", "timeline"}
    assert unread < json.loads(stored["data"]).keys()
    read = json.loads(await desk.pool.fetchval(f"select {CASES.columns} from case_file"))
    assert read == {name: value for name, value in json.loads(stored["data"]).items() if name not in unread}
    assert ids(await desk.read("/cases")) == [case]


async def test_the_programmes_management_lists_all_or_those_of_one_desk(desk: Process) -> None:
    own, foreign = await desk.opened(), await desk.opened(BERLIN)
    here = await desk.referred(own, "employment")
    there = await desk.referred(foreign, "employment", who=BERLIN)
    for path, one, other in (("/cases", own, foreign), ("/referrals", here, there)):
        assert set(ids(await desk.read(path, PROGRAMME))) == {one, other}
        assert ids(await desk.read(path, PROGRAMME, org=BERLIN["org"])) == [other]
        assert ids(await desk.read(path, BAVARIA)) == [one]
        assert ids(await desk.read(path, BAVARIA, org=BAVARIA["org"])) == [one]


async def test_the_programmes_management_does_not_see_what_tells_of_health(desk: Process) -> None:
    referral = await desk.referred(await desk.opened(), "employment", "health")
    for who, needs in ((BAVARIA, ["employment", "health"]), (PROGRAMME, ["employment", "further_needs"])):
        assert (await desk.read(f"/referrals/{referral}", who))["needs"] == needs
        assert "needs" not in (await desk.read("/referrals", who))["items"][0]


async def test_referrals_are_filtered_by_all_that_is_asked_at_once(desk: Process) -> None:
    case = await desk.opened()
    late, waiting = await desk.referred(case, "employment"), await desk.referred(case, "housing")
    for referral in (late, waiting):
        await desk.received(case, referral)
    await desk.late(case, late)
    assert ids(await desk.read("/referrals", status="received", overdue=True, limit=7)) == [late]
    assert ids(await desk.read("/referrals", status="received", overdue=False)) == [waiting]


async def test_a_case_is_found_by_its_reference_as_people_write_it_down(desk: Process) -> None:
    case = await desk.opened()
    reference: str = (await desk.read(f"/cases/{case}"))["case_ref"]
    misread = reference.lower().replace("0", "o").replace("1", "l")
    for spelled in (reference, reference.lower(), reference.replace("-", " "), misread):
        assert ids(await desk.read("/cases", case_ref=spelled)) == [case]
    assert ids(await desk.read("/cases", BERLIN, case_ref=reference)) == []
    wrong = reference[:-1] + ("0" if reference[-1] != "0" else "1")
    refused = await desk.read("/cases", case_ref=wrong)
    assert (refused["http"], refused["code"]) == (422, "case_ref_misread")


@pytest.mark.parametrize("path", ["/cases", "/referrals"])
async def test_a_page_has_from_1_to_100_entries_and_50_if_nobody_says(desk: Process, path: str) -> None:
    await filled(desk, 101, desks=1)
    for query, found in (({"limit": 1}, 1), ({"limit": 100}, 100), ({}, 50)):
        page = await desk.read(path, PROGRAMME, **query)
        assert (len(page["items"]), page["limit"], page["total"]) == (found, found, None)
        assert page["next_cursor"] is not None


@pytest.mark.parametrize(("path", "sort"), EVERY)
async def test_pages_have_each_item_once_and_in_order(desk: Process, path: str, sort: str) -> None:
    await filled(desk, 13, referrals=3, desks=1)
    pages = await walked(desk, path, PROGRAMME, sort=sort, limit=4)
    found = [id_ for page in pages for id_ in page]
    assert len(found) == len(set(found)) == (13 if path == "/cases" else 39)
    assert {len(page) for page in pages[:-1]} == {4}
    backwards = await walked(desk, path, PROGRAMME, sort=sort.removeprefix("-") if "-" in sort else f"-{sort}")
    assert [id_ for page in backwards for id_ in page] == found[::-1]
    name = sort.removeprefix("-")
    if name != "updated_at":  # which no item shows
        items = (await desk.read(path, PROGRAMME, sort=sort))["items"]
        shown = name if name != "id" else {"/cases": "case_id", "/referrals": "referral_id"}[path]
        values = [item[shown] or "9999" for item in items]
        assert values == sorted(values, reverse=sort.startswith("-"))


@pytest.mark.parametrize(("path", "sort"), EVERY)
async def test_what_was_there_at_first_comes_once_while_more_is_added(desk: Process, path: str, sort: str) -> None:
    before = set()
    for _ in range(4):
        case = await desk.opened()
        before |= {case} if path == "/cases" else {await desk.referred(case, "employment")}
    found, cursor = list[str](), dict[str, str]()
    while True:
        page = await desk.read(path, sort=sort, limit=2, **cursor)
        found += ids(page)
        if page["next_cursor"] is None or len(found) > 20:
            break
        cursor = {"cursor": page["next_cursor"]}
        if len(found) < 8:
            await desk.referred(await desk.opened(), "housing")
    assert len(found) == len(set(found))
    assert before <= set(found)


@pytest.mark.parametrize("path", ["/cases", "/referrals"])
async def test_a_count_is_of_all_pages_and_of_what_the_filters_let_pass(desk: Process, path: str) -> None:
    first, second = await desk.opened(), await desk.opened(BERLIN)
    for case, who in ((first, BAVARIA), (second, BERLIN)):
        await desk.referred(case, "employment", who=who)
        await desk.referred(case, "housing", who=who)
    each = 1 if path == "/cases" else 2
    page = await desk.read(path, PROGRAMME, count=True, limit=1)
    assert (page["total"], len(page["items"])) == (2 * each, 1)
    rest = await desk.read(path, PROGRAMME, count=True, limit=1, cursor=page["next_cursor"])
    assert rest["total"] == 2 * each
    assert (await desk.read(path, count=True))["total"] == each
    assert (await desk.read(path, count=False))["total"] is None


@pytest.mark.parametrize("path", ["/cases", "/referrals"])
async def test_only_what_has_changed_since_is_listed_if_that_is_asked(desk: Process, path: str) -> None:
    old, new = await desk.opened(), await desk.opened()
    referrals = {case: await desk.referred(case, "employment") for case in (old, new)}
    since = desk.clock.now().isoformat()
    assert ids(await desk.read(path, updated_since=since)) == []
    await desk.received(new, referrals[new])
    changed = new if path == "/cases" else referrals[new]
    assert ids(await desk.read(path, updated_since=since)) == [changed]
    assert ids(await desk.read(path, sort="-updated_at", limit=1)) == [changed]


@pytest.mark.parametrize("path", ["/cases", "/referrals"])
async def test_a_cursor_that_this_list_has_not_given_in_this_order_is_refused(desk: Process, path: str) -> None:
    await filled(desk, 5, desks=1)
    usual = (await desk.read(path, PROGRAMME, limit=2))["next_cursor"]
    other = (await desk.read(path, PROGRAMME, limit=2, sort="-updated_at"))["next_cursor"]
    for cursor, sort in ((usual, "-updated_at"), (other, "updated_at"), (other, ORDERS[path][0]), ("x", "id")):
        refused = await desk.read(path, PROGRAMME, cursor=cursor, sort=sort)
        assert (refused["http"], refused["code"]) == (422, "cursor_invalid")
    elsewhere = "/referrals" if path == "/cases" else "/cases"
    for sort in ("id", "-updated_at"):
        cursor = (await desk.read(elsewhere, PROGRAMME, limit=2, sort=sort))["next_cursor"]
        refused = await desk.read(path, PROGRAMME, cursor=cursor, sort=sort)
        assert (refused["http"], refused["code"]) == (422, "cursor_invalid")


@pytest.mark.parametrize("who", [PROGRAMME, {"roles": ["scout"], "org": "scouts:d3"}], ids=["all", "one desk"])
@pytest.mark.parametrize("path", ["/cases", "/referrals"])
async def test_no_list_scans_the_table_in_its_usual_order_or_by_the_time_of_change(
    desk: Process, path: str, who: Mapping[str, Any]
) -> None:
    await filled(desk, MANY)
    middle = await desk.pool.fetchval("select updated_at from case_file order by updated_at offset $1", MANY - 40)

    async def scans() -> int:
        await desk.pool.execute("select pg_stat_force_next_flush()")
        scans: int = await desk.pool.fetchval("select seq_scan from pg_stat_user_tables where relname = 'case_file'")
        return scans

    before = await scans()
    for sort in (ORDERS[path][0], f"-{ORDERS[path][0]}", "updated_at", "-updated_at"):
        page = await desk.read(path, who, sort=sort, limit=20)
        assert len(ids(await desk.read(path, who, sort=sort, limit=20, cursor=page["next_cursor"]))) == 20
    assert ids(await desk.read(path, who, updated_since=middle.isoformat()))
    if path == "/referrals":
        assert len(ids(await desk.read(path, who, status="rejected"))) == (1 if who is PROGRAMME else 0)
    assert await scans() == before


@pytest.mark.parametrize("path", ["/cases", "/referrals"])
@pytest.mark.parametrize("sort", ["usual", "updated_at"])
async def test_a_late_page_reads_no_more_of_the_table_than_the_first(desk: Process, path: str, sort: str) -> None:
    await filled(desk, MANY)
    order = ORDERS[path][0] if sort == "usual" else sort
    late = await desk.read(path, PROGRAMME, sort=order, limit=100)
    for _ in range(20):
        late = await desk.read(path, PROGRAMME, sort=order, limit=100, cursor=late["next_cursor"])

    async def rows_read() -> int:
        await desk.pool.execute("select pg_stat_force_next_flush()")
        rows: int = await desk.pool.fetchval(
            "select idx_tup_fetch + seq_tup_read from pg_stat_user_tables where relname = 'case_file'"
        )
        return rows

    reads = []
    for cursor in ({}, {"cursor": late["next_cursor"]}):
        before = await rows_read()
        assert len(ids(await desk.read(path, PROGRAMME, sort=order, limit=20, **cursor))) == 20
        reads.append(await rows_read() - before)
    assert max(reads) < 100, reads


async def test_keys_that_somebody_waits_for_are_listed_and_those_that_lie_too_long_at_their_receivers(
    desk: Process,
) -> None:
    """The list of public keys of the process is empty: each key waits."""
    case = await desk.opened(profile={"given_name": "Amina"})
    referral = await desk.referred(case, "employment")
    await desk.tell("counselling", "ReferralAccepted", case, referral_id=referral, centre="centre:NG-LOS")
    found = (await desk.read("/profile-keys"))["items"]
    assert {(each["receiver"], each["part"], each["status"]) for each in found} == {
        ("centre:NG-LOS", part, "waiting") for part in ("identity", "contact", "care")
    }
    assert (await desk.read("/profile-keys", BERLIN))["items"] == []
    assert await counted(desk) == (0, 0), "they have waited for a moment"
    desk.clock.advance(timedelta(hours=2))
    assert await counted(desk) == (0, 3)
    await desk.pool.execute(
        """
        update case_file set data = jsonb_set(data, '{shares}', jsonb_build_array(
            data -> 'shares' -> 0 || '{"shared_at": "2026-01-01T00:00:00Z", "revoked_at": "2026-01-02T00:00:00Z"}',
            data -> 'shares' -> 1 || '{"shared_at": "2026-01-01T00:00:00Z"}'))
        """
    )
    (owed,) = (await desk.read("/profile-keys", sort="-since"))["items"]
    assert (owed["status"], owed["since"][:10]) == ("revoked", "2026-01-02")
    assert await counted(desk) == (1, 0)


async def counted(desk: Process) -> tuple[float, ...]:
    """What its worker shows of keys that were not destroyed, and of those that are waited for."""
    await loops.count(desk.pool, desk.clock, desk.metrics, SERVICE.watched)
    return tuple(desk.metrics.watched.labels(each.what)._value.get() for each in SERVICE.watched)
