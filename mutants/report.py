"""What a run has shown, module by module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mutants.explained import Named, named, written
from mutants.judge import Verdict

ENOUGH = 0.95
"""Share of all mutants that must be killed."""


@dataclass
class Report:
    """Verdicts of whole modules, beside the survivors that are explained."""

    reasons: Mapping[Named, str]
    verdicts: dict[str, Sequence[Verdict]] = field(default_factory=dict)

    @property
    def unexplained(self) -> list[Verdict]:
        """Survivors without a reason."""
        return [each for each in self._survivors() if named(each.mutant) not in self.reasons]

    @property
    def idle(self) -> list[Named]:
        """Reasons, of modules that were judged, whose mutant is killed or gone."""
        survived = {named(each.mutant) for each in self._survivors()}
        return [name for name in self.reasons if name.module in self.verdicts and name not in survived]

    @property
    def is_good(self) -> bool:
        """Enough are killed, all others explained, and no reason is idle."""
        return not self.unexplained and not self.idle and self._share(self._all()) >= ENOUGH

    def text(self) -> str:
        """The table, and what must be done."""
        rows = [f"{'':24}{'mutants':>8}{'killed':>8}{'by time':>8}{'survived':>10}{'explained':>10}{'killed %':>10}"]
        rows += [self._row(module, verdicts) for module, verdicts in self.verdicts.items()]
        if len(self.verdicts) > 1:
            rows.append(self._row("all", self._all()))
        parts = ["\n".join(rows)]
        if self.unexplained:
            parts.append("Nobody notices these. Write the test, delete the code, or give the reason in explained.toml:")
            parts += [f"# line {each.mutant.line}\n{written(each.mutant)}" for each in self.unexplained]
        parts += [f"Nobody needs this reason, its mutant is killed or gone: {name}" for name in self.idle]
        return "\n\n".join(parts)

    def _row(self, name: str, verdicts: Sequence[Verdict]) -> str:
        survived = [each for each in verdicts if not each.killer]
        explained = sum(1 for each in survived if named(each.mutant) in self.reasons)
        late = sum(1 for each in verdicts if each.late)
        counts = f"{len(verdicts):8}{len(verdicts) - len(survived):8}{late:8}{len(survived):10}{explained:10}"
        return f"{name:24}{counts}{100 * self._share(verdicts):10.1f}"

    def _all(self) -> list[Verdict]:
        return [each for verdicts in self.verdicts.values() for each in verdicts]

    def _survivors(self) -> list[Verdict]:
        return [each for each in self._all() if not each.killer]

    @staticmethod
    def _share(verdicts: Sequence[Verdict]) -> float:
        return sum(1 for each in verdicts if each.killer) / len(verdicts) if verdicts else 1.0
