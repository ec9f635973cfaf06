"""The chain over the audit: sealed in order whatever commits late, told to the outside; who changes a row is found."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from chassis.audit.rows import SHOWN, Who
from chassis.audit.sealer import AuditSealer
from chassis.audit.verify import Report, Told, told_of, verify
from chassis.kafka.past import reader_of
from chassis.operators.cli import app
from chassis.pure import audit
from chassis.pure.audit import chain_of
from chassis.runtime import loops
from chassis.settings import KafkaSettings
from chassis.vault.vault import KeyVault
from referral.app import SERVICE
from referral.events import AuditSealed
from tests.support import outbox
from tests.support.brokers import Broker
from tests.support.keys import line, vault_of
from tests.support.referral.process import Process
from tests.support.toy_runtime import Statements

WRITE = """
insert into audit (person, role, org, action, subjects, outcome, ground)
values ($1, $2, $3, $4, $5::text::uuid[], $6, $7)
returning id
"""
FIRST, SECOND = line("first", 1), line("second", 2)
ONCE = timedelta(days=1)


def row(action: str = "read_case") -> tuple[object, ...]:
    return Who(b"p" * 32, "scout", "scouts:bavaria", action).row([UUID(int=7)], SHOWN)


async def written(connection: asyncpg.Pool | asyncpg.Connection, count: int) -> list[int]:
    return [await connection.fetchval(WRITE, *row()) for _ in range(count)]


class Sealed(audit.AuditSealed, service="referral", on="auditread"):
    """The same on a topic that no other test has."""


def sealer(
    desk: Process,
    vault: KeyVault | None = None,
    tell: timedelta = ONCE,
    head: type[audit.AuditSealed] = AuditSealed,
) -> AuditSealer:
    tracer, vault = desk.workshop.tracer, vault or vault_of(FIRST)
    return AuditSealer(desk.pool, vault, tracer, SERVICE.actor, SERVICE.name, head=head, tell=tell)


async def sealed(desk: Process) -> list[int]:
    """The rows that are sealed, in order of the chain, whose numbers have no gap."""
    found = await desk.pool.fetch("select number, audit_id from audit_seal order by number")
    assert [each["number"] for each in found] == list(range(1, len(found) + 1))
    return [each["audit_id"] for each in found]


async def told(desk: Process) -> list[Told]:
    """What stands in the outbox of the chain's end."""
    rows = await desk.pool.fetch("select record from outbox where key = $1 order by id", str(chain_of("referral")))
    said = [outbox.read(each["record"]) for each in rows]
    return [
        Told(each.value["number"], bytes.fromhex(each.value["digest"]), each.headers["ce_recordedtime"])
        for each in said
    ]


async def verified(desk: Process, *lines: str, told: Sequence[Told] = ()) -> Report:
    async with desk.pool.acquire() as connection:
        return await verify(connection, vault_of(*lines or (FIRST,)), "referral", told)


async def test_rows_are_sealed_in_order_and_a_second_look_costs_one_statement(desk: Process) -> None:
    rows, chain = await written(desk.pool, 3), sealer(desk)
    assert await chain.step() == 3
    assert await sealed(desk) == rows
    statements = Statements()
    async with desk.pool.acquire() as connection:
        connection.add_query_logger(statements.note)
    assert await chain.step() == 0
    assert len(statements.queries) == 1
    rows += await written(desk.pool, 1)
    assert await chain.step() == 1
    assert await sealed(desk) == rows
    report = await verified(desk)
    assert (report.sealed, report.unsealed, report.findings) == (4, 0, [])


async def test_a_row_that_commits_late_is_waited_for_and_stands_at_its_place(desk: Process) -> None:
    chain = sealer(desk)
    async with desk.pool.acquire() as slow:
        async with slow.transaction():
            [late] = await written(slow, 1)
            [early] = await written(desk.pool, 1)
            assert [await chain.step(), await chain.step()] == [0, 0]
        assert await chain.step() == 2
    assert await sealed(desk) == [late, early]


