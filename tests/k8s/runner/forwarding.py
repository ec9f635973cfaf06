"""What kube-proxy does for Services: an address that leads each new connection to one of the pods that are ready.

A connection that has begun stays with its pod, also when the pod is no longer ready. Without a ready pod a caller is
refused at once. The same carries a caller from the machine to pods (as a gateway would), and pods to servers that run
on the machine (Kafka, PostgreSQL).
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import struct
from collections import Counter
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field

from tests.k8s.runner.network import Network

Place = tuple[str, int]
_CONNECT_SECONDS = 5


@dataclass
class Door:
    """An address at which this process listens, and where it leads now."""

    name: str
    places: Callable[[], Sequence[Place]]
    """Where a new connection may go; asked for each one."""
    leads_outside: bool = False
    """The places are on the machine's own network."""
    source: str = ""
    """The address from which pods are called: that of a gateway, or none in particular."""
    led: Counter[tuple[str, Place]] = field(default_factory=Counter)
    """How often a caller's address was led to which place."""
    refused: int = 0
    server: asyncio.Server | None = None
    callers: set[_Caller] = field(default_factory=set)
    """Those who are connected now."""
    _turn: itertools.count = field(default_factory=itertools.count)

    def cut(self, sources: Container[str]) -> int:
        """Breaks the connections that these addresses have, as a network does; how many."""
        cut = [caller for caller in self.callers if caller.source in sources]
        for caller in cut:
            assert caller.transport is not None
            caller.transport.abort()
        return len(cut)

    def next_place(self) -> Place | None:
        """The next in turn; None if there is none."""
        places = sorted(self.places())
        return places[next(self._turn) % len(places)] if places else None


class Forwarders:
    """All doors of a run. Used in the network's thread only."""

    def __init__(self, network: Network, say: Callable[[str], None]) -> None:
        self.say = say
        self._network = network
        self._doors: list[Door] = []

    async def open(self, door: Door, address: str, port: int, *, outside: bool = False) -> int:
        """Begins to listen, with `outside` on the machine's own network; the port."""
        with self._network.outside() if outside else contextlib.nullcontext():
            listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen(512)
        listening.setblocking(False)
        loop = asyncio.get_running_loop()
        door.server = await loop.create_server(lambda: _Caller(self, door), sock=listening)
        self._doors.append(door)
        return int(listening.getsockname()[1])

    async def connect(self, door: Door, place: Place) -> socket.socket:
        """A connection to a place. Raises `OSError`, also if it takes long."""
        with self._network.outside() if door.leads_outside else contextlib.nullcontext():
            out = socket.socket()
        try:
            out.setblocking(False)
            out.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if door.source:
                out.bind((door.source, 0))
            async with asyncio.timeout(_CONNECT_SECONDS):
                await asyncio.get_running_loop().sock_connect(out, place)
        except (OSError, TimeoutError):
            out.close()
            raise
        return out

    def close(self) -> None:
        """Nobody is let in any more."""
        for door in self._doors:
            if door.server is not None:
                door.server.close()


class _Half(asyncio.Protocol):
    """One side of a connection; what comes in goes out at the other."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: _Half | None = None
        self.has_said_all = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.write(data)

    def eof_received(self) -> bool:
        """False closes it: once both sides have said all, nobody else would."""
        self.has_said_all = True
        if self.other is not None and self.other.has_said_all:
            return False
        if self.other is not None and self.other.transport is not None and self.other.transport.can_write_eof():
            with contextlib.suppress(OSError):
                self.other.transport.write_eof()
        return True

    def pause_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()


class _Caller(_Half):
    """The side that was called. Reads only once the other side is there."""

    def __init__(self, forwarders: Forwarders, door: Door) -> None:
        super().__init__()
        self._forwarders = forwarders
        self._door = door
        self._leading: asyncio.Task[None] | None = None
        self.source = ""
        """The address of who calls."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert self.transport is not None
        self.source = self.transport.get_extra_info("peername")[0]
        self._door.callers.add(self)
        self.transport.pause_reading()
        self._leading = asyncio.create_task(self._lead(self.transport))

    def connection_lost(self, error: Exception | None) -> None:
        self._door.callers.discard(self)
        super().connection_lost(error)

    async def _lead(self, transport: asyncio.Transport) -> None:
        failed = []
        for _ in range(3):
            place = self._door.next_place()
            if place is None:
                break
            try:
                out = await self._forwarders.connect(self._door, place)
                self._door.led[self.source, place] += 1
                await self._join(transport, out)
                return
            except (OSError, TimeoutError) as error:
                failed.append(f"{place[0]}:{place[1]}: {str(error) or type(error).__name__}")
        self._door.refused += 1
        why = f"nobody took the connection ({'; '.join(failed)})" if failed else "no pod is ready"
        self._forwarders.say(f"Service {self._door.name}: a caller was refused, {why}")
        _refuse(transport)

    async def _join(self, transport: asyncio.Transport, out: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        _, other = await loop.create_connection(_Half, sock=out)
        if transport.is_closing():
            assert other.transport is not None
            other.transport.abort()
            return
        self.other, other.other = other, self
        transport.resume_reading()


def _refuse(transport: asyncio.Transport) -> None:
    """A reset, as a port at which nobody listens answers."""
    made = transport.get_extra_info("socket")
    with contextlib.suppress(OSError):
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
