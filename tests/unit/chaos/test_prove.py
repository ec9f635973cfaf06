"""The plan by which planted defects are looked for."""

from __future__ import annotations

import pytest

from chaos import defects, faults
from chaos.invariants import INVARIANTS
from chaos.prove import (
    PLANS,
    WITHIN_SECONDS,
    Proof,
    chosen,
)
from chaos.schedule import FULL_MINUTES
from chaos.schedule import chosen as chosen_faults


def test_there_is_a_plan_for_every_defect_with_faults_that_exist() -> None:
    assert set(PLANS) == set(defects.ALL)
    for plan in PLANS.values():
        assert set(plan.faults) <= set(faults.ALL)
        assert plan.invariant in INVARIANTS


def test_every_invariant_has_a_defect_that_it_must_find() -> None:
    assert {plan.invariant for plan in PLANS.values()} == set(INVARIANTS)


def test_a_long_run_meets_all_faults_and_a_named_one_is_alone() -> None:
    assert {fault.name for fault in chosen_faults(FULL_MINUTES, ())} == set(faults.ALL)
    assert {fault.name for fault in chosen_faults(1, ())} < set(faults.ALL)
    assert [fault.name for fault in chosen_faults(1, ["kafka_moved"])] == ["kafka_moved"]


def test_a_defect_is_caught_only_by_what_it_is_and_in_time() -> None:
    assert Proof("competing_relays", 60, (1, 10), "").caught
    assert not Proof("competing_relays", 60, (1, 4), "").caught
    assert not Proof("competing_relays", WITHIN_SECONDS + 1, (10,), "").caught


def test_defects_are_chosen_by_name() -> None:
    assert chosen("all") == list(defects.ALL)
    assert chosen("no_positions,competing_relays") == ["no_positions", "competing_relays"]
    with pytest.raises(SystemExit, match="no such defect: nonsense"):
        chosen("nonsense")
