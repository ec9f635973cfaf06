"""How long events were on their way, from their recording by the sender to the commit of their effect here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.pure.messages import topic_of
from tests.support.records import FakeRecord, recorded, sold
from tests.support.toy import UNLUCKY
from tests.support.toy_runtime import ToyRuntime

TOPIC = topic_of("shop")


def on_its_way_for(seconds: float, key: UUID, sequence: int, amount: int = 1) -> FakeRecord:
    return recorded(sold(key, sequence, amount), datetime.now(UTC) - timedelta(seconds=seconds))


def seen(toy: ToyRuntime, suffix: str, **labels: str) -> float | None:
    return toy.metrics.registry.get_sample_value(f"ph_effect_seconds_{suffix}", {"topic": TOPIC, **labels})


async def test_what_took_more_than_a_minute_is_told_from_what_did_not(toy: ToyRuntime) -> None:
    key = uuid4()
    assert (seen(toy, "count"), seen(toy, "bucket", le="60.0")) == (0, 0), "it is there before the first event"
    await toy.dispatcher.handle([on_its_way_for(70, key, 1), on_its_way_for(50, key, 2), on_its_way_for(0, key, 3)])
    assert seen(toy, "count") == 3
    assert seen(toy, "bucket", le="60.0") == 2
    assert seen(toy, "bucket", le="300.0") == 3
    total = seen(toy, "sum")
    assert total is not None
    assert 120 <= total < 180


async def test_a_repeat_and_what_is_parked_have_no_effect_here(toy: ToyRuntime) -> None:
    key, bad = uuid4(), uuid4()
    first = on_its_way_for(0, key, 1)
    await toy.dispatcher.handle([first, on_its_way_for(0, bad, 1, UNLUCKY), on_its_way_for(0, bad, 2)])
    await toy.dispatcher.handle([first])
    assert seen(toy, "count") == 1
    assert len(await toy.parked()) == 2


async def test_nothing_is_told_of_a_batch_that_was_rolled_back(toy: ToyRuntime, pool: asyncpg.Pool) -> None:
    """The same events are told once they are committed."""
    key = uuid4()
    await pool.execute("alter table till rename to hidden")
    records = [on_its_way_for(0, key, 1)]
    with pytest.raises(asyncpg.UndefinedTableError):
        await toy.dispatcher.handle(records)
    assert seen(toy, "count") == 0
    await pool.execute("alter table hidden rename to till")
    await toy.dispatcher.handle(records)
    assert seen(toy, "count") == 1


async def test_a_clock_of_the_sender_that_is_ahead_makes_no_negative_time(toy: ToyRuntime) -> None:
    await toy.dispatcher.handle([on_its_way_for(-30, uuid4(), 1)])
    assert (seen(toy, "count"), seen(toy, "sum")) == (1, 0)


async def test_an_event_that_does_not_say_when_it_was_recorded_is_handled_and_not_counted(toy: ToyRuntime) -> None:
    key = uuid4()
    await toy.dispatcher.handle([sold(key, 1)])
    assert await toy.totals() == {key: 1}
    assert seen(toy, "count") == 0
