"""How far partitions reach is asked again and again; that nobody can tell is told once, and so is that it is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from chassis.outbox import telling
from chassis.outbox.telling import EndsWatch, Look
from chassis.telemetry.metrics import Metrics
from chassis.trouble import Trouble
from tests.support.loglines import configured, restore_logging  # noqa: F401 - a fixture

PLACE = TopicPartition("ph.till.v1", 0)
GONE = Trouble("cannot be read", where="KAFKA_PASSWORD_FILE", remedy="Mend it.")


@asynccontextmanager
async def watching(
    monkeypatch: pytest.MonkeyPatch, *answers: Exception | int
) -> AsyncIterator[tuple[EndsWatch, Metrics]]:
    """A watch whose looks end so, one after the other; then nothing answers any more."""
    left, metrics = list(answers), Metrics("till")

    class Past:
        async def ends_now(self, places: Any) -> Any:
            if not left:
                await asyncio.Event().wait()
            if isinstance(answer := left.pop(0), Exception):
                raise answer
            return dict.fromkeys(places, answer)

    @asynccontextmanager
    async def opened(_reader: object) -> AsyncIterator[Past]:
        yield Past()

    monkeypatch.setattr(telling, "opened", opened)
    monkeypatch.setattr(telling, "LOOK_SECONDS", 0.0)
    async with EndsWatch(lambda: None, lambda: {PLACE: 3}, metrics) as watch:  # type: ignore[arg-type, return-value]
        async with asyncio.timeout(5):
            while left:
                await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        yield watch, metrics


async def test_the_first_failure_is_told_and_that_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = configured()
    answers = 3, KafkaConnectionError(), TimeoutError(), GONE, 5, 7, GONE, GONE
    async with watching(monkeypatch, *answers) as (watch, metrics):
        assert watch.take() == Look({PLACE: 3}, {PLACE: 7})
        assert watch.take() is None, "each look once"
    told = [(each["event"], each.get("reason")) for each in lines()]
    assert told == [
        ("relay_sees_no_ends", "KafkaConnectionError"),
        ("relay_sees_ends_again", None),
        ("relay_sees_no_ends", "Trouble"),
    ]
    assert lines()[-1]["remedy"] == "Mend it."
    assert metrics.retries.labels("relay", "Trouble")._value.get() == 3


async def test_what_nobody_foresaw_reaches_whoever_takes_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    async with watching(monkeypatch, ValueError("a defect")) as (watch, _):
        with pytest.raises(ValueError, match="a defect"):
            watch.take()


async def test_a_look_on_its_way_has_ended_once_nobody_watches_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    class Silent:
        async def ends_now(self, _places: Any) -> Any:
            seen.append("asked")
            await asyncio.Event().wait()

    @asynccontextmanager
    async def opened(_reader: object) -> AsyncIterator[Silent]:
        try:
            yield Silent()
        finally:
            await asyncio.sleep(0.01)
            seen.append("closed")

    monkeypatch.setattr(telling, "opened", opened)
    async with EndsWatch(lambda: None, dict, Metrics("till")):  # type: ignore[arg-type, return-value]
        await asyncio.sleep(0.01)
        assert seen == ["asked"]
    assert seen == ["asked", "closed"]


@pytest.mark.parametrize("error", [None, KafkaConnectionError()], ids=["seen", "not seen"])
async def test_it_rests_between_two_looks(monkeypatch: pytest.MonkeyPatch, error: Exception | None) -> None:
    asked = 0

    class Past:
        async def ends_now(self, places: Any) -> Any:
            nonlocal asked
            asked += 1
            await asyncio.sleep(0)
            if error is not None:
                raise error
            return dict.fromkeys(places, 3)

    @asynccontextmanager
    async def opened(_reader: object) -> AsyncIterator[Past]:
        yield Past()

    monkeypatch.setattr(telling, "opened", opened)
    async with EndsWatch(lambda: None, dict, Metrics("till")):  # type: ignore[arg-type, return-value]
        await asyncio.sleep(0.05)
    assert asked == 1
