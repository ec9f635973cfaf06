"""The plan by which planted defects are looked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chaos import defects, faults, prove
from chaos.check import Check
from chaos.invariants import BROKEN, INVARIANTS, KEPT, Finding
from chaos.prove import (
    PLANS,
    WITHIN_SECONDS,
    Plan,
    Proof,
    Run,
    chosen,
)
from chaos.schedule import FULL_MINUTES
from chaos.schedule import chosen as chosen_faults

Say = Callable[[str], None]


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
    control = dict.fromkeys(INVARIANTS, KEPT)
    assert Proof("competing_relays", 60, (1, 10), "", control).caught
    assert not Proof("competing_relays", 60, (1, 4), "", control).caught
    assert not Proof("competing_relays", WITHIN_SECONDS + 1, (10,), "", control).caught


@pytest.mark.parametrize("state", ["BROKEN", "not exercised"])
def test_what_was_not_kept_without_the_defect_catches_none(state: str) -> None:
    control = {**dict.fromkeys(INVARIANTS, KEPT), 10: state}
    proof = Proof("competing_relays", 60, (1, 10), "", control)
    assert not proof.caught
    assert proof.by == (1,)
    assert proof.told()[-1].endswith("was not kept by the control: (10) one relay leader")


def test_each_run_has_one_control_with_the_same_seed_and_no_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[tuple[tuple[str, ...], str, int]] = []

    def run_of(plan: Plan, seed: int, _say: Say, defect: str = "") -> Run:
        runs.append((plan.faults, defect, seed))
        state = {1: BROKEN} if defect == "commits_unguarded" else {}
        return Run([Finding(number, "", _check(state.get(number, KEPT))) for number in INVARIANTS], [])

    monkeypatch.setattr(prove, "run_of", run_of)
    table, caught = prove.prove_all(["commits_unguarded", "versions_unchecked", "newest_first"], 7, lambda _line: None)
    locking, delay = PLANS["commits_unguarded"].faults, PLANS["newest_first"].faults
    assert runs == [
        (locking, "", 7),
        (locking, "commits_unguarded", 7),
        (locking, "versions_unchecked", 7),
        (delay, "", 7),
        (delay, "newest_first", 7),
    ]
    assert not caught
    assert "commits_unguarded              0 s            (1) effect once" in table
    assert "versions_unchecked             NO, 0 s" in table


def _check(state: str) -> Check:
    return Check(1, ["it is wrong"] if state == BROKEN else [])


def test_defects_are_chosen_by_name() -> None:
    assert chosen("all") == list(defects.ALL)
    assert chosen("no_positions,competing_relays") == ["no_positions", "competing_relays"]
    with pytest.raises(SystemExit, match="no such defect: nonsense"):
        chosen("nonsense")
