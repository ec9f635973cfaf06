"""Journey keeps a row of every record, whatever becomes of it, and no statement more for a batch of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from chassis.operators import parked
from chassis.operators.parked import Filter
from chassis.operators.retention import sweep
from chassis.settings import ROOT
from tests.support.records import PUBLISHED_MS, FakeRecord, event_id, record, recorded
from tests.support.service_process import ServiceProcess
from tests.support.toy_runtime import Statements

OPERATOR: Mapping[str, Any] = {"roles": ["operator"], "org": "programme:operations"}
EXAMPLES: list[dict[str, Any]] = [
    json.loads(path.read_text()) for path in sorted((ROOT / "schemas" / "examples").glob("*/*.json"))
]
ON_TOPICS_OF_THEIR_OWN = {
    "ph.referral.CountryStatusChanged.v1": "ph.reference.v1",
    "ph.referral.ProfileKeyShared.v1": "ph.referral.keys.v1",
    "ph.referral.ProfileKeyRevoked.v1": "ph.referral.keys.v1",
}
OPENED, PUBLISHED = "ph.referral.CaseOpened.v1", "ph.placement.VacancyPublished.v1"
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
MONTH = timedelta(days=31)


def example(type_: str) -> dict[str, Any]:
    return next(each for each in EXAMPLES if each["headers"]["ce_type"] == type_)


def published(each: dict[str, Any], offset: int) -> FakeRecord:
    """An example as it stands in its topic."""
    type_ = each["headers"]["ce_type"]
    topic = ON_TOPICS_OF_THEIR_OWN.get(type_, f"ph.{type_.split('.')[1]}.v1")
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
        (3, None, "ph.referral.Foretold.v1", "next", None),
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
    assert await journey.run_of_the_day() == {"ledger": 1, "journey": 1, "outcome": 1}
    assert set(await journey.holding(str(case))) == {"audit", "position", "retention"}
    month = AT.replace(day=1, hour=0)
    shown = "record_offset, case_id, key, event_id, trace_id, type, verdict, recorded_at, coarsened"
    assert (await rows(journey, shown))[:1] == [
        (1, None, None, None, None, OPENED, "next", month, True),
    ]
    assert await rows(journey, "case_id, key, coarsened", "record_offset = 4") == [(other, str(other), False)]
    await journey.dispatcher.handle([opened(case, 1, offset=1)])  # read again
    assert await rows(journey, "case_id, coarsened", "record_offset = 1") == [(None, True)]
    journey.clock.advance(timedelta(days=1))
    assert await journey.run_of_the_day() == {}


async def test_rows_of_no_case_become_coarse_when_their_topic_has_forgotten_them(journey: ServiceProcess) -> None:
    old = vacancy(1, datetime(2018, 5, 17, 8, tzinfo=UTC))
    new = vacancy(2, datetime.now(UTC))
    await journey.dispatcher.handle([old, new])
    async with journey.pool.acquire() as connection:
        await sweep(connection, journey.agreed)
    assert await rows(journey, "key is null, recorded_at = date_trunc('month', recorded_at, 'UTC'), coarsened") == [
        (True, True, True),
        (False, False, False),
    ]


def vacancy(offset: int, at: datetime) -> FakeRecord:
    """Somebody looks for people, and told it then."""
    id_ = uuid4()
    body = {**example(PUBLISHED)["value"], "vacancy_id": str(id_)}
    return recorded(record(body, type_=PUBLISHED, key=id_, sequence=1, offset=offset), at)
