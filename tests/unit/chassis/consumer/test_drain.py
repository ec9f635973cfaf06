"""What becomes of a parked record whose turn has come. The tables are in memory."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest
from aiokafka.errors import KafkaConnectionError

from chassis.consumer import parking
from chassis.consumer.inbound import MAX_VALUE
from chassis.consumer.positions import MAX_GAP
from chassis.trouble import Trouble
from tests.support.dispatching import KEY, OTHER, SHOP, SOLD, World, told
from tests.support.loglines import configured, restore_logging  # noqa: F401 - a fixture
from tests.support.records import FakeRecord, recorded
from tests.support.toy import UNLUCKY, UNSTORABLE


@pytest.fixture
def world() -> World:
    return World()


async def drained(world: World) -> None:
    steps = [await world.drain() for _ in range(6)]
    assert steps[-1] == 0, "there is always something to do"


async def test_a_queue_goes_on_in_order_once_its_first_is_discarded(world: World) -> None:
    await world.handle([told(1, UNLUCKY), told(2, 2), told(3, 3)])
    assert await world.drain() == 0
    world.database.decide("discarded", UNLUCKY)
    wakes = world.toy.wakes
    assert await world.drain() == 3, "two records, and a look that there are no more"
    assert await world.drain() == 0
    assert (world.receipts(), world.blocked(), world.counted("done_after_parking")) == ([2, 3], False, 2)
    assert world.toy.wakes > wakes
    assert world.database.tables.outbox == [str(KEY)] * 2
    assert len([each for each in world.toy.collector.spans if each.name == f"process {SOLD}"]) == 3
    assert world.sample("ph_batch_records_sum") == 5
    assert 0 < world.sample("ph_batch_seconds_sum") < 10
    await world.handle([told(4, 4)])
    assert world.receipts() == [2, 3, 4]


async def test_a_queue_is_drained_in_steps(world: World) -> None:
    await world.handle([told(1, UNLUCKY), *(told(number, 20 + number) for number in range(2, 9))])
    await world.handle([told(1, UNLUCKY, key=OTHER, at=90), told(2, 42, key=OTHER)])
    world.database.decide("discarded", UNLUCKY, 90)
    assert await world.drain(limit=3) == 3
    assert world.receipts() == [22, 23, 24]
    assert (await world.drain(limit=5), world.receipts(OTHER)) == (5, [])
    assert world.receipts() == list(range(22, 29))
    await drained(world)
    assert world.receipts(OTHER) == [42]


async def test_a_retry_that_fails_again_keeps_its_queue_waiting(world: World) -> None:
    await world.handle([told(1, UNLUCKY), told(2, 2)])
    world.database.decide("retry", UNLUCKY)
    assert await world.drain() == 1
    assert world.parked() == [(UNLUCKY, "unlucky", "parked"), (2, "behind", "parked")]
    assert (world.counted("parked_again"), world.counted("done_after_parking"), world.blocked()) == (1, 0, True)
    assert await world.drain() == 0


async def test_a_retry_that_the_database_refuses_is_parked_again(world: World) -> None:
    await world.handle([told(1, UNSTORABLE), told(2, 2)])
    world.database.decide("retry", UNSTORABLE)
    assert await world.drain() == 1
    assert world.parked() == [(UNSTORABLE, "database_refused", "parked"), (2, "behind", "parked")]
    assert world.database.tables.parked[1]["detail"] == "SQLSTATE 23514"


async def test_an_outage_while_a_parked_record_has_its_turn_is_raised(world: World) -> None:
    await world.handle([told(1, UNLUCKY), told(2, 2)])
    world.database.decide("discarded", UNLUCKY)
    world.database.errors = [ConnectionResetError()]
    with pytest.raises(ConnectionResetError):
        await world.drain()
    assert world.receipts() == []


async def test_a_retried_repeat_of_what_was_handled_leaves_the_table(world: World) -> None:
    await world.handle([told(1, 1), told(2, UNLUCKY)])
    world.database.tables.parked[1] |= {"payload": told(1, 1).value, "headers": parking.headers_json(told(1, 1))}
    world.database.decide("retry", UNLUCKY)
    await drained(world)
    assert (world.receipts(), world.parked(), world.counted("repeat"), world.blocked()) == ([1], [], 1, False)


async def test_another_event_under_a_number_that_waited_is_told_apart_when_its_turn_comes(world: World) -> None:
    lines = configured()
    await world.handle([told(1, UNLUCKY)])
    await world.handle([told(1, 500, after=9), told(2, 2)])
    assert (world.parked()[1], world.disowned("fork")) == ((500, "behind", "parked"), 0)
    world.database.tables.parked[1]["payload"] = told(1, 5).value
    world.database.decide("retry", UNLUCKY)
    await drained(world)
    assert (world.receipts(), world.parked(), world.blocked()) == ([5, 2], [(500, "fork", "parked")], False)
    assert world.disowned("fork") == 1
    assert [each["event"] for each in lines()] == ["record_disowned"]


@pytest.mark.parametrize("together", [told(1, 500, after=9), told(3 + MAX_GAP, 500, after=9)], ids=["fork", "far"])
async def test_what_an_operator_vouches_for_is_handled_whatever_its_number(world: World, together: FakeRecord) -> None:
    await world.handle([told(1, 1), together, told(2, 2)])
    disowned = world.disowned("fork") + world.disowned("number_too_far")
    world.database.decide("retry", 500)
    assert await world.drain() == 1
    assert (world.receipts(), world.parked()) == ([1, 2, 500], [])
    assert world.disowned("fork") + world.disowned("number_too_far") == disowned == 1
    await world.handle([together])
    assert (world.receipts(), world.parked(), world.counted("repeat")) == ([1, 2, 500], [], 1)


async def test_a_strangers_record_that_is_retried_is_not_alarmed_again(world: World) -> None:
    await world.handle([recorded(told(1, 9), ce_source=b"/ph/other")])
    world.database.decide("retry", 9)
    assert await world.drain() == 1
    assert (world.parked(), world.disowned("wrong_source")) == ([(9, "wrong_source", "parked")], 1)


async def test_a_record_that_is_too_large_is_read_again_only_if_an_operator_wants_it(world: World) -> None:
    lines = configured()
    large = told(1, 5)
    large = large._replace(value=(large.value or b"") + b" " * MAX_VALUE)
    place = large.topic, large.partition, large.offset
    await world.handle([told(1, UNLUCKY, key=OTHER), large, told(2, 2)])
    assert [each[1] for each in world.parked()] == ["unlucky", "too_large", "behind"]
    asked: list[Any] = []

    async def silent(*at: Any) -> None:
        asked.append(at)
        raise KafkaConnectionError

    world.database.decide("retry", 5)
    fetch, world.dispatcher._fetch = world.dispatcher._fetch, silent
    assert (await world.drain(), asked) == (0, [place])
    assert [(each["event"], each["topic"], each["reason"]) for each in lines()] == [
        ("record_not_read_again", SHOP, "KafkaConnectionError")
    ]
    assert world.parked()[1] == (5, "too_large", "retry"), "Kafka may answer the next time"
    world.dispatcher._fetch = fetch
    for instead in (None, told(1, 6, at=5)):
        if instead is not None:
            world.toy.kafka[place] = instead
        await world.drain()
        assert world.parked()[1] == (5, "record_gone", "parked")
        world.database.decide("retry", 5)
    world.toy.kafka[place] = large
    await drained(world)
    assert (world.receipts(), [each[1] for each in world.parked()]) == ([5, 2], ["unlucky"])


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (KafkaConnectionError(), "KafkaConnectionError"),
        (TimeoutError(), "TimeoutError"),
        (ConnectionResetError(), "ConnectionResetError"),
        (
            Trouble("the file is gone", where="settings of Kafka", remedy="Mend it."),
            "settings of Kafka: the file is gone",
        ),
    ],
)
async def test_whoever_may_not_read_a_record_again_now_tries_later(world: World, error: Exception, reason: str) -> None:
    """A secret that is being renewed may be no file for a moment: nobody ends for that."""
    lines = configured()
    large = told(1, 5)
    large = large._replace(value=(large.value or b"") + b" " * MAX_VALUE)
    await world.handle([large])
    world.database.decide("retry", 5)

    async def refused(*_: Any) -> Any:
        raise error

    world.dispatcher._fetch = refused
    assert await world.drain() == 0
    assert world.parked() == [(5, "too_large", "retry")]
    assert [(each["event"], each["reason"]) for each in lines()] == [("record_not_read_again", reason)]


async def test_a_large_record_behind_another_is_no_longer_than_others_may_be(world: World) -> None:
    large = told(2, 5)
    large = large._replace(value=(large.value or b"") + b" " * MAX_VALUE)
    await world.handle([told(1, UNLUCKY), large])
    world.toy.kafka[large.topic, large.partition, large.offset] = large
    world.database.decide("discarded", UNLUCKY)
    await drained(world)
    assert world.parked()[1] == (5, "too_large", "parked")
    world.database.decide("retry", 5)
    await drained(world)
    assert world.receipts() == [5]


@pytest.mark.parametrize("size", [16_777_216, 16_777_217])
async def test_even_an_operator_gets_nothing_handled_that_is_larger_than_16_mebibytes(world: World, size: int) -> None:
    large = told(1, 5)
    large = large._replace(value=(large.value or b"").ljust(size))
    world.toy.kafka[large.topic, large.partition, large.offset] = large
    await world.handle([large])
    world.database.decide("retry", 5)
    await drained(world)
    handled = ([5], [])
    assert (world.receipts(), world.parked()) == (handled if size == 16_777_216 else ([], [(5, "too_large", "parked")]))


async def test_a_defect_ends_the_batch_and_parks_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.database.errors = [ValueError("a defect")]
    with pytest.raises(ValueError, match="a defect"):
        await world.handle([told(1, 1)])
    await world.handle([told(1, UNLUCKY), told(2, 2)])
    world.database.decide("discarded", UNLUCKY)
    world.database.errors = [asyncpg.InterfaceError("gone")]
    with pytest.raises(asyncpg.InterfaceError):
        await world.drain()
    assert world.parked() == [(UNLUCKY, "unlucky", "discarded"), (2, "behind", "parked")]


async def test_a_parked_record_of_a_type_that_is_not_read_any_more_is_passed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.handle([told(1, UNLUCKY), told(2, 2)])
    monkeypatch.delitem(world.dispatcher._contracts, SOLD)
    world.database.decide("retry", UNLUCKY)
    await drained(world)
    assert (world.parked(), world.blocked(), world.receipts()) == ([], False, [])
    assert world.counted("done_after_parking", "other") == 2
