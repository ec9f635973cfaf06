"""What a process says of itself beside what it counts."""

from __future__ import annotations

import random

import pytest
import tzdata
from prometheus_client import CollectorRegistry, Histogram

from chassis.telemetry.metrics import EFFECT_SECONDS, BatchHistogram, Metrics


def test_the_release_of_the_time_zones_is_named() -> None:
    told = Metrics("till").exposition().decode()
    assert f'ph_time_zones{{release="{tzdata.IANA_VERSION}"}} 1.0' in told


def test_a_histogram_that_takes_a_batch_says_what_one_says_that_takes_them_one_by_one() -> None:
    told = []
    amounts = [*EFFECT_SECONDS, 0.0, 59.999, 60.001, 1e6, *(random.expovariate(0.02) for _ in range(500))]
    for kind in (Histogram, BatchHistogram):
        registry = CollectorRegistry()
        family = kind("age", "Age", ("topic",), registry=registry, buckets=EFFECT_SECONDS)
        if isinstance(family, BatchHistogram):
            family.labels("t").observe_all(amounts[:7])
            family.labels("t").observe_all(amounts[7:])
        else:
            for amount in amounts:
                family.labels("t").observe(amount)
        (found,) = registry.collect()
        told.append(
            {(s.name, s.labels.get("le")): s.value for s in found.samples if not s.name.endswith(("_created", "_sum"))}
        )
        assert registry.get_sample_value("age_sum", {"topic": "t"}) == pytest.approx(sum(amounts))
    assert told[0] == told[1]


def test_the_bound_of_the_objective_is_a_bucket_as_prometheus_names_it() -> None:
    metrics = Metrics("till")
    metrics.effect_seconds.labels("t").observe_all([1])
    assert 'ph_effect_seconds_bucket{le="60.0",topic="t"} 1.0' in metrics.exposition().decode()
