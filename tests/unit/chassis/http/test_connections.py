"""What a connection may cost, by real sockets: large heads, slow callers, and very many of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvloop
from fastapi import FastAPI, Response
from fastapi.responses import StreamingResponse

from chassis.http import connections
from chassis.runtime.lifecycle import http_server
from chassis.telemetry.metrics import Metrics
from tests.support.notes import ISSUING, make_app, settings

GET = b"GET /notes/a HTTP/1.1\r\nHost: a\r\n"
WITHIN = 20
"""Seconds after which a test gives up waiting."""


class Serving:
    def __init__(self, port: int, metrics: Metrics) -> None:
        self.port = port
        self.metrics = metrics

    async def call(self, sent: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(sent)
        return reader, writer

    async def answer(self, sent: bytes) -> tuple[int, bytes]:
        """The status and the body of the one answer after which the service hangs up, or 0 if it only hangs up."""
        reader, writer = await self.call(sent)
        return await rest(reader, writer)

    def ended(self, reason: str) -> float:
        return self.metrics.registry.get_sample_value("ph_http_connections_ended_total", {"reason": reason}) or 0


async def rest(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[int, bytes]:
    try:
        async with asyncio.timeout(WITHIN):
            got = await reader.read()
    except ConnectionResetError:
        got = b""
    writer.close()
    if not got:
        return 0, b""
    head, _, body = got.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


async def one(reader: asyncio.StreamReader) -> int:
    """The status of the next answer on a connection that stays."""
    async with asyncio.timeout(WITHIN):
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-length"))
        await reader.readexactly(length)
    return int(head.split()[1])


async def served(reader: asyncio.StreamReader) -> int:
    """How many requests were answered with 200 until the service hung up."""
    try:
        async with asyncio.timeout(WITHIN):
            return (await reader.read()).count(b"HTTP/1.1 200 ")
    except ConnectionResetError:
        return 0


@asynccontextmanager
async def serving(app: FastAPI | None = None, **changes: Any) -> AsyncIterator[Serving]:
    metrics = Metrics("notes")
    server = http_server(app or make_app(), settings(port=0, shutdown_seconds=1, **changes), metrics)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield Serving(server.servers[0].sockets[0].getsockname()[1], metrics)
    finally:
        server.should_exit = True
        await task


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "LOOK_SECONDS", 0.05)


def code(body: bytes) -> str:
    document = json.loads(body)
    assert set(document) == {"type", "title", "status", "detail", "instance", "code", "remedy", "errors"}
    return str(document["code"])


# --- how much ---


async def test_a_head_that_never_ends_is_refused_long_before_it_fills_the_memory() -> None:
    async with serving() as service:
        reader, writer = await service.call(GET + b"X-Long: ")
        sent = 0
        try:
            for _ in range(1600):  # 100 MB
                writer.write(b"x" * 65_536)
                await writer.drain()
                sent += 65_536
        except OSError:
            pass
        status, body = await rest(reader, writer)
        assert (status or 431) == 431
        if status:
            assert code(body) == "header_too_large"
        assert service.ended("header_too_large") == 1


@pytest.mark.parametrize(
    "head",
    [
        GET + b"X-Long: " + b"x" * 40_000 + b"\r\n\r\n",
        GET + b"".join(b"X-%d: a\r\n" % number for number in range(5000)) + b"\r\n",
        b"GET /notes/" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
    ids=["one long header", "many short ones", "a long address"],
)
async def test_a_head_beyond_the_limit_is_refused_by_name(head: bytes) -> None:
    async with serving() as service:
        status, body = await service.answer(head)
        assert (status, code(body)) == (431, "header_too_large")


async def test_a_head_below_the_limit_is_served_however_large_what_comes_with_it() -> None:
    async with serving() as service:
        head = GET + b"X-Long: " + b"x" * 30_000 + b"\r\n"
        reader, writer = await service.call((head + b"\r\n") * 3)
        assert [await one(reader) for _ in range(3)] == [200, 200, 200]
        writer.close()


@pytest.mark.parametrize("size", [40_000, 100_000])
async def test_a_head_beyond_the_limit_is_not_served_behind_another_request_in_one_packet(size: int) -> None:
    async with serving() as service:
        reader, writer = await service.call(GET + b"\r\n" + GET + b"X-Long: " + b"x" * size + b"\r\n\r\n")
        assert await served(reader) <= 1
        assert service.ended("header_too_large") == 1
        writer.close()


async def test_trailers_without_end_are_refused() -> None:
    async with serving() as service:
        token = ISSUING.bearer()["Authorization"].encode()
        head = b"POST /notes HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nAuthorization: " + token
        status, body = await service.answer(
            head + b"\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Trailer: " + b"x" * 400_000
        )
        assert (status, code(body)) == (413, "body_too_large")


async def test_what_is_no_http_is_told_so_in_a_problem_document() -> None:
    async with serving() as service:
        status, body = await service.answer(b"\x16\x03\x01 hello\r\n\r\n")
        assert (status, code(body)) == (400, "request_malformed")


async def test_requests_do_not_queue_without_end_on_one_connection() -> None:
    async with serving() as service:
        await service.answer((GET + b"\r\n") * 500)
        assert service.ended("requests_pipelined") == 1


# --- how long ---


async def test_half_a_head_is_given_up() -> None:
    async with serving(header_seconds=0.3) as service:
        status, body = await service.answer(GET)
        assert (status, code(body)) == (408, "header_late")


async def test_a_head_that_comes_drop_by_drop_is_late_too() -> None:
    async with serving(header_seconds=0.3) as service:
        reader, writer = await service.call(GET)

        async def drip() -> None:
            while True:
                writer.write(b"X: a\r\n")
                await asyncio.sleep(0.05)

        dripping = asyncio.create_task(drip())
        status, _ = await rest(reader, writer)
        dripping.cancel()
        assert status == 408


@pytest.mark.parametrize("sent", [b"", b"\r\n"], ids=["nothing", "empty lines"])
async def test_who_connects_and_asks_nothing_is_hung_up_on(sent: bytes) -> None:
    async with serving(header_seconds=0.3) as service:
        await service.answer(sent)
        assert service.ended("silent") + service.ended("header_late") == 1


async def test_empty_lines_after_an_answer_hold_no_connection() -> None:
    async with serving(header_seconds=0.3) as service:
        reader, writer = await service.call(GET + b"\r\n")
        assert await one(reader) == 200
        writer.write(b"\r\n")
        status, _ = await rest(reader, writer)
        assert status == 408


async def test_half_a_body_is_given_up_and_nothing_is_done() -> None:
    async with serving(body_seconds=0.3) as service:
        token = ISSUING.bearer()["Authorization"].encode()
        status, body = await service.answer(
            b"POST /notes HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nAuthorization: "
            + token
            + b'\r\nContent-Length: 100\r\n\r\n{"text":'
        )
        assert (status, code(body)) == (408, "body_late")


async def test_an_idle_connection_is_kept_longer_than_gateways_keep_theirs_and_then_ended() -> None:
    gateways = 60
    assert http_server(make_app(), settings(port=0), Metrics("notes")).config.timeout_keep_alive > gateways
    async with serving(idle_seconds=1) as service:
        reader, writer = await service.call(GET + b"\r\n")
        assert await one(reader) == 200
        assert await rest(reader, writer) == (0, b"")


async def test_who_pauses_between_two_requests_less_than_the_limit_is_served() -> None:
    async with serving(header_seconds=0.5) as service:
        reader, writer = await service.call(GET + b"\r\n")
        assert await one(reader) == 200
        for part in (GET, b"X: a\r\n", b"\r\n"):
            await asyncio.sleep(0.2)
            writer.write(part)
        assert await one(reader) == 200
        writer.close()


async def test_an_answer_that_nobody_reads_is_given_up() -> None:
    app = make_app()

    @app.get("/large")
    async def large() -> Response:
        return Response(b"x" * 50_000_000)

    async with serving(app, unread_seconds=0.3) as service:
        _, writer = await service.call(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        async with asyncio.timeout(WITHIN):
            while not service.ended("answer_unread"):
                await asyncio.sleep(0.01)
        writer.close()


@pytest.mark.parametrize("who", ["the service", "the caller"])
def test_who_is_hung_up_on_before_its_answers_is_no_failure_of_ours(who: str, caplog: pytest.LogCaptureFixture) -> None:
    begun = uvloop.run(_hang_up(who))  # as services do: asyncio itself lets one write into what is closed
    assert len(begun) == 1, "nobody begins the others"
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def _hang_up(who: str) -> list[str]:
    app = make_app()
    begun: list[str] = []

    @app.get("/large")
    async def large() -> Response:
        async def parts() -> AsyncIterator[bytes]:
            for _ in range(100):
                yield b"x" * 500_000

        begun.append("answering")
        return StreamingResponse(parts())

    async with serving(app, unread_seconds=0.3 if who == "the service" else 60) as service:
        _, writer = await service.call(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n" * 3)
        await asyncio.sleep(0.3)
        if who == "the caller":
            writer.transport.abort()
        async with asyncio.timeout(WITHIN):
            while any("run_asgi" in repr(task.get_coro()) for task in asyncio.all_tasks()):
                await asyncio.sleep(0.01)
        writer.close()
    return begun


async def test_a_slow_reader_gets_the_whole_of_a_last_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "LINGER_SECONDS", 0.1)
    app = make_app()

    @app.get("/large")
    async def large() -> Response:
        return Response(b"x" * 20_000_000)

    async with serving(app) as service:
        reader, writer = await service.call(b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        await asyncio.sleep(0.5)
        status, body = await rest(reader, writer)
        assert (status, len(body)) == (200, 20_000_000)


# --- how many ---


async def test_half_requests_displace_each_other_and_a_whole_one_gets_through() -> None:
    async with serving(max_connections=8) as service:
        half = [await service.call(GET) for _ in range(50)]
        reader, writer = await service.call(GET + b"\r\n")
        assert await one(reader) == 200
        assert service.ended("displaced") == 43
        for _, each in (*half, (reader, writer)):
            each.close()


async def test_a_new_caller_is_told_to_come_again_while_all_connections_are_busy() -> None:
    app = make_app()
    going_on = asyncio.Event()
    begun = 0

    @app.get("/slow")
    async def slow() -> str:
        nonlocal begun
        begun += 1
        await going_on.wait()
        return "done"

    async with serving(app, max_connections=8) as service:
        busy = [await service.call(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n") for _ in range(8)]
        async with asyncio.timeout(WITHIN):
            while begun < 8:
                await asyncio.sleep(0.01)
        for _ in range(3):
            status, body = await service.answer(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (status, code(body)) == (503, "too_many_connections")
        going_on.set()
        assert [await one(reader) for reader, _ in busy] == [200] * 8
        for _, writer in busy:
            writer.close()
