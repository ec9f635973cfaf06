"""Dates that lead beyond the calendars: an event is parked, a command refused, a deadline dropped; all others go on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from chassis.pure.decision import Refused
from chassis.work.command_bus import CommandBus
from chassis.work.deadline_runner import DeadlineRunner
from tests.support import toy as shop
from tests.support.placement.process import Placement
from tests.support.placement.world import LAGOS
from tests.support.records import FakeRecord, record, recorded
from tests.support.toy_runtime import ToyRuntime
from vocabulary.countries import WORKING_DAYS


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


def counts_far(*_: Any) -> Any:
    """What a handler does with the date that it was sent."""
    return WORKING_DAYS.add_working_days("DE", date(2100, 12, 30), 10)


async def test_a_command_that_leads_there_is_refused(toy: ToyRuntime) -> None:
    handlers = {shop.Sell: replace(shop.COMMANDS[shop.Sell], decide=counts_far)}
    toy.bus = CommandBus(toy.workshop, handlers)
    refused = await toy.command(shop.Sell(uuid4(), 1))
    assert isinstance(refused, Refused)
    assert (refused.code, refused.status) == ("calendar_unknown", 422)


async def test_a_deadline_that_leads_there_is_dropped_and_the_others_fire(toy: ToyRuntime) -> None:
    await toy.command(shop.SetAlarm(uuid4(), 1))
    toy.advance(minutes=2)
    runner = DeadlineRunner(toy.workshop, {"alarm": replace(shop.DEADLINES["alarm"], decide=counts_far)})
    assert [await runner.fire_due(), await runner.fire_due()] == [1, 0]
    assert toy.metrics.deadlines_fired.labels("alarm", "calendar_unknown")._value.get() == 1
