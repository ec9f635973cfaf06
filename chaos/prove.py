"""Tests of the tests: every planted defect is put into the services, and the judge must find it.

    make chaos DEFECTS=all
    make chaos DEFECTS=no_positions,competing_relays SEED=7

Each gets a short run with the faults that are most likely to bring it to light (`plans.py`), and must be found within
two minutes or four, counted from the first program that is started. A defect that nobody finds is a hole in
`invariants.py`.

Before it comes the same run without the defect, its control. An invariant that does not hold there says nothing about
the defect: perhaps the machine is busy, perhaps the services do break it. Only what the control kept is counted.

Each run is noted when it has its verdict (`notes.py`): a proof that was broken off goes on there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import uvloop

from chaos.defects import ALL
from chaos.invariants import BROKEN, INVARIANTS, judge
from chaos.notes import Notes, Run
from chaos.plans import PLANS, Plan
from chaos.run import run

PATIENCE = 25
"""Seconds until what was sent must be read and published: less than in a real run, some defects never let it be."""


@dataclass(frozen=True)
class Proof:
    """What became of one defect: the run with it, and the same without."""

    defect: str
    run: Run
    control: Run

    @property
    def by(self) -> list[int]:
        """The invariants that it breaks: without it they were kept."""
        return [number for number in self.run.broken if self.control.keeps(number)]

    @property
    def caught(self) -> bool:
        """By the judge, for what it is, in time."""
        plan = PLANS[self.defect]
        return plan.invariant in self.by and self.run.seconds <= plan.within

    @property
    def example(self) -> str:
        """One violation of the invariant that must break, spelled out; or what else there is to say."""
        return self.run.examples.get(PLANS[self.defect].invariant, next(iter(self.run.wrong), ""))

    def told(self) -> list[str]:
        """Its lines of the table."""
        seconds = f"{self.run.seconds:.0f} s"
        when = seconds if self.caught else f"NO, {seconds}"
        lines = [f"{self.defect:<30} {when:<14} {_names(self.by)}", f"{'':<30} e.g. {self.example}"]
        if besides := [number for number in self.run.broken if number not in self.by]:
            lines.append(f"{'':<30} says nothing, was not kept by the control: {_names(besides)}")
        return lines


def run_of(plan: Plan, seed: int, say: Callable[[str], None], defect: str = "") -> Run:
    """One run of a plan, with the defect in every process or, as its control, without any."""
    begun = time.monotonic()
    options = {"only": plan.faults, "scale": plan.scale, "patience": PATIENCE, "twice": plan.twice}
    outcome = uvloop.run(run(seed, plan.minutes, defect=defect, say=say, **options))
    findings = judge(outcome.evidence).findings if outcome.evidence is not None else []
    outcome.forget()
    return Run(
        seconds=time.monotonic() - begun,
        states={finding.number: finding.state for finding in findings},
        examples={finding.number: finding.check.violations[0] for finding in findings if finding.state == BROKEN},
        wrong=outcome.broken,
    )


def prove_all(defects: Iterable[str], seed: int, say: Callable[[str], None], notes: Notes) -> tuple[str, bool]:
    """The table, and whether every defect was caught. Runs that are noted already are not run again."""

    def done(plan: Plan, what: str, defect: str = "") -> Run:
        known = notes.find(seed, plan, defect)
        say(f"{what}, noted after {known.seconds:.0f} s in an earlier run" if known else what)
        if known is None:
            known = run_of(plan, seed, say, defect)
            notes.add(seed, plan, defect, known)
        return known

    controls: dict[Plan, Run] = {}
    proofs = []
    for defect in defects:
        plan = PLANS[defect].control
        if plan not in controls:
            controls[plan] = done(plan, f"control of {plan.told()}: nothing is planted")
        proofs.append(Proof(defect, done(plan, f"planted: {defect}", defect), controls[plan]))
    lines = ["", f"{'planted defect':<30} {'caught after':<14} by"]
    lines += [line for proof in proofs for line in proof.told()]
    for plan, control in controls.items():
        wrong = [_names([number]) for number in control.broken] + [*control.wrong]
        lines += [f"without any defect, {plan.told()} broke: {each}" for each in wrong]
    return "\n".join(lines), all(proof.caught for proof in proofs)


def _names(numbers: Iterable[int]) -> str:
    return ", ".join(f"({number}) {INVARIANTS[number][0]}" for number in numbers)


def chosen(wish: str) -> list[str]:
    """`all`, or names with commas between them. Ends the program if one is no name."""
    names = list(ALL) if wish == "all" else [name for name in wish.split(",") if name]
    if unknown := set(names) - set(ALL):
        raise SystemExit(f"no such defect: {', '.join(sorted(unknown))}; there are {', '.join(ALL)}")
    return names
