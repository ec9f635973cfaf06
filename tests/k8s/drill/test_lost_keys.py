"""The key drill: the file that a service seals with is gone. What runs goes on, what starts says what is missing.

Then both ends of docs/runbooks/lost-key-file.md: a person enters again what nobody can open any more, and escrow
brings back the rest.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from deploy.local.places import SERVICES, StackError
from tests.k8s.drill.plain import running
from tests.support import keys
from tests.support.chain import Caller, Chain, until
from tests.support.people import STAFF, Person, ahead

pytestmark = pytest.mark.timeout(400)

PROFILE = {"given_name": "Ada", "family_name": "Obi"}
NEEDS = ["employment", "psychosocial"]


@dataclass
class Drill:
    """What was seen on the way."""

    warned: list[dict[str, Any]] = field(default_factory=list)
    still_open: dict[str, Any] = field(default_factory=dict)
    doctor: str = ""
    exit_code: int = 0
    last_words: str = ""
    locked: dict[str, tuple[int, Any]] = field(default_factory=dict)
    went_on: dict[str, int] = field(default_factory=dict)
    listed: tuple[list[str], ...] = ()
    again: dict[str, Any] = field(default_factory=dict)
    fresh: dict[str, Any] = field(default_factory=dict)
    escrow: dict[str, tuple[int, Any]] = field(default_factory=dict)
    given_up: Person | None = None
    kept: Person | None = None


async def asked(caller: Caller, path: str) -> tuple[int, Any]:
    """Status and body."""
    answer = await caller.http.get(path)
    return answer.status_code, answer.json()


async def registered(chain: Chain) -> Person:
    """Somebody with a profile, and with needs that tell of health."""
    person = await Person(lambda name: chain.as_(*STAFF[name])).opened(profile=PROFILE)
    return await person.referred(needs=NEEDS)


def doctor(chain: Chain) -> str:
    """What `ph doctor` says of the key file."""
    try:
        said = chain.stack.ph("doctor", "referral")
    except StackError as error:
        said = str(error)
    return next(line for line in said.splitlines() if line.startswith("vault keys"))


async def drilled(chain: Chain, drill: Drill) -> None:
    """All of it, in the order in which it would happen."""
    stack, file, log = chain.stack, chain.stack.secrets / "referral-vault.keys", chain.stack.logs / "referral.log"
    scout, counsellor = chain.as_(*STAFF["scout"]), chain.as_(*STAFF["counsellor"])
    escrow = file.read_text()
    drill.given_up, drill.kept = given_up, kept = [await registered(chain) for _ in range(2)]
    await chain.quiet()

    file.unlink()

    async def warned() -> bool:
        drill.warned = [json.loads(line) for line in log.read_text().splitlines() if "vault_keys_refused" in line]
        return bool(drill.warned)

    await until(warned, "the process to notice")
    drill.still_open = await scout.get(f"/cases/{kept.case_id}/profile")
    await registered(chain)
    drill.doctor = await asyncio.to_thread(doctor, chain)

    chain.kill("referral")
    program = stack.start_service("referral", **chain.settings)
    drill.exit_code = await asyncio.to_thread(program.process.wait, 120)
    drill.last_words = log.read_text().splitlines()[-1]

    # Nobody has a copy: the service gets another key, so that the chain goes on.
    file.write_text(keys.line("second", 2))
    stack.start_service("referral", **chain.settings)
    await asyncio.to_thread(stack.wait_ready, "referral")
    for path in ("/profile", ""):
        drill.locked[path] = await asked(scout, f"/cases/{kept.case_id}{path}")
    lost = "select id::text from case_file where split_part(data #>> '{{{}}}', ':', 1) = 'first' order by id"
    drill.listed = (
        [id_ for (id_,) in await chain.rows("referral", lost.format("profile_keys,identity,key"))],
        [id_ for (id_,) in await chain.rows("referral", lost.format("care_key"))],
    )
    for what, caller, path, body in (
        ("plan", scout, f"/cases/{kept.case_id}/journey/plan", PLAN),
        ("withdraw", scout, f"/referrals/{given_up.referral_id}/withdraw", {"reason": "person_declined"}),
        ("accept", counsellor, f"/referrals/{kept.referral_id}/accept", {}),
    ):
        drill.went_on[what] = (await caller.send(path, body)).status_code
    drill.fresh = await scout.get(f"/cases/{(await registered(chain)).case_id}/profile")

    # A person enters it again: what cannot be opened is destroyed first.
    await chain.destroyed(given_up.case_id)
    await scout.do(f"/cases/{given_up.case_id}/profile", PROFILE, method="PUT")
    await given_up.referred(needs=NEEDS)
    drill.again = {
        "profile": await scout.get(f"/cases/{given_up.case_id}/profile"),
        "case": await scout.get(f"/cases/{given_up.case_id}"),
    }
    await chain.quiet()

    # Later the copy turns up: both lines, the older one first.
    file.write_text(f"{escrow.strip()}\n{keys.line('second', 2)}\n")

    async def opens() -> bool:
        return (await asked(scout, f"/cases/{kept.case_id}"))[0] == 200

    await until(opens, "the process to read the file")
    for name, person in (("kept", kept), ("given up", given_up)):
        drill.escrow[name] = await asked(scout, f"/cases/{person.case_id}/profile")
        drill.escrow[f"{name}, case"] = await asked(scout, f"/cases/{person.case_id}")


PLAN = {"earliest": ahead(0), "latest": ahead(60), "transport": "scheduled_flight"}
Seen = tuple[Chain, Drill]


@pytest.fixture(scope="module")
async def drill() -> AsyncIterator[Seen]:
    async with running("lost-keys") as chain:
        drill = Drill()
        await drilled(chain, drill)
        yield chain, drill


def needs_of(case: Any) -> list[list[str]]:
    """Of each referral of a case, those that can be read."""
    return [sorted(referral["needs"] or ()) for referral in case["referrals"]]


def test_a_process_that_runs_keeps_its_keys_and_says_what_is_missing(drill: Seen) -> None:
    _, seen = drill
    assert len(seen.warned) == 1
    assert seen.warned[0]["setting"] == "REFERRAL_VAULT_KEYS_FILE"
    assert "cannot be read" in seen.warned[0]["reason"]
    assert seen.still_open.items() >= PROFILE.items()
    assert "wrong" in seen.doctor


def test_none_starts_without_the_file_and_it_says_which_one(drill: Seen) -> None:
    _, seen = drill
    assert seen.exit_code == 2
    assert "referral-vault.keys cannot be read" in seen.last_words


def test_under_another_key_what_was_sealed_is_locked_and_the_answer_names_the_generation(drill: Seen) -> None:
    _, seen = drill
    assert set(seen.locked) == {"/profile", ""}
    for status, body in seen.locked.values():
        assert (status, body["code"]) == (503, "vault_locked")
        assert "'first'" in body["detail"]
        assert "REFERRAL_VAULT_KEYS_FILE" in body["remedy"]


def test_operators_can_list_who_is_concerned(drill: Seen) -> None:
    _, seen = drill
    assert seen.kept is not None
    assert seen.given_up is not None
    ours = {seen.kept.case_id, seen.given_up.case_id}
    assert len(seen.listed) == 2
    for found in seen.listed:
        assert len(found) == 3  # the third was registered while the file was away
        assert ours <= set(found)


async def test_cases_went_on_and_nothing_was_parked(drill: Seen) -> None:
    chain, seen = drill
    assert seen.went_on == {"plan": 200, "withdraw": 200, "accept": 200}
    assert seen.fresh.items() >= PROFILE.items()
    for service in SERVICES:
        assert await chain.rows(service, "select key, type, failure, detail from parked") == []


def test_what_was_destroyed_can_be_entered_again(drill: Seen) -> None:
    _, seen = drill
    assert seen.again["profile"].items() >= PROFILE.items()
    assert needs_of(seen.again["case"])[-1] == sorted(NEEDS)


def test_escrow_brings_back_what_nobody_has_destroyed_and_nothing_else(drill: Seen) -> None:
    _, seen = drill
    status, profile = seen.escrow["kept"]
    assert status == 200
    assert profile.items() >= PROFILE.items()
    assert needs_of(seen.escrow["kept, case"][1]) == [sorted(NEEDS)]
    assert seen.escrow["given up"][1].items() >= PROFILE.items()
    former, again = needs_of(seen.escrow["given up, case"][1])
    assert "psychosocial" not in former
    assert again == sorted(NEEDS)
