"""What pods try to reach, seen on the wire: also what nobody answers, and what is over before anybody looks."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import socket
import struct
from collections import Counter
from dataclasses import dataclass

from tests.k8s.runner.network import Network

_ETH_P_ALL, _ETH_P_IP = 0x0003, 0x0800
_OUTGOING = 4
_TCP, _UDP = 6, 17
_SYN, _ACK = 0x02, 0x10
_HEAD = 128
_SO_ATTACH_FILTER = 26


@dataclass(frozen=True, order=True)
class Attempt:
    """A pod's address, and where it wanted to go."""

    source: str
    address: str
    port: int
    protocol: str = "TCP"


class Capture:
    """Counts the attempts of all pods from now on. Made and closed in the network's thread."""

    def __init__(self, network: Network) -> None:
        self.attempts: Counter[Attempt] = Counter()
        self._network = network
        # All protocols: those who ask for one see only what a bridge has not taken before them.
        self._tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ALL))
        self._tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_000_000)
        self._tap.setblocking(False)
        _attach(self._tap)  # the kernel filters: bulk traffic never comes here
        asyncio.get_running_loop().add_reader(self._tap, self._read)

    def close(self) -> None:
        """Ends it; what was counted stays."""
        asyncio.get_running_loop().remove_reader(self._tap)
        self._tap.close()

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                packet, where = self._tap.recvfrom(_HEAD)
                source = self._network.pod_behind(where[0])
                if where[1] == _ETH_P_IP and where[2] != _OUTGOING and source is not None:
                    self._note(source, packet)

    def _note(self, source: str, packet: bytes) -> None:
        length, protocol = (packet[0] & 0x0F) * 4, packet[9]
        address = socket.inet_ntoa(packet[16:20])
        if len(packet) < length + 4:
            return
        port = struct.unpack("!H", packet[length + 2 : length + 4])[0]
        if protocol == _UDP:
            self.attempts[Attempt(source, address, port, "UDP")] += 1
        elif protocol == _TCP and packet[length + 13] & (_SYN | _ACK) == _SYN:
            self.attempts[Attempt(source, address, port)] += 1


def _attach(tap: socket.socket) -> None:
    """A classic BPF program takes UDP, and TCP segments with SYN and without ACK. Offsets count from the IP header."""
    program = [
        (0x30, 0, 0, 9),  # load the protocol
        (0x15, 6, 0, _UDP),  # UDP: take it
        (0x15, 0, 4, _TCP),  # neither: leave it
        (0xB1, 0, 0, 0),  # the length of the IP header
        (0x50, 0, 0, 13),  # the flags of TCP
        (0x54, 0, 0, _SYN | _ACK),
        (0x15, 1, 0, _SYN),
        (0x06, 0, 0, 0),
        (0x06, 0, 0, _HEAD),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in program))
    tap.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HL", len(program), ctypes.addressof(code)))
