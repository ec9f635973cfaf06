"""Connections of callers who take their time, send too much, do not read, or wait for what is not theirs.

Each is one connection, judged by what came back and by when the service had let go of it.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from chaos.edge import Call
from chaos.world import Worker

CHUNK = 65_536
SMALL_WINDOW = 4096
"""Bytes that the kernel takes in for somebody who does not read."""
LARGE_WINDOW = 4_000_000
TIMES = 6
"""How often he asks for it: a kernel keeps four megabytes for somebody who does not read."""
MORE = 1.0
"""Seconds beyond its bound after which a caller gives up himself."""
HELD = float("inf")


def head(path: str, headers: Mapping[str, str], *, method: str = "POST") -> bytes:
    """The head of a request, without its last empty line: more headers may follow."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, ""]).encode()


def request(path: str, headers: Mapping[str, str], body: Any) -> bytes:
    """A whole request."""
    content = json.dumps(body).encode()
    sized = {**headers, "Content-Type": "application/json", "Content-Length": str(len(content))}
    return head(path, sized) + b"\r\n" + content


async def call(
    worker: Worker, kind: str, parts: Sequence[bytes], *, promised: tuple[int, ...], within: float, pause: float = 0.0
) -> Call:
    """Sends the parts, with a pause after each, reads what comes back, and waits until the service hangs up."""
    asked, status = time.time(), 0
    writer = sending = None
    try:
        async with asyncio.timeout(within + MORE):
            reader, writer = await asyncio.open_connection("127.0.0.1", worker.port)
            sending = asyncio.create_task(_send(writer, parts, pause))
            status = _status(await reader.read(CHUNK))
            while await reader.read(CHUNK):
                pass
        ended = time.time()
    except TimeoutError:
        ended = HELD
    except OSError:
        ended = time.time()
    finally:
        if sending is not None:
            sending.cancel()
        if writer is not None:
            writer.transport.abort()
    return Call(kind, worker.name, asked, ended, status, promised, within)


async def call_without_reading(worker: Worker, kind: str, path: str, *, within: float) -> Call:
    """Asks for more than the kernel keeps, and reads nothing; a service that has let go has not sent all of it."""
    loop, asked, held = asyncio.get_running_loop(), time.time(), False
    with socket.socket() as caller:
        caller.setblocking(False)
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_WINDOW)
        try:
            await loop.sock_connect(caller, ("127.0.0.1", worker.port))
            await loop.sock_sendall(caller, (head(path, {}, method="GET") + b"\r\n") * TIMES)
            await asyncio.sleep(within)
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LARGE_WINDOW)
            async with asyncio.timeout(within):
                held = await _all_is_there(loop, caller)
        except TimeoutError:
            held = True
        except OSError:
            held = False
    return Call(kind, worker.name, asked, HELD if held else asked + within, 0, (0,), within)


async def _all_is_there(loop: asyncio.AbstractEventLoop, caller: socket.socket) -> bool:
    """Whether the answers come, up to their last byte."""
    start = await loop.sock_recv(caller, CHUNK)
    fields = dict(line.lower().split(b": ", 1) for line in start.split(b"\r\n") if b": " in line)
    got, whole = len(start), TIMES * int(fields.get(b"content-length", b"0"))
    while got < whole and (part := await loop.sock_recv(caller, CHUNK)):
        got += len(part)
    return 0 < whole <= got


async def _send(writer: asyncio.StreamWriter, parts: Sequence[bytes], pause: float) -> None:
    with suppress(OSError):
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)


def _status(start: bytes) -> int:
    words = start.split(b" ", 2)
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
