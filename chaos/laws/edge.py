"""What the services' doors promise while callers are slow, large or forged."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator

from chaos.check import Check
from chaos.edge import STRANGE, Call
from chaos.evidence import WRITES, Evidence, Life, Probe
from chaos.laws.processes import BOUND_BYTES, silenced
from chaos.laws.timely import NO_REASON, OF_TOPICS, SLOW_TO_READ
from chaos.windows import Quiet, Window, troubled, windows

EDGE = ("slow_client", "large_client", "forger")
"""The faults of `faults/callers.py`."""
ANSWERED_WITHIN = 10.0
"""Seconds until a good command must have its answer, while nothing is wrong but such callers."""
HEALING = 10.0
"""Seconds after another fault that do not count."""
AT_ONCE = 0.5
"""Seconds after its first try in which nothing else may be wrong: else the command says nothing of these callers."""
GROWN_UP = 20.0
"""Seconds after which a process has its partitions."""
ENDING = 40.0
"""Seconds that an end may take, from its signal on: nobody is answered then."""


def callers_within_bounds(evidence: Evidence) -> Check:
    """(23) Who is slow, large or forged is refused as promised, let go in time, and has no effect; all others are
    answered meanwhile, probes tell the truth, and no process grows beyond its bound."""
    check = Check()
    _refused(evidence, check)
    _without_effect(evidence, check)
    strange = list(windows(evidence, EDGE))
    quiet = {service: _quiet(evidence, service, besides=(*EDGE, *NO_REASON)) for service in WRITES}
    for served in evidence.edge.served:
        alone = quiet["shop"].seconds(served.asked, served.asked + AT_ONCE) >= AT_ONCE - 0.001
        if _in(strange, served.asked) and alone:
            late = quiet["shop"].seconds(served.asked, min(served.answered, evidence.over))
            what = "seconds until a good command was answered"
            check.that(late <= ANSWERED_WITHIN, what, f"asked at {served.asked:.3f}", "at most 10", round(late, 1))
            check.count("good commands")
    # Whose topics are others by now is not ready until it reads all of them: that is the truth.
    ready = {service: _quiet(evidence, service, besides={*EDGE, *NO_REASON} - {*OF_TOPICS}) for service in WRITES}
    lives = list(evidence.lives)
    for probe in evidence.probes:
        life = _life(lives, probe.worker, probe.asked)
        if life is None or not _in(strange, probe.asked) or not _grown_up(life, probe):
            continue
        spent = probe.answered - probe.asked
        if ready[life.service].seconds(probe.asked, probe.answered) >= spent - 0.001:
            where = f"{probe.worker} at {probe.asked:.3f}"
            check.equal("probes while callers are strange", where, (200, 200), (probe.live, probe.ready))
            check.count("probes")
    for sample in evidence.memory:
        if _in(strange, sample.at):
            where = f"{sample.worker} at {sample.at:.3f}"
            check.that(
                sample.resident <= BOUND_BYTES, "resident bytes", where, f"at most {BOUND_BYTES}", sample.resident
            )
    return check


def _quiet(evidence: Evidence, service: str, *, besides: Collection[str]) -> Quiet:
    return Quiet(troubled(evidence, besides=besides, healing=HEALING, slow=SLOW_TO_READ, of=service))


def _refused(evidence: Evidence, check: Check) -> None:
    for call in evidence.edge.calls:
        if silenced(evidence, call.worker, call.asked, min(call.ended, call.asked + call.within)):
            continue
        where = f"{call.worker}, {call.kind}, asked at {call.asked:.3f}"
        lasted = call.ended - call.asked
        what = "seconds until a caller was let go"
        check.that(lasted <= call.within, what, where, f"at most {call.within:g}", round(lasted, 1))
        if call.status == 0 and _met_an_end(evidence, call):
            check.count("met an end")
            continue
        check.that(call.status in call.promised, "the answer to a caller", where, call.promised, call.status)
        check.count(f"of {call.status or 'no answer'}")


def _met_an_end(evidence: Evidence, call: Call) -> bool:
    """Whether the process ended meanwhile, or was about to, or had not begun to listen."""
    life = _life(evidence.lives, call.worker, call.asked)
    if life is None or (life.ended is not None and life.ended <= call.asked + ENDING):
        return True
    return not any(
        probe.worker == call.worker and probe.live > 0 and life.started <= probe.answered <= call.asked
        for probe in evidence.probes
    )


def _without_effect(evidence: Evidence, check: Check) -> None:
    if not evidence.edge.calls:
        return
    found = sorted({*_in_tables(evidence), *_in_topics(evidence)})
    what = "what strange callers asked for was done"
    check.that(not found, what, "the shop's tables and topics", "nothing", found[:5])


def _in_tables(evidence: Evidence) -> Iterator[int]:
    for tables in evidence.tables.values():
        for state in tables.states.values():
            for numbers in state.values():
                if isinstance(numbers, list):
                    yield from (n for n in numbers if isinstance(n, int) and abs(n) >= STRANGE)
        for alarms in tables.pending.values():
            yield from (n for n in alarms if n >= STRANGE)


def _in_topics(evidence: Evidence) -> Iterator[int]:
    for topic in WRITES.values():
        for record in evidence.topics.get(topic, ()):
            body = json.loads(record.value or b"{}")
            if body.get("n", 0) >= STRANGE:
                yield body["n"]


def _in(found: list[Window], at: float) -> bool:
    return any(window.begin <= at <= window.end for window in found)


def _life(lives: list[Life], worker: str, at: float) -> Life | None:
    return next(
        (each for each in lives if each.worker == worker and each.started <= at < (each.ended or float("inf"))), None
    )


def _grown_up(life: Life, probe: Probe) -> bool:
    """Whether the process has begun long ago, and does not end soon."""
    return life.started + GROWN_UP < probe.asked and (life.ended or float("inf")) > probe.answered + ENDING
