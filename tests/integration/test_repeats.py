"""A repeated `Idempotency-Key`: it is one person's, and a repeat leaves no line in the log of what was done before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from structlog.testing import capture_logs

from tests.support.referral.process import Process

ANNA = {"roles": ["programme_manager"], "org": "programme:desk", "sub": "anna"}
BERT = {**ANNA, "sub": "bert"}
SCOUT = {"roles": ["scout"], "org": "scouts:bavaria", "sub": "scout-1"}
COLLEAGUE = {**SCOUT, "sub": "scout-2"}
CASE = {
    "target_group": "RETURNEE_DE",
    "country": "NG",
    "language": "en",
    "return_type": "unknown",
    "age_band": "25_34",
}
SUSPENSION = {"status": "suspended", "reason": "security"}


async def switch(desk: Process, step: str, who: Mapping[str, Any], key: str, **request: Any) -> tuple[int, str, bool]:
    """The answer's status, its code or what the switch says, and whether it was given before."""
    headers = {"Idempotency-Key": key}
    answer = await desk.ask("POST", f"/countries/NG/status/{step}", who, headers=headers, **request)
    said = answer.json()
    return answer.status_code, said.get("code") or said["status"], "idempotency-replayed" in answer.headers


async def test_the_second_persons_key_gives_the_first_person_no_answer(desk: Process) -> None:
    assert (await switch(desk, "request", ANNA, "request-0001", json=SUSPENSION))[0] == 200
    assert await switch(desk, "confirm", ANNA, "confirm-0001") == (403, "same_person", False)
    assert await switch(desk, "confirm", BERT, "confirm-0001") == (200, "suspended", False)
    assert await switch(desk, "confirm", BERT, "confirm-0001") == (200, "suspended", True)
    assert await switch(desk, "confirm", ANNA, "confirm-0001") == (409, "nothing_requested", False)


async def test_a_colleague_with_the_same_key_and_body_does_it_anew(desk: Process) -> None:
    headers = {"Idempotency-Key": "open-a-case-0001"}
    first, again, other = [
        await desk.ask("POST", "/cases", who, headers=headers, json=CASE) for who in (SCOUT, SCOUT, COLLEAGUE)
    ]
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 201)
    assert first.json() == again.json()
    assert other.json()["case_id"] != first.json()["case_id"]
    assert ["idempotency-replayed" in answer.headers for answer in (first, again, other)] == [False, True, False]


async def test_the_log_tells_once_what_was_done_once(desk: Process) -> None:
    case = (await desk.ask("POST", "/cases", SCOUT, json=CASE)).json()["case_id"]
    with capture_logs() as lines:
        for _ in range(2):
            await switch(desk, "request", ANNA, "request-0001", json=SUSPENSION)
        for _ in range(2):
            await switch(desk, "reject", BERT, "reject-0001")
        await switch(desk, "request", ANNA, "request-0002", json=SUSPENSION)
        for _ in range(2):
            await switch(desk, "confirm", BERT, "confirm-0001")
        wanted = ("POST", "/destruction/request", {"reason": "person_asked"})
        for method, path, body in (("PUT", "", {"given_name": "Ada"}), wanted):
            for _ in range(2):
                key = {"Idempotency-Key": f"{method}-profile-1"}
                answer = await desk.ask(method, f"/cases/{case}/profile{path}", SCOUT, headers=key, json=body)
                assert answer.status_code == 200
    told = [line["event"] for line in lines if line["event"].startswith(("country_", "profile_"))]
    assert told == [
        "country_status_requested",
        "country_status_rejected",
        "country_status_requested",
        "country_status_confirmed",
        "profile_set",
        "profile_destruction_requested",
    ]
