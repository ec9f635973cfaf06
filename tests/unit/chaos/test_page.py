"""The page names every invariant, every fault and every planted mistake, as they are."""

from __future__ import annotations

import re
from pathlib import Path

import chaos
from chaos.defects import ALL as DEFECTS
from chaos.faults import ALL as FAULTS
from chaos.invariants import INVARIANTS
from chaos.plans import PLANS

PAGE = Path(chaos.__path__[0], "README.md").read_text()


def _table(first: str) -> list[list[str]]:
    """The rows of the table whose first heading this is."""
    lines = PAGE[PAGE.index(f"| {first} |") :].split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_planted_mistake_has_a_line_with_its_run_and_its_invariant() -> None:
    lines = {name: (run, int(number)) for name, run, number, *_ in _table("Planted mistake")}
    assert lines == {name: (plan.told(), plan.invariant) for name, plan in PLANS.items()}


def test_every_invariant_has_a_line_with_the_mistakes_that_it_must_find() -> None:
    rows = _table("Invariant")
    assert [row[0] for row in rows] == [f"{number} {name}" for number, (name, _) in INVARIANTS.items()]
    for number, row in enumerate(rows, start=1):
        must = {name for name, plan in PLANS.items() if plan.invariant == number}
        found = set(row[3].split(", "))
        assert must <= found <= set(DEFECTS), row[0]


def test_every_fault_can_be_looked_up() -> None:
    section = PAGE.split("## Names for `ONLY=`", 1)[1].split("\n## ", 1)[0]
    named = [name for span in re.findall(r"`([^`]+)`", section) for name in span.split()]
    assert sorted(named) == sorted(FAULTS)
