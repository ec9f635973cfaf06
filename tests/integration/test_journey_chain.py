"""How the chain stands: hops, relays and how long cases wait, from what was read, and what is not told is said."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from journey.figures.operations import K19
from journey.figures.shapes import NOT_RECORDED
from journey.views.chain import Hop, chain
from journey.views.operations import operations
from journey.views.waits import ages
from tests.support.journey.teller import Teller
from tests.support.journey.told import example
from tests.support.records import FakeRecord, record, recorded
from tests.support.service_process import ServiceProcess

OPENED = "ph.referral.CaseOpened.v1"
MANAGER: Mapping[str, Any] = {"roles": ["programme_manager"], "org": "programme:desk"}


def published(offset: int, minutes_ago: float) -> FakeRecord:
    """A record of the referral service, of so long ago, that was in the outbox for two seconds."""
    at, key = datetime.now(UTC) - timedelta(minutes=minutes_ago), uuid4()
    body = {**example(OPENED), "case_id": str(key)}
    told = record(body, type_=OPENED, key=key, sequence=1, offset=offset)
    timestamp = int(at.timestamp() * 1000)
    return recorded(told, at - timedelta(seconds=2))._replace(timestamp=timestamp)


async def told_of(journey: ServiceProcess) -> None:
    """Five records, four of them of the last hour, and a service that has read two of these ten minutes ago."""
    old, *recent = [published(offset, ago) for offset, ago in enumerate((125, 50, 40, 20, 15))]
    first = published(5, 70)
    counselling = Teller("counselling", datetime.now(UTC) - timedelta(minutes=30))
    counselling.about("RecordParked", 0, 0)
    counselling.about("RecordRetried", 5, 0)
    counselling.about("AttemptFailed", 6, 0, attempt=2)
    counselling.report(20, 3, parked=1)
    await journey.dispatcher.handle([old, *recent, first, first._replace(offset=6), *counselling.said])


async def test_a_hop_tells_what_was_published_in_an_hour_and_what_of_it_was_read(journey: ServiceProcess) -> None:
    await told_of(journey)
    known = await chain(journey.workshop.documents)
    assert known.hops == [Hop("referral", "counselling", 4, 2)]
    counselling, referral = known.standings["counselling"], known.standings["referral"]
    assert counselling.lag_seconds is not None
    assert abs(counselling.lag_seconds - 600) < 30, "the first that it had not read was published ten minutes before"
    assert (referral.reader, referral.lag_seconds) == (None, None)


async def test_a_relay_is_seen_at_work_by_the_last_record_that_it_has_published(journey: ServiceProcess) -> None:
    await told_of(journey)
    known = await chain(journey.workshop.documents)
    relayed = known.standings["referral"].relayed_at
    assert relayed is not None
    assert abs(known.now - relayed - timedelta(minutes=15)) < timedelta(minutes=1)
    assert known.standings["training"].relayed_at is None


async def test_how_the_services_run_is_a_figure_and_what_they_have_not_told_is_not_recorded(
    journey: ServiceProcess,
) -> None:
    await told_of(journey)
    [rows] = (await operations(journey.workshop.documents, date(2026, 3, 1))).tables.values()
    of = {row["service"]: row for row in rows}
    assert list(of) == ["referral", "training", "counselling", "placement"]
    assert {each for name, each in of["training"].items() if name != "service"} == {NOT_RECORDED}, "never 0"
    counselling, referral = of["counselling"], of["referral"]
    assert (counselling["parked"], counselling["retried"], counselling["discarded"]) == (1, 1, 0)
    assert counselling["restores"] == 0
    assert isinstance(counselling["parked_age"], int)
    assert abs(counselling["parked_age"] - 1800) < 60
    assert (referral["repeats"], referral["outbox_p95"], referral["lag"]) == (1, 2.0, NOT_RECORDED)

    answer = await journey.get("/figures/k19", MANAGER, by="service")
    assert [row["service"] for row in answer["rows"]] == list(of)
    assert {each["name"] for each in answer["columns"]} == {each.name for each in K19.measures}
    assert "partner_deliveries" in {each["name"] for each in answer["missing"]}
    table = await journey.ask("GET", "/figures/k19", MANAGER, params={"by": "service", "format": "csv"})
    names, tags, *lines = csv.reader(table.text.splitlines())
    training = dict(zip(names, next(each for each in lines if each[0] == "training"), strict=True))
    assert {training[each.name] for each in K19.measures} == {""}, "a column of numbers holds no words"
    assert set(training["not_recorded"].split()) == {each.name for each in K19.measures}
    assert tags[names.index("not_recorded")] == "#meta+not_recorded"


async def test_cases_that_wait_are_told_by_stage(journey: ServiceProcess) -> None:
    now = journey.clock.now()
    case = uuid4()
    insert = (
        "insert into journey_wait values (gen_random_uuid(), $1, null, $2, 'answer', 'system', 'programme:referral',"
        " $3, $4, null, false, $1, 'NG', null, null, 0, $3)"
    )
    for id_ in (case, other := uuid4()):
        await journey.pool.execute("insert into journey values ($1, 1, 'open', '{\"waits\": []}', now(), '{}')", id_)
    for id_, stage, days, late in ((case, "open", 9, 1), (case, "open", 3, -1), (other, "open", 1, -1)):
        await journey.pool.execute(insert, id_, stage, now - timedelta(days=days), now - timedelta(days=late))
    [age] = await ages(journey.workshop.documents, now)
    assert (age.stage, age.cases, age.stuck) == ("open", 2, 1)
    assert (now - age.half, now - age.longest) == (timedelta(days=3), timedelta(days=9))
