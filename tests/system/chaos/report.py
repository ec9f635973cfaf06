"""The verdict as a table."""

from __future__ import annotations

from tests.system.chaos.invariants import judge
from tests.system.chaos.run import Outcome


def verdict(outcome: Outcome) -> tuple[str, bool]:
    """The text, and whether every promise was kept."""
    lines = ["", *(f"{name:36} {value}" for name, value in outcome.figures.items()), ""]
    kept = not outcome.broken
    if outcome.evidence is not None:
        judged = judge(outcome.evidence)
        kept = kept and judged.kept
        lines.append(judged.table())
    lines += [f"BROKEN  {what}" for what in outcome.broken]
    lines += ["", f"SEED={outcome.seed}: {'every promise was kept' if kept else 'BROKEN'}"]
    return "\n".join(lines), kept
