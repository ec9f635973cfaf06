"""Cases from before there was a kind of deadline get theirs, on a real database; nothing that is set already moves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from chassis.work import follower
from chassis.work.follower import Follower
from tests.support.counselling.process import LAGOS, PROGRAMME, Process, staff

ROWS = "select name, owner, subject, level, due_at, role, missed from deadline order by name, subject"
NOTHING_SET = "delete from deadline"


async def followed(service: Process) -> int:
    """All that workers of a new release go over; over how many aggregates the last of them went."""
    worker, done = Follower(service.workshop, service.service.follows), 0
    while found := await worker.follow_some():
        done += found
    return done


async def accepted(counselling: Process, case: UUID) -> str:
    referral = await counselling.refer(case)
    await counselling.post(f"/referrals/{referral}/accept", LAGOS)
    return referral


def names(page: Any) -> list[str]:
    return sorted(each["deadline_type"] for each in page["items"])


async def test_cases_that_were_stored_before_a_kind_get_its_deadline_and_keep_what_they_have(
    counselling: Process, monkeypatch: Any
) -> None:
    monkeypatch.setattr(follower, "BATCH", 2)
    cases = [uuid4() for _ in range(5)]
    for case in cases:
        await accepted(counselling, case)
    waiting = await counselling.refer(uuid4())
    before = await counselling.pool.fetch(ROWS)
    assert len(before) == len(cases) + 1
    await counselling.pool.execute("delete from deadline where name = 'consent_expiry'")
    await counselling.pool.execute("update deadline set role = null, org = null, about = null, approaches_at = null")
    assert names(await counselling.get("/deadlines", staff(LAGOS))) == []
    assert await followed(counselling) > len(cases)
    assert await counselling.pool.fetch(ROWS) == before
    shown = names(await counselling.get("/deadlines", staff(LAGOS)))
    assert shown == ["consent_expiry"] * len(cases) + ["referral_answer"]
    assert waiting in {str(row["subject"]) for row in before}


async def test_what_is_set_stays_as_it_is_and_each_kind_looks_twice_and_then_no_more(counselling: Process) -> None:
    await accepted(counselling, uuid4())
    await counselling.pool.execute("update deadline set due_at = due_at + interval '1 hour'")
    before = await counselling.pool.fetch(ROWS)
    await followed(counselling)
    assert await counselling.pool.fetch(ROWS) == before

    await counselling.pool.execute(NOTHING_SET)
    assert await followed(counselling) == 0, "it rests between two looks"
    await counselling.pool.execute("update deadline_kind set looked_at = looked_at - interval '1 hour'")
    await followed(counselling)
    assert [row["name"] for row in await counselling.pool.fetch(ROWS)] == ["consent_expiry"], (
        "an older process stored it"
    )

    await counselling.pool.execute(NOTHING_SET)
    await counselling.pool.execute("update deadline_kind set looked_at = looked_at - interval '1 hour'")
    assert await followed(counselling) == 0
    assert await counselling.pool.fetch(ROWS) == []
    assert {row[0] for row in await counselling.pool.fetch("select looks from deadline_kind")} == {follower.LOOKS}


async def test_what_was_missed_before_there_was_the_kind_is_told_and_listed(counselling: Process) -> None:
    case = uuid4()
    until = counselling.clock.now().date() + timedelta(days=40)
    referral = await counselling.refer(case, valid_until=until.isoformat())
    await counselling.post(f"/referrals/{referral}/accept", LAGOS)
    await counselling.pool.execute(NOTHING_SET)
    counselling.clock.advance(timedelta(days=50))
    await followed(counselling)
    while await counselling.deadlines.fire_due():
        pass
    assert (await counselling.published(case))[-1] == "DeadlineMissed"
    [owed] = (await counselling.get("/deadlines", PROGRAMME))["items"]
    assert (owed["deadline_type"], owed["missed"]) == ("consent_expiry", True)


async def test_a_case_whose_deadline_the_database_refuses_keeps_nobody_else_from_theirs(counselling: Process) -> None:
    first, second = sorted([uuid4(), uuid4()])
    for case in (first, second):
        await accepted(counselling, case)
    await counselling.pool.execute(NOTHING_SET)
    await counselling.pool.execute(f"alter table deadline add constraint none check (owner <> '{first}')")
    await followed(counselling)
    assert [row["owner"] for row in await counselling.pool.fetch(ROWS)] == [second]
