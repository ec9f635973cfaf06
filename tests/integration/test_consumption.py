"""Journey answers what each service did with a record: from real tables, in as many statements for one as for many."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from chassis.postgres import migrations
from chassis.postgres.database import open_pool
from journey.app import SERVICE
from journey.domain.consumption import STRETCH, Place
from journey.views.consumption import consumptions, parked
from tests.support.cluster import Cluster
from tests.support.journey.teller import AT, TOPIC, Teller
from tests.support.service_process import ServiceProcess
from tests.support.toy_runtime import Statements

READERS = {TOPIC: ("training", "counselling", "placement")}


@pytest.fixture
async def journey(cluster: Cluster) -> AsyncIterator[ServiceProcess]:
    name = f"journey_{uuid4().hex}"
    dsn = await cluster.create_database(name)
    await migrations.migrate(dsn, "journey", SERVICE.migrations)
    pool = await open_pool(dsn, 10, "test")
    process = ServiceProcess(SERVICE, pool)
    yield process
    await process.http.aclose()
    pool.terminate()
    await cluster.drop_database(name)


async def found(journey: ServiceProcess, *offsets: int) -> list[dict[str, str]]:
    places = [Place(TOPIC, 0, offset) for offset in offsets]
    answer = await consumptions(journey.workshop.documents, places, READERS)
    return [{each.service: each.what for each in answer[place]} for place in places]


async def test_each_service_is_told_apart_and_what_is_not_known_is_said(journey: ServiceProcess) -> None:
    training, counselling = Teller("training"), Teller("counselling")
    training.report(0, 5)
    training.about("RecordParked", 0.5, 6)
    training.report(1, STRETCH * 2)
    counselling.report(0, 6)
    await journey.dispatcher.handle([*training.said, *counselling.said])
    assert await journey.pool.fetchval("select count(*) from parked") == 0
    assert await found(journey, 4, 6, STRETCH + 1, STRETCH * 2) == [
        {"training": "handled", "counselling": "handled", "placement": "unknown"},
        {"training": "parked", "counselling": "not_yet", "placement": "unknown"},
        {"training": "handled", "counselling": "not_yet", "placement": "unknown"},
        {"training": "not_yet", "counselling": "not_yet", "placement": "unknown"},
    ]
    answer = await consumptions(journey.workshop.documents, [Place(TOPIC, 0, 4)], READERS)
    assert [each.at for each in answer[Place(TOPIC, 0, 4)]] == [AT, AT, None]
    [(open_, place)] = await parked(journey.workshop.documents, 10)
    assert (open_.service, open_.what, place) == ("training", "parked", Place(TOPIC, 0, 6))


async def test_after_a_restore_only_what_is_told_since_counts(journey: ServiceProcess) -> None:
    training = Teller("training")
    training.report(0, STRETCH + 10)
    training.about("RecordParked", 0.5, STRETCH + 4)
    training.report(1, STRETCH * 3)
    training.report(9, 50, restored=True)
    await journey.dispatcher.handle(training.said)
    offsets = (49, 50, STRETCH + 4, STRETCH * 2)
    assert [each["training"] for each in await found(journey, *offsets)] == ["handled", "not_yet", "not_yet", "not_yet"]
    assert await parked(journey.workshop.documents, 10) == []
    training.report(10, STRETCH * 2)
    await journey.dispatcher.handle(training.said[-1:])
    assert [each["training"] for each in await found(journey, *offsets)] == ["handled", "handled", "handled", "not_yet"]
    answer = await consumptions(journey.workshop.documents, [Place(TOPIC, 0, STRETCH + 4)], READERS)
    assert answer[Place(TOPIC, 0, STRETCH + 4)][0].at == AT + timedelta(minutes=10)


async def test_what_is_not_told_again_after_a_restore_stands_still_no_more(journey: ServiceProcess) -> None:
    training = Teller("training")
    training.about("RecordParked", 0, 3)
    training.about("RecordParked", 0, 4)
    training.report(1, 9)
    training.report(9, 9, restored=True)
    training.about("RecordParked", 10, 4)
    training.report(11, 9)
    await journey.dispatcher.handle(training.said)
    assert [each["training"] for each in await found(journey, 3, 4)] == ["settled", "parked"]
    assert [place.offset for _, place in await parked(journey.workshop.documents, 1)] == [4]


async def test_a_rebuilt_journey_answers_the_same_however_the_records_are_cut_into_batches(
    journey: ServiceProcess, cluster: Cluster
) -> None:
    training = Teller("training")
    for minute in range(120):
        training.report(minute, 3 * minute + 1)
        if minute % 10 == 0:
            training.about("RecordParked", minute + 0.2, 3 * minute + 2)
            training.about("RecordRetried", minute + 0.3, 3 * minute + 2)
            training.about("RecordHandled", minute + 0.4, 3 * minute + 2)
    query = (
        "select 'r', data from reader union all select 'h', data from handled union all select 'm', data from mishap"
    )

    async def kept(pool: asyncpg.Pool) -> list[tuple[str, str]]:
        return sorted((row[0], row[1]) for row in await pool.fetch(query))

    for each in training.said:
        await journey.dispatcher.handle([each])
    once = await kept(journey.pool)
    await journey.pool.execute("truncate reader, handled, mishap, position, ledger")
    for start in range(0, len(training.said), 50):
        await journey.dispatcher.handle(training.said[start : start + 50])
    assert await kept(journey.pool) == once


async def test_many_places_cost_as_many_statements_as_one(journey: ServiceProcess) -> None:
    training = Teller("training")
    for minute in range(40):
        training.report(minute, 40 * minute + 1)
        training.about("RecordParked", minute, 40 * minute + 7)
    await journey.dispatcher.handle(training.said)
    counts = []
    for places in (1, 200):
        statements = Statements()
        held = [await journey.pool.acquire() for _ in range(journey.pool.get_max_size())]
        for connection in held:
            connection.add_query_logger(statements.note)
        await asyncio.gather(*(journey.pool.release(connection) for connection in held))
        await found(journey, *range(7, 7 + 7 * places, 7))
        counts.append(len([each for each in statements.queries if "from" in each]))
        held = [await journey.pool.acquire() for _ in range(journey.pool.get_max_size())]
        for connection in held:
            connection.remove_query_logger(statements.note)
        await asyncio.gather(*(journey.pool.release(connection) for connection in held))
    assert counts[0] == counts[1] <= 5
