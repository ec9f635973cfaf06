"""The due time of a deadline: so many working days after a moment of one day, at every place that has a calendar.

Each sample is a process of the build's own; what its first call costs, which computes calendars, is told beside.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable

from bench.against.api import Incomparable
from bench.against.builds import Build
from bench.against.field import Field, inherited
from bench.against.pairs import extra, pairs
from bench.against.verdict import Comparison, Kind
from bench.measure import Sample, rates

TITLE = "due time of a deadline"
CALLS = 20_000
PROGRAM = """
import json, time
from datetime import UTC, datetime, timedelta
from vocabulary.countries import TIME_ZONES, WORKING_DAYS

begin, places = datetime(2026, 11, 2, 7, tzinfo=UTC), sorted(TIME_ZONES)
asked = [
    (places[number % len(places)], begin + timedelta(seconds=number * 36000 / {calls}), (1, 2, 3, 5, 10)[number % 5])
    for number in range({calls})
]
first = time.perf_counter()
WORKING_DAYS.due_at(*asked[0])
first = time.perf_counter() - first
for each in asked[: len(places) * 5]:
    WORKING_DAYS.due_at(*each)
begun = time.perf_counter()
for each in asked:
    WORKING_DAYS.due_at(*each)
print(json.dumps({{"first": first, "seconds": time.perf_counter() - begun}}))
"""


def steps(repeats: int) -> int:
    """Every sample."""
    return 2 * repeats


def run(field: Field) -> Iterable[Comparison]:
    """Measures."""
    samples = pairs(field, "due_at", _sample)
    present, other = samples
    yield Comparison("due time", Kind.RATE, "calls/s", rates(present), rates(other))
    yield extra("due time, first call of a process", Kind.INFO, "ms", samples, "first_ms")


def _sample(build: Build) -> Sample:
    done = subprocess.run(
        [build.python, "-c", PROGRAM.format(calls=CALLS)],
        env={**inherited(), "PYTHONPATH": build.python_path},
        cwd=build.root,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise Incomparable(f"{build.short} counts working days by another name: {done.stderr.decode()[-300:]}")
    told = json.loads(done.stdout)
    return Sample(CALLS, told["seconds"], extra={"first_ms": told["first"] * 1000})
