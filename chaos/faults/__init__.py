"""Every way in which the world goes wrong, by name."""

from __future__ import annotations

from chaos.faults import (
    deaths,
    inputs,
    kafka,
    network,
    postgres,
    transactions,
)
from chaos.faults.base import Fault, Scene

ALL: dict[str, Fault] = {
    fault.name: fault for module in (deaths, postgres, transactions, kafka, network, inputs) for fault in module.FAULTS
}

AWAITED: dict[str, str] = {
    "kafka_moved": "a reader that nobody answers at the old address goes back to the list of addresses",
}
"""Faults that break a promise as things are, and what has to become true first. `ONLY=` can name them; a run of all
leaves them out. A line that goes switches its fault on."""

__all__ = ["ALL", "AWAITED", "Fault", "Scene"]
