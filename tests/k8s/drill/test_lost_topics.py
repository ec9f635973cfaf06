"""The topic drill: all topics of a service are gone, with events that a reader had not read yet.

Then the steps of docs/runbooks/lost-topics.md. The service goes on where its numbers were, what waited is published,
and each reader tells how many cases it has missed something of.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from deploy.local.places import SERVICES
from tests.k8s.drill.plain import all_published, got, missing, ph_restore, running
from tests.support.chain import CHAINS, Chain, Heard, until
from tests.support.people import STAFF, Person

pytestmark = pytest.mark.timeout(400)

LOST, TOPIC = "counselling", "ph.counselling.v1"
"""A service, and all the topics that it has."""
READER = "placement"
"""Reads it, and was away when the last events came."""


@dataclass
class Drill:
    """What was seen on the way."""

    people: dict[str, Person] = field(default_factory=dict)
    """By what the reader knew of them when the topic went: all, a part, nothing; or registered after it."""
    before: dict[str, int] = field(default_factory=dict)
    """Per key the last number that was published."""
    ready: dict[str, Any] = field(default_factory=dict)
    published_meanwhile: bool = True
    first_plan: tuple[int, Any] = (0, None)
    second_plan: tuple[int, Any] = (0, None)
    reconciled: tuple[int, Any] = (0, None)
    heard: list[Heard] = field(default_factory=list)
    metrics: str = ""


def ph(chain: Chain, *arguments: str) -> tuple[int, Any]:
    """Exit code and document of `ph restore` for the lost service."""
    return ph_restore(chain, LOST, *arguments)


async def published(chain: Chain) -> bool:
    """Nothing of the lost service waits."""
    return await all_published(chain, LOST)


async def drilled(chain: Chain, drill: Drill) -> None:
    """All of it, in the order in which a person would do it."""
    stack = chain.stack

    async def registered() -> Person:
        return await (await Person(lambda name: chain.as_(*STAFF[name])).opened()).referred()

    known, part = await registered(), await registered()
    await known.accepted()
    await chain.quiet()
    await asyncio.to_thread(stack.services[READER].stop, 20)
    await part.accepted()
    unknown = await registered()
    await unknown.accepted()
    await until(lambda: published(chain), "the last events to be published")
    drill.before = {event.key: event.sequence for event in await chain.heard(LOST)}

    await chain.broker.delete_topic(TOPIC)

    async def noticed() -> bool:
        return await chain.rows(LOST, "select kind from halt") == [("broker",)]

    await until(noticed, "the service to notice")
    drill.ready = json.loads(await asyncio.to_thread(got, chain, LOST, "/health/ready"))
    late = await registered()
    await late.accepted()
    await known.arrived()
    drill.people = {"all": known, "part": part, "nothing": unknown, "after": late}
    drill.first_plan = await asyncio.to_thread(ph, chain, "plan")
    await asyncio.to_thread(stack.ph, "topics", "apply", "--replication", "1")
    drill.second_plan = await asyncio.to_thread(ph, chain, "plan")
    drill.published_meanwhile = bool(await chain.heard(LOST))
    words = ("--by", "DRILL-2", "--reason", "the topic was deleted")
    drill.reconciled = await asyncio.to_thread(ph, chain, "reconcile", *words)

    stack.start_service(READER, **chain.settings)
    await asyncio.to_thread(stack.wait_ready, READER)
    await asyncio.to_thread(stack.wait_ready, LOST)
    await until(lambda: published(chain), "what waited to be published")
    # Told again, in the application: what happens next to those cases.
    await part.arrived()
    await unknown.arrived()
    await chain.quiet()
    drill.heard = await chain.heard(LOST)
    drill.metrics = await asyncio.to_thread(got, chain, READER, "/metrics")


Seen = tuple[Chain, Drill]


@pytest.fixture(scope="module")
async def drill() -> AsyncIterator[Seen]:
    async with running("lost-topics") as chain:
        drill = Drill()
        await drilled(chain, drill)
        yield chain, drill


def counted(metrics: str, name: str) -> float:
    """A counter of the lost topic; 0 if it was never raised."""
    lines = [line for line in metrics.splitlines() if line.startswith(f'{name}{{topic="{TOPIC}"')]
    return sum(float(line.split()[-1]) for line in lines)


def test_the_service_noticed_by_itself_published_nothing_and_went_on_answering(drill: Seen) -> None:
    _, seen = drill
    assert seen.ready["checks"]["lineage"] is False
    assert not seen.published_meanwhile
    assert seen.people["after"].referral_id  # referred and accepted meanwhile


def test_the_plan_lists_every_number_that_is_gone_before_and_after_the_topic_is_made_anew(drill: Seen) -> None:
    _, seen = drill
    assert seen.before.keys() - CHAINS == {seen.people[name].case_id for name in ("all", "part", "nothing")}
    for code, plan in (seen.first_plan, seen.second_plan, (1, seen.reconciled[1])):
        assert code == 1
        assert missing(plan) == {key: (1, last) for key, last in seen.before.items()}
    assert seen.reconciled[0] == 0


def test_numbers_go_on_where_they_were_and_what_waited_was_published(drill: Seen) -> None:
    _, seen = drill
    numbers: dict[str, list[int]] = {}
    for event in seen.heard:
        numbers.setdefault(event.key, []).append(event.sequence)
    assert {person.case_id for person in seen.people.values()} <= numbers.keys()
    for key, found in numbers.items():
        first = seen.before.get(key, 0) + 1
        assert found == list(range(first, first + len(found)))


async def test_the_reader_tells_of_how_many_cases_it_has_missed_something(drill: Seen) -> None:
    chain, seen = drill
    assert counted(seen.metrics, "ph_sequence_gaps_total") == 1
    assert counted(seen.metrics, "ph_first_seen_late_total") == 1
    stands = dict(await chain.rows(READER, "select key, sequence from position where source = $1", TOPIC))
    last = {event.key: event.sequence for event in seen.heard}
    cases = [person.case_id for person in seen.people.values()]
    assert [stands[case_id] for case_id in cases] == [last[case_id] for case_id in cases]


async def test_nothing_was_parked_and_those_who_had_read_it_miss_nothing(drill: Seen) -> None:
    chain, seen = drill
    for service in SERVICES:
        assert await chain.rows(service, "select key, type, failure, detail from parked") == []
    scouts = chain.as_(*STAFF["manager_of_referral"])
    for person in seen.people.values():
        case = await scouts.get(f"/cases/{person.case_id}")
        assert [referral["status"] for referral in case["referrals"]] in (["accepted"], ["in_progress"])


async def test_the_reader_acts_on_what_was_told_again(drill: Seen) -> None:
    chain, seen = drill
    desks = chain.as_(*STAFF["manager_of_placement"])
    for name in ("all", "part", "nothing"):
        candidate = await desks.get(f"/candidates/{seen.people[name].case_id}")
        assert candidate["arrived_on"] is not None
