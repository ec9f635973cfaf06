"""The restore drill: one service's database goes back to a moment in the middle of the load, the others go on.

Then come the steps of docs/restore.md, as a person takes them. Nothing is dropped without being listed, no number is
given twice, and no effect is had twice by anybody.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from deploy.local.places import LOCAL, ROOT, SERVICES, free_ports
from tests.k8s.drill.archive import RESTORE_SECONDS
from tests.k8s.drill.stack import DrillChain, DrillStack
from tests.support.chain import Heard, until
from tests.support.ledger import Entry, Insistent, Ledger, RefusedError
from tests.support.otlp import Collector
from tests.support.people import STAFF, Person, past

pytestmark = pytest.mark.timeout(400)

LOST = "counselling"
"""Whose database is put back: it reads three topics, and all three others read its."""
TOPIC = f"ph.{LOST}.v1"
AT_ONCE = 5
PATIENCE = 300
"""Seconds that somebody asks on for, while a database is put back."""
BEFORE, AFTER = 25, 25
"""People who have begun before the moment that the database goes back to, and at least so many after it."""


@dataclass
class Drill:
    """What was seen on the way."""

    people: list[Person] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)
    remembered: dict[str, int] = field(default_factory=dict)
    """Per key the last number that the restored database knew, before anybody had decided anything."""
    waiting: int = 0
    told: list[Heard] = field(default_factory=list)
    """What stood in the topic then."""
    promised: list[Entry] = field(default_factory=list)
    """By the lost service, up to its end."""
    ready: tuple[int, Any] = (0, None)
    refused: tuple[int, Any] = (0, None)
    plan: dict[str, Any] = field(default_factory=dict)
    decided: list[dict[str, Any]] = field(default_factory=list)
    elsewhere: int = 0
    """Commands that the other services took while this one was away."""
    before: dict[str, Counter[str]] = field(default_factory=dict)
    after: dict[str, Counter[str]] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)


class Load:
    """People are registered, referred, accepted, and arrive, until told to stop."""

    def __init__(self, chain: DrillChain, drill: Drill) -> None:
        self.drill = drill
        self.stopped = False
        self._asks = {name: Insistent(who[0], chain.as_(*who), drill.ledger, PATIENCE) for name, who in STAFF.items()}

    async def run(self) -> None:
        ways = [self._all_the_way] * AT_ONCE + [self._in_germany]
        await asyncio.gather(*(self._one_after_another(way) for way in ways))

    async def _one_after_another(self, way: Callable[[Person], Awaitable[None]]) -> None:
        while not self.stopped:
            person = Person(self._asks.__getitem__)
            self.drill.people.append(person)
            with suppress(RefusedError):
                await way(person)

    async def _all_the_way(self, person: Person) -> None:
        await person.opened()
        await person.referred()
        await person.accepted()
        await person.planned()
        await person.departed()
        await person.arrived()

    async def _in_germany(self, person: Person) -> None:
        """Needs nobody of the lost service, and so goes on while it is away."""
        await person.opened()
        await person.referred()
        await asyncio.sleep(0.3)


def asked(stack: DrillStack, path: str) -> tuple[int, Any]:
    """Status and body of an answer of the lost service."""
    token = stack.issuer.token("programme_manager", "programme:desk", "")
    request = urllib.request.Request(stack.urls()[LOST] + path, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        return refused.code, json.loads(refused.read())


def ph(stack: DrillStack, *arguments: str) -> tuple[int, Any]:
    """Exit code and document of the operators' command."""
    command = [sys.executable, "-m", "chassis.operators.cli", *arguments, "--service", LOST, "--json"]
    environment = {**os.environ, **stack.environment()}
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, check=False, text=True)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


async def effects(chain: DrillChain, people: list[Person]) -> dict[str, Counter[str]]:
    """What each of the other services has made of the lost one's events, by case: states, not how often it was told."""
    found: dict[str, Counter[str]] = {}
    scouts, desks = chain.as_(*STAFF["manager_of_referral"]), chain.as_(*STAFF["manager_of_placement"])
    for person in people:
        case = await scouts.get(f"/cases/{person.case_id}")
        seen: Counter[str] = Counter(f"referral {each['status']}" for each in case["referrals"])
        seen[f"journey {case['journey']['status']}"] += 1
        if case["referrals"]:
            candidate = await desks.get(f"/candidates/{person.case_id}")
            seen[f"candidate arrived: {candidate['arrived_on'] is not None}, offers: {candidate['offers']}"] += 1
        found[person.case_id] = seen
    return found


