"""The referral service over HTTP on a real database: its lists, its scopes, its vault, and what two at once do."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

from tests.support.canaries import Canary, traces
from tests.support.keys import memory_vault
from tests.support.loglines import configured, restore_logging  # noqa: F401 - a fixture
from tests.support.referral.news import EDO
from tests.support.referral.process import BERLIN, LOS, PROGRAMME, Process, ids

CANARIES = {"given_name": "Canary-Amina", "family_name": "Canary-Okafor", "notes": "canary sleeps badly ü"}


async def test_the_loop_closes_a_desk_sees_what_became_of_its_referrals(desk: Process) -> None:
    case = await desk.opened()
    waiting, late, redirected = [await desk.referred(case, need) for need in ("employment", "housing", "documents")]
    for referral in (late, redirected):
        await desk.received(case, referral)
    await desk.late(case, late)
    child = str(uuid4())
    target = {"child_referral_id": child, "root_referral_id": redirected, "to_centre": EDO, "to_country": "NG"}
    answer = {"centre": LOS, "referral_id": redirected, "reason": "other_catchment"}
    await desk.tell("counselling", "ReferralRedirected", case, **answer, **target)

    assert set(ids(await desk.read("/referrals", status="submitted"))) == {waiting, child}
    assert ids(await desk.read("/referrals", status="received")) == [late]
    assert ids(await desk.read("/referrals", overdue=True)) == [late]
    assert set(ids(await desk.read("/referrals", overdue=False))) == {waiting, redirected, child}
    assert ids(await desk.read("/referrals", PROGRAMME, org=BERLIN["org"])) == []
    shown = await desk.read(f"/referrals/{child}")
    assert (shown["case_id"], shown["parent_referral_id"], shown["status"]) == (case, redirected, "submitted")
    assert [(hop["to_centre"], hop["status"]) for hop in shown["chain"]] == [
        (LOS, "referred_onward"),
        (EDO, "submitted"),
    ]
    await desk.tell("counselling", "ReferralRejected", case, centre=LOS, referral_id=late, reason="no_capacity")
    assert ids(await desk.read("/referrals", overdue=True)) == []
    assert (await desk.read(f"/referrals/{late}"))["reason"] == "no_capacity"


async def test_a_referral_that_nobody_confirms_shows_as_overdue_wherever_the_desk_looks(desk: Process) -> None:
    case = await desk.opened()
    lost, confirmed = [await desk.referred(case, need) for need in ("employment", "housing")]
    await desk.received(case, confirmed, due_in=60)
    assert ids(await desk.read("/referrals", overdue=True)) == []
    desk.clock.advance(timedelta(days=40))
    assert await desk.deadlines.fire_due() == 1

    shown = await desk.read(f"/referrals/{lost}")
    assert (shown["status"], shown["owed"], shown["overdue"], shown["overdue_level"]) == (
        "submitted",
        "receipt",
        True,
        0,
    )
    assert ids(await desk.read("/referrals", overdue=True)) == [lost]
    assert ids(await desk.read("/referrals", overdue=False)) == [confirmed]
    assert (await desk.read(f"/cases/{case}"))["overdue"] is True
    entries = (await desk.read(f"/cases/{case}/timeline"))["items"]
    assert [each["subject"] for each in entries if each["code"] == "referral_receipt_level_1"] == [lost]
    fired = desk.metrics.deadlines_fired.labels("referral_receipt", "fired")
    assert fired._value.get() == 1

    await desk.received(case, lost)
    assert ids(await desk.read("/referrals", overdue=True)) == []
    assert await desk.pool.fetchval("select count(*) from deadline") == 0


async def test_consents_and_referrals_are_found_by_their_own_ids(desk: Process) -> None:
    case = await desk.opened()
    referral = await desk.referred(case, "employment")
    consent = (await desk.read(f"/cases/{case}"))["consents"][0]["consent_id"]
    assert (await desk.act("POST", f"/consents/{consent}/withdraw"))["status"] == "withdrawn"
    shown = await desk.read(f"/referrals/{referral}")
    assert (shown["status"], shown["reason"]) == ("withdrawn", "consent_withdrawn")
    for path, code in (("consents", "consent_not_found"), ("referrals", "referral_not_found")):
        answer = await desk.act("POST", f"/{path}/{uuid4()}/withdraw", {"reason": "person_declined"})
        assert (answer["http"], answer["code"]) == (404, code)


async def test_of_many_who_refer_for_the_same_need_at_once_one_succeeds(desk: Process) -> None:
    case = await desk.opened()
    answers = await asyncio.gather(*(desk.refer(case, "employment") for _ in range(12)))
    assert sorted(answer["http"] for answer in answers) == [201] + [409] * 11
    assert {answer["code"] for answer in answers if answer["http"] == 409} == {"need_already_referred"}
    assert len(ids(await desk.read("/referrals"))) == 1


async def test_a_profile_rests_as_ciphertext_and_nowhere_else(desk: Process) -> None:
    lines = configured()
    case = await desk.opened(profile=CANARIES)
    shown = await desk.read(f"/cases/{case}/profile")
    assert {name: shown[name] for name in CANARIES} == CANARIES
    await desk.act("PUT", f"/cases/{case}/profile", {"given_name": "Canary-Bisi"})
    assert (await desk.read(f"/cases/{case}/profile"))["family_name"] is None
    for table in await desk.pool.fetch("select tablename as name from pg_tables where schemaname = 'public'"):
        rows = await desk.pool.fetch(f'select t::text as text from "{table["name"]}" t')
        assert not [row for row in rows if "canary" in row["text"].lower()], table["name"]
    logged = lines()
    assert [line["event"] for line in logged if line["event"].startswith("profile_")] == [
        "profile_read",
        "profile_set",
        "profile_read",
    ]
    assert "canary" not in str(logged).lower()


async def test_of_a_birth_date_every_table_tells_a_band_and_a_month_and_no_birthday(desk: Process) -> None:
    born_on = "2012-02-27"
    birthdays = [Canary("birthday", f"{year}{born_on[4:]}") for year in (2012, 2030, 2037, 2047, 2062)]
    case = await desk.opened()
    await desk.referred(case, "employment")
    assert (await desk.act("PUT", f"/cases/{case}/profile", {"birth_date": born_on}))["status"] == "sealed"
    assert (await desk.read(f"/cases/{case}"))["age_band"] == "under_18"
    for table in await desk.pool.fetch("select tablename as name from pg_tables where schemaname = 'public'"):
        rows = await desk.pool.fetch(f'select t::text as text from "{table["name"]}" t')
        assert not [row for row in rows if traces(birthdays, row["text"])], table["name"]
    records = b"".join(row["record"] for row in await desk.pool.fetch("select record from outbox order by id"))
    assert b'"age_band":"under_18"' in records
    assert traces(birthdays, records) == []
    ends = "select (due_at at time zone 'Africa/Lagos')::text from deadline where name = 'age_band'"
    assert await desk.pool.fetchval(ends) == "2030-03-01 00:00:00"
    await desk.destroyed(case)
    assert await desk.pool.fetchval(ends) is None


async def test_a_profile_whose_key_is_destroyed_can_be_read_by_nobody(desk: Process) -> None:
    case = await desk.opened(profile=CANARIES)
    assert (await desk.read(f"/cases/{case}/profile", BERLIN))["http"] == 403
    assert (await desk.read(f"/cases/{case}/profile", PROGRAMME))["code"] == "role_required"
    elsewhere = await desk.act("POST", f"/cases/{case}/profile/destruction/request", {"reason": "person_asked"}, BERLIN)
    assert elsewhere["http"] == 403
    await desk.destroyed(case)
    gone = await desk.read(f"/cases/{case}/profile")
    assert (gone["http"], gone["code"]) == (404, "profile_destroyed")
    kept = await desk.pool.fetchval("select data::text from profile")
    assert '"wrapped_key": null' in kept
    assert '"boxes": {}' in kept
    assert await desk.pool.fetchval("select data -> 'profile_keys' from case_file") == "{}"


async def test_a_process_with_another_key_says_so_and_shows_nothing(desk: Process) -> None:
    case = await desk.opened(profile=CANARIES)
    other = Process(desk.pool, memory_vault(number=2))
    locked = await other.read(f"/cases/{case}/profile")
    assert (locked["http"], locked["code"]) == (503, "vault_locked")
    await other.http.aclose()


async def test_a_repeated_intake_opens_one_case_with_one_profile(desk: Process) -> None:
    person = {"target_group": "RETURNEE_DE", "country": "NG", "language": "en", "return_type": "forced"}
    body = {**person, "age_band": "unknown", "profile": CANARIES}
    first, second = [await desk.act("POST", "/cases", body, Idempotency_Key="an-intake-key") for _ in range(2)]
    assert first == second
    assert await desk.pool.fetchval("select count(*) from case_file") == 1
    assert await desk.pool.fetchval("select count(*) from profile") == 1


async def test_an_event_about_a_case_that_is_not_here_is_kept_for_the_operators(desk: Process) -> None:
    stranger = str(uuid4())
    await desk.tell("placement", "JobOfferExpired", stranger, offer_id=str(uuid4()))
    await desk.tell("placement", "JobOfferExpired", stranger, offer_id=str(uuid4()))
    parked = await desk.pool.fetch("select failure, state from parked order by id")
    assert [tuple(row) for row in parked] == [("case_not_found", "parked"), ("behind", "parked")]
    assert await desk.pool.fetchval("select count(*) from case_file") == 0
