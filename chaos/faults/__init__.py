"""Every way in which the world goes wrong, by name."""

from __future__ import annotations

from chaos.faults import (
    callers,
    calm,
    deaths,
    inputs,
    kafka,
    network,
    passwords,
    postgres,
    readers,
    refusals,
    restores,
    topics,
    transactions,
)
from chaos.faults.base import Fault, InVainError, Scene

ALL: dict[str, Fault] = {
    fault.name: fault
    for module in (
        deaths,
        postgres,
        transactions,
        kafka,
        network,
        readers,
        topics,
        inputs,
        refusals,
        restores,
        passwords,
        callers,
        calm,
    )
    for fault in module.FAULTS
}

__all__ = ["ALL", "Fault", "InVainError", "Scene"]
