"""Journey's database is deleted and its topics are read once more: the timeline of every case is what it was, also of
whose profile is gone and of whose term is over."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from bench import journeys
from bench.journeys import Event, example
from chassis.pure.messages import topic_of
from journey.app import SERVICE
from tests.support.cluster import Cluster
from tests.support.journey.teller import TOPIC, Teller
from tests.support.records import FakeRecord
from tests.support.service_process import ServiceProcess, on_a_copy

OPERATOR: Mapping[str, Any] = {"roles": ["operator"], "org": "programme:operations"}
CASES = 8
COARSENED, ERASED, PARKED = range(3)
"""Whose term is over, whose profile is destroyed, and of whom a record was parked."""
CLOCK, CLOCK_OF_ENTRY = {"at"}, {"received_at", "receiving_seconds"}
"""Of a trace: when it was asked for; of what it says of an event: when journey has read it."""
MONTH = timedelta(days=31)

Topics = Mapping[str, list[FakeRecord]]


def case(number: int) -> str:
    return journeys.story(number)[0].key


def ended(number: int, today: datetime) -> dict[str, Any]:
    return {"case_id": case(number), "reference": "case_ended", "ended_on": today.date().isoformat()}


def kept_of(events: Iterable[Event]) -> dict[str, list[FakeRecord]]:
    """These events on their topics."""
    found: dict[str, list[FakeRecord]] = {}
    for event in events:
        records = found.setdefault(topic_of(event.source), [])
        headers = [(name, text.encode()) for name, text in event.headers.items()]
        timestamp = int(event.at.timestamp() * 1000)
        place = (event.key.encode(), event.body, headers, timestamp)
        records.append(FakeRecord(topic_of(event.source), 0, len(records), *place))
    return found


def topics() -> Topics:
    """Everything that the topics keep, each in its own order."""
    events = list(journeys.told(range(CASES)))
    today = datetime.now(UTC)
    gone = {**example("referral", "ProfileDestroyed"), "case_id": case(ERASED)}
    for number, name, value in (
        (COARSENED, "RetentionStarted", ended(COARSENED, today)),
        (ERASED, "ProfileDestroyed", gone),
    ):
        last = max(each.sequence for each in events if (each.source, each.key) == ("referral", case(number)))
        events.append(Event("referral", f"ph.referral.{name}.v1", case(number), last + 1, today, value))
    found = kept_of(events)
    parked = next(each.offset for each in found[TOPIC] if each.key == case(PARKED).encode())
    for service in ("training", "counselling", "placement"):
        teller = Teller(service, today - timedelta(minutes=4))
        teller.about("RecordParked", 0, parked)
        teller.report(1, len(found[TOPIC]), parked=1)
        teller.about("RecordRetried", 2, parked, attempt=2)
        teller.about("RecordHandled", 3, parked, attempt=2)
        found[f"ph.{service}.operations.v1"] = teller.said
    return found


async def read(journey: ServiceProcess, records: Iterable[FakeRecord], batch: int) -> None:
    records = list(records)
    for begin in range(0, len(records), batch):
        await journey.dispatcher.handle(records[begin : begin + batch])
    assert await journey.pool.fetchval("select count(*) from parked") == 0


def side_by_side(kept: Topics, chance: random.Random) -> list[FakeRecord]:
    """Topics have no order among each other."""
    rest = {topic: list(records) for topic, records in kept.items()}
    places = [topic for topic, records in rest.items() for _ in records]
    chance.shuffle(places)
    return [rest[topic].pop(0) for topic in places]


async def timelines(journey: ServiceProcess) -> dict[str, Any]:
    """What an operator is shown of each case; of one whose term is over, the refusal."""

    def lasting(of: Any) -> Any:
        if isinstance(of, dict):
            clock = CLOCK if "timeline" in of else CLOCK_OF_ENTRY
            return {name: lasting(value) for name, value in of.items() if name not in clock}
        return [lasting(each) for each in of] if isinstance(of, list) else of

    found = {}
    for number in range(CASES):
        answer = await journey.ask("GET", f"/cases/{case(number)}", OPERATOR)
        found[case(number)] = lasting(answer.json()) if answer.status_code == 200 else answer.json()["code"]
    return found


async def coarse(journey: ServiceProcess) -> list[Any]:
    columns = "topic, partition, record_offset, case_id, key, event_id, type, verdict, occurred_at, recorded_at"
    rows = await journey.pool.fetch(f"select {columns} from ledger where coarsened order by 1, 2, 3")
    return [tuple(row) for row in rows]


@pytest.mark.parametrize("seed", range(2))
async def test_the_timeline_of_every_case_is_the_same_after_the_database_was_deleted(
    journey: ServiceProcess, cluster: Cluster, journey_template: str, seed: int
) -> None:
    kept, chance = topics(), random.Random(seed)
    await read(journey, [each for records in kept.values() for each in records], 100)
    journey.clock.advance(38 * MONTH)
    assert (await journey.run_of_the_day())["ledger"] == 1
    before, months = await timelines(journey), await coarse(journey)

    assert before[case(COARSENED)] == "case_not_found"
    assert len(months) == len(journeys.story(COARSENED)) + 1
    assert before[case(ERASED)]["profile_destroyed"]
    assert all(len(before[case(number)]["timeline"]) >= len(journeys.story(number)) for number in range(1, CASES))
    assert any(entry["happenings"] for entry in before[case(PARKED)]["timeline"]), "what became of the parked record"

    async with on_a_copy(cluster, journey_template, partial(ServiceProcess, SERVICE)) as anew:
        anew.clock.advance(38 * MONTH)
        await read(anew, side_by_side(kept, chance), chance.randrange(1, 90))
        assert await timelines(anew) == before, "of the case whose term is over nothing is shown meanwhile"
        await anew.run_of_the_day()
        assert (await timelines(anew), await coarse(anew)) == (before, months)


async def test_who_waits_beyond_their_term_stands_in_no_list_before_the_run_of_the_day(journey: ServiceProcess) -> None:
    """As after a rebuild: the topics still tell of a case that was to be forgotten long ago."""
    number, today = 0, datetime.now(UTC)
    events = [each for each in journeys.story(number) if each.source in {"referral", "counselling"}]
    until = next(place for place, each in enumerate(events) if ".DeparturePlanned." in each.type)
    events = events[: until + 1]
    last = max(each.sequence for each in events if each.source == "referral")
    events.append(
        Event("referral", "ph.referral.RetentionStarted.v1", case(number), last + 1, today, ended(number, today))
    )
    await read(journey, [each for records in kept_of(events).values() for each in records], 100)

    async def listed(name: str) -> set[str]:
        return {item["case_id"] for item in (await journey.get(f"/{name}", OPERATOR))["items"]}

    journey.clock.advance(2 * MONTH)
    assert await listed("stuck") == await listed("lost") == {case(number)}
    journey.clock.advance(36 * MONTH)
    assert await journey.pool.fetchval("select count(*) from journey_wait where lost_at <= $1", journey.clock.now())
    assert await listed("stuck") == await listed("lost") == set()
