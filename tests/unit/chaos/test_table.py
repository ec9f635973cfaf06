"""The table of several seeds that `python -m chaos.table` makes of noted runs."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from chaos.notes import Notes, Run
from chaos.plans import PLANS, WITHIN_SECONDS
from chaos.table import table
from tests.unit.chaos.runs import run_that

MISTAKE = "competing_relays"
PLAN = PLANS[MISTAKE]


def _note(notes: Notes, seed: int, run: Run, broken_control: Collection[int] = ()) -> None:
    notes.add(seed, PLAN, "", run_that(breaks=broken_control))
    notes.add(seed, PLAN, MISTAKE, run)


def _cells(notes: Notes, mistake: str = MISTAKE) -> list[str]:
    (line,) = [line for line in table(notes) if line.startswith(f"| {mistake} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_mistake_is_told_over_all_seeds(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "commit.jsonl")
    _note(notes, 7, run_that(70.4, [10, 3]))
    _note(notes, 11, run_that(90, [10, 1]))
    _note(notes, 23, run_that(WITHIN_SECONDS + 1, [10]))
    run = "crash_before_delete, crash_after_publish, leader_connection_killed"
    assert _cells(notes) == [MISTAKE, run, "10", "2 of 3", "kept", "90", "1, 3"]
    assert table(Notes(tmp_path / "commit.jsonl")) == table(notes)


def test_what_the_control_did_not_keep_catches_nothing_and_is_told() -> None:
    notes = Notes()
    _note(notes, 7, run_that(70, [10, 1]), broken_control=[1])
    _note(notes, 11, run_that(80, [10, 1]), broken_control=[10])
    assert _cells(notes)[3:] == ["1 of 2", "kept in 1 of 2", "75", "1"]


def test_a_mistake_without_its_run_or_its_control_says_so() -> None:
    notes = Notes()
    notes.add(7, PLAN, MISTAKE, run_that(breaks=[10]))
    assert _cells(notes)[3:] == ["no run noted", "", "", ""]
    notes.add(11, PLAN, "", run_that())
    assert _cells(notes)[3] == "no run noted"
    assert len(table(notes)) == 2 + len(PLANS)
