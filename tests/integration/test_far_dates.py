"""An event whose date leads beyond the calendars, through the real consumer: it is parked, and all others go on."""

from __future__ import annotations

from uuid import UUID, uuid4

from tests.support.placement.process import Placement
from tests.support.placement.world import LAGOS
from tests.support.records import FakeRecord, record, recorded


def told(name: str, case: UUID, sequence: int, offset: int, time: str, **body: object) -> FakeRecord:
    source = name.partition(".")[0]
    made = record({"case_id": str(case), **body}, type_=f"ph.{name}.v1", key=case, sequence=sequence, offset=offset)
    assert made.topic == f"ph.{source}.v1"
    return recorded(made, ce_time=time.encode())


async def test_an_event_whose_date_leads_beyond_the_calendars_is_parked_and_blocks_only_its_case(
    placement: Placement,
) -> None:
    """A person whom every centre has rejected leaves so many working days after the last word."""
    odd, even = uuid4(), uuid4()
    referrals = {case: placement.referral("NG", LAGOS) for case in (odd, even)}
    await placement.dispatcher.handle(
        [
            told("referral.ReturneeReferred", case, 1, offset, "2026-03-02T09:00:00Z", **referrals[case])
            for offset, case in enumerate(referrals)
        ]
    )
    await placement.dispatcher.handle(
        [
            told("counselling.ReferralRejected", case, 1, offset, time, referral_id=referrals[case]["referral_id"])
            for offset, (case, time) in enumerate([(odd, "2100-12-31T12:00:00Z"), (even, "2026-03-03T09:00:00Z")])
        ]
    )
    parked = await placement.pool.fetch("select key, failure from parked")
    assert [tuple(row) for row in parked] == [(str(odd), "calendar_unknown")]
    assert [row["owner"] for row in await placement.pool.fetch("select owner from deadline")] == [even]
