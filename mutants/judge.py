"""Whether tests notice a mutant: the quickest that touch its function, up to a budget of seconds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mutants.functions import Functions
from mutants.making import Mutant
from mutants.pytest_run import Runner
from mutants.record import Touches, digest
from mutants.servers import Servers
from mutants.targets import FOLDER, path_of
from mutants.tree import planted

BUDGET_SECONDS = 60.0
"""Of tests for one mutant, by their recorded time. Whatever only slower ones would notice counts as survived."""
_SLACK_SECONDS = 60.0


@dataclass(frozen=True)
class Verdict:
    """`killer`: the test that failed, or what ended the run; empty for a survivor. `late`: by its time limit."""

    mutant: Mutant
    killer: str
    late: bool = False


class NotGreenError(Exception):
    """Tests fail although there is no mistake: what they say of mutants means nothing."""


class Judge:
    """Of one module. Verdicts are kept, so that a run that was broken off goes on where it was."""

    def __init__(self, module: str, source: str, touches: Touches, servers: Servers, runner: Runner) -> None:
        self._module = module
        self._source = source
        self._touches = touches
        self._servers = servers
        self._runner = runner
        self._functions = Functions(source)
        self._place = FOLDER / "verdicts" / f"{module.replace('/', '.')}.json"
        self._kept: dict[str, dict[str, Any]] = json.loads(self._place.read_text()) if self._place.exists() else {}
        self._killers: list[str] = []
        self._used = True

    def verdicts(self, mutants: Sequence[Mutant], say: Callable[[str], None]) -> Iterator[Verdict]:
        """In order. Raises `NotGreenError`, before or after."""
        pending = [mutant for mutant in mutants if self._known(mutant) is None]
        if pending:
            self._require_green(pending)
        for number, mutant in enumerate(mutants, 1):
            if (verdict := self._known(mutant)) is None:
                verdict = self._judged(mutant)
                self._keep(verdict)
                outcome = "killed" if verdict.killer else "SURVIVED"
                say(f"{self._module} {number}/{len(mutants)}: {outcome} {mutant.name}")
            yield verdict
        if pending:
            self._require_green(pending)

    def tests_of(self, mutant: Mutant) -> dict[str, float]:
        """The tests that may notice it and their seconds: what has killed others first, then the quickest."""
        first = {self._kept.get(_key(mutant), {}).get("killer", ""), *self._killers[-3:]}
        order = sorted(self._touching(mutant), key=lambda name: (name not in first, self._touches[name][0]))
        chosen: dict[str, float] = {}
        spent = 0.0
        for name in order:
            spent += self._touches[name][0]
            if chosen and spent > BUDGET_SECONDS:
                break
            chosen[name] = self._touches[name][0]
        return chosen

    def _touching(self, mutant: Mutant) -> list[str]:
        wanted = {f"{self._module}:{name}" for name in self._functions.reached_from(mutant.line)}
        return [name for name, (_, touched) in self._touches.items() if not wanted.isdisjoint(touched)]

    def _judged(self, mutant: Mutant) -> Verdict:
        seconds = self.tests_of(mutant)
        if not seconds:
            return Verdict(mutant, "")
        with planted(path_of(self._module), mutant.source):
            verdict = self._run(mutant, seconds)
            if verdict.late:  # or the whole machine stood still for a while: once more, and that stands
                verdict = self._run(mutant, self.tests_of(mutant))
            return verdict

    def _run(self, mutant: Mutant, seconds: dict[str, float]) -> Verdict:
        if self._used:
            self._servers.empty()
        files = sorted({name.partition("::")[0] for name in seconds})
        limit = _SLACK_SECONDS + 3 * sum(seconds.values())
        done = self._runner.run({"seconds": seconds}, files, limit=limit, options=("-x",))
        self._used = done.answer.get("servers", True)
        if done.code == 0:
            return Verdict(mutant, "")
        failed = done.answer.get("failed", "")
        if failed in self._touches:
            self._killers.append(failed)
        late = done.code is None or "Failed: Timeout" in done.output
        return Verdict(mutant, failed or f"pytest ended with {done.code}", late)

    def _require_green(self, mutants: Sequence[Mutant]) -> None:
        seconds: dict[str, float] = {}
        for mutant in mutants:
            seconds |= self.tests_of(mutant)
        if not seconds:
            return
        nothing = Mutant(self._module, "", 0, "", "", self._source)
        if (verdict := self._run(nothing, dict(sorted(seconds.items(), key=lambda each: each[1])))).killer:
            raise NotGreenError(f"{verdict.killer} fails without any mistake; see {FOLDER / 'pytest.log'}")

    # --- what is kept ------------------------------------------------------------------------------------------------

    def _known(self, mutant: Mutant) -> Verdict | None:
        kept = self._kept.get(_key(mutant))
        if kept is None or kept["source"] != digest(mutant.source.encode()):
            return None
        killer = kept["killer"]
        still = killer in self._touches or "::" not in killer if killer else kept["tests"] == self._asked(mutant)
        return Verdict(mutant, killer, kept["late"]) if still else None

    def _keep(self, verdict: Verdict) -> None:
        self._kept[_key(verdict.mutant)] = {
            "source": digest(verdict.mutant.source.encode()),
            "killer": verdict.killer,
            "late": verdict.late,
            "tests": self._asked(verdict.mutant),
        }
        self._place.parent.mkdir(parents=True, exist_ok=True)
        self._place.write_text(json.dumps(self._kept))

    def _asked(self, mutant: Mutant) -> str:
        """Tells whether tests have come or were measured anew since."""
        asked = (f"{name} {self._touches[name][0]}" for name in sorted(self._touching(mutant)))
        return digest("\n".join(asked).encode())


def _key(mutant: Mutant) -> str:
    return f"{mutant.name} #{mutant.nth}"
