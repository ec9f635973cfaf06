from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from bench.against.parts.consumer import between
from bench.load import Caller, Closed, request

ANSWER = b"HTTP/1.1 201 Created\r\nContent-Length: 7\r\n\r\n" + b'{"a":1}'
REFUSAL = b"HTTP/1.1 409 Conflict\r\ncontent-length: 2\r\n\r\nno"


class Wire:
    """What a caller writes."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def close(self) -> None:
        self.closed = True


def connected(closed: Closed) -> tuple[Caller, Wire]:
    caller, wire = Caller(closed.answered), Wire()
    caller.connection_made(cast("asyncio.Transport", wire))
    return caller, wire


def test_a_request_has_a_key_of_its_own_and_the_length_of_its_body() -> None:
    one, other = (request(80, "token", "/cases", '{"a":1}') for _ in range(2))
    assert one != other
    assert one.startswith(b"POST /cases HTTP/1.1\r\n")
    assert b"Content-Length: 7\r\n" in one
    assert one.endswith(b'\r\n\r\n{"a":1}')


async def test_a_caller_asks_again_when_it_is_answered_and_leaves_after_the_last() -> None:
    closed = Closed([b"one", b"two"], keep=True)
    caller, wire = connected(closed)
    closed.next(caller)
    assert wire.written == [b"one"]
    caller.data_received(ANSWER)
    assert wire.written == [b"one", b"two"]
    caller.data_received(ANSWER)
    assert wire.closed
    assert caller.done.result() is None
    assert (len(closed.times), closed.answers) == (2, {0: {"a": 1}, 1: {"a": 1}})


@pytest.mark.parametrize("size", [1, 5, 44])
async def test_an_answer_may_come_in_pieces(size: int) -> None:
    closed = Closed([b"one"], keep=True)
    caller, _ = connected(closed)
    closed.next(caller)
    for start in range(0, len(ANSWER), size):
        assert not caller.done.done()
        caller.data_received(ANSWER[start : start + size])
    assert caller.done.result() is None


async def test_a_refusal_ends_the_load_with_its_words() -> None:
    caller, _ = connected(closed := Closed([b"one"], keep=False))
    closed.next(caller)
    caller.data_received(REFUSAL)
    with pytest.raises(RuntimeError, match="409 Conflict"):
        await caller.done


async def test_a_service_that_hangs_up_is_no_answer() -> None:
    caller, _ = connected(closed := Closed([b"one"], keep=False))
    closed.next(caller)
    caller.connection_lost(None)
    with pytest.raises(ConnectionError):
        await caller.done


def test_the_consumer_path_is_measured_from_its_first_commit_to_its_last() -> None:
    start = datetime(2026, 3, 2, tzinfo=UTC)
    commits: list[Any] = [(start + timedelta(seconds=number), 500) for number in range(5)]
    assert between(commits) == (2000, 4.0)


@pytest.mark.parametrize("asks", [False, True])
async def test_a_service_may_hang_up_on_whoever_waits_for_no_answer(asks: bool) -> None:
    closed = Closed([b"one"], keep=True)
    caller, _ = connected(closed)
    if asks:
        closed.next(caller)
    caller.connection_lost(None)
    assert caller.done.done()
    assert isinstance(caller.done.exception(), ConnectionError) == asks
