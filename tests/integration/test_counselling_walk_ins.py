"""Walk-ins on a real database: taken in, found again by what they say of themselves, and known by nobody else."""

from __future__ import annotations

from typing import Any

from tests.support.counselling.process import ACCRA, LAGOS, Process
from tests.support.people import new_file

SHILAN = {"given_name": "شیلان", "family_name": "ڕەشید", "phone": "+964 750 123 4567"}


async def found(process: Process, centre: str = LAGOS, **what: str) -> dict[str, bool]:
    answer = await process.post("/files/search", centre, **what)
    assert answer["http"] == 200, answer
    return {each["case_id"]: each["known"] for each in answer["items"]}


async def taken_in(process: Process, **profile: str) -> dict[str, Any]:
    answer: dict[str, Any] = await process.post("/files", LAGOS, **new_file(profile=profile))
    assert answer["http"] == 201, answer
    return answer


async def test_who_was_here_before_is_found_by_reference_name_and_phone(counselling: Process) -> None:
    opened = await taken_in(counselling, **SHILAN)
    await taken_in(counselling, given_name="Ama", family_name="Quartey", phone="0302 555 0101")
    only = {opened["case_id"]: True}
    assert await found(counselling, case_ref=opened["case_ref"].lower()) == only
    assert await found(counselling, name="رەشيد شيلان") == only  # on an Arabic keyboard, the family's name first
    assert await found(counselling, name="شیلان") == only
    assert await found(counselling, phone="0750 1234567") == only
    assert await found(counselling, name="شیلان", phone="0302 5550101") == {}
    assert await found(counselling, name="Shilan") == {}


async def test_nobody_else_finds_them(counselling: Process) -> None:
    opened = await taken_in(counselling, **SHILAN)
    assert await found(counselling, ACCRA, name="شیلان") == {}
    assert await found(counselling, ACCRA, case_ref=opened["case_ref"]) == {}


async def test_without_a_consent_the_centre_learns_that_they_were_here(counselling: Process) -> None:
    opened = await taken_in(counselling, **SHILAN)
    gone = await counselling.post(f"/files/{opened['case_id']}/consents/{opened['consent_id']}/withdraw", LAGOS)
    assert gone["http"] == 200, gone
    assert await found(counselling, name="شیلان") == {opened["case_id"]: False}


async def test_whose_profile_was_destroyed_is_found_by_reference_alone(counselling: Process) -> None:
    opened = await taken_in(counselling, **SHILAN)
    await counselling.destroyed(opened["case_id"])
    assert await found(counselling, name="شیلان") == {}
    assert await found(counselling, case_ref=opened["case_ref"]) == {opened["case_id"]: True}


async def test_no_name_and_no_number_lies_in_clear(counselling: Process) -> None:
    await taken_in(counselling, **SHILAN)
    kept = str(
        await counselling.pool.fetch("select data::text from walk_in union all select data::text from centre_file")
    )
    assert not any(value in kept for value in SHILAN.values())
