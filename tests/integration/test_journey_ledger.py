"""Journey keeps a row of every record, whatever becomes of it, and no statement more for a batch of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from chassis.consumer.parking import digest
from chassis.operators import parked
from chassis.operators.parked import Filter
from chassis.operators.retention import plan, sweep
from chassis.settings import ROOT
from journey.app import SERVICE
from tests.support.records import PUBLISHED_MS, FakeRecord, event_id, record, recorded
from tests.support.service_process import ServiceProcess
from tests.support.toy_runtime import Statements

OPERATOR: Mapping[str, Any] = {"roles": ["operator"], "org": "programme:operations"}
EXAMPLES: list[dict[str, Any]] = [
    json.loads(path.read_text()) for path in sorted((ROOT / "schemas" / "examples").glob("*/*.json"))
]
TOPICS = {contract.type: contract.topic for contract in SERVICE.consumers}
OPENED, PUBLISHED = "ph.referral.CaseOpened.v1", "ph.placement.VacancyPublished.v1"
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY, MONTH = timedelta(days=1), timedelta(days=31)


def example(type_: str) -> dict[str, Any]:
    return next(each for each in EXAMPLES if each["headers"]["ce_type"] == type_)


def published(each: dict[str, Any], offset: int) -> FakeRecord:
    """An example as it stands in its topic."""
    type_ = each["headers"]["ce_type"]
    topic = TOPICS.get(type_, f"ph.{type_.split('.')[1]}.v1")
    headers = [(name, text.encode()) for name, text in each["headers"].items()]
    return FakeRecord(topic, 0, offset, each["key"].encode(), json.dumps(each["value"]).encode(), headers)


def opened(case: UUID, sequence: int, *, offset: int, **changes: Any) -> FakeRecord:
    """Event `sequence` of a case; its content does not matter here."""
    body = {**example(OPENED)["value"], "case_id": str(case)}
    told = record(body, type_=OPENED, key=case, sequence=sequence, offset=offset)
    return recorded(told, AT + timedelta(seconds=sequence))._replace(**changes)


async def rows(journey: ServiceProcess, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
    query = f"select {columns} from ledger where {where} order by topic, partition, record_offset"
    return [tuple(row) for row in await journey.pool.fetch(query)]


async def test_every_event_of_every_service_is_one_row_and_none_is_parked(journey: ServiceProcess) -> None:
    told = [published(each, offset) for offset, each in enumerate(EXAMPLES)]
    readable = [each for each in told if each.topic != "ph.journey.v1"]
    await journey.dispatcher.handle(readable)
    await journey.dispatcher.handle(readable)  # read again
    assert await journey.pool.fetchval("select count(*) from parked where failure <> 'fork'") == 0
    found = await rows(journey, "topic, record_offset, event_id, type, case_id")
    assert found == sorted(
        (
            each.topic,
            each.offset,
            UUID(headers["ce_id"]),
            headers["ce_type"],
            UUID(case) if (case := EXAMPLES[each.offset]["value"].get("case_id")) else None,
        )
        for each, headers in ((each, EXAMPLES[each.offset]["headers"]) for each in readable)
    )
    assert len({type_ for _, _, _, type_, _ in found}) > 80


async def test_a_row_has_the_whole_envelope_and_nothing_of_the_body(journey: ServiceProcess) -> None:
    case, cause = uuid4(), uuid4()
    actor = {"ce_actorrole": b"scout", "ce_actororg": b"scouts:bavaria", "ce_causationid": str(cause).encode()}
    await journey.dispatcher.handle([recorded(opened(case, 1, offset=9), **actor)])
    (row,) = await journey.pool.fetch("select * from ledger")
    assert row["received_at"] is not None
    assert {name: value for name, value in row.items() if name != "received_at"} == {
        "topic": "ph.referral.v1",
        "partition": 0,
        "record_offset": 9,
        "mark": digest(recorded(opened(case, 1, offset=9), **actor))[:8],
        "key": str(case),
        "case_id": case,
        "type": OPENED,
        "source": "/ph/referral",
        "sequence": 1,
        "event_id": UUID(event_id(f"{case}-1")),
        "causation_id": cause,
        "occurred_at": AT,
        "recorded_at": AT + timedelta(seconds=1),
        "told_at": AT + timedelta(seconds=1),
        "published_at": datetime.fromtimestamp(PUBLISHED_MS / 1000, UTC),
        "trace_id": "a1" * 16,
        "actor_role": "scout",
        "actor_org": "scouts:bavaria",
        "verdict": "next",
        "fault": None,
        "coarsened": False,
    }


async def test_gaps_forks_repeats_and_what_comes_late_show(journey: ServiceProcess) -> None:
    case = uuid4()
    fork = recorded(opened(case, 3, offset=6), AT + timedelta(hours=1), ce_id=str(uuid4()).encode())
    told = [
        opened(case, 1, offset=1),
        opened(case, 3, offset=2),  # 2 is missing
        opened(case, 2, offset=3),
        opened(case, 3, offset=4),  # published once more
        opened(case, 5000, offset=5),
        fork,
    ]
    await journey.dispatcher.handle(told)
    assert await rows(journey, "sequence, verdict, fault") == [
        (1, "next", None),
        (3, "gap", None),
        (2, "late", None),
        (3, "repeat", None),
        (5000, "too far", "number_too_far"),
        (3, "fork", "fork"),
    ]
    late = uuid4()
    await journey.dispatcher.handle([opened(late, 4, offset=7)])
    assert await rows(journey, "verdict", f"case_id = '{late}'") == [("first",)]


async def test_a_record_that_cannot_be_read_is_a_row_of_its_case_and_so_is_what_waits_behind_it(
    journey: ServiceProcess,
) -> None:
    case = uuid4()
    unknown = record({"case_id": str(case)}, type_="ph.referral.Foretold.v1", key=case, sequence=3, offset=3)
    stranger = recorded(opened(case, 4, offset=4), ce_source=b"/ph/somebody")
    told = [opened(case, 1, offset=1, value=b"{}"), opened(case, 2, offset=2), unknown, stranger]
    await journey.dispatcher.handle(told)
    assert await rows(journey, "record_offset, case_id, type, verdict, fault") == [
        (1, case, OPENED, "unnumbered", "schema_violated"),
        (2, case, OPENED, "first", "behind"),
        (3, None, None, "unknown", None),
        (4, case, OPENED, "unnumbered", "wrong_source"),
    ]


async def test_what_was_parked_has_no_fault_any_more_once_it_is_settled_and_keeps_what_its_number_said(
    journey: ServiceProcess,
) -> None:
    case = uuid4()
    fork = recorded(opened(case, 1, offset=2), AT + timedelta(hours=1), ce_id=str(uuid4()).encode())
    await journey.dispatcher.handle([opened(case, 1, offset=1), fork, opened(case, 2, offset=3, value=b"{}")])
    async with journey.pool.acquire() as connection:
        await parked.retry(connection, Filter(failure="fork"), "INC-4711")
        await parked.retry(connection, Filter(failure="schema_violated"), "INC-4711")
    await journey.dispatcher.drain()
    assert await rows(journey, "verdict, fault") == [
        ("next", None),
        ("fork", None),
        ("unnumbered", "schema_violated"),  # it still is
    ]


async def test_a_topic_that_was_made_anew_has_rows_of_its_own_and_settles_none_of_the_one_before(
    journey: ServiceProcess,
) -> None:
    before, after = uuid4(), uuid4()
    await journey.dispatcher.handle([opened(before, 1, offset=1), opened(before, 2, offset=2, value=b"{}")])
    await journey.dispatcher.handle([opened(after, 1, offset=1, value=b"{}"), opened(after, 2, offset=2)])
    async with journey.pool.acquire() as connection:
        await parked.discard(connection, Filter(key=str(after), failure="schema_violated"), "INC-4711", "made anew")
    await journey.dispatcher.drain()
    assert sorted(await rows(journey, "case_id, record_offset, fault")) == sorted(
        [(before, 1, None), (before, 2, "schema_violated"), (after, 1, "schema_violated"), (after, 2, None)]
    )


async def test_a_row_says_that_it_is_parked_as_long_as_it_is(journey: ServiceProcess) -> None:
    case = uuid4()
    bad = opened(case, 1, offset=1, value=b"{}")
    await journey.dispatcher.handle([bad, bad._replace(offset=2)])  # published twice: parked once

    async def faults() -> list[tuple[int, str | None]]:
        listed = await journey.get(f"/ledger/{case}", OPERATOR)
        return sorted((each["record_offset"], each["fault"]) for each in listed["items"])

    assert await faults() == [(1, "schema_violated"), (2, None)]
    async with journey.pool.acquire() as connection:
        await parked.discard(connection, Filter(failure="schema_violated"), "INC-4711", "sent twice")
    assert await faults() == [(1, None), (2, None)]
    await journey.dispatcher.drain()
    await journey.dispatcher.handle([opened(case, 1, offset=3)])
    assert await faults() == [(1, None), (2, None), (3, None)]


async def test_a_note_that_postgresql_refuses_parks_its_record_and_stops_nobody(journey: ServiceProcess) -> None:
    refused, other = uuid4(), uuid4()
    await journey.pool.execute(f"alter table ledger add constraint none check (case_id <> '{refused}')")
    await journey.dispatcher.handle([opened(refused, 1, offset=1), opened(other, 1, offset=2)])
    assert await rows(journey, "case_id") == [(other,)]
    assert await journey.pool.fetchval("select failure from parked") == "database_refused"
    await journey.pool.execute("alter table ledger drop constraint none")
    async with journey.pool.acquire() as connection:
        await parked.retry(connection, Filter(failure="database_refused"), "INC-4711")
    await journey.dispatcher.drain()
    assert await journey.pool.fetchval("select count(*) from parked") == 0


async def test_a_batch_costs_no_statement_more_for_its_notes(journey: ServiceProcess) -> None:
    without = type(journey.dispatcher)(
        journey.workshop, journey.service.consumers, journey.dispatcher._fetch, subject=journey.service.subject
    )
    counted, statements = {}, Statements()
    held = [await journey.pool.acquire() for _ in range(journey.pool.get_max_size())]
    for connection in held:
        connection.add_query_logger(statements.note)
        await journey.pool.release(connection)
    for name, dispatcher in (("with", journey.dispatcher), ("without", without)):
        for size in (1, 500):
            for _round in range(2):
                statements.queries.clear()
                await dispatcher.handle([opened(uuid4(), 1, offset=place) for place in range(size)])
            counted[name, size] = len(statements.queries)
    assert len(set(counted.values())) == 1, counted


async def test_an_operator_reads_the_envelopes_of_a_case_page_by_page_and_nobody_elses(
    journey: ServiceProcess,
) -> None:
    case, other = uuid4(), uuid4()
    await journey.dispatcher.handle([opened(case, number, offset=10 - number) for number in (1, 2, 3)])
    await journey.dispatcher.handle([opened(other, 1, offset=20)])
    first = await journey.get(f"/ledger/{case}", OPERATOR, limit=2, count=True)
    assert ([each["sequence"] for each in first["items"]], first["total"]) == ([1, 2], 3)
    second = await journey.get(f"/ledger/{case}", OPERATOR, limit=2, cursor=first["next_cursor"])
    assert [each["sequence"] for each in second["items"]] == [3]
    nobody = await journey.get(f"/ledger/{uuid4()}", OPERATOR)
    assert (nobody["http"], nobody["code"]) == (404, "case_not_found")
    manager = {"roles": ["programme_manager"], "org": "programme:desk"}
    assert (await journey.get(f"/ledger/{case}", manager))["http"] == 403


async def test_the_rows_of_a_case_are_nobodys_when_its_term_is_over_and_those_of_others_stay(
    journey: ServiceProcess,
) -> None:
    case, other = uuid4(), uuid4()
    ended = record(
        {"case_id": str(case), "reference": "case_ended", "ended_on": journey.today},
        type_="ph.referral.RetentionStarted.v1",
        key=case,
        sequence=2,
        offset=2,
    )
    unknown = record(b"{}", type_="ph.referral.Foretold.v1", key=case, sequence=3, offset=3)
    await journey.dispatcher.handle([opened(case, 1, offset=1), ended, unknown, opened(other, 1, offset=4)])
    journey.clock.advance(35 * MONTH)
    assert await journey.run_of_the_day() == {}
    assert (await journey.get(f"/ledger/{case}", OPERATOR))["http"] == 200
    journey.clock.advance(3 * MONTH)
    assert (await journey.get(f"/ledger/{case}", OPERATOR))["http"] == 404, "before the run of the day ends it"
    assert (await journey.get(f"/ledger/{other}", OPERATOR))["http"] == 200
    assert await journey.run_of_the_day() == {"journey": 1, "ledger": 1, "outcome": 1}
    assert set(await journey.holding(str(case))) == {"audit", "outcome", "position", "retention"}, "it was counted"
    month = AT.replace(day=1, hour=0)
    shown = (
        "record_offset, case_id, key, event_id, trace_id, sequence, actor_org, type, verdict, recorded_at, coarsened"
    )
    assert (await rows(journey, shown))[:1] == [
        (1, None, None, None, None, None, None, OPENED, "next", month, True),
    ]
    assert await rows(journey, "case_id, key, coarsened", "record_offset = 4") == [(other, str(other), False)]
    await journey.dispatcher.handle([opened(case, 1, offset=1)])  # read again
    assert await rows(journey, "case_id, coarsened", "record_offset = 1") == [(None, True)]
    journey.clock.advance(timedelta(days=1))
    assert await journey.run_of_the_day() == {}


async def test_words_that_nobody_knows_stay_out_of_the_ledger(journey: ServiceProcess) -> None:
    def told(offset: int, type_: str, **headers: bytes) -> FakeRecord:
        return recorded(opened(uuid4(), 1, offset=offset), AT, ce_type=type_.encode(), **headers)

    await journey.dispatcher.handle(
        [
            told(1, OPENED, ce_actorrole=b"amina_okoro", ce_actororg=b"x:Some-Name"),
            told(2, OPENED, ce_actorrole=b"system", ce_actororg=b"programme:referral"),
            told(3, "ph.amina.Okoro.v1", ce_actorrole=b"scout", ce_source=b"/ph/amina"),
        ]
    )
    assert await rows(journey, "type, source, actor_role, actor_org, verdict") == [
        (OPENED, "/ph/referral", None, None, "next"),
        (OPENED, "/ph/referral", "system", "programme:referral", "next"),
        (None, None, "scout", None, "unknown"),
    ]


async def test_what_was_told_of_places_and_reports_goes_at_its_term_counted_from_when_it_was_told(
    journey: ServiceProcess,
) -> None:
    now = datetime.now(UTC)
    for table, list_ in (("handled", "samples"), ("mishap", "steps")):
        for days in (1200, 1000):
            at = (now - timedelta(days=days)).isoformat()
            each = {"era": 0, "next_offset": days, "at": at}
            data = {"reader": str(uuid4()), "topic": "ph.referral.v1", "partition": 0, list_: [each]}
            await journey.pool.execute(
                f"insert into {table} (id, version, status, data, updated_at) "
                "values ($1, 1, 'handled', $2::text::jsonb, clock_timestamp())",
                uuid4(),
                json.dumps(data),
            )
    report = next(each for each in EXAMPLES if "ProgressReported" in each["headers"]["ce_type"])
    told = [published(report, offset) for offset in (1, 2)]
    headers = {days: (now - timedelta(days=days)).isoformat().encode() for days in (100, 80)}
    for each, at in zip(told, headers.values(), strict=True):
        changed = [(name, at if name == "ce_recordedtime" else value) for name, value in each.headers]
        await journey.dispatcher.handle([each._replace(headers=changed)])
    async with journey.pool.acquire() as connection:
        lines = {each.kind: each.due for each in await plan(connection, journey.agreed, journey.clock.now())}
        await sweep(connection, journey.agreed)
    assert (lines["handled"], lines["mishap"], lines["ledger_of_reports"]) == (1, 1, 1)
    for table in ("handled", "mishap"):
        assert await journey.pool.fetchval(f"select count(*) from {table} where told_on < $1", now - 1100 * DAY) == 0
    assert await rows(journey, "record_offset") == [(2,)]


async def test_rows_of_no_case_are_erased_when_their_topic_has_forgotten_them(journey: ServiceProcess) -> None:
    old = vacancy(1, datetime(2018, 5, 17, 8, tzinfo=UTC))
    new = vacancy(2, datetime.now(UTC))
    await journey.dispatcher.handle([old, new])
    async with journey.pool.acquire() as connection:
        await sweep(connection, journey.agreed)
    assert await rows(journey, "record_offset") == [(2,)]


def vacancy(offset: int, at: datetime) -> FakeRecord:
    """Somebody looks for people, and told it then."""
    id_ = uuid4()
    body = {**example(PUBLISHED)["value"], "vacancy_id": str(id_)}
    return recorded(record(body, type_=PUBLISHED, key=id_, sequence=1, offset=offset), at)
