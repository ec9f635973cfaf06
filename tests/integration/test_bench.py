"""What the parts of `make bench` stand on, a few rows of each, is what the shipped services take.

The bench writes into tables of the chassis by SQL of its own. A migration can break that, and nobody would see it
before the next measurement.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from itertools import islice
from types import ModuleType
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaProducer

from bench import bare, ends, equal, journeys, large, many, naive, ours, outbox, projector
from bench.bench import PLAIN_OUTBOX, Bench
from bench.cases import SCOUT, referral_database
from bench.child import Dropped, Meter, Task, resource
from bench.offsets import skip_to_end
from bench.parts import commands, deadlines, growth, pauses, replay
from bench.parts import journey as of_journey
from bench.seed import create_topic, referral
from chassis.consumer.dispatch import Dispatcher
from chassis.kafka.past import reader_of
from chassis.outbox.relay import Relay
from chassis.postgres.database import open_pool
from chassis.pure.messages import topic_of
from chassis.settings import KafkaSettings
from chassis.telemetry.metrics import Metrics
from chassis.telemetry.tracing import Tracer
from deploy.local.stack import LocalStack
from journey.app import SERVICE as JOURNEY
from tests.support.brokers import Broker
from tests.support.cluster import Cluster
from tests.support.counselling.process import Process as Counselling
from tests.support.outbox import read
from tests.support.reading import Join, new_group
from tests.support.records import FakeRecord
from tests.support.referral.process import Process as Desk
from tests.support.service_process import ServiceProcess
from tests.support.shop import Shop
from tests.support.toy_process import until_published, until_total

SOURCE = topic_of("referral")
EVENTS, CASES = 20, 10
TEMPLATE = "bench_template"

Event = tuple[str, dict[str, str], bytes]
P = TypeVar("P", bound=ServiceProcess)


@pytest.fixture(scope="module")
async def bench(stack: LocalStack, cluster: Cluster, counselling_template: str) -> Bench:
    """As `make bench` opens it, on the servers of the test run."""
    connection = await asyncpg.connect(await cluster.create_database(TEMPLATE, template=counselling_template))
    await connection.execute(PLAIN_OUTBOX)
    await connection.close()
    return Bench(stack, cluster, repeats=1)


@pytest.fixture
async def made(bench: Bench) -> AsyncIterator[str]:
    """A database as each variant of the counselling service gets it."""
    dsn = await asyncio.to_thread(bench.database, TEMPLATE)
    yield dsn
    await asyncio.to_thread(bench.drop, dsn)


@asynccontextmanager
async def on(process: Callable[[asyncpg.Pool], P], dsn: str) -> AsyncIterator[P]:
    """A shipped service on a database that the bench has made."""
    pool = await open_pool(dsn, 4, "test")
    try:
        running = process(pool)
        yield running
        await running.http.aclose()
    finally:
        pool.terminate()


def records(events: Iterable[Event]) -> list[FakeRecord]:
    return [
        FakeRecord(SOURCE, 0, place, key.encode(), value, [(name, text.encode()) for name, text in headers.items()])
        for place, (key, headers, value) in enumerate(events)
    ]


def referrals(cases: int = CASES) -> list[FakeRecord]:
    return records(referral(number, cases) for number in range(EVENTS))


# --- cases at the desk (`commands`, `latency`) -----------------------------------------------------------------------


async def test_cases_are_ready_to_be_referred_and_their_next_event_has_the_next_number(bench: Bench) -> None:
    dsn, cases = await asyncio.to_thread(referral_database, bench, 3)
    async with on(Desk, dsn) as desk:
        for case in cases:
            await desk.referred(str(case), "employment")
        rows = await desk.pool.fetch("select record from outbox order by id")
    told = [read(record).headers for (record,) in rows]
    assert [(each["ce_subject"], each["ce_sequence"]) for each in told] == [(str(case), "3") for case in cases]
    await asyncio.to_thread(bench.drop, dsn)


async def test_departures_are_planned_by_the_command_whose_latency_is_measured(bench: Bench) -> None:
    dsn, cases = await asyncio.to_thread(referral_database, bench, 3)
    async with on(Desk, dsn) as desk:
        tracer = Tracer(resource(), Dropped(), subject="case")
        told = await ends._load(desk.app.state.bus, tracer, 1000, cases)
        assert await desk.published(cases[0]) == ["DeparturePlanned"]
    assert (set(told["committed"]), told["failed"]) == ({str(case) for case in cases}, [])
    await asyncio.to_thread(bench.drop, dsn)


@pytest.fixture
def plain(stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> Iterable[ModuleType]:
    """The program that the desk is compared with reads its settings when it is imported."""
    for name, value in stack.environment().items():
        if not name.startswith("KAFKA_"):  # it has no use for a broker, and the bench comes by the open door
            monkeypatch.setenv(name, value)
    yield importlib.import_module("bench.plain")
    del sys.modules["bench.plain"]


async def test_the_desk_and_what_it_is_compared_with_make_the_same_of_a_case(bench: Bench, plain: ModuleType) -> None:
    template, cases = await asyncio.to_thread(referral_database, bench, 2)
    name = template.rpartition("/")[2]
    referring, theirs = [await asyncio.to_thread(bench.database, name, "referral") for _ in range(2)]
    async with on(Desk, referring) as desk, on(Desk, theirs) as unused:
        plain.app.state.pool = unused.pool
        token = bench.stack.issuer.token(SCOUT.role, SCOUT.org, SCOUT.country)
        caller = httpx.AsyncClient(transport=httpx.ASGITransport(plain.app), base_url="http://plain.test")
        for case in cases:
            path = f"/cases/{case}/referrals"
            answer = await caller.post(path, json=commands.BODY, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 201, answer.text
            assert (await desk.act("POST", path, commands.BODY))["http"] == 201
        await caller.aclose()
    targets = {commands.OURS: commands.Target(0, 0, referring), commands.PLAIN: commands.Target(0, 0, theirs)}
    await asyncio.to_thread(commands._require_equal, bench, targets, cases)
    for dsn in (referring, theirs, template):
        await asyncio.to_thread(bench.drop, dsn)


# --- the variants that the counselling service is compared with (`consumer`, `hop`) ----------------------------------


async def by_ours(dsn: str) -> list[Any]:
    async with on(Counselling, dsn) as counselling:
        await counselling.dispatcher.handle(referrals())
        rows = await counselling.pool.fetch("select record from outbox order by id")
    return [(written.key, written.headers, written.value) for written in (read(record) for (record,) in rows)]


async def by_bare(dsn: str) -> list[Any]:
    connection, task = await asyncpg.connect(dsn), Task(dsn=dsn, bootstrap="", source=SOURCE)
    await bare.Bare(task, Meter(task)).handle(connection, referrals())  # type: ignore[arg-type]
    return await waiting_plainly(connection)


async def by_naive(dsn: str) -> list[Any]:
    connection, task = await asyncpg.connect(dsn), Task(dsn=dsn, bootstrap="", source=SOURCE)
    await connection.execute(naive.INBOX)
    variant = naive.Naive(task, Meter(task))
    for number in range(EVENTS):
        key, headers, value = referral(number, CASES)
        message = naive.ReturneeReferred.model_validate_json(value)
        await variant.receive(connection, naive.Referred(key, headers, message))
    return await waiting_plainly(connection)


async def waiting_plainly(connection: asyncpg.Connection) -> list[Any]:
    """What a variant's relay reads; it deletes that, so that nothing is left."""
    rows = await connection.fetch(bare.READ, bare.RELAY_BATCH)
    await connection.execute(bare.DELETE, [row["id"] for row in rows])
    await connection.close()
    return [(row["key"], json.loads(row["headers"]), json.loads(row["payload"])) for row in rows]


