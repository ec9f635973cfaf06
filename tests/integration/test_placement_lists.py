"""The lists of the placement desks on a real database: pages, counts, what has changed, cursors, and plans."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.http.cursors import Cursors
from chassis.pure.paging import Place
from placement import views
from tests.support.placement import bodies
from tests.support.placement.api import ACCRAS, OFFICER, PROGRAMME
from tests.support.placement.process import DAY, TODAY, Placement
from tests.support.web import problem

IDS = {"/employers": "employer_id", "/vacancies": "vacancy_id", "/candidates": "case_id", "/offers": "offer_id"}
ORDERS: Mapping[str, Mapping[str, Callable[[dict[str, Any]], Any]]] = {
    "/employers": {"name": lambda item: item["name"]},
    "/vacancies": {"expires_on": lambda item: item["expires_on"]},
    "/candidates": {"arrived_on": lambda item: item["arrived_on"] or "not yet"},
    "/offers": {"expires_at": lambda item: item["expires_at"], "starts_on": lambda item: item["starts_on"]},
}
"""The orders of each list besides `id` and `updated_at`, as they show in its items."""
NOBODY = "00000000-0000-4000-8000-000000000000"
LONGEST = "\U0001e922" * 120
"""The longest name that an employer can have, in Adlam, as Fula is written: four bytes per letter."""


class Rows:
    """Things to list, one more of each at a time: names, days and hours come in threes, so that there are equals."""

    def __init__(self, placement: Placement) -> None:
        self.placement = placement
        self.number = 0
        self.add: dict[str, Callable[[], Awaitable[str]]] = {
            "/employers": self.employer,
            "/vacancies": self.vacancy,
            "/candidates": self.person,
            "/offers": self.offer,
        }

    def next(self) -> int:
        self.number += 1
        return self.number % 3

    async def employer(self) -> str:
        return await self.placement.employer(name=["Bello Paints", "Abba Tailors", LONGEST][self.next()])

    async def vacancy(self) -> str:
        employer_id = await self.employer()
        return await self.placement.vacancy(employer_id, expires_on=(TODAY + (40 + self.next()) * DAY).isoformat())

    async def person(self) -> str:
        case_id = await self.placement.refer()
        if days := self.next():
            await self.placement.arrive(case_id, TODAY - days * DAY)
        return str(case_id)

    async def offer(self) -> str:
        employer_id, case_id = await self.employer(), UUID(await self.person())
        vacancy_id, apart = await self.placement.vacancy(employer_id), self.next()
        ends = self.placement.clock.now().replace(microsecond=0) + timedelta(days=2 + apart)
        days = {"expires_at": ends.isoformat(), "starts_on": (TODAY + (20 - apart) * DAY).isoformat()}
        made = await self.placement.offer(employer_id, vacancy_id, case_id, **days)
        return str(made["offer_id"])


@pytest.fixture
async def rows(placement: Placement) -> Rows:
    """Five offers, and five at least of all that they need."""
    rows = Rows(placement)
    for _ in range(5):
        await rows.offer()
    return rows


@pytest.mark.parametrize("path", IDS)
async def test_pages_have_no_gap_and_no_repeat_in_any_order_while_rows_are_added(rows: Rows, path: str) -> None:
    get, name = rows.placement.get, IDS[path]
    for sort in ("id", "updated_at", *ORDERS[path]):
        there = {item[name] for item in await rows.placement.all(path)}
        walks: dict[str, list[Any]] = {}
        for sign in ("", "-"):
            page = await get(path, sort=sign + sort, limit=2)
            walks[sign] = list(page["items"])
            while page["next_cursor"] is not None:
                await rows.add[path]()
                page = await get(path, sort=sign + sort, limit=2, cursor=page["next_cursor"])
                walks[sign] += page["items"]
                if len(walks[sign]) > 3 * len(there):
                    break  # what is added comes after what was read: there would be no end
            ids = [item[name] for item in walks[sign]]
            assert len(ids) == len(set(ids)), "nothing comes twice"
            assert there <= set(ids), "nothing is left out"
        up, down = ([item for item in walks[sign] if item[name] in there] for sign in ("", "-"))
        assert [item[name] for item in up] == [item[name] for item in down][::-1]
        if sort in ORDERS[path]:
            values = [ORDERS[path][sort](item) for item in up]
            assert values == sorted(values)
            assert len(set(values)) < len(values), "equals among them"


@pytest.mark.parametrize("path", IDS)
async def test_the_usual_order_is_by_id_and_all_are_counted_on_request(rows: Rows, path: str) -> None:
    items = await rows.placement.all(path, limit=2)
    ids = [item[IDS[path]] for item in items]
    assert ids == sorted(ids)
    first = await rows.placement.get(path, limit=2, count=True)
    second = await rows.placement.get(path, limit=2, count=True, cursor=first["next_cursor"])
    assert (first["total"], second["total"], first["limit"]) == (len(items), len(items), 2)
    assert (await rows.placement.get(path, limit=2))["total"] is None
    assert (await rows.placement.get(path, ACCRAS, count=True))["total"] == 0


async def test_each_list_tells_what_has_changed_since(rows: Rows) -> None:
    placement = rows.placement
    offers, people = await placement.all("/offers"), await placement.all("/candidates")
    placement.clock.advance(timedelta(hours=1))
    since = placement.clock.now().isoformat()
    for path in IDS:
        assert (await placement.get(path, updated_since=since, count=True))["total"] == 0
    declined, arrived = offers[2], people[1]["case_id"]
    await placement.post(f"/offers/{declined['offer_id']}/decline", {"reason": "wage"})
    placement.clock.advance(timedelta(seconds=1))
    await placement.arrive(arrived, TODAY - 9 * DAY)
    new = await rows.employer()

    async def found(path: str, **more: Any) -> list[str]:
        return [item[IDS[path]] for item in await placement.all(path, updated_since=since, **more)]

    assert await found("/offers") == [declined["offer_id"]]
    assert await found("/vacancies") == [declined["vacancy_id"]]
    assert await found("/candidates") == [arrived]
    assert await found("/employers") == [new]
    assert await found("/offers", status="open") == []
    for path, last in (("/offers", declined["offer_id"]), ("/candidates", arrived), ("/employers", new)):
        [first] = (await placement.get(path, sort="-updated_at", limit=1))["items"]
        assert first[IDS[path]] == last


LISTS = {
    "/employers": views.EMPLOYERS,
    "/vacancies": views.VACANCIES,
    "/candidates": views.CANDIDATES,
    "/offers": views.OFFERS,
}


@pytest.mark.parametrize("path", IDS)
async def test_a_cursor_goes_on_only_where_and_for_whom_it_was_given(rows: Rows, path: str) -> None:
    for _ in range(3):
        await rows.add[path]()
    query = {"country": "NG", "sort": "updated_at", "limit": 1}
    page = await rows.placement.get(path, PROGRAMME, **query)
    query["cursor"] = page["next_cursor"]
    await rows.placement.get(path, PROGRAMME, **{**query, "limit": 2, "count": True})
    others = [other for other in IDS if other != path]
    for whose, other, changes in (
        (OFFICER, path, {}),
        (PROGRAMME, others[0], {}),
        *((PROGRAMME, path, {"sort": sort}) for sort in ("-updated_at", "id", *ORDERS[path])),
        (PROGRAMME, path, {"country": "GH"}),
        (PROGRAMME, path, {"updated_since": "2026-01-01T00:00:00Z"}),
        (PROGRAMME, path, {"cursor": query["cursor"].swapcase()}),
    ):
        answer = await rows.placement.ask("GET", other, whose, params={**query, **changes})
        document = problem(answer, 422, "cursor_invalid")
        assert [error["field"] for error in document["errors"]] == ["cursor"], (other, changes)


async def test_a_cursor_does_not_tell_when_something_has_changed_at_a_vacancy(rows: Rows) -> None:
    """The moment belongs to everybody who is picked there; no answer shows it."""
    await rows.offer()
    last = await rows.offer()
    page = await rows.placement.get("/offers", sort="-updated_at", limit=1)
    assert page["items"][0]["offer_id"] == last
    box = urlsafe_b64decode(page["next_cursor"] + "==")
    moments = await rows.placement.pool.fetch("select updated_at::text from vacancy")
    assert not any(part in box for row in moments for part in (row[0].encode(), row[0][:10].encode()))
    assert last.encode() not in box


TABLES = {"/employers": "employer", "/vacancies": "vacancy", "/candidates": "candidate", "/offers": "vacancy"}
PLACES = ("NG", "GH", "GM", "SN", "PK", "EG", "IQ", "MA", "TN", "AF", "AL", "RS")
"""Every country but Kosovo, where nobody is."""
MOST_ROWS = 2000
"""For one page of 50, of tables that have 18000: a country has 1500 of them, and one row in twelve is of the desk's."""
MANY = """
insert into {table} (id, version, status, data, updated_at{column})
select gen_random_uuid(), 1, status, {data}, now() - minute * interval '1 minute'{links}
from {table}, generate_series(1, 300) minute, unnest($1::text[]) country_,
     lateral (
         select gen_random_uuid() as somebody, gen_random_uuid() as made
         where {table}.id is not null and minute > 0 and country_ <> ''  -- anew for each row
     ) anew
"""


