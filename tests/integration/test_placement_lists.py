"""The lists of the placement desks on a real database: pages, counts, what has changed, cursors, and plans."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.postgres.documents import Documents, Where
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


def cursor(*parts: Any) -> str:
    return urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("path", "sort", "forged"),
    [
        ("/employers", "name", cursor("id", str(uuid4()), str(uuid4()))),
        ("/employers", "-name", cursor("name", "Bello", str(uuid4()))),
        ("/employers", "name", cursor("name", "\ud800", str(uuid4()))),
        ("/employers", "name", cursor("name", "\x00", str(uuid4()))),
        ("/employers", "id", cursor("id", "Bello", str(uuid4()))),
        ("/vacancies", "expires_on", cursor("expires_on", "2026-02-30", str(uuid4()))),
        ("/vacancies", "updated_at", cursor("updated_at", "yesterday or so", str(uuid4()))),
        ("/candidates", "arrived_on", cursor("arrived_on", "not yet", str(uuid4()))),
        ("/offers", "expires_at", cursor("expires_at", "2026-13-01T00:00:00Z", str(uuid4()))),
        ("/offers", "starts_on", cursor("starts_on", "2026-03-02", "4711")),
    ],
)
async def test_a_cursor_that_no_page_of_this_order_has_given_is_refused(
    placement: Placement, path: str, sort: str, forged: str
) -> None:
    answer = await placement.ask("GET", path, OFFICER, params={"sort": sort, "cursor": forged})
    document = problem(answer, 422, "cursor_invalid")
    assert [error["field"] for error in document["errors"]] == ["cursor"]


async def test_a_cursor_goes_on_in_the_order_that_it_came_from_only(rows: Rows) -> None:
    page = await rows.placement.get("/offers", sort="expires_at", limit=1)
    for sort in ("-expires_at", "starts_on", "id"):
        query = {"sort": sort, "cursor": page["next_cursor"]}
        problem(await rows.placement.ask("GET", "/offers", OFFICER, params=query), 422, "cursor_invalid")


MANY = """
insert into {table} (id, version, status, data, updated_at{links})
select gen_random_uuid(), 1, status, jsonb_set(data, '{{{path}}}', to_jsonb(country_)), now() - n * interval '1 minute'
       {links}
from {table}, generate_series(1, 300) n,
     unnest(array['NG', 'GH', 'GM', 'SN', 'PK', 'EG', 'IQ', 'MA', 'TN', 'AF', 'AL', 'RS', 'XK']) country_
"""


class Asked:
    """What the process asks its database for lists, and how that is answered."""

    def __init__(self, placement: Placement, monkeypatch: pytest.MonkeyPatch) -> None:
        self.placement = placement
        self.statements: list[tuple[str, Sequence[Any]]] = []
        fetch = Documents._fetch  # asyncpg's own loggers do not hear statements that are prepared for one use

        async def heard(documents: Documents, query: str, where: Where) -> Any:
            self.statements.append((query, where.values))
            return await fetch(documents, query, where)

        monkeypatch.setattr(Documents, "_fetch", heard)

    async def plan(self) -> str:
        """Of the last page that was read."""
        query, values = next(each for each in reversed(self.statements) if "page_value" in each[0])
        return "\n".join(row[0] for row in await self.placement.pool.fetch(f"explain {query}", *values))


@pytest.fixture
async def asked(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Some 20,000 rows in each table, over 13 countries, and an ear at the statements of the process."""
    pool = rows.placement.pool
    for table, path, links in (
        ("candidate", "profile,country", ""),
        ("employer", "country", ""),
        ("vacancy", "country", ", links"),
    ):
        await pool.execute(MANY.format(table=table, path=path, links=links))
    await pool.execute("analyze")
    return Asked(rows.placement, monkeypatch)


async def test_no_list_reads_a_whole_table(asked: Asked) -> None:
    get, tables = (
        asked.placement.get,
        {path: path[1:-1] for path in IDS}
        | {
            "/vacancies": "vacancy",
            "/offers": "vacancy",
        },
    )
    for path, table in tables.items():
        for who in (OFFICER, PROGRAMME):
            await get(path, who, updated_since=asked.placement.clock.now().isoformat())
            changed = await asked.plan()
            assert f"{table}_updated" in changed, f"{path}\n{changed}"
            assert "Index Cond: (updated_at >=" in changed, f"{path}\n{changed}"
            for sort in ("updated_at", "-updated_at"):
                page = await get(path, who, sort=sort)
                begun = await asked.plan()
                await get(path, who, sort=sort, cursor=page["next_cursor"])
                gone_on = await asked.plan()
                for plan in (begun, gone_on):
                    assert f"using {table}_updated" in plan, f"{path} {sort}\n{plan}"
                assert re.search(r"Index Cond: .*updated_at [<>]= ", gone_on), f"{path} {sort}\n{gone_on}"
            if (path, who) == ("/offers", PROGRAMME):
                continue  # offers lie in their vacancies: in order of their ids, all of all countries must be read
            page = await get(path, who)
            begun = await asked.plan()
            await get(path, who, cursor=page["next_cursor"])
            for plan in (begun, await asked.plan()):
                assert "Seq Scan" not in plan, f"{path}\n{plan}"


async def test_a_persons_offers_are_found_by_the_person(asked: Asked) -> None:
    await asked.placement.get("/offers", case_id=uuid4())
    assert "vacancy_links" in await asked.plan()


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
