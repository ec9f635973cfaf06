"""The command path over HTTP: a returnee is referred, by 16 callers at a time.

The referral service runs as an API process on a copy of a database with cases and consents; each sample has a new
process and a new copy. The processor time of the callers is told in the report's file, and counts for nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from bench.against.api import REFER
from bench.against.builds import Build
from bench.against.field import CALLERS, Desk, Field
from bench.against.pairs import extra, pairs, rate
from bench.against.verdict import Comparison, Kind
from bench.load import Load, sent
from bench.measure import Sample

TITLE = "command path over HTTP: refer a returnee"
REQUESTS = 1200
WARM_UP = 200


def steps(repeats: int) -> int:
    """Cases of both builds, and every sample."""
    return 2 + 2 * repeats


def run(field: Field) -> Iterable[Comparison]:
    """Measures."""
    desks = {}
    for build in field.builds:
        field.tick(f"cases, {build.label} {build.short}")
        desks[build.label] = field.desk(build, WARM_UP + REQUESTS)
    samples = pairs(field, "commands", lambda build: _sample(field, build, desks[build.label]))
    yield from rate("refer a returnee", "requests/s", samples)
    yield extra("refer a returnee, p50", Kind.INFO, "ms", samples, "p50_ms")
    yield extra("refer a returnee, p99", Kind.INFO, "ms", samples, "p99_ms")
    for name in ("service", "postgres", "kafka", "client"):
        yield extra(f"CPU of {name}", Kind.INFO, "us/request", samples, name)


def _sample(field: Field, build: Build, desk: Desk) -> Sample:
    path, body = desk.api.path(REFER), json.dumps(desk.api.body(REFER))
    requests = [(path.format(case), body) for case in desk.cases]
    with field.copied(desk.template) as database, field.started(build, "referral", database, "api") as service:
        service.wait_ready()
        token, counted = field.token(), {"service": service.pid, **field.servers}
        sent(Load(service.port, token, requests[:WARM_UP], CALLERS))
        result = sent(Load(service.port, token, requests[WARM_UP : WARM_UP + REQUESTS], CALLERS, counted))
    events, seconds, cpu = (result.pop(name) for name in ("events", "seconds", "cpu_seconds"))
    for name in ("service", "postgres", "kafka", "client"):
        result[name] *= 1e6 / events
    return Sample(events, seconds, cpu, result)
