"""Tests of the tests: every planted defect is put into the services, and the judge must find it.

    make chaos DEFECTS=all
    make chaos DEFECTS=no_positions,competing_relays SEED=7

Each gets a short run with the faults that are most likely to bring it to light, and must be found within two minutes or
four, counted from the first program that is started. A defect that nobody finds is a hole in `invariants.py`.

Before it comes the same run without the defect, its control. An invariant that does not hold there says nothing about
the defect: perhaps the machine is busy, perhaps the services do break it. Only what the control kept is counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import uvloop

from chaos.defects import ALL
from chaos.invariants import BROKEN, INVARIANTS, KEPT, Finding, judge
from chaos.run import run

WITHIN_SECONDS = 120
LATER = 240
"""For runs that read everything twice, or put back something that has to be copied before and read again after."""
MINUTES = 0.3
PATIENCE = 25
"""Seconds until what was sent must be read and published: less than in a real run, some defects never let it be."""


class Plan(NamedTuple):
    """The faults that bring a defect to light, and the invariant that must break: others may break as well.

    `minutes` and `scale`: how long the storm lasts, and how much of a minute an overload is. `twice`: in the end
    everything is read once more. `within`: seconds until it must be found.
    """

    faults: tuple[str, ...]
    invariant: int
    minutes: float = MINUTES
    scale: float | None = None
    twice: bool = False
    within: int = WITHIN_SECONDS

    @property
    def control(self) -> Plan:
        """What is the same for all defects that are looked for by the same run."""
        return self._replace(invariant=0, within=0)


PLANS = {
    "no_positions": Plan(("crash_before_delete", "crash_after_publish", "leader_connection_killed"), 1),
    "offsets_before_commit": Plan(("postgres_delay", "sigkill", "postgres_terminated"), 6),
    "id_cursor_relay": Plan(("late_commits", "long_transaction"), 11),
    "mark_forgets_writers": Plan(("late_commits", "long_transaction"), 11),
    "mark_before_publish": Plan(("crash_after_publish", "leader_connection_killed"), 3),
    "competing_relays": Plan(("sigkill", "late_commits"), 10),
    "position_outside_transaction": Plan(("crash_after_commit", "postgres_terminated"), 2),
    "commits_unguarded": Plan(("postgres_delay", "deadlock"), 1),
    "versions_unchecked": Plan(("postgres_delay", "deadlock"), 1),
    "moved_timer_fires": Plan(("postgres_delay", "late_commits"), 1),
    "given_up_is_overtaken": Plan(("sigterm_after_outage",), 7),
    "given_up_counts_as_done": Plan(("sigterm_after_outage",), 6),
    "outage_retried_aside": Plan(("postgres_refused", "postgres_reset"), 7),
    "newest_first": Plan(("kafka_delay",), 4),
    "parked_blocks_nobody": Plan(("poison", "operators_at_work"), 5),
    "positions_forgotten": Plan(("poison",), 16, twice=True, within=LATER),
    "small_batches_wait": Plan(("calm",), 17, minutes=0.5),
    "producer_rests": Plan(("leader_connection_killed", "calm"), 22, minutes=0.75, within=LATER),
    "poison_stops_its_partition": Plan(("poison",), 8),
    "retries_hurry": Plan(("postgres_refused", "postgres_black_hole"), 9),
    "second_signal_unheard": Plan(("sigterm_twice",), 12),
    "work_kept": Plan(("overload",), 13, minutes=0.75, scale=0.75),
    "traces_continued": Plan(("postgres_delay",), 14),
    "readiness_remembered": Plan(("postgres_black_hole", "postgres_refused"), 15),
    "live_if_ready": Plan(("postgres_black_hole", "postgres_refused"), 15),
    "strangers_believed": Plan(("forged_source",), 18),
    "deletes_untried": Plan(("database_read_only",), 19),
    "past_uncompared": Plan(("shop_put_back",), 20, within=LATER),
    "shorter_topic_believed": Plan(("broker_put_back",), 21, within=LATER),
    "gate_left_open": Plan(("shop_put_back",), 20, within=LATER),
    "callers_have_time": Plan(("slow_client",), 23),
    "claims_unread": Plan(("forger",), 23),
}


@dataclass(frozen=True)
class Proof:
    """What became of one defect."""

    defect: str
    seconds: float
    broken: tuple[int, ...]
    """The invariants that do not hold with it."""
    example: str
    """One violation of the invariant that must break, spelled out; or what else there is to say."""
    control: Mapping[int, str] = field(default_factory=dict)
    """What each invariant came to without the defect: kept, BROKEN or not exercised."""

    @property
    def by(self) -> tuple[int, ...]:
        """The invariants that it breaks: without it they were kept."""
        return tuple(number for number in self.broken if self.control.get(number) == KEPT)

    @property
    def caught(self) -> bool:
        """By the judge, for what it is, in time."""
        plan = PLANS[self.defect]
        return plan.invariant in self.by and self.seconds <= plan.within

    def told(self) -> list[str]:
        """Its lines of the table."""
        when = f"{self.seconds:.0f} s" if self.caught else f"NO, {self.seconds:.0f} s"
        lines = [f"{self.defect:<30} {when:<14} {_names(self.by)}", f"{'':<30} e.g. {self.example}"]
        if besides := [number for number in self.broken if number not in self.by]:
            lines.append(f"{'':<30} says nothing, was not kept by the control: {_names(besides)}")
        return lines


@dataclass(frozen=True)
class Run:
    """What one run came to, as far as a proof needs it."""

    findings: Sequence[Finding]
    broken: Sequence[str]

    @property
    def states(self) -> Mapping[int, str]:
        """What each invariant came to."""
        return {finding.number: finding.state for finding in self.findings}


def prove(defect: str, control: Run, seed: int, say: Callable[[str], None]) -> Proof:
    """One run with this defect in every process."""
    begun = time.monotonic()
    plan = PLANS[defect]
    found = run_of(plan, seed, say, defect)
    broken = {each.number: each for each in found.findings if each.state == BROKEN}
    told = broken[plan.invariant].check.violations if plan.invariant in broken else found.broken
    example = told[0] if told else ""
    return Proof(defect, time.monotonic() - begun, tuple(broken), example, control.states)


def run_of(plan: Plan, seed: int, say: Callable[[str], None], defect: str = "") -> Run:
    """One run of a plan, with the defect or, as its control, without any."""
    options = {"only": plan.faults, "scale": plan.scale, "patience": PATIENCE, "twice": plan.twice}
    outcome = uvloop.run(run(seed, plan.minutes, defect=defect, say=say, **options))
    findings = judge(outcome.evidence).findings if outcome.evidence is not None else []
    outcome.forget()
    return Run(findings, outcome.broken)


def prove_all(defects: Iterable[str], seed: int, say: Callable[[str], None]) -> tuple[str, bool]:
    """The table, and whether every defect was caught. Plans that differ only in what must break share a control."""
    controls: dict[Plan, Run] = {}
    proofs = []
    for defect in defects:
        plan = PLANS[defect].control
        if plan not in controls:
            say(f"control of {', '.join(plan.faults)}: nothing is planted")
            controls[plan] = run_of(plan, seed, say)
        say(f"planted: {defect}")
        proofs.append(prove(defect, controls[plan], seed, say))
    lines = ["", f"{'planted defect':<30} {'caught after':<14} by"]
    lines += [line for proof in proofs for line in proof.told()]
    for plan, control in controls.items():
        wrong = [_names([number]) for number, state in control.states.items() if state == BROKEN] + [*control.broken]
        lines += [f"without any defect, {', '.join(plan.faults)} broke: {each}" for each in wrong]
    return "\n".join(lines), all(proof.caught for proof in proofs)


def _names(numbers: Iterable[int]) -> str:
    return ", ".join(f"({number}) {INVARIANTS[number][0]}" for number in numbers)


def chosen(wish: str) -> list[str]:
    """`all`, or names with commas between them. Ends the program if one is no name."""
    names = list(ALL) if wish == "all" else [name for name in wish.split(",") if name]
    if unknown := set(names) - set(ALL):
        raise SystemExit(f"no such defect: {', '.join(sorted(unknown))}; there are {', '.join(ALL)}")
    return names
