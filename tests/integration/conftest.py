"""Fixtures on real PostgreSQL and Kafka. Each test gets a database of its own, copied from a migrated template."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from itertools import count
from uuid import uuid4

import asyncpg
import pytest

from chassis.postgres import migrations
from chassis.postgres.database import open_pool
from counselling.app import SERVICE as COUNSELLING
from journey.app import SERVICE as JOURNEY
from placement.app import SERVICE as PLACEMENT
from referral.app import SERVICE as REFERRAL
from tests.support import toy as toy_service
from tests.support.brokers import Broker
from tests.support.cluster import Cluster
from tests.support.counselling.process import Process as Counselling
from tests.support.past import adopt
from tests.support.placement.process import Placement
from tests.support.reading import Join, joiner
from tests.support.referral.process import Process as Desk
from tests.support.restores import Emitter
from tests.support.service_process import ServiceProcess, migrated, on_a_copy
from tests.support.shop import Shop, opened_shop
from tests.support.toy_runtime import Statements, ToyRuntime
from tests.support.training.process import Process as Training
from training.app import SERVICE as TRAINING

_numbers = count(1)


@pytest.fixture(scope="session")
async def toy_template(cluster: Cluster) -> str:
    """The name of a database with the toy service's schema."""
    dsn = await cluster.create_database("toy_template")
    await migrations.migrate(dsn, "till", toy_service.MIGRATIONS)
    return "toy_template"


@pytest.fixture
async def dsn(cluster: Cluster, toy_template: str, broker: Broker) -> AsyncIterator[str]:
    """A fresh database of the toy service, beside the topic that all tests share."""
    name = f"toy_{next(_numbers)}"
    dsn = await cluster.create_database(name, template=toy_template)
    await adopt(dsn, broker.bootstrap, "ph.till.v1")
    yield dsn
    await cluster.drop_database(name)


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[asyncpg.Pool]:
    """A pool as a service has it."""
    pool = await open_pool(dsn, 10, "test")
    yield pool
    pool.terminate()


@pytest.fixture
def toy(pool: asyncpg.Pool) -> ToyRuntime:
    """The toy service on that database."""
    return ToyRuntime(pool)


@pytest.fixture
async def statements(pool: asyncpg.Pool) -> Statements:
    """Notes every statement of the pool's one connection: the pool is drained to it first."""
    statements = Statements()
    held = [await pool.acquire() for _ in range(pool.get_max_size())]
    for connection in held:
        connection.add_query_logger(statements.note)
    for connection in held:
        await pool.release(connection)
    return statements


@pytest.fixture(scope="session")
async def broker(kafka_bootstrap: str) -> Broker:
    """The broker, with the toy services' topics."""
    broker = Broker(kafka_bootstrap)
    for topic in ("ph.till.v1", "ph.shop.v1"):
        await broker.create_topic(topic, **{"max.message.bytes": "12000000"})
    return broker


@pytest.fixture
async def shop(kafka_bootstrap: str) -> AsyncIterator[Shop]:
    """A topic of its own with what the toy service reads."""
    async with opened_shop(kafka_bootstrap) as shop:
        yield shop


@pytest.fixture
def join(shop: Shop, kafka_bootstrap: str, pool: asyncpg.Pool, dsn: str) -> Join:
    """Adds a reader of that topic on that database, until the end of a block."""
    return joiner(shop, kafka_bootstrap, pool, dsn)


@pytest.fixture(scope="session")
async def referral_template(cluster: Cluster) -> str:
    """The name of a database with referral's schema."""
    return await migrated(cluster, REFERRAL)


@pytest.fixture
async def desk(cluster: Cluster, referral_template: str) -> AsyncIterator[Desk]:
    """The referral service on a fresh database."""
    async with on_a_copy(cluster, referral_template, Desk) as process:
        yield process


@pytest.fixture(scope="session")
async def training_template(cluster: Cluster) -> str:
    """The name of a database with training's schema."""
    return await migrated(cluster, TRAINING)


@pytest.fixture
async def training(cluster: Cluster, training_template: str) -> AsyncIterator[Training]:
    """The training service on a fresh database."""
    async with on_a_copy(cluster, training_template, Training) as process:
        yield process


@pytest.fixture(scope="session")
async def counselling_template(cluster: Cluster) -> str:
    """The name of a database with counselling's schema."""
    return await migrated(cluster, COUNSELLING)


@pytest.fixture
async def counselling(cluster: Cluster, counselling_template: str) -> AsyncIterator[Counselling]:
    """The counselling service on a fresh database."""
    async with on_a_copy(cluster, counselling_template, Counselling) as process:
        yield process


@pytest.fixture(scope="session")
async def placement_template(cluster: Cluster) -> str:
    """The name of a database with placement's schema."""
    return await migrated(cluster, PLACEMENT)


@pytest.fixture
async def placement(cluster: Cluster, placement_template: str) -> AsyncIterator[Placement]:
    """The placement service on a fresh database."""
    async with on_a_copy(cluster, placement_template, Placement) as process:
        yield process


@pytest.fixture(scope="session")
async def journey_template(cluster: Cluster) -> str:
    """The name of a database with journey's schema."""
    return await migrated(cluster, JOURNEY)


@pytest.fixture
async def journey(cluster: Cluster, journey_template: str) -> AsyncIterator[ServiceProcess]:
    """The journey service on a fresh database."""
    async with on_a_copy(cluster, journey_template, partial(ServiceProcess, JOURNEY)) as process:
        yield process


@pytest.fixture
async def mill(dsn: str, broker: Broker) -> Emitter:
    """A service that only emits, to a topic of its own."""
    mill = Emitter(dsn, broker, f"mill{uuid4().hex[:8]}")
    await broker.create_topic(mill.topic)
    return mill
