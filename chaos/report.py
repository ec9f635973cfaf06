"""The verdict as a table."""

from __future__ import annotations

from chaos.check import SHOWN
from chaos.invariants import judge
from chaos.run import Outcome


def verdict(outcome: Outcome) -> tuple[str, bool]:
    """The text, and whether every promise was kept."""
    lines = ["", *(f"{name:36} {value}" for name, value in outcome.figures.items()), ""]
    kept = True
    broken = list(outcome.broken)
    if outcome.evidence is not None:
        judged = judge(outcome.evidence)
        lines.append(judged.table())
        kept = judged.kept
        if outcome.whole and judged.not_exercised:
            broken.append(f"not put to the test: {', '.join(each.name for each in judged.not_exercised)}")
    kept = kept and not broken
    lines += [f"BROKEN  {what}" for what in broken[-SHOWN:]]
    if len(broken) > SHOWN:
        lines.append(f"and {len(broken) - SHOWN} more before these")
    lines += ["", f"SEED={outcome.seed}: {'every promise was kept' if kept else 'BROKEN'}"]
    return "\n".join(lines), kept
