"""How long it takes until the next service has acted.

The clock starts when PostgreSQL confirms a command's commit to the referral service. It stops when PostgreSQL confirms
to the counselling service the batch with the command's event. Between them lie outbox, relay, Kafka, fetch, batch. Both
are the shipped services with relay and consumer; the command is `PlanDeparture`, whose event ends at its readers, so
that one hop is measured and not the way back as well. Commands enter at the `CommandBus`, evenly spaced and without
waiting for each other; HTTP is left out, which would only add to the time before the commit. Two rates; each repeat has
all its events behind it before the next begins. A command that fails because the machine cannot keep up counts as one
that takes `ARRIVAL_SECONDS`, and is told.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any
from uuid import UUID

from bench.bench import Bench
from bench.cases import referral_database
from bench.machine import cpu_seconds
from bench.measure import (
    Figure,
    Sample,
    Spread,
    cpu,
    in_turn,
)
from bench.offsets import skip_to_end
from deploy.local.places import ROOT

TITLE = "latency from a command's commit to the next service's committed effect"
RATES = (100, 500)
SECONDS = 5
WARM_UP_RATE, WARM_UP = 300, 6000
"""A new broker spends most of a core on its compiler for the first twenty seconds of such traffic."""
STOP_SECONDS = 30
ARRIVAL_SECONDS = 30
READS = {
    "referral": ("training", "counselling", "placement"),
    "counselling": ("referral", "training", "placement"),
}


class Process:
    """One end of the hop."""

    def __init__(self, which: str, dsn: str, bootstrap: str, log: Path) -> None:
        self._which = which
        self._log = log
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.ends", which, json.dumps({"dsn": dsn, "bootstrap": bootstrap})],
            cwd=ROOT,
            env={"PYTHONPATH": f"{ROOT / 'services'}:{ROOT}", "PATH": os.environ["PATH"]},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log.open("ab"),
        )
        self.pid = self._process.pid

    def started(self) -> None:
        """Waits until the service runs."""
        self._answer()

    def ask(self, **words: Any) -> Mapping[str, Any]:
        """Asks and waits for the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(words).encode() + b"\n")
        self._process.stdin.flush()
        return self._answer()

    def stop(self) -> None:
        """Asks it to end, and waits."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answer(self) -> Mapping[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the {self._which} has ended:\n{self._log.read_text()[-4000:]}")
        answer: Mapping[str, Any] = json.loads(line)
        return answer


def steps(repeats: int) -> int:
    """Preparation, warm-up, and every sample."""
    return 2 + len(RATES) * repeats


def run(bench: Bench) -> Iterable[Figure]:
    """Measures."""
    bench.tick("cases are made")
    dsn, made = referral_database(bench, WARM_UP + bench.repeats * SECONDS * sum(RATES))
    cases = iter(made)
    with _ends(bench, dsn) as (writer, reader):
        bench.tick("warm-up")
        _sample(bench, writer, reader, WARM_UP_RATE, [next(cases) for _ in range(WARM_UP)])

        def sample(rate: int) -> Callable[[], Sample]:
            return lambda: _sample(bench, writer, reader, rate, [next(cases) for _ in range(rate * SECONDS)])

        samples = in_turn({f"{rate}/s": sample(rate) for rate in RATES}, bench.repeats, bench.tick)
    bench.drop(dsn)
    for name, of_rate in samples.items():
        for cut, must, hope in (("p50", 12, 7), ("p99", 35, 20)):
            yield Figure(f"at {name}, {cut}", _spread(of_rate, cut), "ms", must, hope, at_most=True)
    for name, of_rate in samples.items():
        yield Figure(f"at {name}, longest", _spread(of_rate, "longest"), "ms")
        yield Figure(f"at {name}, rate reached", Spread.of([sample.rate for sample in of_rate]), "commands/s")
        yield Figure(f"at {name}, commands begun late by, p99", _spread(of_rate, "late"), "ms")
        yield Figure(f"at {name}, commands failed", _spread(of_rate, "failed"), "")
        yield Figure(f"at {name}, CPU of command and effect", Spread.of(cpu(of_rate)), "us/event")


@contextmanager
def _ends(bench: Bench, dsn: str) -> Iterator[tuple[Process, Process]]:
    """Both services, started; neither is concerned with what other parts have left in the topics."""
    with ExitStack() as last_first:
        counselling = bench.database()
        last_first.callback(bench.drop, counselling)
        for database, sources in ((dsn, READS["referral"]), (counselling, READS["counselling"])):
            bench.wait(skip_to_end(bench.bootstrap, database, [f"ph.{source}.v1" for source in sources]))
        ends = []
        for which, database in (("writer", dsn), ("reader", counselling)):
            end = Process(which, database, bench.bootstrap, bench.stack.logs / f"{which}.log")
            last_first.callback(end.stop)
            ends.append(end)
        for end in ends:
            end.started()
        yield ends[0], ends[1]


def _sample(bench: Bench, writer: Process, reader: Process, rate: int, cases: list[UUID]) -> Sample:
    counted = (writer.pid, reader.pid, *bench.servers)
    before = cpu_seconds(*counted)
    written = writer.ask(rate=rate, cases=[str(case) for case in cases])
    effects: dict[str, float] = {}
    until = time.monotonic() + ARRIVAL_SECONDS
    while not written["committed"].keys() <= effects.keys():
        if time.monotonic() > until:
            raise TimeoutError(f"{len(effects)} of {len(cases)} events have arrived")
        effects |= reader.ask()["committed"]
        time.sleep(0.05)
    used = cpu_seconds(*counted) - before
    failed = len(written["failed"])
    took = [(effects[case] - at) * 1000 for case, at in written["committed"].items()]
    took += [ARRIVAL_SECONDS * 1000] * failed
    cuts, late = quantiles(took, n=100), quantiles(written["late"], n=100)
    extra = {"p50": cuts[49], "p99": cuts[98], "longest": max(took), "late": late[98] * 1000, "failed": failed}
    return Sample(len(cases), written["seconds"], used, extra)


def _spread(samples: Iterable[Sample], name: str) -> Spread:
    return Spread.of([sample.extra[name] for sample in samples])
