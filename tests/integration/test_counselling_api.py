"""The counselling service on a real database: its SQL, its scopes and pages, and what two at once do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from tests.support.counselling.process import ACCRA, EDO, LAGOS, PROGRAMME, Process, staff


async def test_a_case_goes_from_the_inbox_to_its_end(counselling: Process) -> None:
    case, lagos = uuid4(), staff(LAGOS)
    referral = await counselling.refer(case)
    inbox = await counselling.get("/inbox", lagos)
    [item] = inbox["items"]
    assert (item["case_id"], item["referral_id"], item["overdue_level"]) == (str(case), referral, 0)
    assert (item["preview"]["needs"], inbox["next_cursor"]) == (["employment"], None)
    assert (await counselling.post(f"/referrals/{referral}/accept", LAGOS))["status"] == "accepted"
    assert (await counselling.get("/inbox", lagos))["items"] == []
    arrival = {"arrived_on": counselling.today, "method": "seen", "admin1": "NG-LA"}
    assert (await counselling.post(f"/files/{case}/arrival", LAGOS, **arrival))["http"] == 200
    contact = {"channel": "phone", "attempts": 1, "contacted_on": counselling.today}
    assert (await counselling.post(f"/files/{case}/contacts", LAGOS, **contact))["http"] == 200
    for levels in ({"economic": 2, "health": 0}, {"economic": 1, "health": 3}):
        body = {"readiness": "now", "priority": "normal", "levels": levels, "assessed_on": counselling.today}
        assert (await counselling.post(f"/files/{case}/assessments", LAGOS, **body))["http"] == 201
    assessments = await counselling.get(f"/files/{case}/assessments", lagos)
    found = [item["levels"] for item in assessments["items"]]
    assert sorted(found, key=lambda levels: levels["economic"]) == [
        {"economic": 1, "health": 3},
        {"economic": 2, "health": 0},
    ]
    file = await counselling.get(f"/files/{case}", lagos)
    assert (file["status"], file["assessment"]["domains_with_needs"]) == ("assessed", 2)
    done = await counselling.post(f"/referrals/{referral}/complete", LAGOS, outcome_code="employment_found")
    assert (done["status"], done["file_status"]) == ("completed", "closed")
    assert await counselling.published(case) == [
        "ReferralReceived",
        "ReferralAccepted",
        "DeadlineMet",
        "ArrivedInCountry",
        "FirstContactMade",
        "DeadlineMet",
        "NeedsAssessed",
        "NeedsAssessed",
        "ReferralCompleted",
    ]
    assert await counselling.pool.fetchval("select count(*) from deadline") == 0


async def test_levels_lie_in_clear_in_no_table_and_no_column(counselling: Process) -> None:
    case = uuid4()
    referral = await counselling.refer(case)
    await counselling.post(f"/referrals/{referral}/accept", LAGOS)
    await counselling.post(f"/files/{case}/arrival", LAGOS, arrived_on=counselling.today, method="seen")
    contact = {"channel": "phone", "attempts": 1, "contacted_on": counselling.today}
    await counselling.post(f"/files/{case}/contacts", LAGOS, **contact)
    body = {"readiness": "now", "priority": "normal", "levels": {"health": 3}, "assessed_on": counselling.today}
    assert (await counselling.post(f"/files/{case}/assessments", LAGOS, **body))["http"] == 201
    assert await counselling.holding("health", "economic") == []


async def test_the_inbox_is_sorted_by_urgency_paged_and_of_one_centre(counselling: Process) -> None:
    order = [("emergency", 3), ("emergency", 0), ("urgent", 0), ("normal", 0), ("normal", 0)]
    expected = [await counselling.refer(uuid4(), LAGOS, priority, days) for priority, days in reversed(order)][::-1]
    elsewhere = await counselling.refer(uuid4(), EDO)
    await counselling.deadlines.fire_due()
    seen: list[Any] = []
    cursor = None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = await counselling.get("/inbox", staff(LAGOS), **query)
        seen += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    # The two normal ones are due at the same second: then the id decides.
    assert [item["referral_id"] for item in seen[:3]] == expected[:3]
    assert {item["referral_id"] for item in seen[3:]} == set(expected[3:])
    assert [item["answer_due_at"] for item in seen] == sorted(item["answer_due_at"] for item in seen)
    assert seen[0]["overdue_level"] == 1
    assert elsewhere not in {item["referral_id"] for item in seen}
    everything = await counselling.get("/inbox", PROGRAMME)
    assert len(everything["items"]) == 6
    only_edo = await counselling.get("/inbox", PROGRAMME, centre=EDO)
    assert [item["referral_id"] for item in only_edo["items"]] == [elsewhere]
    assert (await counselling.get("/inbox", staff(ACCRA)))["items"] == []


async def test_files_are_listed_by_centre_and_stage_and_paged(counselling: Process) -> None:
    cases = sorted([uuid4() for _ in range(5)])
    referrals = {case: await counselling.refer(case) for case in cases}
    await counselling.post(f"/referrals/{referrals[cases[0]]}/reject", LAGOS, reason="no_capacity")
    moved = {"to_centre": EDO, "reason": "other_catchment"}
    await counselling.post(f"/referrals/{referrals[cases[1]]}/redirect", LAGOS, **moved)
    stub = uuid4()
    plan = {"status": "planned", "earliest": "2100-01-01", "latest": "2100-01-02"}
    await counselling.dispatcher.handle([counselling.event(stub, "DeparturePlanned", **plan)])

    async def listed(who: Mapping[str, Any], **query: Any) -> list[UUID]:
        found: list[UUID] = []
        page = await counselling.get("/files", who, limit=2, **query)
        while True:
            found += [UUID(item["case_id"]) for item in page["items"]]
            if page["next_cursor"] is None:
                return found
            page = await counselling.get("/files", who, limit=2, cursor=page["next_cursor"], **query)

    await counselling.post(f"/referrals/{referrals[cases[2]]}/accept", LAGOS)
    assert await listed(staff(LAGOS)) == await listed(staff(LAGOS), status="expected") == [cases[2]]
    assert await listed(staff(LAGOS), status="declined") == await listed(staff(EDO)) == []
    assert await listed(PROGRAMME, status="declined") == cases[:1]
    assert await listed(PROGRAMME, centre=LAGOS) == [cases[0], *cases[2:]]
    assert await listed(PROGRAMME) == sorted([*cases, stub])
    assert await listed(PROGRAMME, centre=EDO, status="expected") == [cases[1]]
    assert await listed(PROGRAMME, status="unknown") == [stub]


async def test_two_counsellors_who_answer_at_once_get_one_answer(counselling: Process) -> None:
    case = uuid4()
    path = f"/referrals/{await counselling.refer(case)}"
    answers = await asyncio.gather(
        *(counselling.post(f"{path}/accept", LAGOS) for _ in range(4)),
        *(counselling.post(f"{path}/reject", LAGOS, reason="no_capacity") for _ in range(4)),
        *(counselling.post(f"{path}/redirect", LAGOS, to_centre=EDO, reason="language") for _ in range(4)),
    )
    assert sorted(answer["http"] for answer in answers) == [200] + [409] * 11
    assert {answer.get("code") for answer in answers if answer["http"] == 409} == {"referral_answered"}
    told = [name for name in await counselling.published(case) if name not in ("ReferralReceived", "DeadlineMet")]
    assert len(told) == 1


async def test_a_withdrawal_that_races_with_an_acceptance_wins(counselling: Process) -> None:
    for _ in range(10):
        case = uuid4()
        referral = await counselling.refer(case)
        withdrawal = counselling.event(case, "ReferralWithdrawn", referral_id=referral, reason="person_declined")
        answer, _ = await asyncio.gather(
            counselling.post(f"/referrals/{referral}/accept", LAGOS), counselling.dispatcher.handle([withdrawal])
        )
        assert answer["http"] in (200, 409)
        assert (await counselling.get(f"/files/{case}", PROGRAMME))["status"] == "withdrawn"
    assert await counselling.pool.fetchval("select count(*) from deadline") == 0


async def test_an_unanswered_referral_is_told_on_three_levels_as_the_clock_moves(counselling: Process) -> None:
    case = uuid4()
    referral = await counselling.refer(case, priority="emergency")
    for level, hours in enumerate((24, 12, 24), start=1):
        counselling.clock.advance(timedelta(hours=hours, seconds=1))
        assert await counselling.deadlines.fire_due() == 1
        assert await counselling.deadlines.fire_due() == 0
        [item] = (await counselling.get("/inbox", staff(LAGOS)))["items"]
        assert (item["referral_id"], item["overdue_level"]) == (referral, level)
    assert await counselling.published(case) == ["ReferralReceived", *["DeadlineMissed"] * 3]


async def test_a_referral_to_an_unknown_centre_is_parked_and_blocks_only_its_case(counselling: Process) -> None:
    lost, other = uuid4(), uuid4()
    await counselling.refer(lost, "centre:XX-XXX")
    await counselling.refer(other)
    parked = [tuple(row) for row in await counselling.pool.fetch("select key, failure from parked")]
    assert parked == [(str(lost), "unknown_code")]
    assert len((await counselling.get("/inbox", PROGRAMME))["items"]) == 1