async def filled(placement: Placement) -> None:
    """Copies all that is there 300 times into each country."""
    for table, changes in (
        ("candidate", {"profile,country": "country_"}),
        ("employer", {"country": "country_"}),
        ("vacancy", {"country": "country_", "candidacies,0,case_id": "somebody", "candidacies,0,offer,id": "made"}),
    ):
        data, links = "data", ("links", "array[somebody, made]") if table == "vacancy" else ()
        for path, value in changes.items():
            data = f"jsonb_set({data}, '{{{path}}}', to_jsonb({value}))"
        column, linked = (f", {each}" for each in links) if links else ("", "")
        query = MANY.format(table=table, data=data, column=column, links=linked)
        await placement.pool.execute(query, PLACES)
    await placement.pool.execute("analyze")


async def rows_read(placement: Placement) -> int:
    """So far, of all tables that are listed."""
    await placement.pool.execute("select pg_stat_force_next_flush()")
    query = """select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) from pg_stat_user_tables
               where relname in ('candidate', 'employer', 'vacancy', 'offer')"""
    return int(await placement.pool.fetchval(query))


async def middle(placement: Placement, path: str, sort: str) -> Place:
    """What leaves half of the table behind."""
    query = f"select {sort.strip('-')}::text, id from {TABLES[path]} order by 1 offset 9000 limit 1"
    return Place(*await placement.pool.fetchrow(query))


