"""The judge: the invariants of the chain, each a pure function over `Evidence`.

An invariant that looked at no fact has passed nothing: it is shown as "not exercised".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chaos.check import SHOWN, Check
from chaos.evidence import Evidence
from chaos.laws import (
    accounting,
    edge,
    effects,
    foreign,
    noting,
    processes,
    publishing,
    restores,
    timely,
    traces,
)
from chaos.spared import spared

INVARIANTS: dict[int, tuple[str, Callable[[Evidence], Check]]] = {
    1: ("effect once", effects.effect_once),
    2: ("atomic", effects.atomic),
    3: ("no loss", publishing.no_loss),
    4: ("sequences without gap", publishing.without_gap),
    5: ("handlers see a key in order", effects.in_order),
    6: ("offsets behind effects", accounting.offsets_behind_effects),
    7: ("nothing silent", accounting.nothing_silent),
    8: ("poison delays no other key", accounting.nobody_held_up),
    9: ("retries back off", processes.backs_off),
    10: ("one relay leader", publishing.one_leader),
    11: ("low-water mark", publishing.no_row_left_behind),
    12: ("shutdown in time", processes.ends_in_time),
    13: ("memory bounded", processes.stays_small),
    14: ("traces link", traces.traces_link),
    15: ("probes tell the truth", processes.tells_the_truth),
    16: ("replay changes nothing", processes.replay_changes_nothing),
    17: ("read in time", timely.read_in_time),
    18: ("forged events change nothing", foreign.forged_change_nothing),
    19: ("no answer, no repeats", publishing.no_answer_is_no_reason_to_repeat),
    20: ("what is forgotten is listed", restores.forgets_what_it_lists),
    21: ("what brokers lost is listed", restores.lists_what_brokers_lost),
    22: ("published in time", timely.published_in_time),
    23: ("callers within bounds", edge.callers_within_bounds),
    24: ("noted once", noting.noted_once),
}
WHOLE = frozenset({20, 21})
"""Those that look at all keys, also at those of which a broker has lost something."""

KEPT, BROKEN = "kept", "BROKEN"


@dataclass(frozen=True)
class Finding:
    """What one invariant has found."""

    number: int
    name: str
    check: Check

    @property
    def state(self) -> str:
        """kept, BROKEN or not exercised."""
        if self.check.violations:
            return BROKEN
        return KEPT if self.check.facts else "not exercised"


@dataclass(frozen=True)
class Verdict:
    """All of them."""

    findings: list[Finding]

    @property
    def broken(self) -> list[Finding]:
        """Those that do not hold."""
        return [finding for finding in self.findings if finding.check.violations]

    @property
    def not_exercised(self) -> list[Finding]:
        """Those that looked at nothing."""
        return [each for each in self.findings if not each.check.facts]

    @property
    def kept(self) -> bool:
        """None is broken."""
        return not self.broken

    def table(self) -> str:
        """A line per invariant; below, what is broken, spelled out."""
        lines = []
        for finding in self.findings:
            check = finding.check
            line = f"{finding.number:>3}  {finding.name:<28} {finding.state:<14} {check.facts:>8} facts  {check.told()}"
            lines.append(line.rstrip())
        for finding in self.broken:
            violations = finding.check.violations
            lines += ["", f"({finding.number}) {finding.name}: {len(violations)} violations"]
            lines += [f"  {violation}" for violation in violations[:SHOWN]]
            if len(violations) > SHOWN:
                lines.append(f"  and {len(violations) - SHOWN} more")
        return "\n".join(lines)


def judge(evidence: Evidence) -> Verdict:
    """What holds and what does not."""
    others = spared(evidence)
    return Verdict(
        [
            Finding(number, name, law(evidence if number in WHOLE else others))
            for number, (name, law) in INVARIANTS.items()
        ]
    )
