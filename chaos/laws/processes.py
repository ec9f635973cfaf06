"""Processes: they back off, end in time, stay small, and say of themselves what is true."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from chaos.check import Check
from chaos.evidence import SECOND_SIGNAL, Evidence, Life
from chaos.laws.timely import SLOW_TO_READ
from chaos.prices import FORGED
from chaos.windows import Window, troubled, undisturbed, windows

FIRST_PAUSE = {"batch_retried": 0.01, "waiting": 0.1}
"""Seconds: half of the nominal pause before the first retry, since jitter may take the other half. It doubles from
attempt to attempt, up to the longest."""
LONGEST_PAUSE = 2.5
EARLY_SECONDS = 0.06
"""How much too early a busy process may wake from a sleep: asyncio counts from its last look at the clock."""
FORGOTTEN_SECONDS = 60
"""A retry belongs to no attempt that is so long ago: the longest pause, and the longest time that an attempt takes."""
SMALL_STEPS = 10
"""Seconds of a shutdown besides its three steps of `shutdown_seconds`: spans and pool, five each."""
STEPS = 3
AT_ONCE = 4.0
"""Seconds within which a second signal ends a process, counted from its sending. It is heard when the event loop turns:
after one batch's work, 0.3 s of an idle core and ten times as long on a machine that is full of work; and the observer
may be late. An orderly end takes longer: the fault has work under way that lasts 7 s."""
BOUND_BYTES = 400_000_000
"""Of one process, whatever is asked of it."""
GROWTH = 1.3
"""What the second half of an overload may need compared to the first: queues that grow without bound double."""
LONG_ENOUGH = 40
"""Seconds of an overload in whose first half a process has found its size."""
UNDISTURBED = ("overload", "calm", "poison", "odd_record", "operators_at_work", "clock_jump", *FORGED)
"""Faults that let nothing pile up."""
HEALED = 2.0
"""Seconds after another fault that are no part of it."""
UNREADY_SECONDS = 2.0
JITTER_SECONDS = 0.3
"""What the observer on a busy machine may be late."""

SERVER_GONE = ("postgres_crash", "postgres_killed")
"""The end of these is told by the observer's own connections: the server answers before the harness says so."""
WAY_GONE = ("postgres_black_hole", "postgres_refused", "postgres_password_rotated")
SILENCED = ("sigstop_consumer", "sigstop_leader", "handler_hangs")
"""Who is stopped, or hangs, answers nobody."""


def backs_off(evidence: Evidence) -> Check:
    """(9) Retries of a batch and of a start come with growing pauses.

    A process may have several consumers at their retries at the same time, and their lines do not tell whose they are:
    each attempt needs one before it, of anybody, that is long enough ago.
    """
    check = Check()
    for worker, lines in evidence.logs.items():
        attempts: dict[tuple[str, int], list[float]] = defaultdict(list)
        for line in lines:
            event = line.get("event", "")
            if event not in FIRST_PAUSE:
                continue
            what, attempt, at = f"{event} {line.get('what', '')}", line["attempt"], line["at"]
            attempts[what, attempt].append(at)
            pause = min(LONGEST_PAUSE, FIRST_PAUSE[event] * 2 ** (attempt - 1))
            if attempt > 1 and pause > EARLY_SECONDS:
                before = [each for each in attempts[what, attempt - 1] if at - each < FORGOTTEN_SECONDS]
                rested = [each for each in before if at - each >= pause - EARLY_SECONDS]
                waited = [f"{at - each:.3f}" for each in before]
                where = f"{worker}, {event}, attempt {attempt} at {at:.3f}"
                check.that(bool(rested), "seconds since an attempt before", where, f"{pause:.2f} or more", waited)
                check.count(f"of {event}")
                attempts[what, attempt - 1] = [each for each in before if each not in rested[-1:]]
    return check


def ends_in_time(evidence: Evidence) -> Check:
    """(12) A signal ends a process within the bound of its steps, a second signal at once."""
    check = Check()
    bound = STEPS * evidence.shutdown_seconds + SMALL_STEPS
    for worker, name, sent, limit in _signals(evidence, bound):
        life = _life_at(evidence.lives, worker, sent)
        if life is None or silenced(evidence, worker, sent, life.ended or float("inf")):
            continue
        where = f"{worker}, {name} at {sent:.3f}, {life.why}"
        seconds = (life.ended or float("inf")) - sent
        check.that(seconds <= limit, "seconds until it has ended", where, f"at most {limit:g}", round(seconds, 2))
        check.count(name)
    for life in evidence.lives:
        begins = [
            line["at"]
            for line in evidence.logs.get(life.worker, [])
            if line.get("event") == "shutdown_begins" and life.started <= line["at"] <= (life.ended or float("inf"))
        ]
        if begins and life.ended is not None and life.why.startswith("exited 0"):
            seconds = life.ended - begins[0]
            where = f"{life.worker}, {life.why}"
            check.that(seconds <= bound, "seconds of a shutdown", where, f"at most {bound:g}", round(seconds, 2))
            check.count("orderly shutdowns")
    return check


