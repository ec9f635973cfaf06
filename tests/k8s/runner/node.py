"""What all pods of a run share: its folder, images, objects, network, and the addresses of Services."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.k8s.runner.environment import service_links
from tests.k8s.runner.fields import Refused
from tests.k8s.runner.forwarding import Forwarders
from tests.k8s.runner.images import Base, Image
from tests.k8s.runner.memory import Limits
from tests.k8s.runner.network import NODE, Network
from tests.k8s.runner.objects import Objects


class Node:
    """One machine. Made in the network's thread."""

    def __init__(self, directory: Path, images: Mapping[str, Image], namespace: str) -> None:
        self.directory = directory
        self.namespace = namespace
        self.objects = Objects()
        self.network = Network()
        self.forwarders = Forwarders(self.network, self.say)
        self.base = Base(directory / "base")
        self.limits = Limits(f"{namespace}-{secrets.token_hex(4)}")
        self.hosts = directory / "hosts"
        self.addresses: dict[str, str] = {}
        """Of each Service."""
        self.met: dict[str, tuple[str, Mapping[str, str], Mapping[str, Any]]] = {}
        """Of every pod that there was, by its address: name, labels and spec."""
        self.said: list[str] = []
        self._begun = time.monotonic()
        self._images = images
        self._names: dict[str, str] = {}
        self._turn = itertools.count()
        self.write_hosts()

    def say(self, line: str) -> None:
        """Notes what happens to a pod, and writes it down for whoever looks afterwards."""
        self.said.append(line)
        with (self.directory / "events").open("a") as file:
            file.write(f"{time.monotonic() - self._begun:7.2f} {line}\n")

    def image(self, reference: str) -> Image:
        """An image by the last part of its name: with its tag, else without. Raises `Refused` if there is none."""
        tagged = reference.partition("@")[0].rpartition("/")[2]
        for name in (tagged, tagged.partition(":")[0]):
            if name in self._images:
                return self._images[name]
        raise Refused(f"image {reference}: the run has {', '.join(self._images)} only")

    def know(self, service: str, address: str) -> None:
        """From now on pods find a Service by its name."""
        self.addresses[service] = address
        for name in (service, f"{service}.{self.namespace}", f"{service}.{self.namespace}.svc"):
            self._names[name] = address
        self._names[f"{service}.{self.namespace}.svc.cluster.local"] = address
        self.write_hosts()

    def alias(self, name: str, address: str) -> None:
        """A further name, such as that of one broker."""
        self._names[name] = address
        self.write_hosts()

    def write_hosts(self) -> None:
        """In place: pods see this very file."""
        by_address: dict[str, list[str]] = {}
        for name, address in self._names.items():
            by_address.setdefault(address, []).append(name)
        lines = ["127.0.0.1 localhost", *(f"{address} {' '.join(names)}" for address, names in by_address.items())]
        self.hosts.write_text("\n".join(lines) + "\n")

    def links(self) -> dict[str, str]:
        """The variables by which pods learn of Services."""
        links: dict[str, str] = {}
        for document in self.objects.all("Service"):
            spec = document["spec"]
            if spec.get("clusterIP") != "None" and document["metadata"]["name"] in self.addresses:
                name = document["metadata"]["name"]
                links |= service_links(name, self.addresses[name], spec["ports"])
        return links

    def suffix(self) -> str:
        """What tells pods of one owner apart; never the same twice."""
        letters = "bcdfghjklmnpqrstvwxz2456789"
        number = next(self._turn)
        return "".join(letters[number // len(letters) ** place % len(letters)] for place in range(5))[::-1]

    @property
    def address(self) -> str:
        """Its own."""
        return NODE
