"""Walk-ins on a real database: taken in, found again by what they say of themselves, and known by nobody else."""

from __future__ import annotations

from typing import Any

from tests.support.counselling.process import ACCRA, LAGOS, Process
from tests.support.people import new_file

SHILAN = {
    "given_name": "شیلان",
    "family_name": "ڕەشید",
    "phone": "+964 750 123 4567",
    "birth_date": "1998-05-17",
}


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
    assert await found(counselling, name="شیلان", birth_date="1998-05-17") == only
    assert await found(counselling, name="شیلان", birth_date="1998-05-18") == {}
    assert await found(counselling, name="Shirin") == {}


async def test_who_fits_exactly_comes_before_who_fits_in_another_script(counselling: Process) -> None:
    in_sorani = [(await taken_in(counselling, **SHILAN))["case_id"] for _ in range(3)]
    in_latin = (await taken_in(counselling, given_name="Shilan", family_name="Rashid"))["case_id"]
    answer = await counselling.post("/files/search", LAGOS, name="Shilan Raschid")
    assert {each["case_id"]: each["fit"] for each in answer["items"]} == dict.fromkeys(in_sorani, "across_scripts")
    answer = await counselling.post("/files/search", LAGOS, name="Rashid, Shilan")
    fits = [(each["case_id"], each["fit"]) for each in answer["items"]]
    assert fits == [(in_latin, "exact"), *((each, "across_scripts") for each in sorted(in_sorani))]


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


async def test_a_search_reads_few_rows_of_a_centre_with_many_people(counselling: Process) -> None:
    opened = await taken_in(counselling, **SHILAN)
    await counselling.pool.execute(
        """with walked_in as (
               insert into walk_in (id, version, status, updated_at, data)
               select gen_random_uuid(), 1, 'sealed', now(), jsonb_build_object(
                   'centre', $1::text, 'case_ref', 'PH-' || i, 'marks', jsonb_build_array(md5(i::text), md5('b' || i)))
               from generate_series(1, 5000) as i returning id, data)
           insert into centre_file (id, version, status, updated_at, data)
           select id, 1, 'in_contact', now(), jsonb_build_object(
               'case_ref', data ->> 'case_ref', 'referrals', jsonb_build_array(jsonb_build_object('centre', $1::text)))
           from walked_in""",
        LAGOS,
    )
    await counselling.pool.execute("analyze")

    async def read() -> int:
        await counselling.pool.execute("select pg_stat_force_next_flush()")
        query = """select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) from pg_stat_user_tables
                   where relname in ('centre_file', 'walk_in')"""
        return int(await counselling.pool.fetchval(query))

    across = {"name": "Shilan Rashid", "birth_date": "1998-05-17"}
    for what in ({"name": "شیلان ڕەشید"}, across, {"phone": "0750 1234567"}, {"case_ref": opened["case_ref"]}):
        before = await read()
        assert await found(counselling, LAGOS, **what) == {opened["case_id"]: True}
        assert await read() - before < 20, what
