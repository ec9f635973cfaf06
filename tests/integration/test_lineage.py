"""A database that has forgotten what it published is noticed before it publishes again; one that has not goes on."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from chassis.kafka.kinds import ORDINARY
from chassis.operators import restore
from chassis.outbox.lineage import compare
from chassis.telemetry.metrics import Metrics
from chassis.trouble import Trouble
from deploy.local.stack import LocalStack
from tests.support import outbox
from tests.support.brokers import Broker
from tests.support.cluster import Cluster
from tests.support.past import reader
from tests.support.restores import (
    EMPTY,
    TOPIC,
    halted,
    led,
    relay_of,
    sell,
    sold_and_published,
    till_at,
    until_halted,
    until_value,
    value,
)
from tests.support.shop import Shop
from tests.support.toy import Counted, Sell
from tests.support.toy_process import ToyProcess, until_async


@pytest.fixture
async def copy(dsn: str, cluster: Cluster) -> AsyncIterator[str]:
    """The name for a copy of the database, as a backup would be."""
    name = f"{dsn.rpartition('/')[2]}_copy"
    yield name
    await cluster.drop_database(name)


async def copied(cluster: Cluster, dsn: str, name: str) -> str:
    return await cluster.create_database(name, template=dsn.rpartition("/")[2])


async def test_an_earlier_copy_of_a_database_publishes_nothing_under_numbers_that_were_given(
    dsn: str, copy: str, cluster: Cluster, broker: Broker
) -> None:
    till, other = uuid4(), uuid4()
    await sold_and_published(dsn, broker.bootstrap, till, till, other)
    earlier = await copied(cluster, dsn, copy)
    await sold_and_published(dsn, broker.bootstrap, till, till, till)
    await sell(earlier, till, other)
    metrics = Metrics("till")
    async with led(relay_of(earlier, broker.bootstrap, metrics=metrics)):
        await until_halted(earlier, "database")
        await asyncio.sleep(0.5)
        assert await value(earlier, EMPTY) == 2
        assert metrics.lineage_lost.labels("database")._value.get() == 1
    assert await broker.sequences(TOPIC, {str(till), str(other)}) == {str(till): [1, 2, 3, 4, 5], str(other): [1]}


async def test_what_is_forgotten_is_listed_and_after_reconciling_nothing_takes_an_old_number(
    dsn: str, copy: str, cluster: Cluster, broker: Broker
) -> None:
    till, other, new = uuid4(), uuid4(), uuid4()
    await sold_and_published(dsn, broker.bootstrap, till, till, other)
    earlier = await copied(cluster, dsn, copy)
    await sold_and_published(dsn, broker.bootstrap, till, till, till, new)
    await sell(earlier, till, other, new, till)
    async with led(relay_of(earlier, broker.bootstrap)):
        await until_halted(earlier, "database")
        connection = await asyncpg.connect(earlier)
        try:
            plan = await restore.plan(connection, reader(broker.bootstrap), (TOPIC,))
            listed = {(each.key, each.number) for each in plan.comparison.forgotten}
            assert listed == {(str(till), 3), (str(till), 4), (str(till), 5), (str(new), 1)}
            assert {each.type for each in plan.comparison.forgotten} == {"ph.till.Counted.v1"}
            found, done = await restore.reconcile(
                connection, reader(broker.bootstrap), (TOPIC,), "INC-1", "put back to noon"
            )
            assert (len(found.comparison.forgotten), done.keys, done.renumbered, done.dropped) == (4, 2, 3, 0)
            await until_value(earlier, EMPTY, 0)
            with pytest.raises(Trouble, match="publishes"):
                await restore.reconcile(connection, reader(broker.bootstrap), (TOPIC,), "INC-1", "once more")
            (decided,) = await restore.decided(connection)
            assert (decided["by"], decided["reason"]) == ("INC-1", "put back to noon")
            assert {(each["key"], each["number"]) for each in decided["report"]["forgotten"]} == listed
            assert decided["report"]["done"] == {"keys": 2, "renumbered": 3, "dropped": 0, "repeats": 0}
        finally:
            await connection.close()
    numbers = await broker.sequences(TOPIC, {str(till), str(other), str(new)})
    assert numbers == {str(till): [1, 2, 3, 4, 5, 6, 7], str(other): [1, 2], str(new): [1, 2]}
    records = await broker.read(TOPIC, {str(till)})
    assert len({dict(each.headers)["ce_id"] for each in records}) == 7


async def test_reconciling_again_changes_nothing(dsn: str, copy: str, cluster: Cluster, broker: Broker) -> None:
    till = uuid4()
    await sold_and_published(dsn, broker.bootstrap, till)
    earlier = await copied(cluster, dsn, copy)
    await sold_and_published(dsn, broker.bootstrap, till)
    await sell(earlier, till)
    connection = await asyncpg.connect(earlier)
    try:
        kafka = reader(broker.bootstrap)
        _, first = await restore.reconcile(connection, kafka, (TOPIC,), "INC-1", "the service is stopped")
        rows = await connection.fetch("select * from outbox")
        found, second = await restore.reconcile(connection, kafka, (TOPIC,), "INC-1", "the service is stopped")
        assert (first.renumbered, second.renumbered, found.holds) == (1, 0, True)
        assert await connection.fetch("select * from outbox") == rows
        assert outbox.read(rows[0]["record"]).headers["ce_sequence"] == "3"
        assert await connection.fetchval("select sequence from stream where key = $1", str(till)) == 3
        assert await connection.fetchval("select count(*) from reconciliation") == 1
    finally:
        await connection.close()


async def test_a_number_given_a_second_time_is_found_by_its_id_even_if_the_counter_has_caught_up(
    dsn: str, copy: str, cluster: Cluster, broker: Broker
) -> None:
    """Commands go on between a failover and the relay's look: they may give as many numbers as were lost."""
    till = uuid4()
    await sold_and_published(dsn, broker.bootstrap, till)
    earlier = await copied(cluster, dsn, copy)
    await sold_and_published(dsn, broker.bootstrap, till, till)
    await sell(earlier, till, till, till)
    async with led(relay_of(earlier, broker.bootstrap)):
        await until_halted(earlier, "database")
    connection = await asyncpg.connect(earlier)
    try:
        _, done = await restore.reconcile(connection, reader(broker.bootstrap), (TOPIC,), "INC-1", "a failover")
    finally:
        await connection.close()
    assert done.renumbered == 3
    async with led(relay_of(earlier, broker.bootstrap)):
        await until_value(earlier, EMPTY, 0)
    assert await broker.sequences(TOPIC, {str(till)}) == {str(till): [1, 2, 3, 4, 5, 6]}


