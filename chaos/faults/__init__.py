"""Every way in which the world goes wrong, by name."""

from __future__ import annotations

from chaos.faults import (
    deaths,
    inputs,
    kafka,
    network,
    postgres,
    refusals,
    topics,
    transactions,
)
from chaos.faults.base import Fault, Scene

ALL: dict[str, Fault] = {
    fault.name: fault
    for module in (deaths, postgres, transactions, kafka, network, topics, inputs, refusals)
    for fault in module.FAULTS
}

AWAITED: dict[str, str] = {
    "kafka_moved": "a reader that nobody answers at the old address goes back to the list of addresses",
    "partitions_added": "a new partition is read within 15 s",
    "topic_renewed": "a topic made anew is read within 15 s",
    "database_read_only": "a read-only database is an outage: the relay finds out before it publishes",
    "producer_quota": "the relay waits for a broker that answers late by quota",
    "silent_collector": "a collector that never answers does not hold up the end of a process",
    "forged_source": "an event of another owner's is parked, and blocks nobody",
    "forged_topic": "an event in another owner's topic is parked, and blocks nobody",
    "forged_sequence": "a number far ahead is parked, and blocks nobody",
    "forged_unknown": "the number of a type that is not read stays open for a genuine event",
    "out_of_order": "a late record that fills an open gap is handled",
}
"""Faults that break a promise as things are, and what has to become true first. `ONLY=` can name them; a run of all
leaves them out. A line that goes switches its fault on."""

__all__ = ["ALL", "AWAITED", "Fault", "Scene"]
