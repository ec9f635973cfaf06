"""Every way in which the world goes wrong, by name."""

from __future__ import annotations

from chaos.faults import (
    deaths,
    inputs,
    kafka,
    postgres,
    transactions,
)
from chaos.faults.base import Fault, Scene

ALL: dict[str, Fault] = {
    fault.name: fault for module in (deaths, postgres, transactions, kafka, inputs) for fault in module.FAULTS
}

__all__ = ["ALL", "Fault", "Scene"]