async def test_commands_that_go_on_while_it_is_compared_and_reconciled_get_numbers_of_their_own(
    dsn: str, copy: str, cluster: Cluster, broker: Broker
) -> None:
    old, new = [uuid4() for _ in range(4)], [uuid4() for _ in range(4)]
    tills = [*old, *new]
    await sold_and_published(dsn, broker.bootstrap, *old)
    earlier = await copied(cluster, dsn, copy)
    await sold_and_published(dsn, broker.bootstrap, *tills, *tills)
    stop, sold = asyncio.Event(), 0

    async def go_on_selling() -> None:
        nonlocal sold
        async with till_at(earlier) as toy:
            while not stop.is_set():
                await asyncio.gather(*(toy.command(Sell(till, 1), str(uuid4())) for till in tills))
                sold += len(tills)

    async with led(relay_of(earlier, broker.bootstrap)):
        selling = asyncio.create_task(go_on_selling())
        await until_halted(earlier, "database")
        connection = await asyncpg.connect(earlier)
        try:
            await restore.reconcile(connection, reader(broker.bootstrap), (TOPIC,), "INC-1", "a failover")
        finally:
            await connection.close()
        await until_value(earlier, "select count(*) from halt", 0)
        stop.set()
        await selling
        await until_value(earlier, EMPTY, 0)
    given = defaultdict(set)
    for record in await broker.read(TOPIC, {str(till) for till in tills}):
        headers = dict(record.headers)
        given[record.key, headers["ce_sequence"]].add(headers["ce_id"])
    assert {len(ids) for ids in given.values()} == {1}, "no number was given twice"
    assert len(given) == len(old) + 2 * len(tills) + sold
    assert sold > 0


