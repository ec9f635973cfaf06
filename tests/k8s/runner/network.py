"""A network of its own: a bridge in a namespace that this run makes, and a namespace with an address per pod.

The thread that opens it moves into the bridge's namespace, and with it every socket that it makes: probes, forwarders
and the capture stand on the node, as a kubelet does. Namespaces are held by open files only: whatever ends this process
ends them, with all devices, addresses and routes in them. Nothing on the machine's own network changes.
"""

from __future__ import annotations

import asyncio
import ctypes
import itertools
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.k8s.runner.fields import Refused

NODE = "10.88.0.1"
_HARDWARE = "02:00:0a:58:00:01"
"""The node's hardware address, fixed. A bridge without one takes the lowest of its devices: when that pod goes, all
others send to an address that nobody has, and nothing gets through until they ask anew (54 s were measured)."""
_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)
_HERE = "/proc/thread-self/ns/net"


@dataclass
class Link:
    """A pod's end: its namespace as an open file, its address, and its device on the bridge's side."""

    namespace: int
    address: str
    device: str


class Network:
    """Open it in the thread that will use it; the thread stays in its namespace until `close`."""

    def __init__(self) -> None:
        self._outside = os.open(_HERE, os.O_RDONLY)
        _unshare()
        self._inside = os.open(_HERE, os.O_RDONLY)
        self._pods = itertools.count(1)
        self._services = itertools.count(1)
        self._callers = itertools.count(1)
        self._links: dict[str, Link] = {}
        _ip(
            "link set lo up",
            f"link add pods address {_HARDWARE} type bridge",
            f"addr add {NODE}/16 dev pods",
            "link set pods up",
        )

    def close(self) -> None:
        """Back to the machine's own network; the namespaces of the run end with their last open file."""
        for link in list(self._links.values()):
            self.release(link)
        _setns(self._outside)
        os.close(self._inside)
        os.close(self._outside)

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Sockets that are made meanwhile stand on the machine's own network. Never await in it."""
        _setns(self._outside)
        try:
            yield
        finally:
            _setns(self._inside)

    async def attach(self) -> Link:
        """A namespace for a pod, with an address and a way to the bridge."""
        number = next(self._pods)
        return await asyncio.to_thread(self._attach, f"10.88.{1 + number // 250}.{1 + number % 250}", f"pod{number}")

    def _attach(self, address: str, device: str) -> Link:
        """In a thread beside the loop, which forwards what all pods say; it begins in the loop's namespace."""
        _unshare()
        try:
            namespace = os.open(_HERE, os.O_RDONLY)
            _setns(self._inside)
            _ip(
                f"link add {device} type veth peer name eth0 netns /proc/{os.getpid()}/fd/{namespace}",
                f"link set {device} master pods up",
            )
            _setns(namespace)
            _ip(
                "link set lo up",
                f"addr add {address}/16 dev eth0",
                "link set eth0 up",
                f"route add default via {NODE}",
            )
        finally:
            _setns(self._inside)
        link = self._links[device] = Link(namespace, address, device)
        return link

    def release(self, link: Link) -> None:
        """Ends a pod's network."""
        if self._links.pop(link.device, None) is not None:
            _ip(f"link delete {link.device}")
            os.close(link.namespace)

    def service_address(self) -> str:
        """An address for a Service, answered by the node."""
        number = next(self._services)
        address = f"10.96.{number // 250}.{1 + number % 250}"
        _ip(f"addr add {address}/32 dev pods")
        return address

    def caller_address(self) -> str:
        """An address on the node for somebody who calls pods from elsewhere: a gateway, a monitor."""
        address = f"10.88.254.{next(self._callers)}"
        _ip(f"addr add {address}/16 dev pods")
        return address

    def pod_behind(self, device: str) -> str | None:
        """The address of the pod at this device of the bridge; None for others."""
        link = self._links.get(device)
        return None if link is None else link.address


def inside(namespace: int, command: list[str]) -> str:
    """Runs a short program in another network namespace than this thread's; what it prints."""
    here = os.open(_HERE, os.O_RDONLY)
    try:
        _setns(namespace)
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    finally:
        _setns(here)
        os.close(here)


def _ip(*commands: str) -> None:
    done = subprocess.run(["ip", "-batch", "-"], input="\n".join(commands), capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(f"ip {'; '.join(commands)}: {done.stderr.strip()}")


def _unshare() -> None:
    if _LIBC.unshare(_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "a network namespace of its own needs root")


def _setns(namespace: int) -> None:
    if _LIBC.setns(namespace, _NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
