"""Whom a desk finds by who they are, on a real database: its own people, in whatever script, and nobody else's."""

from __future__ import annotations

from typing import Any

from tests.support.referral.process import BERLIN, Process

SHILAN = {
    "given_name": "شیلان",
    "family_name": "ڕەشید",
    "phone": "+49 151 123 4567",
    "birth_date": "1990-05-17",
}


async def found(desk: Process, who: Any = None, **what: str) -> dict[str, str]:
    answer = await desk.act("POST", "/cases/search", what, **({} if who is None else {"who": who}))
    assert answer["http"] == 200, answer
    return {each["case_id"]: each["fit"] for each in answer["items"]}


async def test_a_case_is_found_by_reference_name_phone_and_birth_date(desk: Process) -> None:
    case = await desk.opened(profile=SHILAN, age_band="35_49")
    await desk.opened(profile={"given_name": "Ama", "family_name": "Quartey", "birth_date": "1990-05-17"})
    reference = (await desk.read(f"/cases/{case}"))["case_ref"]
    exact, across = {case: "exact"}, {case: "across_scripts"}
    assert await found(desk, case_ref=reference.lower()) == exact
    assert await found(desk, case_ref=reference, birth_date="1990-05-17") == exact
    assert await found(desk, case_ref=reference, name="Ama") == {}
    assert await found(desk, name="رەشيد شيلان", birth_date="1990-05-17") == exact
    assert await found(desk, phone="0151 1234567") == exact
    assert await found(desk, name="Schilan Rashid", phone="0151 1234567") == across
    assert await found(desk, name="Shilan", birth_date="1990-05-18") == {}
    assert await found(desk, name="Shirin") == {}


async def test_who_fits_exactly_comes_first(desk: Process) -> None:
    latin = [await desk.opened(profile={"given_name": "Hussein"}) for _ in range(3)]
    arabic = await desk.opened(profile={"given_name": "حسن"})
    by_arabic = await desk.act("POST", "/cases/search", {"name": "حسن"})
    assert [each["case_id"] for each in by_arabic["items"]] == [arabic, *sorted(latin)]
    by_latin = await desk.act("POST", "/cases/search", {"name": "Hussein"})
    assert [each["case_id"] for each in by_latin["items"]] == [*sorted(latin), arabic]
    assert by_latin["items"][0].keys() == {"case_id", "case_ref", "fit"}


async def test_another_desk_finds_nobody_and_a_reference_without_a_profile_is_found(desk: Process) -> None:
    case = await desk.opened(profile=SHILAN, age_band="35_49")
    nameless = await desk.opened()
    reference = (await desk.read(f"/cases/{nameless}"))["case_ref"]
    assert await found(desk, BERLIN, name="Shilan") == {}
    assert await found(desk, BERLIN, case_ref=reference) == {}
    assert await found(desk, case_ref=reference) == {nameless: "exact"}
    assert await found(desk, name="Shilan") == {case: "across_scripts"}


async def test_whose_profile_was_destroyed_is_found_by_reference_alone(desk: Process) -> None:
    case = await desk.opened(profile=SHILAN, age_band="35_49")
    reference = (await desk.read(f"/cases/{case}"))["case_ref"]
    await desk.destroyed(case)
    assert await found(desk, name="Shilan") == {}
    assert await found(desk, case_ref=reference) == {case: "exact"}
    kept = await desk.pool.fetchval("select data::text from profile where id = $1::uuid", case)
    assert '"marks": []' in kept


async def test_a_search_reads_few_rows_of_a_desk_with_many_cases(desk: Process) -> None:
    case = await desk.opened(profile=SHILAN, age_band="35_49")
    reference = (await desk.read(f"/cases/{case}"))["case_ref"]
    await desk.pool.execute(
        """with known as (
               insert into profile (id, version, status, updated_at, data)
               select gen_random_uuid(), 1, 'sealed', now(),
                      jsonb_build_object('marks', jsonb_build_array(md5(i::text), md5('b' || i)))
               from generate_series(1, 5000) as i returning id)
           insert into case_file (id, version, status, updated_at, data)
           select id, 1, 'open', now(), jsonb_build_object(
               'opened_by', 'scouts:bavaria', 'country', 'NG', 'case_ref', 'PH-' || id)
           from known"""
    )
    await desk.pool.execute("analyze")

    async def read() -> int:
        await desk.pool.execute("select pg_stat_force_next_flush()")
        query = """select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) from pg_stat_user_tables
                   where relname in ('case_file', 'profile')"""
        return int(await desk.pool.fetchval(query))

    for what in (
        {"name": "شیلان ڕەشید"},
        {"name": "Shilan", "birth_date": "1990-05-17"},
        {"phone": "0151 1234567"},
        {"case_ref": reference},
    ):
        before = await read()
        assert case in await found(desk, **what)
        assert await read() - before < 20, what
