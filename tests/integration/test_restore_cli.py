"""`ph restore` as an operator uses it: what it lists, what it changes, and what its exit codes say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from uuid import uuid4

import asyncpg
import pytest
from typer.testing import Result

from chassis.kafka.kinds import kinds
from chassis.postgres import migrations
from deploy.local.kafka import OPERATORS
from deploy.local.stack import LocalStack
from tests.integration.ops import Database, command, created
from tests.support.brokers import Broker
from tests.support.cluster import Cluster
from tests.support.past import adopt
from tests.support.restores import Emitter, led, until_value, value

Ph = Callable[..., Result]
TOPICS = kinds().written_by("referral")
SERVICE = ("--service", "referral")
DECIDED = (*SERVICE, "--by", "INC-4711", "--reason", "the backup of noon")
KEY = "0190a0a0-0000-7000-8000-000000000001"


@pytest.fixture
def database(cluster: Cluster) -> Iterator[Database]:
    with created(cluster) as database:
        asyncio.run(migrations.migrate(database.migrator, "referral"))
        yield database


@pytest.fixture
def ph(database: Database, stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> Ph:
    for name, setting in stack.users.settings(OPERATORS).items():
        monkeypatch.setenv(name, setting)
    return command(database, monkeypatch)


@pytest.fixture(scope="module")
def broker(kafka_bootstrap: str) -> Iterator[Broker]:
    """The broker with the service's topics, which go again: the services of other tests begin with empty databases."""
    broker = Broker(kafka_bootstrap)
    for topic in TOPICS:
        asyncio.run(broker.create_topic(topic))
    yield broker
    for topic in TOPICS:
        asyncio.run(broker.delete_topic(topic))


@pytest.fixture
def emitter(database: Database, broker: Broker) -> Emitter:
    """The referral service's role on that database, beside topics that other tests may have written to."""
    emitter = Emitter(database.application, broker, "referral")
    asyncio.run(adopt(emitter.dsn, broker.bootstrap, *TOPICS))
    return emitter


def put_back(emitter: Emitter) -> None:
    """Two events are published and forgotten; a third one has taken the number of the first."""

    async def as_it_was() -> None:
        connection = await asyncpg.connect(emitter.dsn)
        try:
            told = [tuple(row) for row in await connection.fetch("select * from lineage")]
            await emitter.published(KEY, KEY)
            await connection.execute("delete from stream")
            await connection.execute("delete from lineage")
            await connection.executemany("insert into lineage values ($1, $2, $3, $4)", told)
        finally:
            await connection.close()
        await emitter.emit(KEY)

    asyncio.run(as_it_was())


def test_where_nothing_is_lost_it_says_so(ph: Ph, emitter: Emitter) -> None:
    asyncio.run(emitter.published(KEY))
    done = ph("restore", "plan", *SERVICE)
    assert (done.exit_code, "nothing is lost" in done.output) == (0, True)
    done = ph("restore", "reconcile", *DECIDED)
    assert (done.exit_code, "nothing is lost" in done.output) == (0, True)
    assert asyncio.run(value(emitter.dsn, "select count(*) from reconciliation")) == 0


