"""Where a cluster can be asked: the addresses of the settings, and the brokers that its clients were told of.

A cluster can move away from an address that takes connections for ever and says nothing. aiokafka asks the same list
for each new client, in any order. So each one would wait there, and nobody would be found at all once the whole list is
old. A process remembers instead who answered, for all the clients that it will make.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from random import sample
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.cluster import ClusterMetadata
from aiokafka.errors import KafkaConnectionError

from chassis.settings import KafkaSettings


class Addresses:
    """Those of one cluster. An address is `host:port`; the host of an IPv6 one stands in brackets."""

    def __init__(self, listed: Iterable[str]) -> None:
        self._listed = tuple(listed)
        self._brokers: tuple[str, ...] = ()
        self._silent: set[str] = set()

    def in_order(self) -> list[str]:
        """Each once, as a new client asks them: the brokers, then the list, each in any order so that no broker gets
        all clients; at the end whoever did not answer the last time."""
        known = dict.fromkeys([*_shuffled(self._brokers), *_shuffled(self._listed)])
        return sorted(known, key=self._silent.__contains__)

    def told(self, cluster: ClusterMetadata) -> None:
        """A client was told which brokers there are."""
        self._brokers = tuple(_address(broker.host, broker.port) for broker in cluster.brokers())
        self._silent &= {*self._brokers, *self._listed}

    def answered(self, address: str) -> None:
        """A new client found the cluster there."""
        self._silent.discard(address)

    def silent(self, address: str) -> None:
        """A new client did not find the cluster there: no answer, or a refusal."""
        self._silent.add(address)


_CLUSTERS: dict[tuple[str, ...], Addresses] = {}


def known(settings: KafkaSettings) -> Addresses:
    """What this process knows of the cluster of these settings."""
    listed = tuple(settings.addresses)
    return _CLUSTERS.setdefault(listed, Addresses(listed))


def ask_who_answered_first(client: AIOKafkaClient, settings: KafkaSettings) -> None:
    """Makes this new client ask those addresses first at which this process found the cluster."""
    addresses = known(settings)
    its: Any = client
    bootstrap = its.bootstrap
    its._bootstrap_servers = addresses.in_order()  # noqa: SLF001 - there is no other way to tell it
    its.cluster.add_listener(addresses.told)

    async def bootstrap_in_order() -> None:
        for address in (order := addresses.in_order()):
            its._bootstrap_servers = [address]  # noqa: SLF001 - aiokafka would shuffle them all
            try:
                await bootstrap()
            except KafkaConnectionError:
                addresses.silent(address)
            else:
                addresses.answered(address)
                return
        raise KafkaConnectionError(f"Unable to bootstrap from {order}")

    its.bootstrap = bootstrap_in_order


def _shuffled(addresses: Collection[str]) -> list[str]:
    return sample(tuple(addresses), len(addresses))


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
