"""Under load: a new release with a migration, and back; workers from 1 to 3 to 1, a killed pod and a lost one; then
rotated passwords and certificates. Nothing is lost or done twice. Nobody gets a 5xx while pods are changed; while all
connections of a service break, he may be told to come again.

The judge is that of `tests/system/test_kill.py`: what must follow is worked out from the answers alone.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from tests.k8s.executed.conftest import MIGRATED, NEXT_RELEASE, Overlay
from tests.k8s.executed.gaps import Gaps
from tests.k8s.executed.releases import VERSION, in_names, release_of
from tests.k8s.executed.rendered import NAME
from tests.k8s.executed.under_load import (
    Counting,
    Felt,
    answered,
    answers,
    chain,
    felt,
    go_back,
    ledger,
    lose,
    roll,
    rotate,
    rotate_migrator,
    scale,
    test_a_rotation_gave_no_other_error_than_come_again,
    test_nobody_felt_that_pods_were_changed,
    test_nobody_was_cut_short_at_his_end,
    the_former_password_opens_nothing,
    the_former_secrets_open_nothing,
)
from tests.k8s.figures import tell
from tests.support.brokers import PARTITIONS
from tests.support.chain import READS, TOPICS, Chain, Heard
from tests.support.ledger import Insistent, Ledger
from tests.support.load import Load
from tests.support.people import STAFF, Person
from tests.system.test_kill import (
    test_each_command_to_placement_was_heard_of_exactly_once,
    test_each_command_to_referral_and_counselling_was_heard_of_exactly_once,
    test_each_enrolment_has_one_story_and_no_seat_is_given_twice,
    test_every_promise_was_kept_once,
    test_every_reader_stands_where_the_topics_end,
    test_first_occurrences_of_each_key_are_numbered_without_gap_and_in_order,
    test_nothing_is_parked,
    test_outboxes_are_empty_and_counters_stand_where_the_topics_end,
    test_what_stands_in_a_topic_twice_is_the_same_event,
)

__all__ = [
    "answers",
    "chain",
    "felt",
    "ledger",
    "test_a_rotation_gave_no_other_error_than_come_again",
    "test_each_command_to_placement_was_heard_of_exactly_once",
    "test_each_command_to_referral_and_counselling_was_heard_of_exactly_once",
    "test_each_enrolment_has_one_story_and_no_seat_is_given_twice",
    "test_every_promise_was_kept_once",
    "test_every_reader_stands_where_the_topics_end",
    "test_first_occurrences_of_each_key_are_numbered_without_gap_and_in_order",
    "test_nobody_felt_that_pods_were_changed",
    "test_nobody_was_cut_short_at_his_end",
    "test_nothing_is_parked",
    "test_outboxes_are_empty_and_counters_stand_where_the_topics_end",
    "test_what_stands_in_a_topic_twice_is_the_same_event",
]

SEED = 7
ROTATED = "counselling"
"""Whose passwords and certificates are changed meanwhile."""


@pytest.fixture(scope="module")
def gaps() -> Gaps:
    return Gaps()


@pytest.fixture(scope="module")
async def before(chain: Chain) -> dict[str, int]:
    """What other tests have left."""
    await chain.quiet()
    return await chain.counts()


@pytest.fixture(scope="module")
async def people(
    overlay: Overlay,
    chain: Chain,
    ledger: Ledger,
    answers: Counter[int],
    gaps: Gaps,
    before: dict[str, int],
    felt: list[Felt],
) -> list[Person]:
    """The load, all that happens to the pods meanwhile, and then silence."""
    staff = {n: Insistent(w[0], Counting(chain.as_(*w), answers), ledger) for n, w in STAFF.items()}  # type: ignore[arg-type]
    load = Load(staff.__getitem__, random.Random(SEED))
    looking = asyncio.create_task(gaps.watch(chain))
    working = asyncio.create_task(load.run())
    try:
        await asyncio.to_thread(rotate_migrator, overlay, MIGRATED)
        await asyncio.to_thread(roll, overlay)
        await asyncio.to_thread(scale, overlay, "counselling-worker", 1, 3, 1, 2)
        await asyncio.to_thread(lose, overlay, "placement-worker", "training-worker")
        await asyncio.to_thread(go_back, overlay)
        felt.append(Felt.until_now(overlay, ledger, answers))
        await asyncio.to_thread(rotate, overlay, ROTATED)
        await answered(ledger, ROTATED, 30)
    finally:
        load.stopped = True
        await working
        looking.cancel()
        await asyncio.wait([looking])
    await chain.quiet()
    tell(f"people {len(load.people)}, answers {dict(answers)}, longest waits in seconds, by partition:\n{gaps.told()}")
    return load.people


@pytest.fixture(scope="module")
async def heard(chain: Chain, people: list[Person]) -> dict[str, list[Heard]]:
    """Every event of every topic."""
    return {name: await chain.heard(name) for name in TOPICS}


def test_every_partition_was_read_on(people: list[Person], gaps: Gaps) -> None:
    """The figures are told, not judged; that there are some for every partition is."""
    found = {(service, topic) for service, topic, _ in gaps.longest}
    assert found == {(service, f"ph.{source}.v1") for service, sources in READS.items() for source in sources}
    seldom = ("ph.reference.v1", "ph.referral.keys.v1", ".operations.v1")
    ordinary = [place for place in gaps.longest if not place[1].endswith(seldom)]
    assert len(ordinary) == PARTITIONS * sum(not topic.endswith(seldom) for _, topic in found)


async def test_both_releases_ran_and_the_first_runs_again_on_the_migrated_database(
    overlay: Overlay, chain: Chain, people: list[Person]
) -> None:
    first = release_of(overlay.documents)
    running = {pod.labels[VERSION] for each in overlay.cluster.deployments.values() for pod in each.pods}
    assert running == {first} != {NEXT_RELEASE}
    for release in (first, NEXT_RELEASE):
        assert overlay.cluster.jobs[f"{MIGRATED}-migrate-{in_names(release)}"].succeeded
    assert await chain.rows(MIGRATED, "select count(*) from the_next_release") == [(0,)]


async def test_the_secrets_of_before_open_nothing(overlay: Overlay, people: list[Person]) -> None:
    await the_former_secrets_open_nothing(overlay, ROTATED)
    await the_former_password_opens_nothing(overlay, MIGRATED, "migrator")


def test_nothing_was_started_anew_for_what_was_rotated(overlay: Overlay, people: list[Person]) -> None:
    pods = overlay.cluster.pods(**{NAME: ROTATED, VERSION: release_of(overlay.documents)})
    running = [pod for pod in pods if pod.phase == "Running"]
    assert len(running) == 4
    assert [each.restarts for pod in running for each in pod.containers] == [0, 0, 0, 0]


def test_no_connection_was_opened_that_no_policy_allows(overlay: Overlay, people: list[Person]) -> None:
    assert overlay.onlooker.look().refused == set()