def going_on(
    placement: Placement, path: str, who: Mapping[str, Any], query: Mapping[str, Any], filters: Mapping[str, str]
) -> dict[str, Any]:
    """The query; a place in it has become the cursor that this caller gets there."""
    if "cursor" not in query:
        return dict(query)
    bound = (path, query["sort"], json.dumps(sorted(filters.items())), who["org"])
    return {**query, "cursor": Cursors(LISTS[path], placement.workshop.tag_key, bound).sealed(query["cursor"])}


@pytest.mark.parametrize("path", IDS)
async def test_a_page_reads_few_rows_whoever_asks_for_it_and_however(rows: Rows, path: str) -> None:
    placement, costs = rows.placement, {}
    await filled(placement)
    recently = (placement.clock.now() - timedelta(minutes=3)).isoformat()
    queries: list[dict[str, Any]] = [{"updated_since": recently}, {"updated_since": recently, "sort": "updated_at"}]
    for sort in ("id", "updated_at", "-updated_at"):
        queries += [{"sort": sort}, {"sort": sort, "cursor": await middle(placement, path, sort)}]
    for query in queries:
        for name, who, country in (
            ("the desk", OFFICER, {}),
            ("all", PROGRAMME, {}),
            ("one of all", PROGRAMME, {"country": "GH"}),
            ("nobody", PROGRAMME, {"country": "XK"}),
        ):
            before = await rows_read(placement)
            page = await placement.get(path, who, **going_on(placement, path, who, query, country), **country)
            costs[name, *query.items()] = await rows_read(placement) - before
            assert bool(page["items"]) == (name != "nobody"), (name, query)
    assert {place: cost for place, cost in costs.items() if cost > MOST_ROWS} == {}


IN_TURN = ("id", "expires_at", "starts_on", "updated_at")
FEW_ROWS = 320
"""For one page of 50: 51 offers, the vacancy of each, and what lies beside them in the index."""


async def test_a_page_of_offers_is_read_in_its_order_and_not_sorted_out_of_all_of_them(rows: Rows) -> None:
    placement, costs = rows.placement, {}
    await filled(placement)
    await placement.pool.execute(
        """update offer set starts_on = starts_on + (random() * 300)::int,
                            expires_at = expires_at + random() * 300 * interval '1 day'"""
    )
    await placement.pool.execute("analyze")
    for who, country in ((OFFICER, {}), (PROGRAMME, {}), (PROGRAMME, {"country": "GH"})):
        for sort in (*IN_TURN, *(f"-{each}" for each in IN_TURN)):
            cursor: dict[str, str] = {}
            for place in range(3):
                before = await rows_read(placement)
                page = await placement.get("/offers", who, sort=sort, limit=50, **country, **cursor)
                costs[who["org"], *country, sort, place] = await rows_read(placement) - before
                assert len(page["items"]) == 50
                cursor = {"cursor": page["next_cursor"]}
    assert {place: cost for place, cost in costs.items() if cost > FEW_ROWS} == {}


