from __future__ import annotations

import io
import json
import os
import time
from pathlib import Path

import pytest
from rich.console import Console

from bench import machine
from bench.against.report import Compared, Report
from bench.against.verdict import PAIRS, Comparison, Kind


def report(**changes: object) -> Report:
    slow = Comparison("events", Kind.RATE, "events/s", [90.0] * PAIRS, [100.0] * PAIRS)
    measured = Compared("hop", "whole hop", [slow])
    broken = Compared("relay", "relay", failure="it cannot be compared with abc: no lock")
    return Report({"present": "def"}, "abc", [measured, broken], **changes)  # type: ignore[arg-type]


def test_a_slow_figure_fails_nothing_and_a_part_that_was_not_measured_does() -> None:
    whole = report()
    assert whole.failed
    assert whole.summary.endswith("Not measured: relay.")
    whole.results.pop()
    assert not whole.failed
    assert "slower: hop: events (0.90x)" in whole.summary


@pytest.mark.parametrize(("share", "warned"), [(0.05, False), (0.4, True)])
def test_a_busy_machine_is_told(share: float, warned: bool) -> None:
    assert ("40% of the processors" in report(others=share).summary) is warned


def test_the_table_shows_both_builds_the_spread_and_the_verdict() -> None:
    output = io.StringIO()
    report().show(Console(file=output, width=160))
    (line,) = [line for line in output.getvalue().splitlines() if "events/s" in line]
    assert line.split() == ["events", "90", "100", *["0.900x"] * 5, str(PAIRS), "events/s", "slower"]
    assert "relay was not measured: it cannot be compared with abc: no lock" in output.getvalue()


def test_the_file_is_named_by_the_other_commit_and_has_all_of_it(tmp_path: Path) -> None:
    path = report(others=0.4).save(tmp_path)
    assert path.name.endswith("-against-abc.json")
    written = json.loads(path.read_text())
    assert written["parts"]["hop"]["figures"][0]["verdict"] == "slower"
    assert written["parts"]["relay"]["failure"]
    assert (written["used by others"], written["head"]) == (0.4, {"present": "def"})


def test_the_work_of_others_is_what_this_process_and_its_children_have_not_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moments, busy, own = iter([0.0, 10.0]), iter([100.0, 112.0]), iter([50.0, 58.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(moments))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1})
    monkeypatch.setattr(machine, "busy_seconds", lambda: next(busy))
    monkeypatch.setattr(machine, "cpu_seconds", lambda _pid: next(own))
    assert machine.Quiet().share_of_others() == pytest.approx(0.2)
