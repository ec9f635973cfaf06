"""A referral that the broker forgot before the centre's service read it: the desk that sent it is told."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from tests.support.chain import READS, Chain, until
from tests.support.people import STAFF, Person

TOPIC = "ph.referral.v1"
READERS = [service for service, sources in READS.items() if "referral" in sources and service != "counselling"]


@pytest.fixture
async def real_time_again(chain: Chain) -> AsyncIterator[None]:
    """Whatever the test does with the clock."""
    yield
    chain.real_time_again("referral")


async def forgotten(chain: Chain) -> None:
    """Every record of the topic is gone, as when its retention has passed."""
    async with AIOKafkaConsumer(TOPIC, bootstrap_servers=chain.broker.bootstrap) as reader:
        ends = await reader.end_offsets(list(reader.assignment()))

    async def known() -> bool:
        """Also what other tests have put there: retention takes nothing that its owner has not seen."""
        told = dict(await chain.rows("referral", "select partition, next_offset from lineage where topic = $1", TOPIC))
        return all(told.get(place.partition, 0) >= end for place, end in ends.items())

    await until(known, "the topic's owner to know what stands there")
    admin = AIOKafkaAdminClient(bootstrap_servers=chain.broker.bootstrap)
    await admin.start()
    try:
        await admin.delete_records({place: RecordsToDelete(before_offset=end) for place, end in ends.items()})
    finally:
        await admin.close()


@pytest.mark.usefixtures("real_time_again")
async def test_a_referral_that_was_forgotten_before_it_was_read_shows_as_overdue_at_the_desk(chain: Chain) -> None:
    person = Person(lambda name: chain.as_(*STAFF[name]))
    scout = chain.as_(*STAFF["scout"])
    await chain.quiet()
    chain.stack.services["counselling"].stop(25)
    await person.opened()
    await person.referred()

    async def others_have_read_it() -> bool:
        (sent,) = await chain.rows("referral", "select sequence from stream where key = $1", person.case_id)
        query = "select sequence from position where source = $1 and key = $2"
        return all([await chain.rows(each, query, TOPIC, person.case_id) == [sent] for each in READERS])

    await until(others_have_read_it, "training and placement to read the referral")
    await forgotten(chain)
    chain.start("counselling")
    operator = chain.as_("referral", "operator", "programme:desk")
    assert (await scout.get(f"/referrals/{person.referral_id}"))["overdue"] is False
    await operator.do("/local/clock", {"advance_hours": 40 * 24})

    async def overdue() -> bool:
        return bool((await scout.get(f"/referrals/{person.referral_id}"))["overdue"])

    await until(overdue, "the desk to be told that nobody has confirmed the referral")
    listed = await scout.get("/referrals", overdue=True, limit=100)
    shown = {each["referral_id"]: each for each in listed["items"]}[person.referral_id]
    assert (shown["status"], shown["owed"], shown["received_at"]) == ("submitted", "receipt", None)
    entries = (await scout.get(f"/cases/{person.case_id}/timeline"))["items"]
    assert "referral_receipt_level_1" in [each["code"] for each in entries if each["source"] == "referral"]
    metrics = (await scout.http.get("/metrics")).text
    assert 'ph_deadlines_fired_total{name="referral_receipt",outcome="fired"}' in metrics
    # What a desk does about it: it takes the referral back, and refers anew.
    await scout.do(f"/referrals/{person.referral_id}/withdraw", {"reason": "person_declined"})
    await chain.quiet()
