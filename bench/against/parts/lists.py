"""A page of a list over HTTP: 50 referrals, and 50 cases, by 16 callers at a time.

The referral service runs as an API process on a copy of a database in which every case has been referred; each sample
has a new process and a new copy. Its answers are read to their end, and hold the same number of items in both builds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from bench.against.api import REFER, Incomparable
from bench.against.builds import Build
from bench.against.field import CALLERS, Desk, Field, execute
from bench.against.pairs import pairs, rate
from bench.against.verdict import Comparison
from bench.load import GET, Load, sent
from bench.measure import Sample

TITLE = "pages of lists over HTTP"
CASES = 600
LIMIT = 50
PAGES = 400
WARM_UP = 50
LISTS = {"a page of referrals": f"/referrals?limit={LIMIT}", "a page of cases": f"/cases?limit={LIMIT}"}


def steps(repeats: int) -> int:
    """Cases of both builds, and every sample of every list."""
    return 2 + len(LISTS) * 2 * repeats


def run(field: Field) -> Iterable[Comparison]:
    """Measures."""
    desks = {}
    for build in field.builds:
        field.tick(f"cases, {build.label} {build.short}")
        desks[build.label] = field.desk(build, CASES)
        _refer_all(field, build, desks[build.label])

    def of(path: str) -> Callable[[Build], Sample]:
        return lambda build: _sample(field, build, desks[build.label], path)

    for what, path in LISTS.items():
        yield from rate(what, "pages/s", pairs(field, what, of(path)))


def _refer_all(field: Field, build: Build, desk: Desk) -> None:
    """Once per build: the copies of all samples are made of this."""
    path, body = desk.api.path(REFER), json.dumps(desk.api.body(REFER))
    with field.started(build, "referral", desk.template, "api") as service:
        service.wait_ready()
        requests = [(path.format(case), body) for case in desk.cases[:CASES]]
        sent(Load(service.port, field.token(), requests, CALLERS))
    field.wait(execute(field.cluster.dsn(desk.template), "vacuum analyze", "checkpoint"))


def _sample(field: Field, build: Build, desk: Desk, path: str) -> Sample:
    with field.copied(desk.template) as database, field.started(build, "referral", database, "api") as service:
        service.wait_ready()
        token, counted = field.token(), {"service": service.pid, **field.servers}
        pages = sent(Load(service.port, token, [(path, GET)] * 2, 1, keep=True))["answers"]
        if wrong := {len(page["items"]) for page in pages} - {LIMIT}:
            raise Incomparable(f"{build.short} answers GET {path} with {wrong} items of {CASES}")
        sent(Load(service.port, token, [(path, GET)] * WARM_UP, CALLERS))
        result = sent(Load(service.port, token, [(path, GET)] * PAGES, CALLERS, counted))
    return Sample(result["events"], result["seconds"], result["cpu_seconds"])
