"""Tests of the tests: every planted defect is put into the services, and the judge must find it.

    make chaos DEFECTS=all
    make chaos DEFECTS=no_positions,competing_relays SEED=7

Each gets a short run with the faults that are most likely to bring it to light, and must be found within two minutes or
four, counted from the first program that is started. A defect that nobody finds is a hole in `invariants.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import uvloop

from chaos.defects import ALL
from chaos.invariants import INVARIANTS, judge
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
    "small_batches_wait": Plan(("clock_jump",), 17),
    "poison_stops_its_partition": Plan(("poison",), 8),
    "retries_hurry": Plan(("postgres_refused", "postgres_black_hole"), 9),
    "second_signal_unheard": Plan(("sigterm_twice",), 12),
    "work_kept": Plan(("overload",), 13, minutes=0.6, scale=0.6),
    "traces_continued": Plan(("postgres_delay",), 14),
    "readiness_remembered": Plan(("postgres_black_hole", "postgres_refused"), 15),
    "live_if_ready": Plan(("postgres_black_hole", "postgres_refused"), 15),
    "strangers_believed": Plan(("forged_source",), 18),
    "deletes_untried": Plan(("database_read_only",), 19),
    "past_uncompared": Plan(("shop_put_back",), 20, within=LATER),
    "shorter_topic_believed": Plan(("broker_put_back",), 21, within=LATER),
    "gate_left_open": Plan(("shop_put_back",), 20, within=LATER),
}


@dataclass(frozen=True)
class Proof:
    """What became of one defect."""

    defect: str
    seconds: float
    broken: tuple[int, ...]
    """The invariants that it breaks."""
    example: str
    """One violation of the invariant that must break, spelled out; or what else there is to say."""

    @property
    def caught(self) -> bool:
        """By the judge, for what it is, in time."""
        plan = PLANS[self.defect]
        return plan.invariant in self.broken and self.seconds <= plan.within


def prove(defect: str, seed: int, say: Callable[[str], None]) -> Proof:
    """One run with this defect in every process."""
    begun = time.monotonic()
    plan = PLANS[defect]
    options = {"only": plan.faults, "scale": plan.scale, "patience": PATIENCE, "twice": plan.twice}
    outcome = uvloop.run(run(seed, plan.minutes, defect=defect, say=say, **options))
    findings = {each.number: each for each in judge(outcome.evidence).broken} if outcome.evidence is not None else {}
    outcome.forget()
    told = findings[plan.invariant].check.violations if plan.invariant in findings else outcome.broken
    return Proof(defect, time.monotonic() - begun, tuple(findings), told[0] if told else "")


def prove_all(defects: Iterable[str], seed: int, say: Callable[[str], None]) -> tuple[str, bool]:
    """The table, and whether every defect was caught."""
    proofs = [prove(defect, seed, say) for defect in defects]
    lines = ["", f"{'planted defect':<30} {'caught after':<14} by"]
    for proof in proofs:
        when = f"{proof.seconds:.0f} s" if proof.caught else f"NO, {proof.seconds:.0f} s"
        names = ", ".join(f"({number}) {INVARIANTS[number][0]}" for number in proof.broken)
        lines += [f"{proof.defect:<30} {when:<14} {names}", f"{'':<30} e.g. {proof.example}"]
    return "\n".join(lines), all(proof.caught for proof in proofs)


def chosen(wish: str) -> list[str]:
    """`all`, or names with commas between them. Ends the program if one is no name."""
    names = list(ALL) if wish == "all" else [name for name in wish.split(",") if name]
    if unknown := set(names) - set(ALL):
        raise SystemExit(f"no such defect: {', '.join(sorted(unknown))}; there are {', '.join(ALL)}")
    return names
