"""What a restored database is to repeat and no worker can decide on: it holds up no other, and an operator decides."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from chassis.operators import repeats
from chassis.postgres import migrations
from referral.events import ConsentWithdrawn
from tests.integration.ops import Database, command, created
from tests.support.cluster import Cluster
from tests.support.keys import memory_vault
from tests.support.put_back import looks
from tests.support.put_back import repeats as repeated
from tests.support.referral.process import Process

ASK = "insert into repeat (type, occurred_at, body, asked_by) values ($1, $2, $3, 'INC-1') returning id"
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def withdrawn() -> str:
    """Of a consent that nobody knows: nothing follows from it."""
    told = ConsentWithdrawn(
        case_id=uuid4(), consent_id=uuid4(), purpose="referral", recipients=("centre:NG-LOS",), effective_at=AT
    )
    return told.model_dump_json()


async def test_what_cannot_be_decided_on_holds_up_no_other_and_keeps_the_service_closed(desk: Process) -> None:
    of_a_later_release = "ph.referral.CaseForgotten.v1"
    asked = [
        (of_a_later_release, "{}"),
        (ConsentWithdrawn.type, withdrawn()),
        (ConsentWithdrawn.type, "[]"),
        (ConsentWithdrawn.type, withdrawn()),
    ]
    ids = [await desk.pool.fetchval(ASK, type_, AT, body) for type_, body in asked]
    with capture_logs() as lines:
        assert await repeated(desk, memory_vault()) == 2
    assert [line["repeat_id"] for line in lines if line["event"] == "event_not_repeated"] == [ids[0], ids[2]]
    assert not await looks(desk)
    assert (await desk.read("/cases"))["code"] == "database_restored"

    async with desk.pool.acquire() as connection:
        assert [each.id for each in await repeats.waiting(connection)] == [ids[0], ids[2]]
        done = await repeats.set_aside(connection, [ids[0], ids[1], ids[2]], "INC-2", "withdrawn by hand")
        assert [each.id for each in done] == [ids[0], ids[2]], "what was repeated is not there"
        assert await repeats.set_aside(connection, ids, "INC-2", "again") == []
    assert await looks(desk)
    assert (await desk.read("/cases"))["http"] == 200
    (decided,) = await desk.pool.fetch("select decided_by, reason, report from reconciliation")
    assert (decided["decided_by"], decided["reason"]) == ("INC-2", "withdrawn by hand")
    assert [each["id"] for each in json.loads(decided["report"])["set_aside"]] == [ids[0], ids[2]]


@pytest.fixture
def database(cluster: Cluster) -> Iterator[Database]:
    with created(cluster) as database:
        asyncio.run(migrations.migrate(database.migrator, "referral"))
        yield database


def test_ph_lists_what_waits_and_sets_it_aside(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    ph = command(database, monkeypatch)
    of = ("--service", "referral")
    done = ph("restore", "repeats", *of)
    assert (done.exit_code, "nothing is to be repeated" in done.output) == (0, True)
    ((id_,),) = database.fetch(ASK, ConsentWithdrawn.type, AT, withdrawn(), as_application=True)
    done = ph("restore", "repeats", *of, "--json")
    assert done.exit_code == 1
    (listed,) = json.loads(done.stdout)
    assert (listed["id"], listed["type"], listed["asked_by"]) == (id_, ConsentWithdrawn.type, "INC-1")

    decided = (*of, "--by", "INC-2", "--reason", "withdrawn by hand")
    done = ph("restore", "set-aside", id_, id_ + 1, *decided)
    assert (done.exit_code, f"these are not to be repeated: {id_ + 1}" in done.output) == (1, True)
    assert ph("restore", "repeats", *of).exit_code == 0
    shown = ph("restore", "decided", *of).stdout
    assert "INC-2: withdrawn by hand" in shown
    assert [line.split("\t")[0] for line in shown.splitlines()].count("set aside") == 1