async def test_what_was_published_and_still_waits_is_neither_lost_nor_sent_again(
    dsn: str, copy: str, cluster: Cluster, broker: Broker
) -> None:
    """As after a crash between acknowledgement and delete, or of PostgreSQL before the delete was on disk."""
    till = uuid4()
    await sold_and_published(dsn, broker.bootstrap, till)
    await sell(dsn, till, till)
    before_the_delete = await copied(cluster, dsn, copy)
    async with led(relay_of(dsn, broker.bootstrap)):
        await until_value(dsn, EMPTY, 0)
    async with led(relay_of(before_the_delete, broker.bootstrap)):
        await until_value(before_the_delete, EMPTY, 0)
        assert await halted(before_the_delete) == []
    assert await broker.sequences(TOPIC, {str(till)}) == {str(till): [1, 2, 3]}


async def test_what_was_published_and_still_waits_is_dropped_instead_of_renumbered_or_sent_again(
    dsn: str, copy: str, cluster: Cluster, broker: Broker
) -> None:
    till, whole = uuid4(), uuid4()
    await sell(dsn, till, till, whole)
    earlier = await copied(cluster, dsn, copy)
    await sold_and_published(dsn, broker.bootstrap, till)
    await sell(earlier, till)
    connection = await asyncpg.connect(earlier)
    try:
        _, done = await restore.reconcile(connection, reader(broker.bootstrap), (TOPIC,), "INC-1", "a snapshot")
    finally:
        await connection.close()
    assert (done.renumbered, done.dropped) == (1, 3)
    async with led(relay_of(earlier, broker.bootstrap)):
        await until_value(earlier, EMPTY, 0)
    assert await broker.sequences(TOPIC, {str(till), str(whole)}) == {str(till): [1, 2, 3, 4], str(whole): [1]}
    assert len({dict(each.headers)["ce_id"] for each in await broker.read(TOPIC, {str(till)})}) == 4


async def test_an_empty_database_beside_a_topic_with_a_past_is_an_earlier_one(
    dsn: str, copy: str, cluster: Cluster, toy_template: str, broker: Broker
) -> None:
    await sold_and_published(dsn, broker.bootstrap, uuid4())
    empty = await cluster.create_database(copy, template=toy_template)
    await sell(empty, uuid4())
    async with led(relay_of(empty, broker.bootstrap)):
        await until_halted(empty, "database")
        assert await value(empty, EMPTY) == 1


async def test_records_that_the_service_did_not_write_are_no_loss(dsn: str, broker: Broker) -> None:
    till, unknown = uuid4(), uuid4()
    await sold_and_published(dsn, broker.bootstrap, till)

    def headers(number: int | str, source: str = "/ph/till") -> dict[str, str]:
        return {"ce_type": "ph.till.Counted.v1", "ce_source": source, "ce_sequence": str(number), "ce_id": str(uuid4())}

    await broker.send(TOPIC, b"{}", str(till).encode(), headers(900_000))  # follows on nothing
    await broker.send(TOPIC, b"{}", str(till).encode(), headers(2, "/ph/shop"))
    await broker.send(TOPIC, b"{}", str(unknown).encode(), headers(7))
    await broker.send(TOPIC, b"{}", str(till).encode(), headers("many"))
    await broker.send(TOPIC, b"{}", None, headers(1))
    connection = await asyncpg.connect(dsn)
    try:
        found = await compare(connection, reader(broker.bootstrap), (TOPIC,))
        assert (found.losses, found.foreign) == ([], 5)
    finally:
        await connection.close()
    await sold_and_published(dsn, broker.bootstrap, till)
    assert await halted(dsn) == []


