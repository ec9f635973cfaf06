"""The lists of counselling on a real database: every order both ways, counts, changes, cursors."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.support.counselling.lists import IDS, ORDERS
from tests.support.counselling.process import ACCRA, EDO, LAGOS, PROGRAMME, Process, staff
from vocabulary.case_ref import case_ref


class Cases:
    """Cases to list, one more at a time: in threes of one age, so that there are equals."""

    def __init__(self, counselling: Process) -> None:
        self.counselling = counselling
        self.number = 0

    async def add(self, path: str) -> None:
        """A case in the inbox; for the list of files it is accepted, and two of three have arrived, on two days."""
        self.number += 1
        case, age = uuid4(), self.number % 3
        referral = await self.counselling.refer(case, days_ago=age)
        if path == "/files":
            await self.counselling.post(f"/referrals/{referral}/accept", LAGOS)
        if path == "/files" and age:
            day = (datetime.fromisoformat(self.counselling.today) - timedelta(days=age)).date().isoformat()
            told = await self.counselling.post(f"/files/{case}/arrival", LAGOS, arrived_on=day, method="seen")
            assert told["http"] == 200, told


async def read_while(
    counselling: Process, path: str, sort: str, most: int, also: Callable[[], Awaitable[None]]
) -> list[dict[str, Any]]:
    """A list in pages of two; between two pages `also` happens. Ends after `most`: what is added may come last."""
    found: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 2, "sort": sort}
    while True:
        page = await counselling.get(path, staff(LAGOS), **query)
        assert page["http"] == 200, page
        found += page["items"]
        if page["next_cursor"] is None or len(found) > most:
            return found
        query["cursor"] = page["next_cursor"]
        await also()


@pytest.mark.parametrize(
    ("path", "sort"), [(path, sort) for path in IDS for sort in ("id", "updated_at", *ORDERS[path])]
)
async def test_pages_have_no_gap_and_no_repeat_in_any_order_while_cases_are_added(
    counselling: Process, path: str, sort: str
) -> None:
    cases, name = Cases(counselling), IDS[path]
    for _ in range(7):
        await cases.add(path)
    there = {item[name] for item in (await counselling.get(path, staff(LAGOS)))["items"]}
    assert len(there) == 7
    walks: dict[str, list[Any]] = {}
    for sign in ("", "-"):
        found = await read_while(counselling, path, sign + sort, 40, lambda: cases.add(path))
        ids = [item[name] for item in found]
        assert len(ids) == len(set(ids)), "nothing comes twice"
        assert there <= set(ids), "nothing is left out"
        walks[sign] = [item for item in found if item[name] in there]
    assert [item[name] for item in walks[""]] == [item[name] for item in walks["-"]][::-1]
    if sort in ORDERS[path]:
        values = [ORDERS[path][sort](item) for item in walks[""]]
        assert values == sorted(values)
    if sort == "arrived_on":
        assert len(set(values)) == 3, "equals among them, and those who are not there yet"


async def test_without_a_wish_the_inbox_comes_by_due_time_and_files_by_id(counselling: Process) -> None:
    cases = Cases(counselling)
    for path in ("/inbox", "/files") * 5:
        await cases.add(path)
    due = [item["answer_due_at"] for item in (await counselling.get("/inbox", staff(LAGOS)))["items"]]
    assert (due, len(due)) == (sorted(due), 5)
    ids = [item["case_id"] for item in (await counselling.get("/files", staff(LAGOS)))["items"]]
    assert (ids, len(ids)) == (sorted(ids), 5)


async def test_files_are_those_of_people_whom_the_centre_has_taken_on(counselling: Process) -> None:
    cases = {status: uuid4() for status in ("received", "accepted", "rejected", "elsewhere")}
    referrals = {status: await counselling.refer(case) for status, case in cases.items()}
    await counselling.post(f"/referrals/{referrals['accepted']}/accept", LAGOS)
    await counselling.post(f"/referrals/{referrals['rejected']}/reject", LAGOS, reason="no_capacity")
    told = {"to_centre": EDO, "reason": "other_catchment"}
    await counselling.post(f"/referrals/{referrals['elsewhere']}/redirect", LAGOS, **told)
    for stage in ({}, {"status": "expected"}):
        found = await counselling.get("/files", staff(LAGOS), **stage)
        assert [item["case_id"] for item in found["items"]] == [str(cases["accepted"])]
    assert (await counselling.get("/files", staff(LAGOS), status="declined"))["items"] == []
    for spelled, number in ((case_ref(cases["accepted"]).lower(), 1), (case_ref(uuid4()), 0)):
        assert len((await counselling.get("/files", staff(LAGOS), case_ref=spelled))["items"]) == number
    assert (await counselling.get("/files", staff(LAGOS), case_ref="PH-7K3M9QX-4"))["code"] == "case_ref_misread"
    assert (await counselling.get("/files", staff(EDO)))["items"] == []
    assert len((await counselling.get("/files", PROGRAMME))["items"]) == 4
    assert [item["case_id"] for item in (await counselling.get("/files", PROGRAMME, status="declined"))["items"]] == [
        str(cases["rejected"])
    ]


async def unseen(counselling: Process, ages: Mapping[int, UUID]) -> None:
    """People whom Lagos has taken on and no consent lets it know any more; then Edo records that they have arrived."""
    for age, case in ages.items():
        referral = await counselling.refer(case)
        assert (await counselling.post(f"/referrals/{referral}/accept", LAGOS))["http"] == 200
        [consent] = (await counselling.get(f"/files/{case}", staff(LAGOS)))["consents"]
        gone = {"consent_id": consent["consent_id"], "purpose": "referral", "recipients": consent["recipients"]}
        now = counselling.clock.now().isoformat()
        await counselling.dispatcher.handle([counselling.event(case, "ConsentWithdrawn", effective_at=now, **gone)])
        in_edo = await counselling.refer(case, EDO, recipients=[EDO])
        assert (await counselling.post(f"/referrals/{in_edo}/accept", EDO))["http"] == 200
        day = (datetime.fromisoformat(counselling.today) - timedelta(days=age)).date().isoformat()
        told = await counselling.post(f"/files/{case}/arrival", EDO, arrived_on=day, method="seen")
        assert told["http"] == 200, told


async def test_a_line_of_somebody_unseen_is_in_the_order_of_ids_and_in_no_list_that_would_tell_more(
    counselling: Process,
) -> None:
    ages = {age: uuid4() for age in (3, 1, 2)}
    await unseen(counselling, ages)
    known = uuid4()
    referral = await counselling.refer(known)
    await counselling.post(f"/referrals/{referral}/accept", LAGOS)

    async def listed(who: str, **query: Any) -> list[UUID]:
        page = await counselling.get("/files", staff(who), count="true", **query)
        assert page["total"] == len(page["items"])
        return [UUID(item["case_id"]) for item in page["items"]]

    everybody = sorted([*ages.values(), known])
    assert (await listed(LAGOS), await listed(LAGOS, sort="-id")) == (everybody, everybody[::-1])
    for item in (await counselling.get("/files", staff(LAGOS)))["items"]:
        if UUID(item["case_id"]) != known:
            assert {name for name, value in item.items() if value} == {"case_id", "centre", "consent_lost_at"}
    assert await listed(LAGOS, consent="lost") == sorted(ages.values())
    assert [await listed(LAGOS, consent="lost", sort="-arrived_on"), await listed(EDO, consent="lost")] == [[], []]
    everywhere = await counselling.get("/files", PROGRAMME, consent="lost")
    assert [UUID(item["case_id"]) for item in everywhere["items"]] == sorted(ages.values())
    long_ago = (counselling.clock.now() - timedelta(days=400)).isoformat()
    stages = ("expected", "arrived_not_contacted", "in_contact", "assessed", "closed")
    for query in (
        *({"sort": sign + sort} for sort in ("arrived_on", "updated_at") for sign in ("", "-")),
        {"updated_since": long_ago},
        {"status": "expected"},
    ):
        assert await listed(LAGOS, **query) == [known], query
    assert [await listed(LAGOS, status=stage) for stage in stages] == [[known], [], [], [], []]
    assert await listed(EDO, sort="-arrived_on") == [ages[1], ages[2], ages[3]], "who may know them"


async def test_the_inbox_tells_nobody_who_has_not_accepted_that_something_happens_elsewhere(
    counselling: Process,
) -> None:
    case = uuid4()
    referral = await counselling.refer(case)
    await counselling.post(f"/referrals/{referral}/accept", LAGOS)
    asked = await counselling.refer(case, EDO, priority="emergency")
    counselling.clock.advance(timedelta(minutes=1))
    since = counselling.clock.now().isoformat()

    async def changed() -> list[str]:
        found = await counselling.get("/inbox", staff(EDO), updated_since=since, sort="updated_at")
        return [item["referral_id"] for item in found["items"]]

    before = await counselling.get("/inbox", staff(EDO), limit=1, sort="updated_at")
    for path, body in (
        ("arrival", {"arrived_on": counselling.today, "method": "seen"}),
        ("contacts", {"channel": "phone", "attempts": 1, "contacted_on": counselling.today}),
    ):
        assert (await counselling.post(f"/files/{case}/{path}", LAGOS, **body))["http"] == 200
        assert await changed() == [], path
    assert await counselling.get("/inbox", staff(EDO), limit=1, sort="updated_at") == before
    counselling.clock.advance(timedelta(hours=25))
    assert await counselling.deadlines.fire_due() >= 1
    assert await changed() == [asked], "what it is shown has changed: its answer is overdue"


async def test_a_list_is_counted_if_that_is_asked(counselling: Process) -> None:
    for path in IDS:
        for centre in (LAGOS, LAGOS, LAGOS, EDO):
            referral = await counselling.refer(uuid4(), centre)
            if path == "/files":
                await counselling.post(f"/referrals/{referral}/accept", centre)
        first = await counselling.get(path, staff(LAGOS), count="true", limit=2)
        assert (len(first["items"]), first["total"], first["limit"]) == (2, 3, 2)
        rest = await counselling.get(path, staff(LAGOS), count="true", limit=2, cursor=first["next_cursor"])
        assert (len(rest["items"]), rest["total"]) == (1, 3)
        all_of_them = {"/inbox": (4, 1), "/files": (8, 2)}[path]
        assert (await counselling.get(path, PROGRAMME, count="true", limit=1))["total"] == all_of_them[0]
        assert (await counselling.get(path, PROGRAMME, count="true", centre=EDO))["total"] == all_of_them[1]
        assert (await counselling.get(path, staff(ACCRA), count="true"))["total"] == 0
        assert (await counselling.get(path, staff(LAGOS), limit=2))["total"] is None


async def test_what_has_changed_since_is_all_that_has(counselling: Process) -> None:
    cases = [uuid4() for _ in range(3)]
    referrals = [await counselling.refer(case) for case in cases]
    counselling.clock.advance(timedelta(minutes=1))
    since = counselling.clock.now().isoformat()

    async def changed(path: str, who: Mapping[str, Any]) -> list[str]:
        page = await counselling.get(path, who, updated_since=since, sort="updated_at")
        return [item[IDS[path]] for item in page["items"]]

    for who in (staff(LAGOS), PROGRAMME):
        assert await changed("/files", who) == []
        assert await changed("/inbox", who) == []
    await counselling.post(f"/referrals/{referrals[1]}/accept", LAGOS)
    new = uuid4()
    referral = await counselling.refer(new)
    assert await changed("/files", staff(LAGOS)) == [str(cases[1])]
    assert await changed("/files", PROGRAMME) == [str(cases[1]), str(new)]
    for who in (staff(LAGOS), PROGRAMME):
        assert await changed("/inbox", who) == [referral]


def forged(*parts: Any) -> str:
    return urlsafe_b64encode(json.dumps([str(part) for part in parts]).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("path", "sort", "cursor"),
    [
        ("/inbox", "answer_due_at", "first"),
        ("/inbox", "answer_due_at", forged("answer_due_at", "2026-03-02T00:00:00Z", UUID(int=1))),
        ("/inbox", "id", forged("id", UUID(int=1), UUID(int=1))),
        ("/files", "arrived_on", forged("arrived_on", "2026-03-02\x00", UUID(int=1))),
        ("/files", "-id", forged("-id", UUID(int=1))),
    ],
)
async def test_a_cursor_that_no_page_has_given_is_refused(
    counselling: Process, path: str, sort: str, cursor: str
) -> None:
    answer = await counselling.get(path, staff(LAGOS), sort=sort, cursor=cursor)
    assert (answer["http"], answer["code"], answer["errors"][0]["field"]) == (422, "cursor_invalid", "cursor")
