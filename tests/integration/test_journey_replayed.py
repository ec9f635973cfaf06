"""Journey's database is deleted and its topics are read once more: the timeline of every case is what it was, also of
whose profile is gone and of whose term is over."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from bench import journeys
from bench.journeys import Event, example
from chassis.pure.messages import topic_of
from journey.app import SERVICE
from journey.views.trace import TOPIC_OF_KEYS
from tests.support.cluster import Cluster
from tests.support.journey.teller import TOPIC, Teller
from tests.support.records import FakeRecord
from tests.support.service_process import ServiceProcess, on_a_copy
from vocabulary.profiles import key_id_of

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


def of_keys(case_id: str, told: Iterable[tuple[str, str]], begun: datetime) -> list[FakeRecord]:
    """What referral tells of the keys of a case: shared with a receiver, anew, or taken back."""
    numbers, events = Counter[str](), []
    for minute, (name, receiver) in enumerate(told):
        id_ = str(key_id_of(UUID(case_id), "identity", receiver))
        numbers[receiver] += 1
        at = begun + timedelta(minutes=minute)
        value = {**example("referral", name), "key_id": id_, "case_id": case_id, "receiver": receiver}
        events.append(Event("referral", f"ph.referral.{name}.v1", id_, numbers[receiver], at, value))
    [records] = kept_of(events).values()
    return [each._replace(topic=TOPIC_OF_KEYS) for each in records]


def compacted(records: Iterable[FakeRecord]) -> list[FakeRecord]:
    """What the broker leaves of a compacted topic: the last record of each key, where it stood."""
    return sorted({each.key: each for each in records}.values(), key=lambda each: each.offset)


async def test_of_keys_that_were_compacted_away_a_rebuilt_journey_says_that_it_may_not_know_all_and_nothing_wrong(
    journey: ServiceProcess, cluster: Cluster, journey_template: str
) -> None:
    kept = topics()
    begun = datetime.now(UTC) - timedelta(days=9)
    told = [("ProfileKeyShared", "centre:NG-LOS"), ("ProfileKeyShared", "centre:NG-EDO")]
    told += [("ProfileKeyRevoked", "centre:NG-LOS"), ("ProfileKeyShared", "centre:NG-EDO")]
    keys = of_keys(case(PARKED), told, begun)
    await read(journey, [*(each for records in kept.values() for each in records), *keys], 100)
    before = await timelines(journey)
    async with on_a_copy(cluster, journey_template, partial(ServiceProcess, SERVICE)) as anew:
        left = compacted(keys)
        assert [each.offset for each in left] == [2, 3]
        await read(anew, [*left, *(each for records in kept.values() for each in records)], 50)
        after = await timelines(anew)

    assert {id_: shown for id_, shown in after.items() if id_ != case(PARKED)} == {
        id_: shown for id_, shown in before.items() if id_ != case(PARKED)
    }, "what is not compacted is what it was"
    of_keys_before, of_keys_after = (shown.pop(case(PARKED)) for shown in (before, after))
    says = f"{TOPIC_OF_KEYS} is compacted: only the last word on each key is certain to be here"
    assert says in of_keys_before["unknowns"], "it is said before it is so"
    assert of_keys_after["unknowns"] == of_keys_before["unknowns"]
    gone = [each for each in of_keys_before["timeline"] if each["topic"] == TOPIC_OF_KEYS and each["record_offset"] < 2]
    assert [each["type"] for each in gone] == ["ProfileKeyShared"] * 2

    def lasting(entries: list[Any]) -> list[Any]:
        """An entry's wait is since the one before it, which may be gone."""
        return [{**each, "waited_seconds": None} for each in entries if each not in gone]

    assert lasting(of_keys_after["timeline"]) == lasting(of_keys_before["timeline"])
    assert {**of_keys_after, "timeline": ()} == {**of_keys_before, "timeline": ()}


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
