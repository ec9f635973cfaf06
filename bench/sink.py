"""An OTLP endpoint that takes everything and looks at nothing: `python -m bench.sink` prints its port.

It has a process of its own, does as little as HTTP allows, and its processor time is counted for nobody.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import uvloop

from deploy.local.places import ROOT

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n"


class Taker(asyncio.Protocol):
    """Counts bytes until a request is over, answers, and waits for the next one on the same connection."""

    def __init__(self) -> None:
        self.head = b""
        self.missing = 0
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        """A piece of a request; exporters send the next one only after the answer."""
        if not self.missing:
            self.head += data
            head, end, body = self.head.partition(b"\r\n\r\n")
            if not end:
                return
            self.head = b""
            lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            self.missing = int(lengths[0].partition(b":")[2])
            data = body
        self.missing -= len(data)
        if not self.missing:
            self.transport.write(ANSWER)


async def serve() -> None:
    """Until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Taker, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


@contextmanager
def running() -> Iterator[str]:
    """A sink, and its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.sink"],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT / 'services'}:{ROOT}", "PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    uvloop.run(serve())