async def test_a_persons_offers_are_found_by_the_person(rows: Rows) -> None:
    [mine, *_] = await rows.placement.all("/offers")
    await filled(rows.placement)
    somebody = await rows.placement.refer()
    before = await rows_read(rows.placement)
    assert await rows.placement.all("/offers", case_id=somebody) == []
    assert await rows_read(rows.placement) - before < 10
    assert mine in await rows.placement.all("/offers", case_id=mine["case_id"])


async def test_the_list_of_offers_says_what_their_vacancies_say(rows: Rows) -> None:
    placement = rows.placement
    first, second, *_ = await placement.all("/offers")
    await placement.post(f"/offers/{first['offer_id']}/accept")
    await placement.post(f"/offers/{second['offer_id']}/decline", {"reason": "wage"})
    query = """
    select offer.id from offer right join (
        select vacancy.id as vacancy_id, country, candidacy ->> 'case_id' as case_id, made
        from vacancy, jsonb_array_elements(data -> 'candidacies') candidacy,
             lateral (select candidacy -> 'offer' as made) as offered
    ) as said on offer.id::text = made ->> 'id' and offer.vacancy_id = said.vacancy_id
      and offer.case_id::text = said.case_id and offer.country = said.country and offer.status = made ->> 'status'
      and offer.starts_on = (made ->> 'starts_on')::date and offer.expires_at = (made ->> 'expires_at')::timestamptz
    """
    said = [row["id"] for row in await placement.pool.fetch(query)]
    listed = [row["id"] for row in await placement.pool.fetch("select id from offer")]
    assert sorted(said) == sorted(listed)
    assert len(listed) == 5
    for status, expected in (("accepted", first), ("declined", second)):
        [found] = await placement.all("/offers", status=status)
        assert (found["offer_id"], found["status"]) == (expected["offer_id"], status)


async def test_an_offer_that_there_was_not_is_in_no_list_once_two_people_say_so(rows: Rows) -> None:
    placement = rows.placement
    gone, *kept = await placement.all("/offers")
    path = f"/candidacies/{gone['candidacy_id']}"
    ada, bob = ({**OFFICER, "sub": name} for name in ("ada", "bob"))
    asked = await placement.post(f"{path}/offer/void", {"reason": "wrong_person"}, ada)
    assert asked["offer_id"] == gone["offer_id"], "nothing changes before a second person confirms"
    assert (await placement.ask("POST", f"{path}/correction/confirm", ada)).json()["code"] == "same_person"
    assert (await placement.get(path, ada))["correction"]["record"] == "job_offer"
    confirmed = await placement.post(f"{path}/correction/confirm", None, bob)
    assert (confirmed["offer_id"], confirmed["status"]) == (None, "presented")
    assert [each["offer_id"] for each in await placement.all("/offers")] == [each["offer_id"] for each in kept]
    listed = await placement.pool.fetch("select id::text from offer order by id")
    assert [row["id"] for row in listed] == sorted(each["offer_id"] for each in kept)
    query = "select encode(person, 'hex') as person, action from audit where outcome = 'done' and $1 = any(subjects)"
    audited = await placement.pool.fetch(query, UUID(gone["case_id"]))
    of = {row["action"]: row["person"] for row in audited if row["action"] in ("void_offer", "confirm_correction")}
    assert len(of) == len(set(of.values())) == 2


async def test_a_repeat_gets_its_stored_answer_whatever_has_changed_since(placement: Placement) -> None:
    vacancy_id, case_id = await placement.vacancy(await placement.employer()), await placement.refer()
    shortlisted = await placement.post("/candidacies", bodies.candidacy(vacancy_id, case_id))
    path = f"/candidacies/{shortlisted['candidacy_id']}"
    seen = await placement.ask("GET", path, OFFICER)
    headers = {"Idempotency-Key": str(uuid4()), "If-Match": seen.headers["etag"]}
    body = {"reason": "unreachable", "by": "officer"}

    async def close(**more: str) -> Any:
        return await placement.ask("POST", f"{path}/close", OFFICER, json=body, headers={**headers, **more})

    first, again = await close(), await close()
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    document = problem(await close(**{"Idempotency-Key": str(uuid4())}), 412, "changed_meanwhile")
    assert "status, closed_reason, closed_by" in document["detail"]
