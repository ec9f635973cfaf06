"""The lists of training on a real database: every order both ways, counts, changes, cursors, and their indexes."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from chassis.pure.states import Codec
from tests.support.training.process import ELEC, PAINT, PROGRAMME, Process, clerk, scout
from training.domain.enrolment import Enrolment
from training.domain.session import CourseSession, links
from training.handlers import KINDS

# --- pages -----------------------------------------------------------------------------------------------------------


async def read_while(
    training: Process, path: str, who: Mapping[str, Any], sort: str, also: Callable[[], Awaitable[None]]
) -> list[dict[str, Any]]:
    """A list in pages of two; between two pages `also` happens."""
    found: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 2, "sort": sort}
    while True:
        page = await training.get(path, who, **query)
        assert page["http"] == 200, page
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        query["cursor"] = page["next_cursor"]
        await also()


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("sort", ["starts_on", "ends_on", "id", "updated_at"])
async def test_sessions_come_in_every_order_without_gap_or_repeat_while_some_are_added(
    training: Process, sort: str, sign: str
) -> None:
    spans = [(5, 20), (5, 9), (7, 9), (5, 9), (3, 30), (7, 8), (6, 6)]
    ids = [await training.scheduled(starts_on=training.day(a), ends_on=training.day(b)) for a, b in spans]
    more = iter([(1, 40), (5, 9), (40, 41), (6, 7), (2, 2), (50, 50), (5, 9)])

    async def add() -> None:
        for first, last in more:
            await training.scheduled(starts_on=training.day(first), ends_on=training.day(last))
            return

    found = await read_while(training, "/sessions", scout(), sign + sort, add)
    names = [item["session_id"] for item in found]
    assert len(set(names)) == len(names)
    place = {"starts_on": 0, "ends_on": 1}.get(sort)  # ids and times of change come in the order in which they are made
    keys = [(0 if place is None else span[place], id_) for span, id_ in zip(spans, ids, strict=True)]
    assert [name for name in names if name in ids] == [id_ for _, id_ in sorted(keys, reverse=sign == "-")]
    if place is not None:
        days = [item[sort] for item in found]
        assert days == sorted(days, reverse=sign == "-")


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize(
    ("sort", "ranks"),
    [("starts_on", (9, 5, 7)), ("id", (0, 0, 0)), ("updated_at", (2, 0, 1))],  # the first course changes last
)
async def test_enrolments_come_in_every_order_without_gap_or_repeat_while_some_are_added(
    training: Process, sort: str, ranks: tuple[int, int, int], sign: str
) -> None:
    people = iter(await training.people(14))
    courses = [
        await training.scheduled(seats=2, starts_on=training.day(day), ends_on=training.day(day)) for day in (9, 5, 7)
    ]
    keys = []
    for number in (0, 1, 2, 0, 1, 2, 0):  # the first course has a waiting list
        enrolment = await training.enrolled(courses[number], next(people))
        keys.append((ranks[number], enrolment["enrolment_id"]))

    async def add() -> None:
        for case in people:
            other = await training.scheduled(starts_on=training.day(6), ends_on=training.day(8))
            await training.enrolled(other, case)
            return

    found = await read_while(training, "/enrolments", scout(), sign + sort, add)
    names = [item["enrolment_id"] for item in found]
    assert len(set(names)) == len(names)
    ids = [id_ for _, id_ in sorted(keys, reverse=sign == "-")]
    assert [name for name in names if name in ids] == ids


async def test_without_a_wish_sessions_come_by_first_day_and_enrolments_the_oldest_first(training: Process) -> None:
    late = await training.scheduled(starts_on=training.day(15))
    soon = await training.scheduled(seats=3)
    ids = [(await training.enrolled(soon, case))["enrolment_id"] for case in await training.people(3)]
    assert await training.read_through("/sessions", clerk(), "session_id", limit=1) == [soon, late]
    assert await training.read_through("/enrolments", clerk(), "enrolment_id", limit=1) == ids


async def test_a_list_is_counted_if_that_is_asked(training: Process) -> None:
    session = await training.scheduled(seats=5)
    await training.scheduled(ELEC, isco08="7411")
    for case in await training.people(3):
        await training.enrolled(session, case)
    page = await training.get("/sessions", scout(), count="true", limit=1)
    assert (len(page["items"]), page["total"], page["limit"]) == (1, 2, 1)
    assert (await training.get("/sessions", scout(), count="true", provider=PAINT))["total"] == 1
    page = await training.get("/enrolments", scout(), count="true", limit=2)
    assert (len(page["items"]), page["total"]) == (2, 3)
    rest = await training.get("/enrolments", scout(), count="true", limit=2, cursor=page["next_cursor"])
    assert (len(rest["items"]), rest["total"]) == (1, 3)
    assert (await training.get("/enrolments", scout("scouts:berlin"), count="true"))["total"] == 0
    assert (await training.get("/enrolments", scout(), limit=2))["total"] is None


async def test_what_has_changed_since_is_all_that_has(training: Process) -> None:
    first, second = await training.scheduled(seats=1), await training.scheduled(seats=1)
    one, two, three = await training.people(3)
    seated = (await training.enrolled(first, one))["enrolment_id"]
    waiting = (await training.enrolled(first, two))["enrolment_id"]
    await training.enrolled(second, three)
    training.clock.advance(timedelta(minutes=1))
    since = training.clock.now().isoformat()

    async def changed(path: str, id_: str) -> list[str]:
        return await training.read_through(path, PROGRAMME, id_, updated_since=since, sort="updated_at", limit=1)

    assert await changed("/sessions", "session_id") == []
    assert await changed("/enrolments", "enrolment_id") == []
    await training.post(f"/enrolments/{seated}/cancel", scout())
    assert await changed("/sessions", "session_id") == [first]
    assert await changed("/enrolments", "enrolment_id") == [seated, waiting]  # the seat went to who waited


def forged(*parts: Any) -> str:
    return urlsafe_b64encode(json.dumps([str(part) for part in parts]).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("path", "sort", "cursor"),
    [
        ("/sessions", "starts_on", "first"),
        ("/sessions", "-starts_on", forged("-starts_on", "2026-03-02", UUID(int=1))),
        ("/enrolments", "id", forged("id", UUID(int=1), UUID(int=1))),
        ("/enrolments", "-id", forged("-id", UUID(int=1))),
    ],
)
async def test_a_cursor_that_no_page_has_given_is_refused(training: Process, path: str, sort: str, cursor: str) -> None:
    answer = await training.get(path, scout(), sort=sort, cursor=cursor)
    assert (answer["http"], answer["code"], answer["errors"][0]["field"]) == (422, "cursor_invalid", "cursor")


# --- plans -----------------------------------------------------------------------------------------------------------

SESSIONS, PEOPLE = 3000, 4
MOST_ROWS = 600
"""For one page of 50, of two tables that have 15000."""
RARE = {"provider": "provider:TRADE-METAL", "scouts": "scouts:hamburg"}
READERS = (clerk(), scout(), PROGRAMME, clerk(RARE["provider"]), scout(RARE["scouts"]))
QUERIES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/sessions", {}),
    ("/sessions", {"sort": "-starts_on"}),
    ("/sessions", {"sort": "ends_on", "since": "2017-01-01"}),
    ("/sessions", {"sort": "id", "since": "2017-01-01"}),
    ("/sessions", {"sort": "updated_at", "since": "2017-01-01"}),
    ("/sessions", {"sort": "-updated_at"}),
    ("/sessions", {"updated_since": "recently", "since": "2017-01-01"}),
    ("/sessions", {"updated_since": "recently", "sort": "updated_at"}),
    ("/sessions", {"provider": PAINT}),
    ("/sessions", {"provider": RARE["provider"], "since": "2017-01-01"}),
    ("/enrolments", {}),
    ("/enrolments", {"sort": "id"}),
    ("/enrolments", {"sort": "starts_on"}),
    ("/enrolments", {"sort": "-updated_at"}),
    ("/enrolments", {"sort": "updated_at"}),
    ("/enrolments", {"updated_since": "recently"}),
    ("/enrolments", {"updated_since": "recently", "sort": "updated_at"}),
    ("/enrolments", {"status": "confirmed"}),
    ("/enrolments", {"status": "waitlisted"}),
    ("/enrolments", {"case_id": "somebody"}),
    ("/enrolments", {"session_id": "some"}),
)


async def rows_read(training: Process) -> int:
    """So far, of the two tables that are listed."""
    await training.pool.execute("select pg_stat_force_next_flush()")
    return int(
        await training.pool.fetchval(
            """select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) from pg_stat_user_tables
               where relname in ('course_session', 'enrolment')"""
        )
    )


async def test_a_page_reads_few_rows_whoever_asks_for_it_and_however(training: Process) -> None:
    about = await filled(training)
    await training.pool.execute("analyze")

    costs = {}
    for path, query in QUERIES:
        asked = {name: about.get(value, value) for name, value in query.items()}
        for number, who in enumerate(READERS):
            cursor: dict[str, str] = {}
            for place in range(7):  # a statement that is kept has one plan for all values from the sixth time on
                before = await rows_read(training)
                page = await training.get(path, who, **asked, **cursor)
                costs[path, *query.items(), number, place] = await rows_read(training) - before
                assert page["http"] == 200, page
                assert page["items"] or number > 2, (path, query, who)
                cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else {}
    assert {place: rows for place, rows in costs.items() if rows > MOST_ROWS} == {}


IN_TURN = ("id", "-id", "starts_on", "-starts_on", "updated_at", "-updated_at")
FEW_ROWS = 200
"""For one page of 50: 51 enrolments, the session of each, and what lies beside them in the index. A provider that has
one course in a hundred has 400 enrolments."""


async def test_a_page_of_enrolments_is_read_in_its_order_and_not_sorted_out_of_all_of_them(training: Process) -> None:
    await filled(training, 10_000)
    await training.pool.execute("analyze")
    costs = {}
    for who in (clerk("provider:P3"), scout(), PROGRAMME):
        for sort in IN_TURN:
            cursor: dict[str, str] = {}
            for place in range(3):
                before = await rows_read(training)
                page = await training.get("/enrolments", who, sort=sort, limit=50, **cursor)
                costs[who["org"], sort, place] = await rows_read(training) - before
                assert len(page["items"]) == 50
                cursor = {"cursor": page["next_cursor"]}
    assert {place: rows for place, rows in costs.items() if rows > FEW_ROWS} == {}


async def filled(training: Process, count: int = SESSIONS) -> dict[str, str]:
    """Years of courses; returns what to ask for, by the names that the queries have for it."""
    now = training.clock.now()
    codec, sessions = Codec(KINDS[1]), [a_session(number, now) for number in range(count)]
    await training.pool.executemany(
        """insert into course_session (id, version, status, data, links, updated_at)
           values ($1, 1, 'open', $2, $3, $4)""",
        [
            (each.id, codec.dump(each), sorted(links(each)), now - timedelta(minutes=count - number))
            for number, each in enumerate(sessions)
        ],
    )
    half = sessions[count // 2 :]
    some = next(e for e in half if (e.provider, e.enrolments[0].requested_by) == (PAINT, "scouts:bavaria"))
    return {
        "recently": (now - timedelta(minutes=60)).isoformat(),
        "somebody": str(some.enrolments[0].case_id),
        "some": str(some.id),
    }


def a_session(number: int, now: datetime) -> CourseSession:
    """Four a day; now and then one of a small provider, one of small scouts, and one with a waiting list."""
    first = now.date() + timedelta(days=number // 4 - 600)
    rare = number % 300 == 7
    scouts = RARE["scouts"] if rare else "scouts:bavaria" if number % 3 else "scouts:berlin"
    return CourseSession(
        id=uuid7(),
        provider=RARE["provider"] if rare else PAINT if number % 5 == 0 else f"provider:P{number % 100}",
        course_code="PAINT-BASICS",
        isco08="7131",
        category="MARKET_ACCESS",
        seats=PEOPLE,
        starts_on=first,
        ends_on=first + timedelta(days=4),
        admin1="DE-BY",
        online=False,
        language="en",
        units=20,
        enrolments=tuple(
            Enrolment(uuid7(), uuid7(), scouts, now, "waitlisted" if number % 150 == 5 and place == 3 else "confirmed")
            for place in range(PEOPLE)
        ),
    )
