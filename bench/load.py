"""Concurrent callers of an HTTP API: `python -m bench.load '{...}'` prints one JSON line.

Each connection sends its next request when it has the answer to the last one. Requests are laid out before the clock
starts and answers are only looked at for their status, so that the callers cost little and the service is what is
measured; the callers' own processor time is told, not counted.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import quantiles
from typing import cast
from uuid import uuid4

import uvloop

from bench.machine import cpu_seconds

END = b"\r\n\r\n"
LENGTH = b"content-length: "
SECONDS = 60


@dataclass(frozen=True)
class Load:
    """What to send, and whose processor time counts."""

    port: int
    token: str
    body: str
    paths: list[str]
    connections: int
    expect: int = 201
    counted: list[int] = field(default_factory=list)


class Caller(asyncio.Protocol):
    """One connection."""

    def __init__(self, requests: Iterator[bytes], expect: int, times: list[float]) -> None:
        self._requests = requests
        self._expect = b" %d " % expect
        self._times = times
        self._received = b""
        self._sent_at = 0.0
        self._transport: asyncio.Transport
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def send(self) -> None:
        """The next request, if there is one left."""
        request = next(self._requests, None)
        if request is None:
            self._transport.close()
            self.done.set_result(None)
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(END)
        if end < 0:
            return
        head = self._received[:end].lower()
        at = head.index(LENGTH) + len(LENGTH)
        length = int(head[at:].partition(b"\r\n")[0])
        if len(self._received) < end + len(END) + length:
            return
        self._times.append(time.perf_counter() - self._sent_at)
        if self._expect not in head[:16]:
            self.done.set_exception(RuntimeError(self._received.decode(errors="replace")[:2000]))
            return
        self._received = b""
        self.send()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError("the service has hung up"))


def request(load: Load, path: str) -> bytes:
    """One request with a key of its own."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{load.port}\r\nAuthorization: Bearer {load.token}\r\n"
        f"Idempotency-Key: {uuid4()}\r\nContent-Type: application/json\r\nContent-Length: {len(load.body)}\r\n\r\n"
        f"{load.body}"
    ).encode()


async def run(load: Load) -> dict[str, float]:
    """Sends everything. Raises `RuntimeError` with the answer if one is not as expected."""
    requests = iter([request(load, path) for path in load.paths])
    times: list[float] = []
    loop = asyncio.get_running_loop()
    callers = []
    for _ in range(load.connections):
        _, caller = await loop.create_connection(lambda: Caller(requests, load.expect, times), "127.0.0.1", load.port)
        callers.append(caller)
    counted, own = cpu_seconds(*load.counted), time.process_time()
    begun = time.perf_counter()
    for caller in callers:
        caller.send()
    async with asyncio.timeout(SECONDS):
        await asyncio.gather(*(caller.done for caller in callers))
    seconds = time.perf_counter() - begun
    cuts = quantiles(times, n=100)
    return {
        "events": len(times),
        "seconds": seconds,
        "cpu_seconds": cpu_seconds(*load.counted) - counted,
        "client": time.process_time() - own,
        "p50_ms": cuts[49] * 1000,
        "p99_ms": cuts[98] * 1000,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(uvloop.run(run(Load(**json.load(sys.stdin))))) + "\n")
