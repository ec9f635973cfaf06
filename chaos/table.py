"""Prints the table of `README.md`: which planted mistake is caught by which run, in how many seeds.

python -m chaos.table              # of what is checked out
python -m chaos.table 1a2b3c4d5e6f ...  # of these: names of files in .local/chaos-proofs/
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from statistics import median

from chaos import notes
from chaos.notes import Notes
from chaos.plans import PLANS
from chaos.prove import Proof

HEADINGS = (
    "Planted mistake",
    "Run that catches it",
    "Must be found by",
    "Caught in",
    "Control",
    "Seconds",
    "Others that broke",
)


def table(noted: Notes) -> list[str]:
    """Its lines. A seed counts for a mistake once its run and its control are noted."""
    return [_line(HEADINGS), "|---" * len(HEADINGS) + "|", *(_line(_cells(defect, noted)) for defect in PLANS)]


def _cells(defect: str, noted: Notes) -> Sequence[object]:
    plan = PLANS[defect]
    pairs = [(noted.find(seed, plan, defect), noted.find(seed, plan)) for seed in noted.seeds]
    proofs = [Proof(defect, run, control) for run, control in pairs if run is not None and control is not None]
    what = (defect, plan.told(), plan.invariant)
    if not proofs:
        return *what, "no run noted", "", "", ""
    kept = sum(proof.control.keeps(plan.invariant) for proof in proofs)
    others = sorted({number for proof in proofs for number in proof.by} - {plan.invariant})
    return (
        *what,
        f"{sum(proof.caught for proof in proofs)} of {len(proofs)}",
        "kept" if kept == len(proofs) else f"kept in {kept} of {len(proofs)}",
        round(median(proof.run.seconds for proof in proofs)),
        ", ".join(map(str, others)),
    )


def _line(cells: Sequence[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    print("\n".join(table(Notes(*map(notes.of, sys.argv[1:] or [notes.this_state()])))))