def _signals(evidence: Evidence, bound: float) -> Iterator[tuple[str, str, float, float]]:
    """Who was sent what, when, and how many seconds it may take."""
    for name in ("sigterm", "silent_collector"):
        for signalled in windows(evidence, (name,)):
            yield signalled.detail.split(" ")[0], name, signalled.begin, bound
    for entry in evidence.journal:
        if entry.detail.endswith(SECOND_SIGNAL):
            yield entry.detail.split(" ")[0], entry.fault, entry.at, AT_ONCE


def stays_small(evidence: Evidence) -> Check:
    """(13) Under overload a process stays within its bound, and has found its size by the middle of the longest time
    in which nothing else is wrong: after an outage it is full of what waited, and what is put back is read anew."""
    check = Check()
    for overload in windows(evidence, ("overload",)):
        for life in evidence.lives:
            service = life.worker.rpartition("-")[0]
            troubles = troubled(evidence, besides=UNDISTURBED, healing=HEALED, slow=SLOW_TO_READ, of=service)
            begin, end, _ = undisturbed(overload, troubles)
            middle = (begin + end) / 2
            sizes = [
                (sample.at, sample.resident)
                for sample in evidence.memory
                if sample.worker == life.worker
                and max(life.started, overload.begin) <= sample.at <= overload.end
                and (life.ended is None or sample.at <= life.ended)
            ]
            for at, resident in sizes:
                check.that(
                    resident <= BOUND_BYTES,
                    "resident bytes",
                    f"{life.worker} at {at:.3f}",
                    f"at most {BOUND_BYTES}",
                    resident,
                )
            quiet = [(at, size) for at, size in sizes if begin <= at <= end]
            early, late = ([size for at, size in quiet if (at > middle) is after] for after in (False, True))
            if end - begin >= LONG_ENOUGH and life.started < begin and early and late:
                check.count("lives of which growth was seen")
                what = "largest size of the second half of an overload, in relation to the first"
                check.that(
                    max(late) <= GROWTH * max(early),
                    what,
                    life.worker,
                    f"at most {GROWTH}",
                    f"{max(late) / max(early):.2f}: {max(late)} bytes",
                )
    if evidence.memory:
        check.count("MB at most", max(sample.resident for sample in evidence.memory) // 1_000_000)
    return check


def tells_the_truth(evidence: Evidence) -> Check:
    """(15) Not ready within 2 s of the loss of the database; never not live for it."""
    check = Check()
    for loss in _losses(evidence):
        for probe in evidence.probes:
            if not loss.concerns(probe.worker) or silenced(evidence, probe.worker, probe.asked - 1, probe.answered):
                continue
            where = f"{probe.worker}, {probe.asked - loss.begin:.2f} s after the loss"
            if loss.begin + UNREADY_SECONDS + JITTER_SECONDS < probe.answered < loss.end and probe.ready > 0:
                check.that(probe.ready != 200, "status of /health/ready without a database", where, 503, probe.ready)
                check.count("not ready", int(probe.ready == 503))
            if loss.begin < probe.asked < loss.end and probe.live != 0:
                check.that(probe.live == 200, "status of /health/live without a database", where, 200, probe.live)
    for life in evidence.lives:
        since = life.not_live_since
        if since is None or silenced(evidence, life.worker, since - 1, since):
            continue
        for loss in _losses(evidence):
            lost = loss.concerns(life.worker) and loss.begin < since < loss.end + 1
            check.that(not lost, "nobody is killed for a lost database", life)
    return check


def _losses(evidence: Evidence) -> list[Window]:
    found = list(windows(evidence, WAY_GONE))
    for gone in windows(evidence, SERVER_GONE):
        dark = [at for at, what in evidence.blind if what == "database" and gone.begin <= at <= gone.end]
        if dark:
            found.append(gone._replace(end=max(dark) - JITTER_SECONDS))
    return found


def silenced(evidence: Evidence, worker: str, since: float, until: float) -> bool:
    """True if it was stopped, or hung, at any moment of this time."""
    return any(
        window.concerns(worker) and window.begin - 1 < until and since < window.end + 2
        for window in windows(evidence, SILENCED)
    )


def _life_at(lives: Iterable[Life], worker: str, at: float) -> Life | None:
    return next(
        (each for each in lives if each.worker == worker and each.started <= at < (each.ended or float("inf"))), None
    )


def replay_changes_nothing(evidence: Evidence) -> Check:
    """(16) Reading every topic from offset 0 once more leaves every table and every topic as it was."""
    check = Check()
    replay = evidence.replay
    if replay is None:
        return check
    for service, tables in replay.before.items():
        for table, before in tables.items():
            after = replay.after[service][table]
            gone, new = sorted(set(before) - set(after)), sorted(set(after) - set(before))
            same = not gone and not new and len(before) == len(after)
            check.that(
                same, "a table after the replay", f"{service}.{table}", f"the same; gone {gone[:2]}", f"new {new[:2]}"
            )
            check.facts += len(before)
    for partition, end in replay.ends_before.items():
        check.equal("a topic's end after the replay", partition, end, replay.ends_after[partition])
    check.that(replay.read > 0, "records that were read again", "all groups", "some", replay.read)
    check.count("records read again", replay.read)
    return check