async def do_again(chain: DrillChain, drill: Drill) -> None:
    """Step 4 of docs/restore.md: what is listed and still holds. What the service only read comes by itself."""
    centre = chain.as_(*STAFF["counsellor"])
    referrals = {person.case_id: person.referral_id for person in drill.people}
    for row in drill.plan["forgotten"]:
        kind = row["type"].split(".")[-2]
        if kind == "ReferralAccepted":
            await centre.do(f"/referrals/{referrals[row['key']]}/accept", {})
        elif kind == "ArrivedInCountry":
            body = {"arrived_on": past().isoformat(), "method": "seen", "admin1": "NG-LA"}
            await centre.do(f"/files/{row['key']}/arrival", body)


async def drilled(stack: DrillStack, chain: DrillChain, drill: Drill) -> None:
    """All of it, in the order in which a person would do it."""
    stack.archive.take_backup(stack.servers[LOST])
    load = Load(chain, drill)
    working = asyncio.create_task(load.run())
    try:
        await until(lambda: _begun(drill, BEFORE), "the load")
        moment: datetime = stack.servers[LOST].value("select clock_timestamp()")
        await until(lambda: _begun(drill, BEFORE + AFTER), "more of the load")
        await asyncio.to_thread(_archived_past, stack, moment)
        # The disk is lost. The processes of the service end before another database is put there: step 1.
        program = stack.services[LOST]
        program.kill()
        drill.promised = drill.ledger.promised(LOST)
        others = len(drill.ledger.entries)
        restored = await asyncio.to_thread(stack.archive.put_back, stack.servers[LOST], moment)
        restored.launch()
        stack.servers[LOST] = restored
        await asyncio.to_thread(restored.wait, RESTORE_SECONDS)
        drill.elsewhere = sum(entry.service != LOST for entry in drill.ledger.entries[others:])
        drill.remembered = dict(await chain.rows(LOST, "select key, sequence from stream"))
        ((drill.waiting,),) = await chain.rows(LOST, "select count(*) from outbox")
        chain.stack.start_service(LOST, **chain.settings)
        await until(lambda: _halted(chain), "the service to notice")
        drill.ready, drill.refused = asked(stack, "/health/ready"), asked(stack, "/files")
        drill.told = await chain.heard(LOST)
        code, drill.plan = await asyncio.to_thread(ph, stack, "restore", "plan")
        assert code == 1
        assert len(await chain.heard(LOST)) == len(drill.told), "it publishes nothing"
        await asyncio.to_thread(ph, stack, "restore", "reconcile", "--by", "DRILL-1", "--reason", "the disk was lost")
        await asyncio.to_thread(stack.wait_ready, LOST)
        _, drill.decided = await asyncio.to_thread(ph, stack, "restore", "decided")
    finally:
        load.stopped = True
    await working
    await chain.quiet()
    drill.before = await effects(chain, drill.people)
    await do_again(chain, drill)
    await chain.quiet()
    drill.after = await effects(chain, drill.people)
    drill.heard = await chain.heard(LOST)


async def _begun(drill: Drill, people: int) -> bool:
    return len(drill.people) >= people


async def _halted(chain: DrillChain) -> bool:
    return bool(await chain.rows(LOST, "select kind from halt"))


def _archived_past(stack: DrillStack, moment: datetime) -> None:
    """Returns once the archive has what was committed after the moment."""
    server = stack.servers[LOST]
    written = server.value("select pg_walfile_name(pg_current_wal_lsn())")
    for _ in range(300):
        if (server.value("select last_archived_wal from pg_stat_archiver") or "") >= written:
            return
        server.value("select pg_sleep(0.1)")
    raise AssertionError(f"nothing after {moment} was archived within 30 s")


@pytest.fixture(scope="module")
async def drill() -> AsyncIterator[tuple[DrillChain, Drill]]:
    directory = LOCAL / "test" / f"{os.getpid()}-drill"
    stack = DrillStack(directory, free_ports(), LOST)
    collector = Collector()
    chain = DrillChain(stack, collector)
    drill = Drill()
    try:
        stack.start_servers()
        stack.prepare()
        chain.start()
        await drilled(stack, chain, drill)
        yield chain, drill
    finally:
        await chain.close()
        stack.stop()
        collector.close()
        shutil.rmtree(directory, ignore_errors=True)


