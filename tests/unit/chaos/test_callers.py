"""What callers of the chaos run see of a service: an answer, a hang-up, or nothing for too long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from chaos.callers import TIMES, call, call_without_reading
from chaos.world import Worker

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def _served(serve: Serve) -> AsyncIterator[Worker]:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield Worker("shop-1", "shop", server.sockets[0].getsockname()[1], Path())
    finally:
        server.close()


async def _refuses(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n")
    writer.close()


async def _hangs_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def _waits(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def test_an_answer_is_read_and_the_hang_up_waited_for() -> None:
    async with _served(_refuses) as worker:
        seen = await call(worker, "forged", [b"GET / HTTP/1.1\r\n\r\n"], promised=(401,), within=5)
    assert (seen.status, seen.worker, seen.kind) == (401, "shop-1", "forged")
    assert seen.ended - seen.asked < 5


async def test_a_hang_up_without_a_word_is_one() -> None:
    async with _served(_hangs_up) as worker:
        seen = await call(worker, "slow", [b"G"] * 100, promised=(0,), within=5, pause=0.01)
    assert seen.status == 0
    assert seen.ended - seen.asked < 5


async def test_nobody_there_is_a_hang_up() -> None:
    async with _served(_hangs_up) as worker:
        pass
    assert (await call(worker, "slow", [b"G"], promised=(0,), within=5)).status == 0


async def test_whoever_is_waited_for_beyond_the_bound_was_held() -> None:
    async with _served(_waits) as worker:
        seen = await call(worker, "slow", [b"G"] * 1000, promised=(408,), within=0.1, pause=0.01)
    assert seen.ended == float("inf")


async def test_answers_that_wait_for_their_reader_are_told_from_those_that_were_given_up() -> None:
    async def sends(times: int, writer: asyncio.StreamWriter) -> None:
        for _ in range(times):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n" + b"x" * 1_000_000)
        writer.close()

    async with _served(lambda _reader, writer: sends(TIMES, writer)) as worker:
        seen = await call_without_reading(worker, "unread", "/large", within=0.5)
    assert seen.ended == float("inf")
    async with _served(lambda _reader, writer: sends(TIMES - 1, writer)) as worker:
        seen = await call_without_reading(worker, "unread", "/large", within=0.5)
    assert seen.ended <= seen.asked + 0.5
