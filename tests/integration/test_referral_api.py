"""The referral service over HTTP on a real database: its lists, its scopes, its vault, and what two at once do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from chassis.postgres import migrations
from chassis.postgres.database import open_pool
from referral.app import service
from tests.integration.referral_api import BAVARIA, BERLIN, EDO, KEY, LOS, PROGRAMME, Api
from tests.support.cluster import Cluster
from tests.support.loglines import configured, restore_logging  # noqa: F401 - a fixture

CANARIES = {"given_name": "Canary-Amina", "family_name": "Canary-Okafor", "notes": "canary sleeps badly ü"}


@pytest.fixture(scope="session")
async def referral_template(cluster: Cluster) -> str:
    dsn = await cluster.create_database("referral_template")
    await migrations.migrate(dsn, "referral", service(KEY).migrations)
    return "referral_template"


@pytest.fixture
async def referral_pool(cluster: Cluster, referral_template: str) -> AsyncIterator[asyncpg.Pool]:
    name = f"referral_{uuid4().hex}"
    pool = await open_pool(await cluster.create_database(name, referral_template), 10, "test")
    yield pool
    pool.terminate()
    await cluster.drop_database(name)


@pytest.fixture
async def api(referral_pool: asyncpg.Pool) -> AsyncIterator[Api]:
    api = Api(referral_pool)
    yield api
    await api.http.aclose()


def ids(page: Any) -> list[str]:
    assert page["http"] == 200, page
    return [item["id"] for item in page["items"]]


async def pages(api: Api, path: str, **query: Any) -> list[list[str]]:
    """The ids of a list, page by page."""
    found, cursor = [], None
    while True:
        page = await api.get(path, **query, **({} if cursor is None else {"cursor": cursor}))
        found.append(ids(page))
        cursor = page["next_cursor"]
        if cursor is None:
            return found


async def test_a_desk_lists_its_own_cases_and_filters_them(api: Api) -> None:
    planned, referred, elsewhere = await api.opened(), await api.opened(admin1="NG-ED"), await api.opened(country="GH")
    foreign = await api.opened(BERLIN)
    window = {"earliest": api.day(20), "latest": api.day(30)}
    assert (await api.post(f"/cases/{planned}/journey/plan", window))["http"] == 200
    await api.referred(referred, "employment")

    assert ids(await api.get("/cases")) == sorted([planned, referred, elsewhere])
    assert ids(await api.get("/cases", country="GH")) == [elsewhere]
    assert ids(await api.get("/cases", status="referred")) == [referred]
    assert ids(await api.get("/cases", journey="planned")) == [planned]
    assert ids(await api.get("/cases", journey="planned", status="referred")) == []
    assert ids(await api.get("/cases", org=BAVARIA)) == sorted([planned, referred, elsewhere])
    assert ids(await api.get("/cases", BERLIN)) == [foreign]
    assert ids(await api.all_programme("/cases")) == sorted([planned, referred, elsewhere, foreign])
    assert ids(await api.all_programme("/cases", org=BERLIN)) == [foreign]
    refused = await api.get("/cases", org=BERLIN)
    assert (refused["http"], refused["code"]) == (403, "not_your_organisation")


async def test_a_case_is_found_by_its_reference_as_people_write_it_down(api: Api) -> None:
    case = await api.opened()
    reference: str = (await api.get(f"/cases/{case}"))["case_ref"]
    misread = reference.lower().replace("0", "o").replace("1", "l")
    assert ids(await api.get("/cases", case_ref=misread)) == [case]
    assert ids(await api.get("/cases", BERLIN, case_ref=reference)) == []
    wrong = reference[:-1] + ("0" if reference[-1] != "0" else "1")
    refused = await api.get("/cases", case_ref=wrong)
    assert (refused["http"], refused["code"]) == (422, "case_ref_misread")


async def test_cases_come_in_pages_each_of_them_once(api: Api) -> None:
    cases = sorted([await api.opened() for _ in range(5)])
    assert await pages(api, "/cases", limit=2) == [cases[:2], cases[2:4], cases[4:]]


async def test_referrals_come_in_pages_each_of_them_once_also_where_a_case_has_several(api: Api) -> None:
    expected = []
    for case in [await api.opened() for _ in range(3)]:
        expected += [await api.referred(case, "employment"), await api.referred(case, "housing")]
    await api.referred(await api.opened(BERLIN), "employment", org=BERLIN)
    found = await pages(api, "/referrals", limit=4)
    assert [len(page) for page in found] == [4, 2]
    assert sorted(id_ for page in found for id_ in page) == sorted(expected)
    unknown = await api.get("/referrals", cursor=str(uuid4()))
    assert (unknown["http"], unknown["code"]) == (422, "unknown_cursor")


async def test_the_loop_closes_a_desk_sees_what_became_of_its_referrals(api: Api) -> None:
    case = await api.opened()
    waiting, late, redirected = [await api.referred(case, need) for need in ("employment", "housing", "documents")]
    for referral in (late, redirected):
        await api.received(case, referral)
    await api.late(case, late)
    child = str(uuid4())
    target = {"child_referral_id": child, "root_referral_id": redirected, "to_centre": EDO, "to_country": "NG"}
    answer = {"centre": LOS, "referral_id": redirected, "reason": "other_catchment"}
    await api.tell("counselling", "ReferralRedirected", case, **answer, **target)

    assert set(ids(await api.get("/referrals", status="submitted"))) == {waiting, child}
    assert ids(await api.get("/referrals", status="received")) == [late]
    assert ids(await api.get("/referrals", overdue=True)) == [late]
    assert set(ids(await api.get("/referrals", overdue=False))) == {waiting, redirected, child}
    assert ids(await api.all_programme("/referrals", org=BERLIN)) == []
    shown = await api.get(f"/referrals/{child}")
    assert (shown["case_id"], shown["parent_id"], shown["status"]) == (case, redirected, "submitted")
    assert [(hop["to_centre"], hop["status"]) for hop in shown["chain"]] == [
        (LOS, "referred_onward"),
        (EDO, "submitted"),
    ]
    await api.tell("counselling", "ReferralRejected", case, centre=LOS, referral_id=late, reason="no_capacity")
    assert ids(await api.get("/referrals", overdue=True)) == []
    assert (await api.get(f"/referrals/{late}"))["reason"] == "no_capacity"


async def test_consents_and_referrals_are_found_by_their_own_ids(api: Api) -> None:
    case = await api.opened()
    referral = await api.referred(case, "employment")
    consent = (await api.get(f"/cases/{case}"))["consents"][0]["id"]
    assert (await api.post(f"/consents/{consent}/withdraw"))["status"] == "withdrawn"
    shown = await api.get(f"/referrals/{referral}")
    assert (shown["status"], shown["reason"]) == ("withdrawn", "consent_withdrawn")
    for path, code in (("consents", "consent_not_found"), ("referrals", "referral_not_found")):
        answer = await api.post(f"/{path}/{uuid4()}/withdraw", {"reason": "person_declined"})
        assert (answer["http"], answer["code"]) == (404, code)


async def test_of_many_who_refer_for_the_same_need_at_once_one_succeeds(api: Api) -> None:
    case = await api.opened()
    answers = await asyncio.gather(*(api.refer(case, "employment") for _ in range(12)))
    assert sorted(answer["http"] for answer in answers) == [201] + [409] * 11
    assert {answer["code"] for answer in answers if answer["http"] == 409} == {"need_already_referred"}
    assert len(ids(await api.get("/referrals"))) == 1


async def test_a_profile_rests_as_ciphertext_and_nowhere_else(api: Api) -> None:
    lines = configured()
    case = await api.opened(profile=CANARIES)
    shown = await api.get(f"/cases/{case}/profile")
    assert {name: shown[name] for name in CANARIES} == CANARIES
    await api.send("PUT", f"/cases/{case}/profile", {"given_name": "Canary-Bisi"})
    assert (await api.get(f"/cases/{case}/profile"))["family_name"] is None
    for table in await api.pool.fetch("select tablename as name from pg_tables where schemaname = 'public'"):
        rows = await api.pool.fetch(f'select t::text as text from "{table["name"]}" t')
        assert not [row for row in rows if "canary" in row["text"].lower()], table["name"]
    logged = lines()
    assert [line["event"] for line in logged if line["event"].startswith("profile_")] == [
        "profile_read",
        "profile_set",
        "profile_read",
    ]
    assert "canary" not in str(logged).lower()


async def test_a_profile_whose_key_is_destroyed_can_be_read_by_nobody(api: Api) -> None:
    case = await api.opened(profile=CANARIES)
    assert (await api.get(f"/cases/{case}/profile", BERLIN))["http"] == 403
    assert (await api.get(f"/cases/{case}/profile", PROGRAMME, "programme_manager"))["code"] == "role_required"
    assert (await api.send("DELETE", f"/cases/{case}/profile", org=BERLIN))["http"] == 403
    assert (await api.send("DELETE", f"/cases/{case}/profile"))["status"] == "destroyed"
    gone = await api.get(f"/cases/{case}/profile")
    assert (gone["http"], gone["code"]) == (404, "profile_destroyed")
    kept = await api.pool.fetchval("select data::text from profile")
    assert '"wrapped_key": null' in kept
    assert '"fields": {}' in kept


async def test_a_process_with_another_key_says_so_and_shows_nothing(api: Api) -> None:
    case = await api.opened(profile=CANARIES)
    other = Api(api.pool, key=bytes(32))
    locked = await other.get(f"/cases/{case}/profile")
    assert (locked["http"], locked["code"]) == (503, "vault_locked")
    await other.http.aclose()


async def test_a_repeated_intake_opens_one_case_with_one_profile(api: Api) -> None:
    person = {"target_group": "RETURNEE_DE", "country": "NG", "language": "en", "return_type": "forced"}
    body = {**person, "age_band": "unknown", "profile": CANARIES}
    first, second = [await api.send("POST", "/cases", body, key="an-intake-key") for _ in range(2)]
    assert first == second
    assert await api.pool.fetchval("select count(*) from case_file") == 1
    assert await api.pool.fetchval("select count(*) from profile") == 1


async def test_an_event_about_a_case_that_is_not_here_is_kept_for_the_operators(api: Api) -> None:
    stranger = str(uuid4())
    await api.tell("placement", "JobOfferExpired", stranger, offer_id=str(uuid4()))
    await api.tell("placement", "JobOfferExpired", stranger, offer_id=str(uuid4()))
    parked = await api.pool.fetch("select failure, state from parked order by id")
    assert [tuple(row) for row in parked] == [("unknown_case", "parked"), ("behind", "parked")]
    assert await api.pool.fetchval("select count(*) from case_file") == 0