Seen = tuple[DrillChain, Drill]


def answered(seen: Drill) -> list[tuple[str, int]]:
    """Key and number of the event by which each promise of the lost service was heard of.

    What was promised and not published yet when the disk was lost, nobody else knows either.
    """
    heard = {(event.key, event.type): event.sequence for event in seen.told if not event.again}
    places = [(entry.answer["case_id"], kind_of(entry)) for entry in seen.promised]
    return [(place[0], heard[place]) for place in places if place in heard]


def kind_of(entry: Entry) -> str:
    """Which event tells of the promise."""
    return "ReferralAccepted" if entry.path.endswith("/accept") else "ArrivedInCountry"


def test_the_moment_was_in_the_middle_of_the_load_and_the_others_went_on(drill: Seen) -> None:
    _, seen = drill
    known = [number <= seen.remembered.get(key, 0) for key, number in answered(seen)]
    assert any(known), "the database knew some answers still"
    assert not all(known), "and has forgotten others"
    assert seen.elsewhere, "the other services answered meanwhile"


def test_the_service_noticed_by_itself_and_did_nothing(drill: Seen) -> None:
    _, seen = drill
    assert seen.ready[0] == 503
    assert seen.ready[1]["checks"]["lineage"] is False
    assert seen.refused[0] == 503
    assert seen.refused[1]["code"] == "database_restored"


def test_whatever_was_published_and_is_forgotten_is_listed_and_nothing_else(drill: Seen) -> None:
    _, seen = drill
    listed = {(row["key"], row["number"]) for row in seen.plan["forgotten"]}
    assert listed == {
        (event.key, event.sequence) for event in seen.told if event.sequence > seen.remembered.get(event.key, 0)
    }
    assert len(listed) == len(seen.plan["forgotten"])
    assert seen.decided[0]["report"]["forgotten"] == seen.plan["forgotten"]
    assert (seen.decided[0]["by"], seen.decided[0]["reason"]) == ("DRILL-1", "the disk was lost")


def test_each_answer_that_was_heard_of_is_known_or_on_the_list_for_a_person(drill: Seen) -> None:
    _, seen = drill
    listed = {(row["key"], row["number"]) for row in seen.plan["forgotten"]}
    assert len(answered(seen)) > BEFORE
    for key, number in answered(seen):
        assert (number <= seen.remembered.get(key, 0)) != ((key, number) in listed)


def test_no_number_was_given_twice_and_none_is_missing(drill: Seen) -> None:
    _, seen = drill
    first: dict[tuple[str, int], Heard] = {}
    for event in seen.heard:
        known = first.setdefault((event.key, event.sequence), event)
        assert (known.id, known.body) == (event.id, event.body), "one number, two events"
    numbers: dict[str, list[int]] = {}
    for key, sequence in first:
        numbers.setdefault(key, []).append(sequence)
    for key, found in numbers.items():
        assert found == list(range(1, len(found) + 1)), key
    again = [event for event in seen.heard if (event.key, event.sequence) in {(e.key, e.sequence) for e in seen.told}]
    assert [event.id for event in again] == [event.id for event in seen.told], "what was told stands as it was told"


async def test_nothing_is_parked_and_nothing_waits(drill: Seen) -> None:
    chain, _ = drill
    for service in SERVICES:
        assert await chain.rows(service, "select key, type, failure, detail from parked") == []
        assert await chain.rows(service, "select key from outbox") == []


async def test_in_the_end_all_services_say_the_same_of_everybody(drill: Seen) -> None:
    chain, seen = drill
    scouts, centre = chain.as_(*STAFF["manager_of_referral"]), chain.as_(*STAFF["manager_of_counselling"])
    for person in seen.people:
        case = await scouts.get(f"/cases/{person.case_id}")
        if not case["referrals"]:
            continue
        file = await centre.get(f"/files/{person.case_id}")
        assert {e["referral_id"]: e["status"] for e in file["referrals"]} == {
            e["referral_id"]: e["status"] for e in case["referrals"]
        }
        assert (file["arrival"] is not None) == (case["journey"]["status"] == "arrived")


def test_nobody_had_an_effect_twice_when_it_was_told_again(drill: Seen) -> None:
    _, seen = drill
    assert seen.before == seen.after
    for case_id, found in seen.after.items():
        assert sum(n for name, n in found.items() if name.startswith("referral ")) <= 1, case_id
