"""The consumer path: the counselling service makes files, timers, positions and waiting events of a topic of referrals.

Nothing is published: the harness has the lock by which the service's relay would lead. Measured from the first commit
to the last, by the times that PostgreSQL keeps of them. Each sample has a new process and a new database and reads the
same topic from its start.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import asyncpg

from bench.against import referrals
from bench.against.builds import Build
from bench.against.field import Field, Service
from bench.against.pairs import pairs, rate
from bench.against.topics import watch
from bench.against.verdict import Comparison
from bench.measure import Sample

TITLE = "consumer path"
POLL_SECONDS = 0.1
"""Counting the rows costs the server some milliseconds each time."""
COUNT = "select count(*) from {outbox}"
COMMITS = "select pg_xact_commit_timestamp(xmin) as at, count(*) from {outbox} group by 1 order by 1"

Commits = Sequence[tuple[datetime, int]]


def steps(repeats: int) -> int:
    """A first run of both builds, and every sample."""
    return 2 + 2 * repeats


def run(field: Field) -> Iterable[Comparison]:
    """Measures. Raises `Incomparable` if a build's relay cannot be kept waiting."""
    made = referrals.published_by_both(field)
    outboxes = {build.label: referrals.outbox_of(field, build) for build in field.builds}
    locks = {build.label: referrals.leader_locks(field, build) for build in field.builds}

    def sample(build: Build) -> Sample:
        with field.copied(field.template(build, referrals.SERVICE)) as database:
            with referrals.relay_kept_waiting(field, database, locks[build.label]):
                with referrals.reading(field, build, database) as service:
                    return field.wait(filled(field, service, database, outboxes[build.label], made))

    yield from rate("events into tables", "events/s", pairs(field, "consumer", sample))


async def filled(field: Field, service: Service, database: str, outbox: str, made: int) -> Sample:
    """Waits until all that the build makes of the topic lies in its outbox."""
    connection = await asyncpg.connect(field.cluster.dsn(database))
    try:

        async def waiting() -> int:
            return int(await connection.fetchval(COUNT.format(outbox=outbox)))

        first, last = await watch(service.program, waiting, made, lambda: field.cpu(service.pid), POLL_SECONDS)
        commits: Commits = [tuple(row) for row in await connection.fetch(COMMITS.format(outbox=outbox))]
    finally:
        await connection.close()
    events, seconds = between(commits)
    per_event = (last.cpu - first.cpu) / (last.events - first.events)
    share = referrals.EVENTS / made
    return Sample(round(events * share), seconds, per_event * events)


def between(commits: Commits) -> tuple[int, float]:
    """How many events were committed after the first commit, and in how many seconds."""
    (begun, _), (ended, _) = commits[0], commits[-1]
    return sum(events for _, events in commits[1:]), (ended - begun).total_seconds()
