"""The disk drill: the broker's disk is lost, and a backup of it comes back that lacks the last events.

Then the steps of docs/runbooks/lost-topics.md, where there is a backup. What the backup has is there again by itself;
what was published after it is listed by case; nothing is done twice, and numbers go on behind all that were ever given.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from deploy.local.places import SERVICES
from tests.k8s.drill.plain import all_published, got, missing, ph_restore, running
from tests.support.chain import Chain, Heard, until
from tests.support.people import STAFF, Person

pytestmark = pytest.mark.timeout(400)

Numbers = dict[str, dict[str, int]]
"""Per service, per key, the last number that stands in its topic."""


@dataclass
class Drill:
    """What was seen on the way."""

    people: dict[str, Person] = field(default_factory=dict)
    """By what the backup knows of them: a part of their way, nothing; or registered after it."""
    backed_up: Numbers = field(default_factory=dict)
    lost_at: Numbers = field(default_factory=dict)
    ready: dict[str, Any] = field(default_factory=dict)
    plans: dict[str, tuple[int, Any]] = field(default_factory=dict)
    reconciled: dict[str, int] = field(default_factory=dict)
    heard: dict[str, list[Heard]] = field(default_factory=dict)

    @property
    def lost(self) -> dict[str, dict[str, tuple[int, int]]]:
        """Per service and key the numbers that the backup lacks."""
        return {
            service: {
                key: (self.backed_up[service].get(key, 0) + 1, last)
                for key, last in self.lost_at[service].items()
                if last > self.backed_up[service].get(key, 0)
            }
            for service in SERVICES
        }


async def numbers(chain: Chain) -> Numbers:
    """How far each topic has come."""
    found: Numbers = {}
    for service in SERVICES:
        for event in await chain.heard(service):
            last = found.setdefault(service, {})
            last[event.key] = max(last.get(event.key, 0), event.sequence)
    return {service: found.get(service, {}) for service in SERVICES}


async def drilled(chain: Chain, drill: Drill) -> None:
    """All of it, in the order in which a person would do it."""
    kafka = chain.stack.kafka
    data, backup = kafka.directory / "data", kafka.directory.with_name("kafka-backup")

    async def registered() -> Person:
        return await (await Person(lambda name: chain.as_(*STAFF[name])).opened()).referred()

    part = await registered()
    await part.accepted()
    await chain.quiet()
    shutil.copytree(data, backup)  # as a snapshot of a volume: of a broker that runs
    drill.backed_up = await numbers(chain)
    nothing = await registered()
    await nothing.accepted()
    await part.arrived()
    await chain.quiet()
    drill.lost_at = await numbers(chain)

    kafka.program.kill()
    shutil.rmtree(data)
    shutil.copytree(backup, data)
    await asyncio.to_thread(kafka.start)

    async def noticed(service: str) -> bool:
        return await chain.rows(service, "select kind from halt") == [("broker",)]

    owners = [service for service, keys in drill.lost.items() if keys]
    for service in owners:
        await until(partial(noticed, service), f"{service} to notice")
        drill.ready[service] = json.loads(await asyncio.to_thread(got, chain, service, "/health/ready"))
    after = await registered()
    drill.people = {"a part": part, "nothing": nothing, "after": after}
    words = ("--by", "DRILL-3", "--reason", "the disk was put back to 09:40")
    for service in SERVICES:
        drill.plans[service] = await asyncio.to_thread(ph_restore, chain, service, "plan")
    for service in owners:
        drill.reconciled[service], _ = await asyncio.to_thread(ph_restore, chain, service, "reconcile", *words)
    for service in SERVICES:
        await asyncio.to_thread(chain.stack.wait_ready, service)
        await until(partial(all_published, chain, service), f"what waited at {service} to be published")
    # Told again, in the application: what happens next to those cases.
    await after.accepted()
    await nothing.arrived()
    await chain.quiet()
    drill.heard = {service: await chain.heard(service) for service in SERVICES}


Seen = tuple[Chain, Drill]


@pytest.fixture(scope="module")
async def drill() -> AsyncIterator[Seen]:
    async with running("topics-from-backup") as chain:
        drill = Drill()
        await drilled(chain, drill)
        yield chain, drill


def test_each_owner_of_a_lost_event_noticed_by_itself(drill: Seen) -> None:
    _, seen = drill
    assert {service for service, keys in seen.lost.items() if keys} >= {"referral", "counselling"}
    assert seen.ready
    for service, ready in seen.ready.items():
        assert ready["checks"]["lineage"] is False, service


def test_the_plans_list_what_the_backup_lacks_and_nothing_else(drill: Seen) -> None:
    _, seen = drill
    for service, (code, plan) in seen.plans.items():
        assert missing(plan) == seen.lost[service], service
        assert code == (1 if seen.lost[service] else 0), service
    assert set(seen.reconciled.values()) == {0}


def test_what_the_backup_has_is_there_again_and_numbers_go_on_behind_all_that_were_given(drill: Seen) -> None:
    _, seen = drill
    for service in SERVICES:
        stands: dict[str, list[int]] = {}
        for event in seen.heard[service]:
            assert not event.again, f"{service}: {event.key} {event.sequence} stands there twice"
            stands.setdefault(event.key, []).append(event.sequence)
        for key, found in stands.items():
            old, last = seen.backed_up[service].get(key, 0), seen.lost_at[service].get(key, 0)
            new = [number for number in found if number > old]
            assert found[: len(found) - len(new)] == list(range(1, old + 1)), (service, key)
            assert new == list(range(last + 1, last + 1 + len(new))), (service, key)


async def test_those_who_had_read_what_is_lost_miss_nothing_and_nobody_did_anything_twice(drill: Seen) -> None:
    chain, seen = drill
    for service in SERVICES:
        assert await chain.rows(service, "select key, type, failure, detail from parked") == []
        metrics = await asyncio.to_thread(got, chain, service, "/metrics")
        gaps = [line for line in metrics.splitlines() if line.startswith("ph_sequence_gaps_total{")]
        assert sum(float(line.split()[-1]) for line in gaps) == 0, service
    scouts, desks = chain.as_(*STAFF["manager_of_referral"]), chain.as_(*STAFF["manager_of_placement"])
    for name, status in (("a part", "in_progress"), ("nothing", "in_progress"), ("after", "accepted")):
        case = await scouts.get(f"/cases/{seen.people[name].case_id}")
        assert [referral["status"] for referral in case["referrals"]] == [status], name
    for name in ("a part", "nothing"):
        candidate = await desks.get(f"/candidates/{seen.people[name].case_id}")
        assert candidate["arrived_on"] is not None
