"""The whole hop: the counselling service reads a topic of referrals, commits what it makes of them, and publishes.

Measured from the first event in its own topic to the last, by the offsets of that topic. Each sample has a new process
and a new database and reads the same topic from its start.
"""

from __future__ import annotations

from collections.abc import Iterable

from bench.against import referrals
from bench.against.builds import Build
from bench.against.field import Field, Service
from bench.against.pairs import pairs, rate
from bench.against.topics import POLL_SECONDS, events_in, watch
from bench.against.verdict import Comparison
from bench.measure import Sample

TITLE = "whole hop: consume, commit, publish"


def steps(repeats: int) -> int:
    """A first run of both builds, and every sample."""
    return 2 + 2 * repeats


def run(field: Field) -> Iterable[Comparison]:
    """Measures. Raises `Incomparable` if the builds publish different numbers of events for the same input."""
    made = referrals.published_by_both(field)
    yield from rate(
        "events through a service", "events/s", pairs(field, "hop", lambda build: _sample(field, build, made))
    )


def _sample(field: Field, build: Build, made: int) -> Sample:
    with field.copied(field.template(build, referrals.SERVICE)) as database:
        with referrals.reading(field, build, database) as service:
            return field.wait(published(field, service, made))


async def published(field: Field, service: Service, made: int, poll_seconds: float = POLL_SECONDS) -> Sample:
    """Waits until all that the build makes of the referrals has come out; there must be nothing of it yet."""
    async with events_in(field.bootstrap, referrals.TARGET) as ends:
        before = await ends()

        async def out() -> int:
            return await ends() - before

        first, last = await watch(service.program, out, made, lambda: field.cpu(service.pid), poll_seconds)
    handled = round(referrals.EVENTS * (made - first.events) / made)
    return Sample(handled, last.at - first.at, last.cpu - first.cpu)
