"""What the group is told, and when. Its broker is a stand-in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from chassis.consumer import offsets as module
from chassis.consumer.offsets import OFFSET_SECONDS, Offsets
from tests.support.loglines import configured, restore_logging  # noqa: F401 - a fixture

ONE, TWO = TopicPartition("ph.shop.v1", 0), TopicPartition("ph.shop.v1", 1)


class Group:
    """Remembers what it was told. `answers`: what becomes of the next commits, None if they are taken. `read`: where
    partitions are read now."""

    def __init__(self) -> None:
        self.told: list[dict[TopicPartition, int]] = []
        self.answers: list[Exception | None] = []
        self.read: dict[TopicPartition, int] = {}
        self.turn = asyncio.Lock()
        self.offsets = Offsets(self.turn, self._commit, self.read.get)

    async def _commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        self.told.append(dict(offsets))
        if self.answers and (answer := self.answers.pop(0)) is not None:
            raise answer

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not condition():
                await asyncio.sleep(0.005)


@pytest.fixture
def group() -> Group:
    return Group()


async def test_a_first_offset_is_told_at_once_and_those_that_follow_are_told_together(group: Group) -> None:
    group.offsets.note(ONE, 1)
    await group.offsets.tell()
    assert group.told == [{ONE: 1}]
    for offset in (2, 3):
        group.offsets.note(ONE, offset)
        await group.offsets.tell()
    group.offsets.note(TWO, 7)
    await asyncio.sleep(0.02)
    assert len(group.told) == 1
    await group.until(lambda: len(group.told) > 1)
    assert group.told[1:] == [{ONE: 3, TWO: 7}]
    group.offsets.note(ONE, 4)
    await group.offsets.tell()
    await group.until(lambda: len(group.told) > 2)
    await asyncio.sleep(OFFSET_SECONDS)
    group.offsets.note(ONE, 5)
    await group.offsets.tell()
    assert group.told[2:] == [{ONE: 4}, {ONE: 5}]


async def test_who_has_nothing_new_or_must_forget_it_says_nothing(group: Group) -> None:
    group.offsets.note(ONE, 1)
    group.offsets.forget(ONE)
    group.offsets.forget(TWO)
    await group.offsets.tell_now()
    assert group.told == []
    group.offsets.note(ONE, 2)
    await group.offsets.tell_now()
    await group.offsets.tell_now()
    assert group.told == [{ONE: 2}]


@pytest.mark.parametrize("error", [KafkaConnectionError(), TimeoutError()])
async def test_what_was_not_taken_is_told_again_as_far_as_it_is_read_by_then(
    group: Group, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.01)
    lines = configured()
    group.answers = [error]
    group.read[ONE] = 4  # and of the other one somebody else is the reader now
    group.offsets.note(ONE, 1)
    group.offsets.note(TWO, 1)
    await group.offsets.tell_now()
    await group.until(lambda: len(group.told) > 1)
    await asyncio.sleep(0.05)
    assert group.told == [{ONE: 1, TWO: 1}, {ONE: 4}]
    assert [(each["event"], each["reason"]) for each in lines()] == [("offsets_not_committed", type(error).__name__)]


async def test_a_broker_that_never_answers_is_given_up(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.01)
    offsets = Offsets(group.turn, silent, group.read.get)
    offsets.note(ONE, 1)
    await asyncio.wait_for(offsets.tell_now(), 5)
    offsets.stop()


async def test_who_leaves_tries_once_and_nothing_is_told_after_the_end(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.01)
    group.answers = [KafkaConnectionError()]
    group.read[ONE] = 1
    group.offsets.leave()
    group.offsets.note(ONE, 1)
    await group.offsets.tell_now()
    await asyncio.sleep(0.05)
    assert group.told == [{ONE: 1}]
    group.offsets.tell_soon(0.01)
    group.offsets.stop()
    await asyncio.sleep(0.05)
    assert group.told == [{ONE: 1}]


async def test_what_is_told_later_waits_for_the_batch_in_hand(group: Group) -> None:
    group.offsets.note(ONE, 1)
    async with group.turn:
        group.offsets.tell_soon(0)
        await asyncio.sleep(0.05)
        assert group.told == []
        group.offsets.note(ONE, 2)
    await group.until(lambda: group.told)
    assert group.told == [{ONE: 2}]
