"""Files of people who were never referred: kept for half a year after the last news."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from tests.support.counselling.process import Process


async def consent(counselling: Process, case: UUID) -> None:
    granted = {"consent_id": str(uuid4()), "purpose": "referral", "recipients": ["country:NG"]}
    await counselling.dispatcher.handle(
        [counselling.event(case, "ConsentGranted", valid_until="2100-01-01", **granted)]
    )


async def files(counselling: Process) -> set[UUID]:
    await counselling.run_of_the_day()
    return {row["id"] for row in await counselling.pool.fetch("select id from centre_file")}


async def test_a_file_without_a_referral_goes_half_a_year_after_the_last_news(counselling: Process) -> None:
    silent, heard_of, referred = uuid4(), uuid4(), uuid4()
    for case in (silent, heard_of):
        await consent(counselling, case)
    await counselling.refer(referred)
    counselling.clock.advance(timedelta(days=100))
    await consent(counselling, heard_of)
    assert await files(counselling) == {silent, heard_of, referred}
    counselling.clock.advance(timedelta(days=84))
    assert await files(counselling) == {heard_of, referred}
    counselling.clock.advance(timedelta(days=100))
    assert await files(counselling) == {referred}


async def test_who_is_referred_after_the_file_has_gone_has_a_file_again(counselling: Process) -> None:
    case = uuid4()
    await consent(counselling, case)
    counselling.clock.advance(timedelta(days=200))
    assert await files(counselling) == set()
    await counselling.refer(case)
    assert await files(counselling) == {case}
