"""One service under load: a new release with a migration; workers from 1 to 3 to 1, a killed pod and a lost one; the
release before again; then rotated passwords and certificates.

For a machine with little time (`make k8s-rollout`): what `test_rollouts.py` does with all five, of referral alone.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress

import pytest

from tests.k8s.executed.conftest import MIGRATED, NEXT_RELEASE, Overlay
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
from tests.support.chain import Chain, Heard, sequences, until
from tests.support.ledger import Insistent, Ledger, RefusedError
from tests.support.people import STAFF, Person
from tests.support.promises import REFERRAL, by_commands, by_key, expected
from tests.system.test_kill import (
    test_first_occurrences_of_each_key_are_numbered_without_gap_and_in_order,
    test_what_stands_in_a_topic_twice_is_the_same_event,
)

__all__ = [
    "answers",
    "chain",
    "felt",
    "ledger",
    "test_a_rotation_gave_no_other_error_than_come_again",
    "test_first_occurrences_of_each_key_are_numbered_without_gap_and_in_order",
    "test_nobody_felt_that_pods_were_changed",
    "test_nobody_was_cut_short_at_his_end",
    "test_what_stands_in_a_topic_twice_is_the_same_event",
]

WORKER = f"{MIGRATED}-worker"
AT_ONCE = 4
"""People whom somebody works on at the same time."""
HOLDERS = """
select a.pid, l.granted, a.client_addr::text, a.state, a.wait_event, now() - a.state_change as since, left(a.query, 200)
from pg_locks l join pg_stat_activity a using (pid) where l.locktype = 'advisory'
"""
PAUSE_SECONDS = 0.1
"""Before the next one: pods that start need the processors too."""


class Work:
    """Scouts register and refer people until told to stop; some of them withdraw."""

    def __init__(self, chain: Chain, answers: Counter[int], ledger: Ledger) -> None:
        self.people: list[Person] = []
        self.stopped = False
        scout = STAFF["scout"]
        self._scout = Insistent(scout[0], Counting(chain.as_(*scout), answers), ledger)  # type: ignore[arg-type]

    async def run(self) -> None:
        """All of it."""
        await asyncio.gather(*(self._one_after_another() for _ in range(AT_ONCE)))

    async def _one_after_another(self) -> None:
        while not self.stopped:
            person = Person(lambda _name: self._scout)
            self.people.append(person)
            with suppress(RefusedError):
                await person.opened()
                await person.referred()
                if len(self.people) % 3 == 0:
                    await person.withdrawn()
            await asyncio.sleep(PAUSE_SECONDS)


@pytest.fixture(scope="module")
async def people(
    overlay: Overlay, chain: Chain, ledger: Ledger, answers: Counter[int], felt: list[Felt]
) -> list[Person]:
    """The load, all that happens meanwhile, and then silence."""
    work = Work(chain, answers, ledger)
    working = asyncio.create_task(work.run())
    try:
        await asyncio.to_thread(rotate_migrator, overlay, MIGRATED)
        await asyncio.to_thread(roll, overlay)
        await asyncio.to_thread(scale, overlay, WORKER, 1, 3)
        await asyncio.to_thread(lose, overlay, WORKER, WORKER)
        await asyncio.to_thread(scale, overlay, WORKER, 1)
        await asyncio.to_thread(go_back, overlay)
        felt.append(Felt.until_now(overlay, ledger, answers))
        await asyncio.to_thread(rotate, overlay, MIGRATED)
        await answered(ledger, MIGRATED, 30)
    finally:
        work.stopped = True
        await working
    await all_published(chain)
    tell(f"people {len(work.people)}, answers {dict(answers)}")
    return work.people


async def all_published(chain: Chain) -> None:
    """Waits until nothing waits any more. Tells who leads, or would, if it never comes."""

    async def published() -> bool:
        return await chain.rows(MIGRATED, "select key from outbox limit 1") == []

    try:
        await until(published, "all that was promised to be published")
    except AssertionError as late:
        rows = await chain.rows(MIGRATED, HOLDERS)
        raise AssertionError(f"{late}; sessions with the lock of the relay: {rows}") from None


@pytest.fixture(scope="module")
async def heard(chain: Chain, people: list[Person]) -> dict[str, list[Heard]]:
    """Every event of the service's topics."""
    return {name: await chain.heard(name) for name in (MIGRATED, "reference")}


def test_each_command_was_heard_of_exactly_once(
    people: list[Person], ledger: Ledger, heard: dict[str, list[Heard]]
) -> None:
    ours = {person.case_id for person in people}
    told = by_key(heard[MIGRATED], lambda event: event.key in ours and by_commands(event))
    assert told == expected(ledger.promised(MIGRATED), REFERRAL)


async def test_every_promise_was_kept_once(chain: Chain, people: list[Person], ledger: Ledger) -> None:
    promised = ledger.promised(MIGRATED)
    ((kept,),) = await chain.rows(MIGRATED, "select count(*) from idempotency")
    assert kept == len({(entry.path, entry.key) for entry in promised})
    ((cases,),) = await chain.rows(MIGRATED, "select count(*) from case_file")
    assert cases == len({str(entry.answer) for entry in promised if entry.path == "/cases"})


async def test_counters_stand_where_the_topics_end(chain: Chain, heard: dict[str, list[Heard]]) -> None:
    for name, events in heard.items():
        query = "select key, sequence from stream where topic = $1"
        streams = dict(await chain.rows(MIGRATED, query, f"ph.{name}.v1"))
        assert streams == {key: found[-1] for key, found in sequences(events).items()}


async def test_both_releases_answered_and_the_first_runs_again_on_the_migrated_database(
    overlay: Overlay, chain: Chain, people: list[Person]
) -> None:
    first = release_of(overlay.documents)
    called = {address for door in overlay.cluster.published for _, (address, _) in door.led}
    assert {overlay.cluster.node.met[address][1][VERSION] for address in called} == {first, NEXT_RELEASE}
    running = {pod.labels[VERSION] for each in overlay.cluster.deployments.values() for pod in each.pods}
    assert running == {first}
    for release in (first, NEXT_RELEASE):
        assert overlay.cluster.jobs[f"{MIGRATED}-migrate-{in_names(release)}"].succeeded
    assert await chain.rows(MIGRATED, "select count(*) from the_next_release") == [(0,)]


async def test_the_secrets_of_before_open_nothing(overlay: Overlay, people: list[Person]) -> None:
    await the_former_secrets_open_nothing(overlay, MIGRATED)
    await the_former_password_opens_nothing(overlay, MIGRATED, "migrator")


def test_nothing_was_started_anew_for_what_was_rotated(overlay: Overlay, people: list[Person]) -> None:
    pods = [pod for pod in overlay.cluster.pods(**{NAME: MIGRATED}) if pod.phase == "Running"]
    assert [each.restarts for pod in pods for each in pod.containers] == [0, 0, 0, 0]


def test_no_connection_was_opened_that_no_policy_allows(overlay: Overlay, people: list[Person]) -> None:
    assert overlay.onlooker.look().refused == set()