def lasting(events: Sequence[Any]) -> list[Any]:
    """By key: the names of the headers, those of them that are no run's own, and the value."""
    told = [
        (key, sorted(headers), {name: headers[name] for name in headers.keys() - equal.OF_A_RUN}, value)
        for key, headers, value in events
    ]
    return sorted(told, key=lambda each: each[0])


@pytest.mark.parametrize("variant", [by_bare, by_naive])
async def test_a_variant_leaves_what_the_service_leaves(bench: Bench, made: str, variant: Callable[[str], Any]) -> None:
    other, inbox = await asyncio.to_thread(bench.database, TEMPLATE), variant is by_naive
    told, wanted = lasting(await variant(other)), lasting(await by_ours(made))
    assert (len(told), told) == (EVENTS, wanted)
    ours_left, theirs_left = await equal._tables(made, inbox=False), await equal._tables(other, inbox=inbox)
    assert ours_left.pop("seen") == equal._seen(SOURCE, EVENTS, inbox=False)
    assert theirs_left.pop("seen") == equal._seen(SOURCE, EVENTS, inbox=inbox)
    assert (len(ours_left.pop("outbox")), theirs_left.pop("outbox")) == (EVENTS, [])
    assert ours_left == theirs_left
    await asyncio.to_thread(bench.drop, other)


