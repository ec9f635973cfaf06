"""The plan by which planted defects are looked for, and what is kept of each run."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Sequence
from itertools import permutations
from pathlib import Path

import pytest

from chaos import defects, faults, notes, prove
from chaos.invariants import INVARIANTS
from chaos.notes import Notes, Run
from chaos.plans import PLANS, WITHIN_SECONDS, Plan
from chaos.prove import Proof, chosen
from chaos.schedule import FULL_MINUTES
from chaos.schedule import chosen as chosen_faults
from tests.unit.chaos.runs import run_that

GOOD = run_that()

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


def test_no_two_runs_differ_only_in_the_order_of_faults_or_by_faults_left_out() -> None:
    runs = {frozenset(plan.faults): plan.control for plan in PLANS.values()}
    assert set(runs.values()) == {plan.control for plan in PLANS.values()}
    assert [pair for pair in permutations(runs, 2) if pair[0] < pair[1]] == []


def test_a_defect_is_caught_only_by_what_it_is_and_in_time() -> None:
    assert _proof(60, [1, 10]).caught
    assert not _proof(60, [1, 4]).caught
    assert not _proof(WITHIN_SECONDS + 1, [10]).caught


@pytest.mark.parametrize("control", [run_that(breaks=[10]), run_that(not_exercised=[10])])
def test_what_was_not_kept_without_the_defect_catches_none(control: Run) -> None:
    proof = _proof(60, [1, 10], control)
    assert not proof.caught
    assert proof.by == [1]
    assert proof.told()[-1].endswith("was not kept by the control: (10) one relay leader")


def _proof(seconds: float, breaks: Sequence[int], control: Run = GOOD) -> Proof:
    return Proof("competing_relays", run_that(seconds, breaks), control)


class Runs:
    """Instead of real ones, of which each takes more than a minute."""

    def __init__(self) -> None:
        self.done: list[tuple[tuple[str, ...], str, int]] = []
        self.break_off_before = ""

    def __call__(self, plan: Plan, seed: int, _say: Say, defect: str = "") -> Run:
        if defect and defect == self.break_off_before:
            raise KeyboardInterrupt
        self.done.append((plan.faults, defect, seed))
        return run_that(2.5, [1] if defect == "commits_unguarded" else [])


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    runs = Runs()
    monkeypatch.setattr(prove, "run_of", runs)
    return runs


MANY_WRITE, RELAYS_DIE = PLANS["commits_unguarded"].faults, PLANS["newest_first"].faults


def test_each_run_has_one_control_with_the_same_seed_and_no_defect(runs: Runs) -> None:
    table, caught = prove.prove_all(["commits_unguarded", "versions_unchecked", "newest_first"], 7, _silent, Notes())
    assert runs.done == [
        (MANY_WRITE, "", 7),
        (MANY_WRITE, "commits_unguarded", 7),
        (MANY_WRITE, "versions_unchecked", 7),
        (RELAYS_DIE, "", 7),
        (RELAYS_DIE, "newest_first", 7),
    ]
    assert not caught
    assert "commits_unguarded              2 s            (1) effect once" in table
    assert "versions_unchecked             NO, 2 s" in table


def test_a_proof_that_was_broken_off_goes_on_where_it_stopped(runs: Runs, tmp_path: Path) -> None:
    both, file = ["commits_unguarded", "versions_unchecked"], tmp_path / "folder" / "state.jsonl"
    runs.break_off_before = "versions_unchecked"
    with pytest.raises(KeyboardInterrupt):
        prove.prove_all(both, 7, _silent, Notes(file))
    runs.done, runs.break_off_before = [], ""
    table, _ = prove.prove_all(both, 7, _silent, Notes(file))
    assert runs.done == [(MANY_WRITE, "versions_unchecked", 7)]
    assert "commits_unguarded              2 s            (1) effect once" in table
    runs.done = []
    assert prove.prove_all(both, 7, _silent, Notes(file))[0] == table
    assert runs.done == []
    prove.prove_all(both, 11, _silent, Notes(file))
    assert runs.done == [(MANY_WRITE, "", 11), *((MANY_WRITE, defect, 11) for defect in both)]


def test_a_tree_that_differs_from_its_commit_keeps_nothing(tree: Tree) -> None:
    assert re.fullmatch(r"what is found is kept in folder/[0-9a-f]{12}\.jsonl", notes.of_this_tree().told())
    tree.write("chaos/shop.py", "changed")
    assert notes.of_this_tree().told() == "what is found is not kept: this tree differs from its commit"


def test_without_a_commit_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notes, "ROOT", tmp_path)
    assert "not kept" in notes.of_this_tree().told()


def test_what_was_found_counts_until_the_code_changes_that_runs_here(tree: Tree) -> None:
    before = notes.this_state()
    tree.write("services/referral/answers.py", "changed")
    tree.commit()
    assert notes.this_state() == before
    states = {before}
    for folder in notes.RUN_BY_CHAOS:
        tree.write(f"{folder}/one.py", "changed")
        tree.commit()
        states.add(notes.this_state())
    assert len(states) == 1 + len(notes.RUN_BY_CHAOS)


class Tree:
    """A git repository with a file in each folder that counts, and one elsewhere."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._git("init", "-q")
        for each in notes.RUN_BY_CHAOS:
            self.write(f"{each}/one.py", "one")
        self.commit()

    def write(self, name: str, text: str) -> None:
        file = self._folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def commit(self) -> None:
        self._git("add", "-A")
        self._git("-c", "user.name=test", "-c", "user.email=test@example.org", "commit", "-q", "-m", "one")

    def _git(self, *command: str) -> None:
        subprocess.run(["git", *command], cwd=self._folder, check=True)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    monkeypatch.setattr(notes, "ROOT", tmp_path)
    monkeypatch.setattr(notes, "FOLDER", tmp_path / "folder")
    return Tree(tmp_path)


def _silent(_line: str) -> None:
    """Nobody listens."""


def test_defects_are_chosen_by_name() -> None:
    assert chosen("all") == list(defects.ALL)
    assert chosen("no_positions,competing_relays") == ["no_positions", "competing_relays"]
    with pytest.raises(SystemExit, match="no such defect: nonsense"):
        chosen("nonsense")
