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


def test_there_is_a_plan_for_every_defect_with_faults_that_exist() -> None:
    assert set(PLANS) == set(defects.ALL)
    for plan in PLANS.values():
        assert set(plan.faults) <= set(faults.ALL)
        assert plan.invariant in INVARIANTS


def test_a_defect_is_caught_only_by_what_it_is_and_in_time() -> None:
    assert Proof("competing_relays", 60, (1, 10), "").caught
    assert not Proof("competing_relays", 60, (1, 4), "").caught
    assert not Proof("competing_relays", WITHIN_SECONDS + 1, (10,), "").caught


def test_defects_are_chosen_by_name() -> None:
    assert chosen("all") == list(defects.ALL)
    assert chosen("no_positions,competing_relays") == ["no_positions", "competing_relays"]
    with pytest.raises(SystemExit, match="no such defect: nonsense"):
        chosen("nonsense")
