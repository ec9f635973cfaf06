"""The metrics of one process, on `/metrics`. No label is an id or a person; `docs/telemetry.md` lists them all."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from chassis.pure import zones

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
EFFECT_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 43_200)
"""The objective is 60 seconds (`docs/slo.md`); what lies beyond tells minutes from hours."""
STEPS = ("recorded", "published", "received", "processed")
"""Of an event on its way to a reader, each with the time since the one before; the first since it occurred."""


class BatchHistogram(Histogram):
    """A histogram that takes a batch at once: a lock per bucket that is hit, not one per observation."""

    def observe_all(self, amounts: Sequence[float]) -> None:
        """Observes each of these."""
        self._sum.inc(sum(amounts))
        for place, count in Tally(bisect_left(self._upper_bounds, amount) for amount in amounts).items():
            self._buckets[place].inc(count)


class Metrics:
    """One registry per process, so that several services can live in one test process."""

    def __init__(self, service: str) -> None:  # noqa: PLR0915 - a line per metric
        self.registry = registry = CollectorRegistry()
        self.service = service

        def gauge(name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
            return Gauge(f"ph_{name}", text, labels, registry=registry)

        def counter(name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
            return Counter(f"ph_{name}", text, labels, registry=registry)

        def histogram(
            name: str, text: str, labels: tuple[str, ...] = (), buckets: tuple[float, ...] = _SECONDS
        ) -> Histogram:
            return Histogram(f"ph_{name}", text, labels, registry=registry, buckets=buckets)

        self.outbox_rows = gauge("outbox_rows", "Committed events that Kafka has not acknowledged")
        self.outbox_oldest = gauge("outbox_oldest_seconds", "Age of the oldest unpublished event")
        self.published = counter("published", "Events acknowledged by Kafka", ("topic",))
        self.publish_failures = counter("publish_failures", "Batches that Kafka did not acknowledge", ("topic",))
        self.relay_leader = gauge("relay_leader", "1 while this process holds the relay lock")
        self.lag = gauge("consumer_lag", "Records behind the end of the partition", ("topic", "partition"))
        self.lag_seconds = gauge(
            "consumer_lag_seconds", "Age of the oldest record that is not handled", ("topic", "partition")
        )
        self.effect_seconds = BatchHistogram(
            "ph_effect_seconds",
            "From the recording of an event by its sender to the commit of its effect here",
            ("topic",),
            registry=registry,
            buckets=EFFECT_SECONDS,
        )
        self.hop_seconds = BatchHistogram(
            "ph_hop_seconds",
            "Of events that had their effect here: how long each step of their way has taken",
            ("topic", "step"),
            registry=registry,
            buckets=EFFECT_SECONDS,
        )
        self.consumed = counter("consumed", "Records by outcome", ("type", "outcome"))
        self.gaps = counter("sequence_gaps", "Keys whose next sequence was skipped", ("topic",))
        self.first_seen_late = counter("first_seen_late", "Keys first seen beyond sequence 1", ("topic",))
        self.parked_records = gauge("parked_records", "Parked records that wait for an operator")
        self.parked_keys = gauge("parked_keys", "Keys that are blocked by a parked record")
        self.parked_oldest = gauge("parked_oldest_seconds", "Age of the oldest parked record")
        self.deadlines_overdue = gauge("deadlines_overdue", "Deadlines that are due and have not fired")
        self.deadlines_oldest = gauge("deadlines_oldest_seconds", "For how long the oldest of them has been due")
        self.deadlines_fired = counter("deadlines_fired", "Deadlines fired", ("name", "outcome"))
        self.handler_seconds = histogram("handler_seconds", "Time to decide on one message", ("type", "outcome"))
        self.batch_seconds = histogram("batch_seconds", "Time of one consumer transaction")
        self.batch_size = histogram("batch_records", "Records per batch", buckets=(1, 2, 5, 10, 25, 50, 100, 250, 500))
        self.retries = counter("outage_retries", "Work tried again after an outage", ("where", "reason"))
        self.ready_checks = gauge("ready_check", "1 if this check of readiness passes", ("check",))
        self.commands = counter("commands", "Commands by outcome", ("command", "outcome"))
        self.http_seconds = histogram("http_request_seconds", "HTTP requests", ("method", "route", "status"))
        self.connections_ended = counter(
            "http_connections_ended", "Connections that the service ended because of their bounds", ("reason",)
        )
        # What numbers say of records (consumer/positions.py)
        self.gaps_filled = counter("sequence_gaps_filled", "Events that came after later ones of their key", ("topic",))
        self.disowned = counter(
            "records_disowned", "Records parked that are no event of their key, by reason", ("topic", "reason")
        )

        # What brokers and collectors refuse.
        self.publish_errors = counter("publish_errors", "Batches not acknowledged, by reason", ("topic", "reason"))
        self.relay_throttled_seconds = counter("relay_throttled_seconds", "Silence that brokers asked the relay for")
        self.relay_held_keys = gauge("relay_held_keys", "Keys that wait: too large an event, no leader, no topic")
        self.spans_dropped = counter("spans_dropped", "Spans that no collector has taken", ("reason",))

        # The reader: what is subscribed against what is read.
        self.partitions_unread = gauge("partitions_unread", "Partitions of the subscription that nobody reads")
        self.partitions_stopped = gauge("partitions_stopped", "Partitions that stand still before what is unreadable")
        self.records_missed = counter("records_missed", "Records that retention took unread", ("topic",))
        self.partitions_reread = counter("partitions_reread", "Partitions whose broker had another past", ("topic",))
        self.readers_renewed = counter("readers_renewed", "Readers that were deaf and made anew", ("reason",))

        self.lineage_lost = gauge(
            "lineage_lost", "1 while nothing is published, because something told is forgotten", ("kind",)
        )
        self.repeats_waiting = gauge("repeats_waiting", "Forgotten events that a worker has still to repeat")
        self.operations_untold_oldest = gauge(
            "operations_untold_oldest_seconds", "Age of the oldest change of a parked record that is not told"
        )
        self.report_age = gauge("report_age_seconds", "Since the service has told how far it has read")
        self.standing_age = gauge("standing_age_seconds", "Since this process has read what holds, such as who may act")
        self.time_zones = gauge("time_zones", "1, with the release by which local days are counted", ("release",))
        self.time_zones.labels(zones.RELEASE).set(1)
        self.unsealed = gauge("unsealed", "Aggregates that still lie as an earlier version has stored them")
        self.audit_unsealed = gauge("audit_unsealed_rows", "Rows of the audit that are not sealed yet")
        self.audit_unsealed_oldest = gauge("audit_unsealed_oldest_seconds", "Age of the oldest of them")
        self.retention_due = gauge("retention_due", "Subjects whose records of this kind are due to end", ("kind",))
        self.retention_overdue = gauge("retention_overdue", "Those of them that have been for two days", ("kind",))
        self.retention_held = gauge("retention_held", "Subjects whose records are due, but for a hold", ("kind",))
        self.retention_oldest = gauge("retention_oldest_seconds", "For how long the oldest has been due", ("kind",))
        self.retention_run_at = gauge("retention_run_timestamp_seconds", "When the last run has ended, in Unix time")
        self.retention_ended = counter("retention_ended", "Subjects whose records have ended", ("kind", "effect"))
        self.watched = gauge("watched", "What the service itself counts, because nobody else would notice", ("what",))
        self.wrapped_under_older = gauge("wrapped_under_older", "Aggregates whose data keys could not be wrapped anew")
        self.keys_sealing = gauge("keys_sealing_seconds", "For how long the generation of keys that seals has done so")
        self.keys_due = gauge("keys_due", "Generations of keys whose day of destruction has come")
        self.vault_locked = counter("vault_locked", "Sealed data that did not open when they were asked for")
        self.foreign_records = counter("foreign_records", "Records in own topics that others wrote", ("topic",))

    def await_effects(self, topics: Mapping[str, str]) -> None:
        """Tells zeros for these types of events and their topics: who counts increases misses the first one else."""
        for type_, topic in topics.items():
            self.effect_seconds.labels(topic)
            for step in STEPS:
                self.hop_seconds.labels(topic, step)
            self.consumed.labels(type_, "parked")
        self.consumed.labels("other", "parked")

    def exposition(self) -> bytes:
        """The Prometheus text format."""
        return generate_latest(self.registry)
