"""One chaos run from start to verdict: load, faults, silence, an operator, the judge, and everything once more."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from chaos import aftermath, evidence
from chaos.evidence import Evidence, Replay
from chaos.faults import Fault, Scene
from chaos.load import Load
from chaos.operators import StuckError
from chaos.prices import Prices
from chaos.schedule import (
    FULL_MINUTES,
    LANES,
    LONGER,
    SHORT_LANES,
    Schedule,
    chosen,
)
from chaos.supervisor import Supervisor
from chaos.tips import Tips
from chaos.watch import Watch
from chaos.world import SHUTDOWN_SECONDS, World

PROCESSES = {"shop": 2, "till": 3}
WARM_UP = 2.0
"""Seconds of load before the first fault."""
FULL_SCALE_MINUTES = 5
"""A run of this length overloads for a whole minute; shorter ones for less."""


@dataclass
class Outcome:
    """What a run has come to."""

    seed: int
    evidence: Evidence | None = None
    whole: bool = False
    """All faults, and time for each of them: then every invariant must have been put to the test."""
    broken: list[str] = field(default_factory=list)
    """What the run itself saw go wrong: it did not drain, a caller got an answer that nobody should get, ..."""
    figures: dict[str, object] = field(default_factory=dict)
    logs: Path = Path()
    """They stay until the next run, unless somebody calls `forget`."""
    forget: Callable[[], None] = lambda: None


async def run(
    seed: int,
    minutes: float,
    *,
    defect: str = "",
    only: Sequence[str] = (),
    patience: float = aftermath.DRAIN_SECONDS,
    twice: bool = True,
    scale: float | None = None,
    say: Callable[[str], None],
) -> Outcome:
    """Runs and collects. What the evidence says is for the judge.

    `patience`: seconds until what was sent is read. `twice`: in the end everything is read once more.
    `scale`: see `Scene`; by the length of the run unless given.
    """
    outcome = Outcome(seed, whole=minutes >= FULL_MINUTES and not only and not defect)
    dice = random.Random(seed)
    faults = chosen(minutes, only)
    async with World(seed, processes=PROCESSES, defect=defect, say=say) as world:
        supervisor = Supervisor(world)
        watch = Watch(world)
        try:
            await watch.start()
            world.raise_flag("shut")
            supervisor.keep_all()
            say("workers: starting")
            if missing := await supervisor.until_ready(90):
                raise aftermath.NotDrainedError(f"never ready: {', '.join(missing)}")
            scale = min(1.0, minutes / FULL_SCALE_MINUTES) if scale is None else scale
            await _storm(world, supervisor, dice, faults, minutes, scale, outcome)
            say("faults and load are over: draining")
            drained = False
            try:
                await aftermath.settle(world, supervisor, dice, patience)
                drained = True
            except (aftermath.NotDrainedError, StuckError, TimeoutError) as error:
                why = str(error) or "Nobody takes up what is to be retried."
                outcome.broken.append(f"it does not drain, so what is missing above may be on its way still. {why}")
            await watch.stop()
            say("collecting evidence")
            outcome.evidence = await evidence.collect(world, watch)
            outcome.evidence.shutdown_seconds = SHUTDOWN_SECONDS
            if drained and twice:
                say("reading everything once more")
                outcome.evidence.replay = await _replay(world, supervisor)
            outcome.broken += _unexpected_ends(world)
        except aftermath.NotDrainedError as error:
            outcome.broken.append(str(error))
        finally:
            with suppress(Exception):
                await watch.stop()
            await supervisor.close()
    outcome.logs, outcome.forget = world.directory / "log", world.forget
    return outcome


async def _storm(
    world: World,
    supervisor: Supervisor,
    dice: random.Random,
    faults: Sequence[Fault],
    minutes: float,
    scale: float,
    outcome: Outcome,
) -> None:
    load, prices = (each(world, random.Random(dice.random())) for each in (Load, Prices))
    tips = Tips(world, random.Random(dice.random()))
    scene = Scene(world, supervisor, load, prices, tips, scale)
    lanes = LANES if minutes >= FULL_MINUTES else SHORT_LANES
    schedule = Schedule(scene, random.Random(dice.random()), faults, lanes=lanes)
    working = [asyncio.create_task(load.run()), asyncio.create_task(prices.run()), asyncio.create_task(tips.run())]
    begun = time.monotonic()
    try:
        await asyncio.sleep(WARM_UP)
        await schedule.run(minutes * 60 - WARM_UP, until_all=minutes * 60 * LONGER if outcome.whole else 0)
    finally:
        world.ledger.over = time.time()
        load.stop()
        prices.stop()
        tips.stop()
        await asyncio.gather(*working)
    ledger = world.ledger
    missed = [name for name, times in schedule.injected.items() if not times]
    outcome.broken += load.surprises
    if outcome.whole and missed:
        outcome.broken.append(f"not injected: {', '.join(missed)}")
    outcome.figures |= {
        "seconds of storm": round(time.monotonic() - begun),
        "faults injected": f"{sum(schedule.injected.values())}, {len(faults) - len(missed)} of {len(faults)} kinds",
        "not injected": ", ".join(missed) or "none",
        "dealt again": "; ".join(schedule.dealt_again) or "none",
        "lives of workers": sum(len(worker.lives) for worker in world.workers),
        "commands answered": len(ledger.late_promises),
        "requests": ledger.attempts,
        "without an answer": len(ledger.unanswered),
        "longest wait for an answer, s": round(max(ledger.late_promises, default=0), 1),
        "records of the foreign producer": len(ledger.priced),
        "of these again": sum(sent.duplicate for sent in ledger.priced),
        "of these poison": sum(sent.kind != "plain" for sent in ledger.priced),
    }


async def _replay(world: World, supervisor: Supervisor) -> Replay:
    before, ends_before = await evidence.snapshot(world)
    read = await aftermath.read_again(world, supervisor)
    after, ends_after = await evidence.snapshot(world)
    return Replay(before, after, ends_before, ends_after, read)


def _unexpected_ends(world: World) -> list[str]:
    """Processes that ended without anybody's doing: what nobody foresaw."""
    return [
        f"{worker.name} {life.why} after {life.ended - life.started:.1f} s, and nobody had asked it to"
        for worker in world.workers
        for life in worker.lives
        if life.ended is not None and life.why.startswith("exited") and ":" not in life.why
    ]