async def test_two_workers_make_one_chain_and_gaps_of_ids_are_none_of_it(desk: Process) -> None:
    one, other = sealer(desk), sealer(desk)
    rows = await written(desk.pool, 2)
    assert await one.step() == 2
    async with desk.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await written(connection, 1)
        await transaction.rollback()
    rows += await written(desk.pool, 2)
    assert [await other.step(), await one.step()] == [2, 0]
    assert await sealed(desk) == rows
    assert (await verified(desk)).findings == []


async def test_a_rotation_of_keys_begins_no_new_chain_and_old_keys_may_go(desk: Process) -> None:
    await written(desk.pool, 2)
    await sealer(desk).step()
    await written(desk.pool, 2)
    await sealer(desk, vault_of(FIRST, SECOND)).step()
    report = await verified(desk, FIRST, SECOND)
    assert (report.sealed, report.without_key, report.findings) == (4, 0, [])
    report = await verified(desk, SECOND)
    assert (report.sealed, report.without_key, report.findings) == (4, 2, [])
    report = await verified(desk, line("first", 3), line("second", 2))
    assert [(each.what, each.number) for each in report.findings] == [("changed", 1), ("changed", 2)]


async def test_the_end_is_told_now_and_then_if_there_is_something_new(desk: Process) -> None:
    often, seldom = sealer(desk, tell=timedelta(0)), sealer(desk)
    await seldom.step()
    assert await told(desk) == [], "there is nothing yet"
    await written(desk.pool, 2)
    await seldom.step()
    assert [each.number for each in await told(desk)] == [2], "the first end is told at once"
    await written(desk.pool, 1)
    await seldom.step()
    assert [each.number for each in await told(desk)] == [2], "not again within the interval"
    await often.step()
    await often.step()
    heads = await told(desk)
    assert [each.number for each in heads] == [2, 3]
    assert (await verified(desk, told=heads)).told == 2


CHANGED = {
    "a row says another action": ("update audit set action = 'list_cases' where id = {3}", "changed", 3),
    "a row says other people": ("update audit set subjects = '{{}}' where id = {3}", "changed", 3),
    "a row says another time": ("update audit set at = at + interval '1 microsecond' where id = {3}", "changed", 3),
    "a row says on which ground": ("update audit set ground = 'child_protection' where id = {3}", "changed", 3),
    "a row is gone": ("delete from audit where id = {3}", "removed", 3),
    "a row is gone, with its seal": (
        "with gone as (delete from audit where id = {3}) delete from audit_seal where audit_id = {3}",
        "removed",
        3,
    ),
    "a row was put between": (
        """
        insert into audit (id, person, role, org, action, subjects, outcome) overriding system value
        select {gap}, person, role, org, action, subjects, outcome from audit where id = {3}
        """,
        "inserted",
        5,
    ),
    "two rows are exchanged": (
        """
        update audit set action = other.action, at = other.at from audit as other
        where (audit.id, other.id) in (({2}, {3}), ({3}, {2}))
        """,
        "changed",
        2,
    ),
    "a seal was made by somebody else": ("update audit_seal set mac = digest where audit_id = {3}", "changed", 3),
    "the end is gone": (
        "with gone as (delete from audit where id > {3}) delete from audit_seal where audit_id > {3}",
        "cut_off",
        4,
    ),
}


@pytest.mark.parametrize("how", CHANGED)
async def test_what_the_owner_of_the_database_does_to_a_sealed_row_is_found_and_named(desk: Process, how: str) -> None:
    statement, what, number = CHANGED[how]
    chain = sealer(desk)
    rows = await written(desk.pool, 4)
    gap = await desk.pool.fetchval("select nextval('audit_id_seq')")
    rows += await written(desk.pool, 2)
    await chain.step()
    heads = await told(desk)
    assert (await verified(desk, told=heads)).findings == []
    await desk.pool.execute(statement.format(0, *rows, gap=gap))
    first = (await verified(desk, told=heads)).findings[0]
    assert (first.what, first.number) == (what, number)
    assert first.audit_id in {0, gap if what == "inserted" else rows[number - 1]}


