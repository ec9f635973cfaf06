"""Walk-ins on a real database: taken in, found again by what they say of themselves, and known by nobody else."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from tests.support import outbox
from tests.support.counselling.process import ACCRA, LAGOS, Process, staff
from tests.support.people import new_file
from tests.support.service_process import ServiceProcess
from vocabulary.case_ref import case_ref

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


async def test_who_has_two_cases_that_are_linked_is_found_with_the_other_one(counselling: Process) -> None:
    case = uuid4()
    referral_id = await counselling.refer(case)
    assert (await counselling.post(f"/referrals/{referral_id}/accept", LAGOS))["http"] == 200
    opened = await taken_in(counselling, **SHILAN)
    path = f"/files/{opened['case_id']}/links"
    ada, bob = {**staff(LAGOS), "sub": "ada"}, {**staff(LAGOS), "sub": "bob"}

    async def beside(**what: str) -> list[list[str]]:
        answer = await counselling.post("/files/search", LAGOS, **what)
        return [[other["case_id"] for other in each["same_person"]] for each in answer["items"]]

    asked = await ServiceProcess.post(counselling, path, ada, same_as=str(case), reason="paper_shown")
    assert (asked["http"], asked["same_person"]["status"]) == (200, "apart")
    assert await beside(name="شیلان") == [[]]
    confirmed = await ServiceProcess.post(counselling, f"{path}/{case}/confirm", bob)
    assert (confirmed["http"], confirmed["same_person"]["status"]) == (200, "linked")
    assert await beside(name="شیلان") == [[str(case)]]
    assert await beside(case_ref=case_ref(case)) == [[opened["case_id"]]]
    looks = await counselling.pool.fetch("select subjects from audit where action = 'search_files' order by at desc")
    assert set(looks[0]["subjects"]) == {case, UUID(opened["case_id"])}
    subjects = await counselling.pool.fetch("select subjects from audit where action = 'confirm_link'")
    assert [set(row["subjects"]) for row in subjects] == [{case, UUID(opened["case_id"])}]
    rows = await counselling.pool.fetch("select record from outbox order by id")
    told = [outbox.read(row["record"]).headers["ce_type"] for row in rows]
    assert told.count("ph.counselling.CasesLinked.v1") == 1
    gone = await counselling.post(f"/files/{opened['case_id']}/consents/{opened['consent_id']}/withdraw", LAGOS)
    assert gone["http"] == 200
    assert await beside(name="شیلان") == [[]]
    undone = await ServiceProcess.post(counselling, f"{path}/{case}/undo", ada, reason="wrong_person")
    assert (undone["http"], undone["same_person"]["status"]) == (200, "apart")
    assert await beside(case_ref=case_ref(case)) == [[]]
