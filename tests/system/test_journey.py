"""Journey's ledger has every record of every topic, once; deleted, it is built from the topics as it was."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from deploy.local.places import ROOT
from tests.support.chain import READS, Chain, until
from tests.support.people import STAFF, Person, course, new_employer, vacancy

LEDGER = """
select topic, partition, record_offset, key, case_id, type, source, sequence, event_id, causation_id, occurred_at,
       recorded_at, published_at, trace_id, actor_role, actor_org, verdict, fault, coarsened, told_at
from ledger order by topic, partition, record_offset
"""
"""All of it but when it was read."""
DOCUMENTS = """
select 'journey', id, data::text from journey union all select 'outcome', id, data::text from outcome
union all select 'retention', id, data::text from retention order by 1, 2
"""
README = (ROOT / "services" / "journey" / "README.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
async def person(chain: Chain) -> Person:
    """Somebody of whom every service has told something, and every topic."""

    def staff(name: str) -> Any:
        return chain.as_(*STAFF[name])

    person = await Person(staff).opened(profile={"given_name": "Ada"})
    await person.referred()
    await person.consents("matching", "country:NG")
    await person.enrolled(await course(staff))
    await person.accepted()
    await person.planned()
    await person.shortlisted(await vacancy(staff, await new_employer(staff)))
    await chain.quiet()
    return person


async def records(chain: Chain) -> dict[tuple[str, int, int], tuple[str, str]]:
    """What stands in the topics: by place, the key and the id of the event."""
    found = {}
    for name in READS["journey"]:
        for each in await chain.broker.read(f"ph.{name}.v1"):
            headers = {header: (value or b"").decode("utf-8", "replace") for header, value in each.headers}
            key = (each.key or b"").decode("utf-8", "replace")
            found[each.topic, each.partition, each.offset] = key, headers.get("ce_id", "")
    return found


async def read(chain: Chain, count: int) -> None:
    """Waits until journey has a row of so many records."""

    async def has() -> bool:
        return await chain.rows("journey", "select count(*) from ledger") >= [(count,)]

    await until(has, f"journey to read {count} records", 90)


async def test_every_record_of_every_topic_is_one_row(chain: Chain, person: Person) -> None:
    stand = await records(chain)
    await read(chain, len(stand))
    query = "select topic, partition, record_offset, key, event_id from ledger"
    rows = {row[:3]: row[3:] for row in await chain.rows("journey", query)}
    assert rows.keys() == stand.keys()
    taken = {place: (key, UUID(id_) if is_id(id_) else None) for place, (key, id_) in stand.items() if is_id(key)}
    assert {place: told for place, told in taken.items() if rows[place] != told} == {}


def is_id(text: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text) is not None


async def test_the_rows_of_a_case_are_of_every_service_that_has_told_of_it(chain: Chain, person: Person) -> None:
    query = "select distinct topic from ledger where case_id = $1 and fault is null order by 1"
    assert [topic for (topic,) in await chain.rows("journey", query, UUID(person.case_id))] == [
        "ph.counselling.v1",
        "ph.placement.v1",
        "ph.referral.keys.v1",
        "ph.referral.v1",
        "ph.training.v1",
    ]
    operator = chain.as_("journey", "operator", "programme:operations")
    page = await operator.get(f"/ledger/{person.case_id}", limit=100)
    told = [each["recorded_at"] for each in page["items"]]
    assert told == sorted(told)
    assert {each["case_id"] for each in page["items"]} == {person.case_id}


async def emptied(chain: Chain) -> None:
    """The first way of the README."""
    (statement,) = re.findall(r'-c "(truncate [^"]+)"', README)
    async with chain.database("journey") as connection:
        await connection.execute(f"set role journey_migrator; {statement}")
    chain.start("journey")


async def deleted(chain: Chain) -> None:
    """The second way of the README."""
    await chain.forget("journey")
    chain.stack.start_service("journey", **chain.settings)
    for line in re.findall(r"^ph (restore reconcile .+)$", README, re.MULTILINE):
        chain.stack.ph(*(word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line)), user="journey")
    chain.stack.wait_ready("journey")


@pytest.mark.parametrize("forget", [emptied, deleted])
async def test_what_journey_has_forgotten_it_reads_again_and_knows_the_same(
    chain: Chain, person: Person, forget: Callable[[Chain], Awaitable[None]]
) -> None:
    await chain.quiet()
    ledger, documents = await chain.rows("journey", LEDGER), await chain.rows("journey", DOCUMENTS)
    assert len(ledger) > 10
    chain.stack.services["journey"].stop(25)
    await forget(chain)
    await read(chain, len(ledger))
    await chain.quiet()
    assert set(await chain.rows("journey", LEDGER)) >= set(ledger)
    assert await chain.rows("journey", DOCUMENTS) == documents