def test_plan_lists_and_changes_nothing_then_reconcile_lets_the_service_go_on(ph: Ph, emitter: Emitter) -> None:
    put_back(emitter)
    for _ in range(2):
        done = ph("restore", "plan", *SERVICE)
        assert done.exit_code == 1
        rows = [line.split("\t") for line in done.stdout.splitlines() if line.startswith("forgotten")]
        assert rows == [
            ["forgotten", "ph.referral.v1", KEY, number, "ph.referral.Counted.v1", "2026-03-02T09:00:00Z"]
            for number in ("1", "2")
        ]
    document = json.loads(ph("restore", "reconcile", *DECIDED, "--json").stdout)
    assert (document["holds"], document["done"]["renumbered"]) == (False, 1)
    assert ph("restore", "plan", *SERVICE).exit_code == 0
    shown = ph("restore", "decided", *SERVICE)
    assert "INC-4711: the backup of noon" in shown.stdout
    assert [line.split("\t")[3] for line in shown.stdout.splitlines() if line.startswith("forgotten")] == ["1", "2"]
    (kept,) = json.loads(ph("restore", "decided", *SERVICE, "--json").stdout)
    assert kept["report"]["forgotten"] == document["forgotten"]

    async def goes_on() -> None:
        async with led(emitter.relay()):
            await until_value(emitter.dsn, "select count(*) from outbox", 0)

    asyncio.run(goes_on())
    numbers = asyncio.run(emitter.broker.sequences(emitter.topic, {KEY}))[KEY]
    assert numbers[-3:] == [1, 2, 3]


def test_what_is_to_be_repeated_is_counted_and_listed_by_case_only_if_that_is_asked_for(
    ph: Ph, emitter: Emitter
) -> None:
    case = str(uuid4())
    body = {"consent_id": str(uuid4()), "purpose": "referral", "recipients": ["country:NG"]}
    withdrawn = {"case_id": case, "effective_at": "2026-03-02T09:00:00Z", **body}

    async def forgotten() -> None:
        happened = {"ce_time": "2026-03-02T09:00:00Z"}
        await emitter.emit(case, name="ConsentWithdrawn", body=json.dumps(withdrawn).encode(), **happened)
        await emitter.emit(case, name="ProfileDestroyed", **happened)
        async with led(emitter.relay()):
            await until_value(emitter.dsn, "select count(*) from outbox", 0)
        connection = await asyncpg.connect(emitter.dsn)
        try:
            await connection.execute("delete from stream where key = $1", case)
            await connection.execute("update lineage set next_offset = 0, last_id = ''")
        finally:
            await connection.close()

    asyncio.run(forgotten())
    done = ph("restore", "plan", *SERVICE)
    assert "to be repeated: ConsentWithdrawn 1\n" in done.output
    assert (
        "cannot be repeated, do it by hand: ph.referral.v1 " + case + " 2 ph.referral.ProfileDestroyed.v1"
        in done.output
    )
    assert f"{case}\tConsentWithdrawn" not in done.output
    assert f"{case}\tConsentWithdrawn\t2026-03-02" in ph("restore", "plan", *SERVICE, "--list").output
    document = json.loads(ph("restore", "plan", *SERVICE, "--list", "--json").stdout)
    assert document["repeats"] == {"ConsentWithdrawn": 1}
    assert [each["case_id"] for each in document["repeated"]] == [case]
    assert asyncio.run(value(emitter.dsn, "select count(*) from repeat")) == 0, "it changes nothing"
    document = json.loads(ph("restore", "reconcile", *DECIDED, "--json").stdout)
    assert document["done"]["repeats"] == 1
    assert (
        json.loads(asyncio.run(value(emitter.dsn, "select body from repeat where asked_by = 'INC-4711'"))) == withdrawn
    )  # type: ignore[arg-type]
    assert ph("restore", "reconcile", *DECIDED).exit_code == 0
    assert asyncio.run(value(emitter.dsn, "select count(*) from repeat")) == 1, "and once only"


def test_a_reason_and_a_role_are_asked_for(ph: Ph, emitter: Emitter) -> None:
    put_back(emitter)
    assert ph("restore", "reconcile", *SERVICE, "--by", "INC-1", "--reason", " ").exit_code == 2
    assert ph("restore", "reconcile", *SERVICE, "--reason", "the backup of noon").exit_code == 2
    assert ph("restore", "plan", *SERVICE).exit_code == 1


def test_a_broker_that_is_not_there_is_told_in_words(
    ph: Ph, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    done = ph("restore", "plan", *SERVICE)
    assert done.exit_code == 1
    assert "KAFKA_BOOTSTRAP_SERVERS" in done.output
