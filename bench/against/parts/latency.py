"""How long it takes until the next service has acted, at a steady rate and without waiting for each other (open loop).

`from a command`: a returnee is referred over HTTP; the clock runs from when the request was due to when the counselling
service's ReferralReceived has reached its reader: HTTP, transaction, relay, Kafka, batch, relay, Kafka. Both services
run as they are shipped. `from an event`: the referral is put into the topic by the harness, and the counselling service
runs alone. A rate that a machine cannot keep shows as latency, since a request counts from when it was due.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import ExitStack

from bench.against import paced, referrals
from bench.against.api import REFER
from bench.against.builds import Build
from bench.against.field import Desk, Field
from bench.against.paced import Pace
from bench.against.pairs import Samples, extra, pairs, processor_time
from bench.against.topics import begin_at, skip
from bench.against.verdict import Comparison, Kind
from bench.measure import Sample

TITLE = "latency until the next service's event"
COMMANDS, EVENTS = 100, 500
"""Per second."""
SECONDS, WARM_UP_SECONDS = 4, 1
BROKER_SECONDS = 10
"""Per build: a new broker spends most of a core on its compiler for the first twenty seconds of such traffic."""


def steps(repeats: int) -> int:
    """Warm-up, cases of both builds, and every sample."""
    return 4 + 4 * repeats


def run(field: Field) -> Iterable[Comparison]:
    """Measures."""
    desks = {}
    for build in field.builds:
        field.tick(f"the broker warms up, {build.label} {build.short}")
        _after_event(field, build, BROKER_SECONDS)
    for build in field.builds:
        field.tick(f"cases, {build.label} {build.short}")
        desks[build.label] = field.desk(build, COMMANDS * (SECONDS + WARM_UP_SECONDS))
    events = pairs(field, f"events, {EVENTS}/s", lambda build: _after_event(field, build))
    yield from _figures(f"from an event, {EVENTS}/s", events)
    commands = pairs(field, f"commands, {COMMANDS}/s", lambda build: _after_command(field, build, desks[build.label]))
    yield from _figures(f"from a command, {COMMANDS}/s", commands)


def _figures(what: str, samples: Samples) -> Iterable[Comparison]:
    yield extra(f"{what}, p50", Kind.LATENCY, "ms", samples, "p50")
    yield extra(f"{what}, p99", Kind.LATENCY, "ms", samples, "p99")
    yield processor_time(what, samples)
    yield extra(f"{what}, begun late by, p99", Kind.INFO, "ms", samples, "late")


def _begin_at_the_end(field: Field, service: str, database: str) -> None:
    field.wait(begin_at(field.bootstrap, service))
    field.wait(skip(field.bootstrap, field.cluster.dsn(database), service))


def _after_event(field: Field, build: Build, seconds: int = SECONDS) -> Sample:
    with field.copied(field.template(build, referrals.SERVICE)) as database:
        _begin_at_the_end(field, referrals.SERVICE, database)
        with field.started(build, referrals.SERVICE, database, "worker") as service:
            service.wait_ready()
            counted = [service.pid, *field.servers.values()]
            return paced.run(Pace(field.bootstrap, EVENTS, EVENTS * WARM_UP_SECONDS, EVENTS * seconds, counted))


def _after_command(field: Field, build: Build, desk: Desk) -> Sample:
    path, body = desk.api.path(REFER), json.dumps(desk.api.body(REFER))
    with ExitStack() as last_first:
        services = []
        for name, template, role in (
            ("referral", desk.template, "all"),
            (referrals.SERVICE, field.template(build, referrals.SERVICE), "worker"),
        ):
            database = last_first.enter_context(field.copied(template))
            _begin_at_the_end(field, name, database)
            services.append(last_first.enter_context(field.started(build, name, database, role)))
        for service in services:
            service.wait_ready()
        counted = [*(service.pid for service in services), *field.servers.values()]
        pace = Pace(
            field.bootstrap,
            COMMANDS,
            COMMANDS * WARM_UP_SECONDS,
            COMMANDS * SECONDS,
            counted,
            services[0].port,
            field.token(),
            [(case, path.format(case), body) for case in desk.cases[: COMMANDS * (SECONDS + WARM_UP_SECONDS)]],
        )
        return paced.run(pace)
