"""What `ph doctor` says of records that were not read yet, by what their topic forgets."""

from __future__ import annotations

import pytest

from chassis.kafka.cluster_facts import ClusterFacts, Place
from chassis.operators.doctor.checks import Line, Needs, State, retention

DAY_MS, YEARS_OLD = 86_400_000, 3 * 366 * 86_400.0
NEEDS = Needs("till", frozenset(), reads=["ph.shop.v1"])


def line(place: Place, **config: str) -> Line:
    settings = {name.replace("_", "."): value for name, value in config.items()}
    facts = ClusterFacts(None, configs={"ph.shop.v1": settings}, places={("ph.shop.v1", 0): place})
    [found] = retention(NEEDS, facts)
    return found


@pytest.mark.parametrize("config", [{}, {"cleanup_policy": "delete"}, {"cleanup_policy": "compact, delete"}])
def test_a_topic_that_forgets_what_is_old_warns_before_it_does(config: dict[str, str]) -> None:
    found = line(Place(0, 9, 4, YEARS_OLD), retention_ms=str(1096 * DAY_MS), **config)
    assert (found.state, "will be forgotten" in found.says) == (State.WRONG, True)


@pytest.mark.parametrize("keeps", ["-1", str(1096 * DAY_MS)])
def test_a_compacted_topic_keeps_the_last_record_of_each_key_however_old(keeps: str) -> None:
    found = line(Place(0, 9, 4, YEARS_OLD), retention_ms=keeps, cleanup_policy="compact")
    says = "compacted: the last record of each key is kept; at most 5 are not read yet"
    assert (found.state, found.says) == (State.RIGHT, says)


def test_what_somebody_has_deleted_from_a_compacted_topic_is_a_loss_all_the_same() -> None:
    assert line(Place(7, 9, 4), retention_ms="-1", cleanup_policy="compact").state is State.WRONG
