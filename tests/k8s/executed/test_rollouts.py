"""Under load: a new release with a migration, workers from 1 to 3 to 1, a killed pod and a lost one. Nothing is lost or
done twice, nobody gets a 5xx.

The judge is that of `tests/system/test_kill.py`: what must follow is worked out from the answers alone.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from deploy.local.places import SERVICES
from tests.k8s.executed.conftest import MIGRATED, NEXT_RELEASE, Overlay
from tests.k8s.executed.gaps import Gaps
from tests.k8s.executed.releases import VERSION, release_of, released
from tests.support.brokers import Broker
from tests.support.chain import Caller, Chain, Heard
from tests.support.ledger import Insistent, Ledger
from tests.support.people import STAFF, Person
from tests.system.test_kill import (
    Load,
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
    "test_each_command_to_placement_was_heard_of_exactly_once",
    "test_each_command_to_referral_and_counselling_was_heard_of_exactly_once",
    "test_each_enrolment_has_one_story_and_no_seat_is_given_twice",
    "test_every_promise_was_kept_once",
    "test_every_reader_stands_where_the_topics_end",
    "test_first_occurrences_of_each_key_are_numbered_without_gap_and_in_order",
    "test_nothing_is_parked",
    "test_outboxes_are_empty_and_counters_stand_where_the_topics_end",
    "test_what_stands_in_a_topic_twice_is_the_same_event",
]

SEED = 7


class Executed(Chain):
    """The four services as they run in the cluster, seen from outside."""

    def __init__(self, overlay: Overlay) -> None:
        self.stack = overlay.stand
        self.overlay = overlay
        self.broker = Broker(overlay.stand.kafka.bootstrap)
        self._callers: dict[tuple[str, str, str, str], Caller] = {}

    @asynccontextmanager
    async def database(self, service: str) -> AsyncIterator[asyncpg.Connection]:
        """A superuser's connection to a service's database."""
        connection = await self.overlay.stand.databases[service].connect(service)
        try:
            yield connection
        finally:
            await connection.close()


class Counting:
    """A caller who writes down what answers he gets."""

    def __init__(self, caller: Caller, answers: Counter[int]) -> None:
        self._caller = caller
        self._answers = answers

    async def send(self, path: str, body: Any = None, *, key: str = "", method: str = "POST") -> httpx.Response:
        """One command over a connection of its own, as a gateway makes it: the next pod that is ready gets it."""
        headers = {"Idempotency-Key": key or str(uuid4()), "Connection": "close"}
        answer = await self._caller.http.request(method, path, json=body, headers=headers)
        self._answers[answer.status_code] += 1
        return answer


@pytest.fixture(scope="module")
async def chain(overlay: Overlay, chosen: tuple[str, ...]) -> AsyncIterator[Chain]:
    overlay.open_doors(chosen)
    chain = Executed(overlay)
    yield chain
    await chain.close()


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture(scope="module")
def answers() -> Counter[int]:
    return Counter()


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
    overlay: Overlay, chain: Chain, ledger: Ledger, answers: Counter[int], gaps: Gaps, before: dict[str, int]
) -> list[Person]:
    """The load, all that happens to the pods meanwhile, and then silence."""
    staff = {n: Insistent(w[0], Counting(chain.as_(*w), answers), ledger) for n, w in STAFF.items()}  # type: ignore[arg-type]
    load = Load(staff.__getitem__, random.Random(SEED))
    looking = asyncio.create_task(gaps.watch(chain))
    working = asyncio.create_task(load.run())
    try:
        await asyncio.to_thread(roll, overlay)
        await asyncio.to_thread(scale, overlay)
        await asyncio.to_thread(lose, overlay)
    finally:
        load.stopped = True
        await working
        looking.cancel()
        await asyncio.wait([looking])
    await chain.quiet()
    print(
        f"\npeople {len(load.people)}, answers {dict(answers)}, longest waits in seconds, by partition:\n{gaps.told()}"
    )
    return load.people


def roll(overlay: Overlay) -> None:
    """A new release of everything with a migration, as `kubectl apply -k` brings it."""
    overlay.cluster.apply(released(overlay.documents, NEXT_RELEASE))
    overlay.cluster.wait_done(seconds=300)
    overlay.cluster.wait_complete(seconds=500)


def scale(overlay: Overlay) -> None:
    """Workers of the busiest reader."""
    for replicas in (1, 3, 1, 2):
        overlay.cluster.scale("counselling-worker", replicas)
        overlay.cluster.wait_complete("counselling-worker", seconds=200)


def lose(overlay: Overlay) -> None:
    """A worker is killed and started anew in its pod, another is gone for good."""
    killed, lost = (
        overlay.cluster.deployments[f"{service}-worker"].current[0] for service in ("placement", "training")
    )
    overlay.cluster.call(killed.kill)
    overlay.cluster.call(lambda: lost.destroy() and None)
    overlay.cluster.wait_complete("placement-worker", "training-worker", seconds=200)


@pytest.fixture(scope="module")
async def heard(chain: Chain, people: list[Person]) -> dict[str, list[Heard]]:
    """Every event of every topic."""
    return {service: await chain.heard(service) for service in SERVICES}


def test_nobody_got_an_answer_that_says_come_again_later(
    overlay: Overlay, people: list[Person], answers: Counter[int], ledger: Ledger
) -> None:
    assert people
    assert {status for status in answers if status >= 500} == set()
    refused = [line for line in overlay.cluster.node.said if "no pod is ready" in line]
    assert (ledger.nobody, ledger.silent, refused) == (Counter(), Counter(), [])


def test_nobody_was_cut_short_at_his_end(overlay: Overlay, people: list[Person]) -> None:
    assert [line for line in overlay.cluster.node.said if "grace" in line] == []


def test_every_partition_was_read_on(people: list[Person], gaps: Gaps) -> None:
    """The figures are told, not judged; that there are some for every partition is."""
    assert len(gaps.longest) == 60


async def test_the_next_release_runs_on_a_migrated_database(
    overlay: Overlay, chain: Chain, people: list[Person]
) -> None:
    running = {pod.labels[VERSION] for each in overlay.cluster.deployments.values() for pod in each.pods}
    assert running == {NEXT_RELEASE} != {release_of(overlay.documents)}
    assert overlay.cluster.jobs[f"{MIGRATED}-migrate-{NEXT_RELEASE}"].succeeded
    assert await chain.rows(MIGRATED, "select count(*) from the_next_release") == [(0,)]


def test_no_connection_was_opened_that_no_policy_allows(overlay: Overlay, people: list[Person]) -> None:
    assert overlay.onlooker.look().refused == set()
