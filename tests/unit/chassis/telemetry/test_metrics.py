"""What a process says of itself beside what it counts."""

from __future__ import annotations

import tzdata

from chassis.telemetry.metrics import Metrics


def test_the_release_of_the_time_zones_is_named() -> None:
    told = Metrics("till").exposition().decode()
    assert f'ph_time_zones{{release="{tzdata.IANA_VERSION}"}} 1.0' in told
