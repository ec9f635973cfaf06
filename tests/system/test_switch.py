"""The switch per country on the running chain: two people, four services, and a process of the role `api`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.local.places import free_port
from tests.support.chain import Caller, Chain, until
from tests.support.people import german_today
from tests.support.tokens import token
from vocabulary.switch import id_of

COUNTRY, CENTRE = "TN", "centre:TN-TUN"
"""No other test is about it."""
SUBJECTS = ("manager-ada-4711", "manager-bob-4712")
CLOSED = (403, "access_suspended")


def caller(chain: Chain, service: str, role: str, org: str, subject: str = "test", url: str = "") -> Caller:
    bearer = token(chain.stack, roles=[role], org=org, sub=subject)
    return Caller(url or chain.stack.urls()[service], bearer)


@pytest.fixture
async def api_only(chain: Chain) -> AsyncIterator[str]:
    """The address of one more process of counselling, which serves HTTP alone and reaches no broker."""
    port = free_port()
    name = "counselling-api"
    settings = {"ROLE": "api", "PORT": str(port), "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    program = chain.stack.start_service("counselling", name=name, **settings)
    try:
        chain.stack.wait_ready("counselling", name=name, port=port)
        yield f"http://127.0.0.1:{port}"
    finally:
        del chain.stack.services[name]
        program.stop(25)


async def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "") if answer.status_code >= 400 else ""


async def switch(chain: Chain, status: str, reason: str) -> None:
    """One programme manager requests it, another one confirms."""
    first, second = (caller(chain, "referral", "programme_manager", "programme:desk", who) for who in SUBJECTS)
    wanted = {"status": status, "reason": reason}
    path = f"/countries/{COUNTRY}/status"
    assert (await first.do(f"{path}/request", wanted))["request"]["status"] == status
    assert await told(await first.send(f"{path}/confirm")) == (403, "same_person")
    assert (await second.do(f"{path}/confirm"))["status"] == status


async def test_a_country_is_suspended_by_two_people_in_every_process_and_active_again_in_the_same_way(
    chain: Chain, api_only: str
) -> None:
    scout = caller(chain, "referral", "scout", "scouts:bavaria")
    doors = {
        "counselling": (caller(chain, "counselling", "centre_counsellor", CENTRE), "/inbox"),
        "counselling, api": (caller(chain, "counselling", "centre_counsellor", CENTRE, url=api_only), "/inbox"),
        "placement": (caller(chain, "placement", "placement_officer", CENTRE), "/vacancies"),
    }
    others = {
        "Lagos": (caller(chain, "counselling", "centre_counsellor", "centre:NG-LOS"), "/inbox"),
        "programme": (caller(chain, "counselling", "programme_manager", "programme:desk"), "/inbox"),
        "scout": (scout, "/cases"),
        "provider": (caller(chain, "training", "training_clerk", "provider:TRADE-PAINT"), "/sessions"),
    }

    async def answers(who: dict[str, tuple[Caller, str]]) -> dict[str, tuple[int, str]]:
        return {name: await told(await asking.http.get(path)) for name, (asking, path) in who.items()}

    async def doors_say(expected: tuple[int, str]) -> bool:
        return set((await answers(doors)).values()) == {expected}

    async def referral_says(expected: tuple[int, str]) -> bool:
        # Of a case each: what was let through before the process knew would be in the way of the next.
        return await told(await refer(scout, await opened(scout))) == expected

    assert await doors_say((200, "")), await answers(doors)
    try:
        await switch(chain, "suspended", "security")
        await until(lambda: doors_say(CLOSED), "every process to shut the centre out")
        await until(lambda: referral_says((409, "country_suspended")), "nobody to be referred there")
        assert set((await answers(others)).values()) == {(200, "")}
        centre = caller(chain, "counselling", "centre_counsellor", CENTRE)
        left = await centre.send(f"/referrals/{uuid4()}/reject", {"reason": "no_capacity"})
        assert await told(left) == (404, "referral_not_found"), "handing over is let in"
    finally:
        await switch(chain, "active", "programme_resumed")
    await until(lambda: doors_say((200, "")), "every process to let the centre in")
    await until(lambda: referral_says((201, "")), "people to be referred there")
    heard = [each for each in await chain.heard("reference") if each.key == str(id_of(COUNTRY)) and not each.again]
    assert [each.body["switch"] for each in heard][-2:] == ["suspended", "as_listed"]
    assert {each.headers["ce_actororg"] for each in heard} == {"programme:desk"}
    kept = await chain.dump("referral") + str(heard)
    assert [subject for subject in SUBJECTS if subject in kept] == []
    for service in ("training", "counselling", "placement"):
        rows = await chain.rows(service, "select status from country_status where id = $1", id_of(COUNTRY))
        assert rows == [("active",)], service
        assert await chain.rows(service, "select * from parked where topic = 'ph.reference.v1'") == []


async def opened(scout: Caller) -> str:
    """A case with a consent for the country."""
    case = (
        await scout.do(
            "/cases",
            {
                "target_group": "RETURNEE_DE",
                "country": COUNTRY,
                "language": "fr",
                "return_type": "voluntary_assisted",
                "age_band": "25_34",
            },
        )
    )["case_id"]
    consent: dict[str, Any] = {
        "purpose": "referral",
        "recipients": [f"country:{COUNTRY}"],
        "text_version": "2026-01",
        "language": "fr",
        "evidence_ref": str(uuid4()),
        "granted_on": german_today().isoformat(),
        "valid_until": german_today().replace(year=german_today().year + 1, day=1).isoformat(),
        "guardian": False,
    }
    await scout.do(f"/cases/{case}/consents", consent)
    return str(case)


async def refer(scout: Caller, case: str) -> httpx.Response:
    return await scout.send(f"/cases/{case}/referrals", {"priority": "normal", "needs": ["employment"]})
