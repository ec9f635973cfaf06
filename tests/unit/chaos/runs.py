"""What a run with or without a planted defect may have come to."""

from __future__ import annotations

from collections.abc import Collection

from chaos.invariants import BROKEN, INVARIANTS, KEPT
from chaos.notes import Run


def run_that(seconds: float = 60, breaks: Collection[int] = (), not_exercised: Collection[int] = ()) -> Run:
    """Keeps every other promise."""
    states = dict.fromkeys(INVARIANTS, KEPT)
    states |= dict.fromkeys(breaks, BROKEN) | dict.fromkeys(not_exercised, "not exercised")
    return Run(seconds, states, dict.fromkeys(breaks, "it is wrong"))
