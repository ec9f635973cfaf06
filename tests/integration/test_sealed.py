"""What tells of health lies sealed in both databases, what lay in clear is sealed, and keys change under way."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx

from chassis.service import Unsealed
from chassis.work.sealer import BATCH, FIRST, Sealer
from counselling.app import IN_CLEAR as LEVELS_IN_CLEAR
from counselling.app import UNMARKED as UNMARKED_THERE
from referral.app import IN_CLEAR as NEEDS_IN_CLEAR
from referral.app import UNMARKED
from referral.handlers import MARKED
from tests.support.counselling.process import LAGOS, staff
from tests.support.counselling.process import Process as Counselling
from tests.support.keys import file_vault, line
from tests.support.loglines import configured, restore_logging  # noqa: F401 - a fixture
from tests.support.referral.process import Process as Desk
from vocabulary.finding import MARKING

NEEDS, CODES = ("psychosocial", "health", "housing"), ("medical", "psychosocial_session", "bridging_cash")
LEVELS = {"health": 3, "economic": 1}


async def departed(desk: Desk) -> str:
    """A case with needs and assistance that tell of health, the needs refused once and repeated once."""
    case = await desk.opened()
    first = await desk.refer(case, *NEEDS)
    assert first["http"] == 201, first
    assert (await desk.refer(case, "psychosocial"))["code"] == "need_already_referred"
    await desk.act("POST", f"/cases/{case}/journey/plan", {"earliest": desk.day(0), "latest": desk.day(9)})
    left = {"departed_on": desk.day(0), "arrival_expected_on": desk.day(0), "assistance_codes": list(CODES)}
    assert (await desk.act("POST", f"/cases/{case}/journey/depart", left))["http"] == 200
    return case


async def assessed(counselling: Counselling) -> str:
    """A case whose needs were assessed."""
    case, day = uuid4(), counselling.today
    referral = await counselling.refer(case)
    await counselling.post(f"/referrals/{referral}/accept", LAGOS)
    await counselling.post(f"/files/{case}/arrival", LAGOS, arrived_on=day, method="seen")
    await counselling.post(f"/files/{case}/contacts", LAGOS, channel="phone", attempts=1, contacted_on=day)
    body = {"readiness": "now", "priority": "normal", "levels": LEVELS, "assessed_on": day}
    assert (await counselling.post(f"/files/{case}/assessments", LAGOS, **body))["http"] == 201
    return str(case)


async def levels(counselling: Counselling, case: str) -> list[Mapping[str, int] | None]:
    answer = await counselling.get(f"/files/{case}/assessments", staff(LAGOS))
    assert answer["http"] == 200, answer
    return [item["levels"] for item in answer["items"]]


async def test_needs_and_assistance_lie_in_clear_in_no_table_and_no_column(desk: Desk) -> None:
    case = await departed(desk)
    # What events carry is no special category; it waits in the outbox as the contract says.
    assert await desk.holding("psychosocial", "medical") == []
    assert await desk.holding("bridging_cash") == ["outbox"]
    shown = await desk.read(f"/cases/{case}")
    assert shown["referrals"][0]["needs"] == sorted(NEEDS)
    assert shown["journey"]["assistance_codes"] == sorted(CODES)
    [listed] = (await desk.read("/referrals"))["items"]
    assert "needs" not in listed
    assert (await desk.read(f"/referrals/{listed['referral_id']}"))["needs"] == sorted(NEEDS)


# --- from before ---


async def needs_in_clear(desk: Desk, case: str) -> None:
    """Puts the codes into the row as earlier versions have stored them."""
    data = json.loads(await desk.pool.fetchval("select data from case_file where id = $1", case))
    for referral in data["referrals"]:
        referral["needs"] = sorted(NEEDS)
    data["journey"]["assistance_codes"] = sorted(CODES)
    del data["care_key"]
    await desk.pool.execute("update case_file set data = $2 where id = $1", case, json.dumps(data))


async def test_the_worker_seals_cases_that_lie_in_clear(desk: Desk) -> None:
    cases = [await departed(desk) for _ in range(2)]
    shown = [(await desk.read(f"/cases/{case}"))["referrals"][0]["needs"] for case in cases]
    for case in cases:
        await needs_in_clear(desk, case)
    assert await desk.holding("psychosocial", "medical") == ["case_file"]
    assert await desk.sealer.seal_some() == 2
    assert await desk.holding("psychosocial", "medical") == []
    assert [(await desk.read(f"/cases/{case}"))["referrals"][0]["needs"] for case in cases] == shown
    assert await desk.sealer.seal_some() == 0
    assert desk.metrics.registry.get_sample_value("ph_unsealed") == 0


async def test_the_worker_seals_levels_that_lie_in_clear(counselling: Counselling) -> None:
    case = await assessed(counselling)
    clear = json.dumps([{"domain": domain, "level": level} for domain, level in LEVELS.items()])
    await counselling.pool.execute("update assessment set data = jsonb_set(data, '{levels}', $1::jsonb)", clear)
    await counselling.pool.execute("update centre_file set data = data - 'care_keys'")
    assert await counselling.holding("health") == ["assessment"]
    assert await levels(counselling, case) == [LEVELS]
    assert await counselling.sealer.seal_some() == 1
    assert await counselling.holding("health") == []
    assert await levels(counselling, case) == [LEVELS]
    assert await counselling.sealer.seal_some() == 0


async def test_what_lies_in_clear_is_found_by_its_index(desk: Desk, counselling: Counselling) -> None:
    for pool, question in ((desk.pool, NEEDS_IN_CLEAR), (counselling.pool, LEVELS_IN_CLEAR)):
        assert "_unsealed" in await plan(pool, question)
    for pool, question in ((desk.pool, UNMARKED), (counselling.pool, UNMARKED_THERE)):
        assert "_unmarked" in await plan(pool, question)
        assert f"< {MARKING} " in question


async def plan(pool: asyncpg.Pool, question: str) -> str:
    asked = question.replace("$1", str(BATCH)).replace("$2", f"'{FIRST}'")
    return "\n".join(row[0] for row in await pool.fetch(f"explain {asked}"))


async def test_profiles_that_do_not_open_keep_nobody_from_being_found(desk: Desk) -> None:
    cases = sorted([await desk.opened(profile={"given_name": "Amina", "family_name": "Bello"}) for _ in range(4)])
    await desk.pool.execute("update profile set data = data - 'marks' - 'marking'")
    await desk.pool.execute(
        """update case_file set data = jsonb_set(data, '{profile_keys}', regexp_replace(
               (data -> 'profile_keys')::text, '"key": "[^:]*:', '"key": "gone:', 'g')::jsonb)
           where id = any($1::uuid[])""",
        cases[:3],
    )
    sealer = Sealer(desk.workshop, [Unsealed(UNMARKED, MARKED)], batch=2)
    assert [await sealer.seal_some() for _ in range(3)] == [0, 1, 0]
    assert await found(desk) == cases[3:]
    assert desk.metrics.registry.get_sample_value("ph_unsealed") == 2, "it has begun anew"


async def test_the_worker_lets_people_be_found_whom_an_earlier_version_has_written(desk: Desk) -> None:
    case = await desk.opened(profile={"given_name": "Amina", "family_name": "Bello"})
    assert await found(desk) == [case]
    assert await desk.sealer.seal_some() == 0
    await desk.pool.execute("update profile set data = data - 'marks' - 'marking'")
    assert await found(desk) == []
    assert await desk.sealer.seal_some() == 1
    assert await found(desk) == [case]
    assert await desk.sealer.seal_some() == 0
    assert desk.metrics.registry.get_sample_value("ph_unsealed") == 0


async def found(desk: Desk) -> list[str]:
    answer = await desk.act("POST", "/cases/search", {"name": "Amina Bello"})
    assert answer["http"] == 200, answer
    return [each["case_id"] for each in answer["items"]]


async def test_while_the_key_lacks_nothing_is_sealed_and_the_log_says_it_once(desk: Desk, tmp_path: Path) -> None:
    case = await departed(desk)
    data = json.loads(await desk.pool.fetchval("select data from case_file where id = $1", case))
    data["journey"]["assistance_codes"] = sorted(CODES)  # beside needs that are sealed under a key that lacks
    await desk.pool.execute("update case_file set data = $2 where id = $1", case, json.dumps(data))
    file = tmp_path / "keys"
    file.write_text(line("other", 9))
    other, lines = Desk(desk.pool, file_vault(file)), configured()
    assert [await other.sealer.seal_some() for _ in range(3)] == [0, 0, 0]
    told = [each for each in lines() if each["event"] == "vault_locked"]
    assert [(each["task"], "'first'" in each["says"]) for each in told] == [("sealer", True)]
    assert other.metrics.registry.get_sample_value("ph_unsealed") == 1
    await other.http.aclose()


# --- rotation and destruction ---


async def test_a_generation_comes_and_goes_without_a_restart(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(line("a", 1))
    vault = file_vault(file)
    process = Desk(desk.pool, vault)
    old = await departed(process)
    file.write_text(f"{line('a', 1)}\n{line('b', 2)}")
    vault.renew()
    new = await departed(process)
    key = "select split_part(data ->> 'care_key', ':', 1) from case_file where id = $1"
    assert [await desk.pool.fetchval(key, each) for each in (old, new)] == ["a", "b"]
    file.write_text(line("b", 2))
    vault.renew()
    assert (await process.read(f"/cases/{new}"))["referrals"][0]["needs"] == sorted(NEEDS)
    locked = await process.read(f"/cases/{old}")
    assert (locked["http"], locked["code"], "'a'" in locked["detail"]) == (503, "vault_locked", True)
    await process.http.aclose()


async def test_a_repeat_is_known_after_a_rotation(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(line("a", 1))
    vault = file_vault(file)
    process = Desk(desk.pool, vault)
    case = await process.opened()
    body: dict[str, Any] = {"priority": "normal", "needs": ["health"]}
    path, key = f"/cases/{case}/referrals", {"Idempotency_Key": "before-and-after"}
    first = await process.act("POST", path, body, **key)
    file.write_text(f"{line('a', 1)}\n{line('b', 2)}")
    vault.renew()
    assert await process.act("POST", path, body, **key) == first
    other = await process.act("POST", path, {**body, "needs": ["housing"]}, **key)
    assert other["code"] == "idempotency_key_reused"
    await process.http.aclose()


async def test_levels_cannot_be_tried_out_on_the_hash_of_a_remembered_body(counselling: Counselling) -> None:
    await assessed(counselling)
    kept = {row[0] for row in await counselling.pool.fetch("select fingerprint from idempotency")}
    for health in range(4):
        told = {**LEVELS, "health": health}
        body = {"readiness": "now", "priority": "normal", "levels": told, "assessed_on": counselling.today}
        sent = httpx.Request("POST", "http://counselling.test", json=body).content
        assert hashlib.blake2b(sent, digest_size=32).digest() not in kept


async def test_levels_whose_key_is_destroyed_open_from_no_copy_of_their_table(counselling: Counselling) -> None:
    case = await assessed(counselling)
    copy = await counselling.pool.fetchval("select data from assessment")
    gone = await counselling.ask("DELETE", f"/files/{case}/assessments", staff(LAGOS))
    assert gone.json() == {"case_id": case, "assessments": 1}
    assert await levels(counselling, case) == [None]
    await counselling.pool.execute("update assessment set data = $1", copy)
    assert await levels(counselling, case) == [None], "the box is back, the key is not"


async def test_a_list_opens_no_box_so_one_that_does_not_open_keeps_nobody_from_the_others(
    desk: Desk, tmp_path: Path
) -> None:
    file = tmp_path / "keys"
    file.write_text(line("a", 1))
    vault = file_vault(file)
    process, lines = Desk(desk.pool, vault), configured()
    locked = await departed(process)
    file.write_text(line("b", 2))
    vault.renew()
    open_ = await departed(process)
    listed = {each["case_id"]: each["referral_id"] for each in (await process.read("/referrals"))["items"]}
    assert set(listed) == {locked, open_}
    assert process.metrics.registry.get_sample_value("ph_vault_locked_total") == 0
    assert (await process.read(f"/referrals/{listed[open_]}"))["needs"] == sorted(NEEDS)
    assert (await process.read(f"/referrals/{listed[locked]}"))["code"] == "vault_locked"
    told = [each for each in lines() if each["event"] == "vault_locked"]
    assert [(each["route"], "'a'" in each["says"]) for each in told] == [("/referrals/{referral_id}", True)]
    assert process.metrics.registry.get_sample_value("ph_vault_locked_total") == 1
    await process.http.aclose()
