"""Concurrent callers of an HTTP API: `python -m bench.load` reads a `Load` as JSON and prints one JSON line.

Each connection sends its next request when it has the answer to the last one. Requests are laid out before the clock
starts and answers are only looked at for their status, so that the callers cost little and the service is what is
measured; the callers' own processor time is told, not counted.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from statistics import quantiles
from typing import Any, cast
from uuid import uuid4

import uvloop

from bench.machine import cpu_seconds
from deploy.local.places import ROOT

END = b"\r\n\r\n"
LENGTH = b"content-length: "
SUCCESS = b" 2"
STATUS_AT = slice(8, 10)
"""`HTTP/1.1 201`: the blank and the first digit."""
GET = ""
"""In the place of a body: the request reads."""
SECONDS = 60
SPARE_SECONDS = 60


@dataclass(frozen=True)
class Load:
    """What to send, and whose processor time counts."""

    port: int
    token: str
    requests: list[tuple[str, str]]
    """Path and body, or `GET`."""
    connections: int
    counted: Mapping[str, int] = field(default_factory=dict)
    """Process ids by name; the result has the CPU seconds of each."""
    keep: bool = False
    """Whether the result has the answers, in the order of the requests."""


def sent(load: Load) -> dict[str, Any]:
    """Sends it from a process of its own. Raises `RuntimeError` with the answer if one is no success."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        cwd=ROOT,
        input=json.dumps(asdict(load)).encode(),
        capture_output=True,
        check=False,
        timeout=SECONDS + SPARE_SECONDS,
    )
    if done.returncode:
        raise RuntimeError(f"the load failed:\n{done.stderr.decode()[-4000:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


class Caller(asyncio.Protocol):
    """One connection. `answered` gets each successful answer's body and may send the next request.

    A service may hang up on a connection that waits for no answer: it is `done` then. Else it is an error.
    """

    def __init__(self, answered: Callable[[Caller, bytes], None]) -> None:
        self._answered = answered
        self._received = b""
        self._asks = False
        self._transport: asyncio.Transport
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def send(self, request: bytes) -> None:
        """One request; the one before must have been answered."""
        self._asks = True
        self._transport.write(request)

    def close(self) -> None:
        """Nothing more is to come."""
        if not self.done.done():
            self.done.set_result(None)
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._received = received = self._received + data if self._received else data
        end = received.find(END)
        if end < 0:
            return
        head = received[:end].lower()
        at = head.index(LENGTH) + len(LENGTH)
        length = int(head[at:].partition(b"\r\n")[0])
        if len(received) < end + len(END) + length:
            return
        if received[STATUS_AT] != SUCCESS:
            self.done.set_exception(RuntimeError(received.decode(errors="replace")[:2000]))
            return
        self._received, self._asks = b"", False
        self._answered(self, received[end + len(END) :])

    def connection_lost(self, _error: Exception | None) -> None:
        if self.done.done():
            return
        if self._asks:
            self.done.set_exception(ConnectionError("the service has hung up"))
        else:
            self.done.set_result(None)


def request(port: int, token: str, path: str, body: str) -> bytes:
    """One request; a command has a key of its own."""
    if body == GET:
        return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        f"Idempotency-Key: {uuid4()}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        f"{body}"
    ).encode()


class Closed:
    """A closed loop: a connection asks again as soon as it is answered."""

    def __init__(self, requests: list[bytes], *, keep: bool) -> None:
        self._requests: Iterator[tuple[int, bytes]] = iter(enumerate(requests))
        self._sent: dict[Caller, tuple[int, float]] = {}
        self._keep = keep
        self.times: list[float] = []
        self.answers: dict[int, Any] = {}

    def next(self, caller: Caller) -> None:
        """The next request, if there is one left."""
        number, request = next(self._requests, (-1, b""))
        if not request:
            caller.close()
            return
        self._sent[caller] = (number, time.perf_counter())
        caller.send(request)

    def answered(self, caller: Caller, body: bytes) -> None:
        number, at = self._sent[caller]
        self.times.append(time.perf_counter() - at)
        if self._keep:
            self.answers[number] = json.loads(body)
        self.next(caller)


async def run(load: Load) -> dict[str, Any]:
    """Sends everything. Raises `RuntimeError` with the answer if one is not as expected."""
    closed = Closed([request(load.port, load.token, *each) for each in load.requests], keep=load.keep)
    loop = asyncio.get_running_loop()
    callers = []
    for _ in range(load.connections):
        _, caller = await loop.create_connection(lambda: Caller(closed.answered), "127.0.0.1", load.port)
        callers.append(caller)
    before, own = {name: cpu_seconds(pid) for name, pid in load.counted.items()}, time.process_time()
    begun = time.perf_counter()
    for caller in callers:
        closed.next(caller)
    async with asyncio.timeout(SECONDS):
        await asyncio.gather(*(caller.done for caller in callers))
    seconds = time.perf_counter() - begun
    client = time.process_time() - own
    used = {name: cpu_seconds(pid) - before[name] for name, pid in load.counted.items()}
    cuts = quantiles(closed.times, n=100)
    return {
        "events": len(closed.times),
        "seconds": seconds,
        "cpu_seconds": sum(used.values()),
        "client": client,
        "p50_ms": cuts[49] * 1000,
        "p99_ms": cuts[98] * 1000,
        **used,
        **({"answers": [closed.answers[number] for number in range(len(load.requests))]} if load.keep else {}),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(uvloop.run(run(Load(**json.load(sys.stdin))))) + "\n")