async def test_who_cuts_off_the_end_and_lets_the_service_go_on_is_found_by_what_was_told(desk: Process) -> None:
    chain = sealer(desk)
    rows = await written(desk.pool, 4)
    await chain.step()
    heads = await told(desk)
    cut = "with gone as (delete from audit where id > $1) delete from audit_seal where audit_id > $1"
    await desk.pool.execute(cut, rows[1])
    await written(desk.pool, 5)
    await chain.step()
    assert (await verified(desk)).findings == [], "the chain alone does not tell"
    [found] = (await verified(desk, told=heads)).findings
    assert (found.what, found.number) == ("changed", 4)


async def test_a_seal_that_somebody_else_has_written_stops_the_chain_and_nobody(desk: Process) -> None:
    chain = sealer(desk)
    await written(desk.pool, 1)
    await chain.step()
    [second] = await written(desk.pool, 1)
    await desk.pool.execute("insert into audit_seal select 0, $1, digest, mac, generation from audit_seal", second)
    assert [await chain.step(), await chain.step()] == [0, 0]
    assert await desk.pool.fetchval("select max(number) from audit_seal") == 1


async def test_a_gauge_says_how_many_rows_are_not_sealed_and_how_old_they_are(desk: Process) -> None:
    await written(desk.pool, 3)

    async def seen() -> tuple[float | None, bool]:
        await loops.observe(desk.pool, desk.clock, desk.metrics)
        value = desk.metrics.registry.get_sample_value
        return value("ph_audit_unsealed_rows"), (value("ph_audit_unsealed_oldest_seconds") or 0) > 0

    assert await seen() == (3, True)
    await sealer(desk).step()
    assert await seen() == (0, False)


async def test_what_was_told_is_read_from_the_topic(desk: Process, broker: Broker) -> None:
    await broker.create_topic(Sealed.topic)
    await written(desk.pool, 2)
    await sealer(desk, head=Sealed).step()
    [record] = await desk.pool.fetch("select record from outbox where key = $1", str(chain_of("referral")))
    await broker.send(Sealed.topic, b"{}", b"another key", {"ce_type": Sealed.type})
    sent = outbox.read(record["record"])
    value = Sealed.model_validate(sent.value).model_dump_json().encode()
    await broker.send(Sealed.topic, value, sent.key.encode(), sent.headers)
    reader = reader_of(KafkaSettings(bootstrap_servers=broker.bootstrap), "test")
    assert await told_of(reader, "referral", Sealed) == await told(desk)


async def test_ph_says_in_words_and_by_its_exit_code_whether_a_row_is_not_as_it_was(
    desk: Process, kafka_bootstrap: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keys").write_text(FIRST)
    monkeypatch.setenv("REFERRAL_DATABASE_URL", desk.pool._connect_args[0])
    monkeypatch.delenv("REFERRAL_DATABASE_PASSWORD_FILE", raising=False)
    monkeypatch.setenv("REFERRAL_VAULT_KEYS_FILE", str(tmp_path / "keys"))
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka_bootstrap)

    async def ph(*options: str) -> Result:
        """As an operator runs it: in a loop of its own."""
        return await asyncio.to_thread(CliRunner().invoke, app, ["audit", "verify", "-s", "referral", *options])

    rows = await written(desk.pool, 3)
    await sealer(desk).step()
    well = await ph()
    assert (well.exit_code, well.stdout) == (0, "every row is as it was sealed\n"), well.output
    await desk.pool.execute("delete from audit where id = $1", rows[1])
    found = await ph("--json")
    assert found.exit_code == 1
    [first] = json.loads(found.stdout)["findings"]
    assert (first["what"], first["audit_id"], first["number"]) == ("removed", rows[1], 2)
    listed = await ph()
    assert (listed.exit_code, listed.stdout.splitlines()[1].split("\t")[:3]) == (1, ["removed", str(rows[1]), "2"])
    monkeypatch.delenv("REFERRAL_VAULT_KEYS_FILE")
    unset = await ph()
    assert unset.exit_code == 1
    assert "REFERRAL_VAULT_KEYS_FILE is not set" in unset.output
