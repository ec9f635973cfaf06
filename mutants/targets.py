"""Where mistakes are planted: the modules of the chassis that keep the promise, and which tests may notice."""

from __future__ import annotations

from deploy.local.places import LOCAL

MODULES = (
    "outbox/partitions",
    "consumer/ranges",
    "consumer/recent",
    "outbox/low_water",
    "outbox/limits",
    "work/deadlines",
    "outbox/broker_responses",
    "work/deadline_runner",
    "outbox/records",
    "outbox/append",
    "outbox/telling",
    "outbox/publisher",
    "consumer/inbound",
    "consumer/lag",
    "consumer/watchdog",
    "consumer/positions",
    "consumer/parking",
    "outbox/lineage",
    "outbox/relay",
    "work/command_bus",
    "consumer/dispatch",
    "consumer/offsets",
    "consumer/transport",
)
"""Smallest first. `ranges` and `recent` are the inside of `positions`; the timers are `deadline_runner`."""

TESTS = ("tests/unit", "tests/property", "tests/integration", "tests/contract/test_examples_and_envelope.py")
"""Tests that run the code in their own process. Of `tests/contract` only the envelope is these modules' work, and those
of `tests/system` start the services as processes, whose lines nobody records."""

FOLDER = LOCAL / "mutants"
"""All that a run makes: packages, a copy of the tree, servers, what was found."""


def path_of(module: str) -> str:
    """Its place in the tree."""
    return f"services/chassis/{module}.py"


def chosen(names: str) -> list[str]:
    """The modules that are asked for by `names` with commas; all if there are none. Raises `ValueError`."""
    wanted = [name.strip().removesuffix(".py") for name in names.split(",") if name.strip()]
    if unknown := sorted(set(wanted) - set(MODULES)):
        raise ValueError(f"no such module: {', '.join(unknown)}; there are {', '.join(MODULES)}")
    return wanted or list(MODULES)