async def test_records_of_others_that_appear_while_the_relay_leads_are_counted(dsn: str, broker: Broker) -> None:
    till, metrics = uuid4(), Metrics("till")
    async with led(relay_of(dsn, broker.bootstrap, metrics=metrics)):
        await sell(dsn, till)
        await until_value(dsn, EMPTY, 0)
        for _ in range(3):
            await broker.send(TOPIC, b"{}", str(till).encode())
        await sell(dsn, till)
        await until_value(dsn, EMPTY, 0)
        assert metrics.foreign_records.labels(TOPIC)._value.get() == 3
        assert metrics.relay_leader._value.get() == 1


async def test_what_was_told_is_written_at_most_once_a_second_and_before_the_relay_ends(
    dsn: str, broker: Broker
) -> None:
    till = uuid4()
    written = "select sum(next_offset)::int from lineage"
    async with led(relay_of(dsn, broker.bootstrap)) as relay:
        await sell(dsn, till)
        await until_value(dsn, EMPTY, 0)
        first = await value(dsn, written)
        for _ in range(5):
            await sell(dsn, till)
            relay.wake()
            await until_value(dsn, EMPTY, 0)
    ends = sum(each.offset + 1 for each in _last(await broker.read(TOPIC)))
    assert await value(dsn, written) == ends
    assert isinstance(first, int)
    assert first <= ends - 5


def _last(records: list[object]) -> list[object]:
    return list({each.partition: each for each in records}.values())  # type: ignore[attr-defined]


async def test_a_service_whose_database_was_put_back_answers_503_until_it_is_reconciled(
    stack: LocalStack, dsn: str, copy: str, cluster: Cluster, broker: Broker, shop: Shop
) -> None:
    till, sold = uuid4(), uuid4()
    await sold_and_published(dsn, broker.bootstrap, till)
    earlier = await copied(cluster, dsn, copy)
    await sold_and_published(dsn, broker.bootstrap, till)
    async with (
        ToyProcess(stack, earlier, shop.source, ROLE="api") as api,
        ToyProcess(stack, earlier, shop.source, ROLE="worker") as worker,
    ):
        await until_halted(earlier, "database")
        for process in (api, worker):
            await process.until_probe("live", 200)

        async def refuses() -> bool:
            answer = await api.http.get(f"/tills/{till}")
            return answer.status_code == 503 and answer.json()["code"] == "database_restored"

        await until_async(refuses, "the api to know")
        assert (await api.sell(till, 1)).json()["code"] == "database_restored"
        for process in (api, worker):
            assert (await process.probe("live"), await process.probe("ready")) == (200, 503)
            assert (await process.checks())["lineage"] is False
        assert await worker.metric("ph_lineage_lost", kind="database") == 1
        await shop.sell(sold, 1)
        await asyncio.sleep(2.5)
        assert await value(earlier, "select count(*) from till where data->>'total' = '1'") == 1, "handles nothing"

        connection = await asyncpg.connect(earlier)
        try:
            decided = ("INC-1", "a copy of noon", ORDINARY, (Counted,))
            _, done = await restore.reconcile(connection, reader(broker.bootstrap), (TOPIC,), *decided)
            assert done.repeats == 1
        finally:
            await connection.close()
        for process in (api, worker):
            await process.until_probe("ready", 200)
        assert (await api.http.get(f"/tills/{till}")).json()["total"] == 2, "with the sale that was forgotten"
        await until_value(earlier, "select count(*) from till where data->>'total' = '1'", 1)
        assert (await api.sell(till, 1)).status_code == 201
        await until_value(earlier, EMPTY, 0)
    assert (await broker.sequences(TOPIC, {str(till)}))[str(till)] == [1, 2, 3]
