"""How long each step of an event's way to this reader has taken.

    occurred -> recorded    until the sender wrote it down: it may tell of what happened before
    recorded -> published   in the sender's outbox, by Kafka's time of the record
    published -> received   in the topic, until this process began to handle it
    received -> processed   until its effect was committed here

The times are those of several clocks: what was later than what follows from it took no time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from chassis.consumer.inbound import Inbound, published_at
from chassis.telemetry.metrics import STEPS


def walked(fresh: Sequence[Inbound], received_at: datetime, processed_at: datetime) -> Mapping[str, list[float]]:
    """Seconds per step, of each of these events whose time is known at both ends."""
    seconds: dict[str, list[float]] = {step: [] for step in STEPS}
    for inbound in fresh:
        times = (inbound.occurred_at, inbound.recorded_at, published_at(inbound.record), received_at, processed_at)
        for step, (start, end) in zip(STEPS, pairwise(times), strict=True):
            if start is not None and end is not None:
                seconds[step].append(max(0.0, (end - start).total_seconds()))
    return seconds
