"""The relay alone: all events that the counselling service has made of a topic wait, then its relay may lead.

Measured from the first event in the service's own topic to the last, by the offsets of that topic.
"""

from __future__ import annotations

from collections.abc import Iterable

from bench.against import referrals
from bench.against.builds import Build
from bench.against.field import Field
from bench.against.pairs import pairs, rate
from bench.against.parts.consumer import filled
from bench.against.parts.hop import published
from bench.against.verdict import Comparison
from bench.measure import Sample

TITLE = "relay"
POLL_SECONDS = 0.004


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
            with referrals.relay_kept_waiting(field, database, locks[build.label]) as let_go:
                with referrals.reading(field, build, database) as service:
                    field.wait(filled(field, service, database, outboxes[build.label], made))
                    let_go()
                    return field.wait(published(field, service, made, POLL_SECONDS))

    yield from rate("events out of the outbox", "events/s", pairs(field, "relay", sample))
