"""What each run with or without a planted defect came to, kept per state of the code that it runs: whoever is
interrupted goes on there, and the table of several seeds is made of it (`table.py`).

One JSON line per run in `.local/chaos-proofs/<state>.jsonl`, written when the run has its verdict. To run one again,
remove its line.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chaos.invariants import BROKEN, KEPT
from chaos.plans import Plan
from deploy.local.places import LOCAL, ROOT

FOLDER = LOCAL / "chaos-proofs"

RUN_BY_CHAOS = ("chaos", "services/chassis", "deploy/local", "requirements")
"""What its programs are made of. No service of the chain is among them: a commit that changes those keeps the runs."""


@dataclass(frozen=True)
class Run:
    """What one run came to, as far as a proof needs it."""

    seconds: float
    states: Mapping[int, str]
    """What each invariant came to: kept, BROKEN or not exercised."""
    examples: Mapping[int, str]
    """One violation of each that is broken."""
    wrong: Sequence[str] = ()
    """What the run itself saw go wrong: it did not drain, ..."""

    @property
    def broken(self) -> list[int]:
        """The invariants that do not hold."""
        return [number for number, state in self.states.items() if state == BROKEN]

    def keeps(self, number: int) -> bool:
        """Whether this invariant was put to the test and holds."""
        return self.states.get(number) == KEPT


class Notes:
    """The runs of some files. New ones are added to the last; without any file they are forgotten."""

    def __init__(self, *files: Path) -> None:
        self._files = files
        self._runs: dict[str, Run] = {}
        self.seeds: set[int] = set()
        for file in files:
            if file.exists():
                for line in file.read_text().splitlines():
                    self._take(json.loads(line))

    def told(self) -> str:
        """Where new runs are kept."""
        kept = [f"kept in {file.relative_to(ROOT)}" for file in self._files[-1:]]
        return f"what is found is {kept[0] if kept else 'not kept: this tree differs from its commit'}"

    def find(self, seed: int, plan: Plan, defect: str = "") -> Run | None:
        """The run of this plan with the defect or, as its control, without any."""
        return self._runs.get(_name(seed, plan, defect))

    def add(self, seed: int, plan: Plan, defect: str, run: Run) -> None:
        """Keeps it."""
        line = {"seed": seed, "run": _run(plan), "defect": defect, **asdict(run)}
        self._take(json.loads(json.dumps(line)))
        for file in self._files[-1:]:
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("a") as lines:
                lines.write(json.dumps(line) + "\n")

    def _take(self, line: dict[str, Any]) -> None:
        states, examples = (
            {int(number): text for number, text in line[name].items()} for name in ("states", "examples")
        )
        self._runs[json.dumps([line["seed"], line["run"], line["defect"]])] = Run(
            line["seconds"], states, examples, line["wrong"]
        )
        self.seeds.add(line["seed"])


def _name(seed: int, plan: Plan, defect: str) -> str:
    return json.dumps([seed, _run(plan), defect])


def _run(plan: Plan) -> dict[str, Any]:
    """What a control has in common with its defects."""
    return {"faults": list(plan.faults), "minutes": plan.minutes, "scale": plan.scale, "twice": plan.twice}


def of(state: str) -> Path:
    """Where the runs of this state are kept."""
    return FOLDER / f"{state}.jsonl"


def of_this_tree() -> Notes:
    """Those of the state that is committed. A tree that differs from its commit keeps none: nobody could say later
    what has run."""
    state = this_state()
    return Notes(of(state)) if state and not _git("status", "--porcelain") else Notes()


def this_state() -> str:
    """Of what is checked out: a digest of git's ids of those folders; nothing if git knows none."""
    folders = _git("rev-parse", *(f"HEAD:{folder}" for folder in RUN_BY_CHAOS))
    return hashlib.sha256(folders.encode()).hexdigest()[:12] if folders else ""


def _git(*asking: str) -> str:
    done = subprocess.run(["git", *asking], cwd=ROOT, capture_output=True, check=False, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""
