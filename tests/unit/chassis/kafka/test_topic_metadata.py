"""Which broker is asked about topics: whichever answers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import NodeNotReadyError, RequestTimedOutError

from chassis.kafka.topic_metadata import topics


class Three:
    """An aiokafka client that knows three brokers, of which some say nothing."""

    def __init__(self, *silent: int, known: int = 3) -> None:
        self.cluster = self
        self.asked: list[int] = []
        self._silent, self._known = silent, known

    def brokers(self) -> list[Any]:
        return [SimpleNamespace(nodeId=number) for number in range(1, self._known + 1)]

    def get_random_node(self) -> int:
        return 1

    async def send(self, node: int, _request: object) -> Any:
        self.asked.append(node)
        if node in self._silent:
            raise RequestTimedOutError
        partitions = [(0, 0, 1), (0, 1, -1)]
        return SimpleNamespace(topics=[(0, "ph.till.v1", b"t" * 16, False, partitions)])


async def test_a_broker_that_says_nothing_is_passed_by() -> None:
    for _ in range(20):
        client = Three(1, 2)
        found = await topics(client, ["ph.till.v1"])  # type: ignore[arg-type]
        assert (found["ph.till.v1"].partitions, found["ph.till.v1"].leaderless) == ((0,), 1)
        assert client.asked[-1] == 3


async def test_who_is_answered_asks_nobody_else() -> None:
    client = Three()
    await topics(client, ["ph.till.v1"])  # type: ignore[arg-type]
    assert len(client.asked) == 1


async def test_each_is_asked_once_before_nobody_answers() -> None:
    client = Three(1, 2, 3)
    with pytest.raises(RequestTimedOutError):
        await topics(client, ["ph.till.v1"])  # type: ignore[arg-type]
    assert sorted(client.asked) == [1, 2, 3]
    with pytest.raises(NodeNotReadyError):
        await topics(Three(known=0), ["ph.till.v1"])  # type: ignore[arg-type]
