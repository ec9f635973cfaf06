"""The audit ends by its term, and its chain still verifies; a removal that the service has not made is found."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest

from chassis.audit.cut import cut
from chassis.operators.retention import plan
from chassis.vault.vault import KeyVault
from tests.integration.test_audit_chain import FIRST, SECOND, sealer, told, verified, written
from tests.support.keys import vault_of
from tests.support.referral.process import Process

TERM = "P36M"
OFTEN = timedelta(0)


async def past(desk: Process, count: int, years: int = 4) -> list[int]:
    """Rows of long ago, sealed and told to the outside."""
    rows = await written(desk.pool, count)
    await desk.pool.execute(f"update audit set at = at - interval '{years} years' where id = any($1)", rows)
    assert await sealer(desk, tell=OFTEN).step() == count
    return rows


async def ended(desk: Process, vault: KeyVault | None = None) -> int:
    async with desk.pool.acquire() as connection, connection.transaction():
        return await cut(connection, vault or vault_of(FIRST), "referral", TERM)


async def left(desk: Process) -> list[int]:
    return [each["id"] for each in await desk.pool.fetch("select id from audit order by id")]


async def test_what_is_older_than_the_term_goes_and_the_chain_still_verifies(desk: Process) -> None:
    await past(desk, 3)
    await past(desk, 2)
    young = await past(desk, 2, years=2)
    heads = await told(desk)

    assert [await ended(desk), await ended(desk)] == [5, 0]

    assert await left(desk) == young
    report = await verified(desk, told=heads)
    assert (report.sealed, report.cut, report.findings) == (2, 5, [])
    young += await written(desk.pool, 1)
    await sealer(desk, tell=OFTEN).step()
    report = await verified(desk, told=await told(desk))
    assert (report.sealed, report.cut, report.findings) == (3, 5, [])
    assert await left(desk) == young


async def test_rows_go_up_to_an_end_that_was_told_and_no_further(desk: Process) -> None:
    await past(desk, 2)
    untold = await written(desk.pool, 1)
    await desk.pool.execute("update audit set at = at - interval '4 years' where id = any($1)", untold)
    await sealer(desk).step()

    assert await ended(desk) == 2
    assert await left(desk) == untold


async def test_one_row_that_is_younger_keeps_all_up_to_the_next_end(desk: Process) -> None:
    rows = await written(desk.pool, 3)
    await desk.pool.execute("update audit set at = at - interval '4 years' where id = any($1)", [rows[0], rows[2]])
    await sealer(desk, tell=OFTEN).step()

    assert await ended(desk) == 0
    assert await left(desk) == rows


async def test_all_may_go_and_the_next_row_continues_the_chain(desk: Process) -> None:
    await past(desk, 2)
    assert await ended(desk) == 2
    [row] = await written(desk.pool, 1)
    await sealer(desk, tell=OFTEN).step()

    assert await desk.pool.fetchval("select number from audit_seal where audit_id = $1", row) == 3
    report = await verified(desk, told=await told(desk))
    assert (report.sealed, report.cut, report.findings) == (1, 2, [])


async def test_the_cut_is_said_anew_by_the_newest_keys_before_the_old_ones_go(desk: Process) -> None:
    await past(desk, 2)
    await past(desk, 1, years=1)
    await ended(desk)
    assert {each.what for each in (await verified(desk, SECOND)).findings} == {"removed"}

    assert await ended(desk, vault_of(FIRST, SECOND)) == 0

    assert (await verified(desk, SECOND)).findings == []


AFTER_THE_CUT = {
    "more rows are gone, with their seals": """
        with gone as (delete from audit where id <= {5}) delete from audit_told where number < 5;
        delete from audit_seal where audit_id < {5}""",
    "the cut says more than the service has": """
        with gone as (delete from audit where id <= {6}) update audit_cut set number = 6;
        delete from audit_told where number < 6; delete from audit_seal where number < 6""",
    "a row after the cut is gone": "delete from audit where id = {5}",
    "the seal at the cut is another one": "update audit_seal set digest = mac where number = 4",
    "nobody has said that there was a cut": "delete from audit_cut",
    "the seal at the cut is gone": "delete from audit_told where number = 4; delete from audit_seal where number = 4",
}


@pytest.mark.parametrize("how", AFTER_THE_CUT)
async def test_a_removal_that_was_no_end_of_a_term_is_found(desk: Process, how: str) -> None:
    rows = [0, *await past(desk, 2), *await past(desk, 2), *await past(desk, 1, years=2), *await past(desk, 2, years=2)]
    heads = await told(desk)
    assert await ended(desk) == 4
    assert (await verified(desk, told=heads)).findings == []

    for statement in AFTER_THE_CUT[how].format(*rows).split(";"):
        await desk.pool.execute(statement)

    assert (await verified(desk, told=heads)).findings != []
    before = await left(desk)
    await ended(desk)
    assert await left(desk) == before or (await verified(desk, told=heads)).findings != []


async def test_rows_that_were_removed_before_their_term_are_no_cut(desk: Process) -> None:
    rows = await past(desk, 3, years=2)
    await past(desk, 2, years=2)
    heads = await told(desk)
    await desk.pool.execute("delete from audit where id <= $1", rows[-1])
    await desk.pool.execute("delete from audit_told where number < 3")
    await desk.pool.execute("delete from audit_seal where number < 3")
    await desk.pool.execute(
        "insert into audit_cut (number, generation, mac) select 3, 'first', mac from audit_seal limit 1"
    )

    first = (await verified(desk, told=heads)).findings[0]
    assert (first.what, first.number) == ("removed", 1)
    assert await ended(desk) == 0


async def test_who_makes_a_row_older_than_it_is_gets_nothing_removed(desk: Process) -> None:
    rows = await past(desk, 2, years=2)
    await desk.pool.execute("update audit set at = at - interval '2 years'")

    assert await ended(desk) == 0
    assert await left(desk) == rows


async def test_the_database_removes_nothing_of_the_last_year_nor_where_nothing_was_told(desk: Process) -> None:
    await written(desk.pool, 2)
    await sealer(desk, tell=OFTEN).step()
    for number, says in ((2, "a year at least"), (1, "that was told")):
        with pytest.raises(asyncpg.CheckViolationError, match=says):
            await desk.pool.fetchval("select audit_cut_to($1, 'first', $2)", number, bytes(32))


async def test_a_run_ends_the_audit_by_its_rule_and_says_so_in_a_row(desk: Process) -> None:
    await past(desk, 3)
    async with desk.pool.acquire() as connection:
        lines = await plan(connection, desk.agreed, desk.clock.now())
    [line] = [each for each in lines if each.kind == "audit"]
    assert (line.due, line.overdue, line.held) == (3, 3, 0)

    assert (await desk.run_of_the_day())["audit"] == 3

    [row] = await desk.pool.fetch("select action, role, subjects from audit")
    assert (row["action"], row["role"], row["subjects"]) == ("retention:audit", "system", [])