# --- very many cases (`growth`) --------------------------------------------------------------------------------------


async def test_cases_that_are_copied_by_sql_are_read_on_like_those_that_the_service_has_written(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases, events = 20, 8
    monkeypatch.setattr(many, "SAMPLES", 5)
    dsn = await asyncio.to_thread(many.database, bench, cases, [SOURCE])
    before = await growth._keys(dsn)
    assert before == [cases, cases]
    mixed = list(many.referrals(events, cases, 0, 1))
    again = {UUID(key) for key, headers, _ in mixed if headers["ce_sequence"] == "2"}
    async with on(Counselling, dsn) as counselling:
        await counselling.dispatcher.handle(records(mixed))
        assert await counselling.pool.fetch("select key, failure from parked") == []
        twice = await counselling.pool.fetch(
            "select id from centre_file where jsonb_array_length(data->'referrals') = 2"
        )
        told = [read(row["record"]) for row in await counselling.pool.fetch("select record from outbox")]
    assert {row["id"] for row in twice} == again
    assert {UUID(each.key) for each in told if each.headers["ce_sequence"] == "2"} == again
    assert (len(again), len(told), await growth._keys(dsn)) == (events // 2, events, [cases + events // 2] * 2)
    await asyncio.to_thread(bench.drop, dsn)


# --- the journey of cases (`journey`) --------------------------------------------------------------------------------


def told_of_cases(cases: int) -> list[FakeRecord]:
    """The events of these cases, each on its owner's topic."""
    found, offsets = [], Counter[str]()
    for event in journeys.told(range(cases)):
        topic = topic_of(event.source)
        headers = [(name, text.encode()) for name, text in event.headers.items()]
        found.append(FakeRecord(topic, 0, offsets[topic], event.key.encode(), event.body, headers))
        offsets[topic] += 1
    return found


def in_batches(told: Iterable[FakeRecord], most: int) -> Iterator[list[FakeRecord]]:
    """As a reader gets them."""
    rest = iter(told)
    while some := list(islice(rest, most)):
        yield some


async def test_a_transaction_per_event_leaves_the_journeys_that_the_service_leaves(
    cluster: Cluster, journey_template: str
) -> None:
    left = []
    for name in ("projected", "heard"):
        dsn = await cluster.create_database(name, template=journey_template)
        if name == "heard":
            async with on(partial(ServiceProcess, JOURNEY), dsn) as journey:
                for some in in_batches(told_of_cases(4), 50):
                    await journey.dispatcher.handle(some)
                assert await journey.pool.fetch("select key, failure from parked") == []
        else:
            task = Task(dsn=dsn, bootstrap="")
            variant, connection = projector.Projector(task, Meter(task)), await asyncpg.connect(dsn)
            await connection.execute(projector.SEEN)
            for record in told_of_cases(4):
                headers = {name: value.decode() for name, value in record.headers}
                await variant.receive(connection, record, headers)  # type: ignore[arg-type]
            await connection.close()
        left.append(await of_journey.made(dsn))
        await cluster.drop_database(name)

    assert left[0] == left[1]
    assert all(left[0])


@pytest.mark.timeout(600)  # five processes, one after the other, and the machine may be busy
def test_the_journey_is_read_and_rebuilt_from_topics_and_each_variant_is_compared(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_journey, "CASES", 3)
    monkeypatch.setattr(of_journey, "FEW", 2)
    ticks: list[str] = []
    monkeypatch.setattr(bench, "tick", ticks.append)

    shown = {each.what: each for each in of_journey._rebuilt(bench)}

    compared = f"{of_journey.REBUILD}, vs {of_journey.PROJECTOR}"
    assert shown[compared].spread.median > 0
    assert {of_journey.PATH, of_journey.REBUILD, of_journey.PROJECTOR} <= shown.keys()
    assert len(ticks) == of_journey.steps(1) - 3, "the large database, its page and its figures are not here"


async def test_a_large_journey_shows_its_cases_and_counts_each_of_them(cluster: Cluster, journey_template: str) -> None:
    dsn = await cluster.create_database("large", template=journey_template)
    cases = await large.fill(dsn, 5, 3)
    async with on(partial(ServiceProcess, JOURNEY), dsn) as journey:
        operator = {"roles": ["operator"], "org": "programme:operations"}
        shown = await journey.get(f"/cases/{cases[0]}", operator)
        assert shown["http"] == 200, shown
        assert len(shown["timeline"]) == sum(event.key == str(cases[0]) for event in journeys.told(range(5)))
        rows, cases_of_rows = "select count(*) from ledger", "select count(distinct case_id) from ledger"
        counted = "select count(*) from outcome where opened_at <> ''"
        assert await journey.pool.fetchval(rows) == 3 * len(list(journeys.told(range(5))))
        assert [await journey.pool.fetchval(each) for each in (cases_of_rows, counted)] == [15, 15]
    took = await of_journey.counted_anew(dsn)
    assert {"k1", "k5", "k16"} <= took.keys()
    assert all(each.whole > 0 for each in took.values())
    names = "select indexname from pg_indexes where tablename = 'ledger' order by 1"
    empty = await asyncpg.connect(await cluster.create_database("small", template=journey_template))
    full = await asyncpg.connect(dsn)
    assert await full.fetch(names) == await empty.fetch(names), "it is asked as the shipped one is"
    for connection in (empty, full):
        await connection.close()
    await cluster.drop_database("small")
    await cluster.drop_database("large")


async def test_the_page_of_a_case_is_shown_by_the_shipped_service_to_somebody_who_has_signed_in(
    bench: Bench, cluster: Cluster, journey_template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = 4
    monkeypatch.setattr(of_journey, "PAGES", pages)
    ticks: list[str] = []
    monkeypatch.setattr(bench, "tick", ticks.append)
    dsn = await cluster.create_database("shown", template=journey_template)
    cases = await large.fill(dsn, 3, 2)

    [shown] = await asyncio.to_thread(lambda: list(of_journey._page(bench, dsn, cases)))

    assert (shown.spread.median > 0, len(ticks)) == (True, 1)
    connection = await asyncpg.connect(dsn)
    seen = await connection.fetch("select subjects, outcome from audit")
    await connection.close()
    assert [row["outcome"] for row in seen] == ["shown"] * pages
    assert {case for row in seen for case in row["subjects"]} == set(cases)
    await cluster.drop_database("shown")


# --- outboxes that are full (`relay`, `backlog`) ---------------------------------------------------------------------


async def test_a_full_outbox_is_published_by_the_shipped_relay(
    bench: Bench, made: str, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seam, name in ((Relay, "_publish"), (Dispatcher, "handle")):
        monkeypatch.setattr(seam, name, getattr(seam, name))  # the meter goes when the test does
    topic, rows, more = bench.name("published"), 10, 2
    await create_topic(broker.bootstrap, topic)
    await outbox.fill(made, outbox.OURS, 4)
    await outbox.fill(made, outbox.OURS, rows)
    relay = Relay(
        made,
        lambda: AIOKafkaProducer(bootstrap_servers=broker.bootstrap, enable_idempotence=True, acks="all"),
        reader_of(KafkaSettings(bootstrap_servers=broker.bootstrap), "test-lineage"),
        (topic,),
        Metrics("counselling"),
        batch=100,
        poll_seconds=0.05,
        publish_timeout_seconds=5.0,
    )
    pool = await open_pool(made, 2, "test")
    async with pool.acquire() as connection:
        await outbox.put(connection, outbox.OURS, more)
    assert {topic for (topic,) in await pool.fetch("select topic from outbox")} == {bare.TOPIC}
    await pool.execute("update outbox set topic = $1", topic)  # one of its own: others read that of the service
    meter = Meter(Task(dsn=made, bootstrap=broker.bootstrap, events=rows + more))
    ours.measure(meter)
    running = asyncio.create_task(relay.run())
    await until_published(pool)
    relay.stop()
    await running
    pool.terminate()
    assert (meter.published, meter.done.is_set()) == (rows + more, True)
    assert len(await broker.read(topic)) == rows + more


@pytest.mark.parametrize("table", [outbox.OURS, outbox.PLAIN])
async def test_what_waits_in_a_full_outbox_looks_like_what_the_service_writes(
    bench: Bench, made: str, table: str
) -> None:
    other = await asyncio.to_thread(bench.database, TEMPLATE)
    written = await by_ours(other)
    await outbox.fill(made, table, 4)
    connection = await asyncpg.connect(made)
    if table == outbox.PLAIN:
        waiting = await waiting_plainly(connection)
    else:
        found = [read(row["record"]) for row in await connection.fetch("select record from outbox")]
        waiting = [(each.key, each.headers, each.value) for each in found]
        await connection.close()
    assert len(waiting) == 4
    assert {shape(each) for each in waiting} == {shape(each) for each in written}
    await asyncio.to_thread(bench.drop, other)


def shape(event: Any) -> tuple[Any, ...]:
    _, headers, value = event
    return headers["ce_type"], headers["ce_dataschema"], frozenset(headers), frozenset(value)


# --- all limits passed (`deadlines`), and a topic once more (`replay`) -----------------------------------------------


async def test_limits_that_are_made_to_pass_fire_once_each(made: str) -> None:
    async with on(Counselling, made) as counselling:
        await counselling.dispatcher.handle(referrals(EVENTS))
        await deadlines._pass_all_limits(made)
        fired = 0
        while more := await counselling.deadlines.fire_due():
            fired += more
    assert (fired, await deadlines._fired(made)) == (EVENTS, [EVENTS] * 3)


async def test_a_topic_that_is_read_again_changes_nothing_and_makes_emptied_tables_anew(
    bench: Bench, made: str
) -> None:
    topic = await asyncio.to_thread(bench.topic, EVENTS, CASES)
    async with on(Counselling, made) as counselling:

        async def read_again(prepare: str) -> None:
            await skip_to_end(bench.bootstrap, made, [topic])
            await replay._execute(made, [prepare])
            assert await counselling.pool.fetchval("select count(*) from progress") == 0, (
                "it begins where the topic does"
            )
            await counselling.dispatcher.handle(referrals())

        await counselling.dispatcher.handle(referrals())
        exact, anew = await replay._exact(made), await replay._made(made)
        await read_again(replay.UNREAD)
        assert await replay._exact(made) == exact
        await read_again(replay.EMPTY)
        assert await replay._exact(made) != exact
        assert await replay._made(made) == anew


# --- places in a topic (`pauses`, `latency`, `commands`) -------------------------------------------------------------


async def test_a_service_goes_on_behind_what_it_is_made_to_skip_and_holds_partitions_as_they_are_looked_for(
    shop: Shop, join: Join, kafka_bootstrap: str, pool: asyncpg.Pool, dsn: str
) -> None:
    skipped, till = UUID(int=1), UUID(int=2)
    await shop.sell(skipped, 1)
    await skip_to_end(kafka_bootstrap, dsn, [shop.topic])
    async with join(new_group()) as member:
        await member.until_covered()
        await shop.sell(till, 2)
        await until_total(pool, till, 2)
        owners = await pool.fetch(pauses._OWNERS, shop.topic)
        assert {row["partition"] for row in owners} == {place.partition for place in member.held()}
    assert await pool.fetchval("select count(*) from till where id = $1", skipped) == 0
