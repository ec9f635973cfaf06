"""The command path over HTTP: a returnee is referred.

Our referral service is the shipped one as an API process: guards, token, validation, Idempotency-Key, rules, document,
numbered event in the outbox, commit, metrics and a log line per request. `plain` is the same handler with FastAPI and
asyncpg alone (`plain.py`). Both leave the same document; that is checked before anything is measured. As a third,
the same service with its worker in the same process, as on one machine: it publishes to Kafka meanwhile.
"""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from bench.bench import Bench
from bench.cases import SCOUT, referral_database
from bench.load import Load, sent
from bench.measure import (
    Figure,
    Sample,
    Spread,
    absolute,
    in_turn,
    rates,
    ratio,
)
from bench.offsets import skip_to_end
from deploy.local import processes
from deploy.local.places import ROOT, free_port
from deploy.local.postgres import ADMIN

TITLE = "command path over HTTP: refer a returnee"
REQUESTS = 2400
WARM_UP = 400
CONNECTIONS = 16
BODY = {"priority": "normal", "needs": ["employment"], "wishes": [], "skills": ["7131"]}
OURS, ALL, PLAIN = "our service", "our service, worker in the same process", "FastAPI and asyncpg, no outbox"


@dataclass(frozen=True)
class Target:
    """A running variant: where it listens, its process, its database."""

    port: int
    pid: int
    dsn: str


def steps(repeats: int) -> int:
    """Preparation, warm-up, and every sample."""
    return 2 + 3 * repeats


def run(bench: Bench) -> Iterable[Figure]:
    """Measures."""
    bench.tick("cases are made")
    template, cases = referral_database(bench, WARM_UP + bench.repeats * REQUESTS)
    name = template.rpartition("/")[2]
    databases = {variant: bench.database(template=name, service="referral") for variant in (OURS, ALL, PLAIN)}
    try:
        with _ours(bench, databases[OURS], "api") as ours, _ours(bench, databases[ALL], "all") as both:
            with _plain(bench, databases[PLAIN]) as plain:
                targets = {OURS: ours, ALL: both, PLAIN: plain}
                samples = _samples(bench, targets, cases)
    finally:
        for dsn in (*databases.values(), template):
            bench.drop(dsn)
    yield Figure(
        "our service vs FastAPI and asyncpg", ratio(rates(samples[OURS]), rates(samples[PLAIN])), "x", 0.6, 0.8
    )
    yield from absolute(samples, "requests/s")
    for variant, of_variant in samples.items():
        for cut in ("p50_ms", "p99_ms"):
            values = [sample.extra[cut] for sample in of_variant]
            yield Figure(f"{variant}, {cut[:3]} of {CONNECTIONS} callers", Spread.of(values), "ms")
    clients = [sample.extra["client"] / sample.seconds for each in samples.values() for sample in each]
    yield Figure("the callers' own share of a core", Spread.of(clients), "")


def _samples(bench: Bench, targets: dict[str, Target], cases: list[UUID]) -> dict[str, list[Sample]]:
    token = bench.stack.issuer.token(SCOUT.role, SCOUT.org, SCOUT.country)
    bench.tick("warm-up")
    for target in targets.values():
        _send(bench, target, token, cases[:WARM_UP])
    _require_equal(bench, targets, cases[:WARM_UP])
    slices = {variant: iter(_slices(cases[WARM_UP:])) for variant in targets}

    def sample(variant: str) -> Callable[[], Sample]:
        return lambda: _send(bench, targets[variant], token, next(slices[variant]))

    samples = in_turn({variant: sample(variant) for variant in targets}, bench.repeats, bench.tick)
    return {variant: list(each) for variant, each in samples.items()}


def _slices(cases: list[UUID]) -> list[list[UUID]]:
    return [cases[start : start + REQUESTS] for start in range(0, len(cases), REQUESTS)]


def _send(bench: Bench, target: Target, token: str, cases: list[UUID]) -> Sample:
    body, (postgres, kafka) = json.dumps(BODY), bench.servers
    requests = [(f"/cases/{case}/referrals", body) for case in cases]
    counted = {"service": target.pid, "postgres": postgres, "kafka": kafka}
    result = sent(Load(target.port, token, requests, CONNECTIONS, counted))
    return Sample(result.pop("events"), result.pop("seconds"), result.pop("cpu_seconds"), result)


@contextmanager
def _ours(bench: Bench, dsn: str, role: str) -> Iterator[Target]:
    """The shipped service on this database."""
    stack, name, port = bench.stack, f"referral_{role}", free_port()
    if role == "all":
        topics = [f"ph.{source}.v1" for source in ("training", "counselling", "placement")]
        bench.wait(skip_to_end(bench.bootstrap, dsn, topics))
    program = stack.start_service(
        "referral",
        name=name,
        ROLE=role,
        PORT=str(port),
        REFERRAL_DATABASE_URL=f"postgresql://{ADMIN}@127.0.0.1:{stack.ports.postgres}/{dsn.rpartition('/')[2]}",
        REFERRAL_DATABASE_PASSWORD_FILE=str(stack.postgres.password_file(ADMIN)),
    )
    try:
        stack.wait_ready("referral", name=name, port=port)
        yield Target(port, program.pid, dsn)
    finally:
        program.stop(20)
        del stack.services[name]


@contextmanager
def _plain(bench: Bench, dsn: str) -> Iterator[Target]:
    stack, port = bench.stack, free_port()
    environment = {**stack.environment(), "PYTHONPATH": f"{ROOT / 'services'}:{ROOT}"}
    program = processes.start(
        "plain",
        [sys.executable, "-m", "bench.plain"],
        log=stack.logs / "plain.log",
        environment={**environment, "DATABASE_URL": dsn, "PORT": str(port)},
        directory=ROOT,
    )
    try:
        until = time.monotonic() + 30
        while not _answers(port):
            program.require_alive()
            if time.monotonic() > until:
                raise TimeoutError(f"plain is not ready; see {program.log}")
            time.sleep(0.05)
        yield Target(port, program.pid, dsn)
    finally:
        program.stop(20)


def _answers(port: int) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2):
        return True
    return False


def _require_equal(bench: Bench, targets: dict[str, Target], cases: list[UUID]) -> None:
    """Raises `RuntimeError` unless all variants have made the same of these cases, new ids and times aside."""
    found = {variant: bench.wait(_documents(target.dsn, cases)) for variant, target in targets.items()}
    if any(documents != found[PLAIN] for documents in found.values()):
        raise RuntimeError("the variants leave different documents")


async def _documents(dsn: str, cases: list[UUID]) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(dsn)
    try:
        query = "select id, version, status, cardinality(links), data from case_file where id = any($1) order by id"
        rows = await connection.fetch(query, cases)
    finally:
        await connection.close()
    return [(*row[:4], _comparable(json.loads(row[4]))) for row in rows]


def _comparable(data: dict[str, Any]) -> dict[str, Any]:
    for referral in data["referrals"]:
        for name in ("id", "root_id", "referred_at", "needs"):  # needs are sealed: no two boxes are alike
            referral[name] = None
    data["care_key"] = None
    for entry in data["timeline"]:
        if entry["type"] == "ReturneeReferred":
            entry["at"] = entry["subject"] = None
    return data
