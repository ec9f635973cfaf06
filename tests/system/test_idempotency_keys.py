"""The same key again has one effect and the same answer; another body is refused, another organisation is another."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from tests.support.chain import Chain
from tests.support.changes import Everything, named
from tests.support.people import new_case, new_session
from tests.support.tokens import token
from tests.support.web import problem


async def test_a_repeated_key_repeats_the_answer_and_refuses_another_body(chain: Chain, everything: Everything) -> None:
    by_path = {operation.path: operation for operation in everything.own}
    bodies = {
        "/cases": (new_case(), new_case(household_size=2)),
        "/sessions": (new_session(), new_session(seats=3)),
        "/employers": ({"name": "Lekki Paint Works Ltd"}, {"name": "Another Ltd"}),
    }
    for path, (body, other) in bodies.items():
        operation, key = by_path[path], str(uuid4())
        before = await chain.counts()
        first = await everything.send(operation, json=body, key=key)
        assert first.status_code == 201
        again = await asyncio.gather(*(everything.send(operation, json=body, key=key) for _ in range(5)))
        for answer in again:
            assert (answer.status_code, answer.json()) == (201, first.json())
            assert answer.headers["idempotency-replayed"] == "true"
        document = problem(await everything.send(operation, json=other, key=key), 422, "idempotency_key_reused")
        assert named(document) == {"Idempotency-Key"}
        await chain.quiet()
        name = f"{operation.service}.idempotency"
        assert (await chain.counts())[name] == before[name] + 1


async def test_requests_at_the_same_time_with_one_key_have_one_effect(chain: Chain, everything: Everything) -> None:
    operation = next(each for each in everything.own if each.path == "/cases")
    before, key = await chain.counts(), str(uuid4())
    answers = await asyncio.gather(*(everything.send(operation, json=new_case(), key=key) for _ in range(12)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["case_id"] for answer in answers}) == 1
    after = await chain.counts()
    assert after["referral.case_file"] == before["referral.case_file"] + 1
    assert after["referral events"] == before["referral events"] + 1


async def test_a_key_of_another_organisation_is_another_key(chain: Chain, everything: Everything) -> None:
    operation = next(each for each in everything.own if each.path == "/cases")
    key, others = str(uuid4()), token(chain.stack, org="scouts:hamburg", country="DE")
    first = await everything.send(operation, json=new_case(), key=key)
    second = await everything.send(operation, json=new_case(), key=key, token=others)
    assert first.json()["case_id"] != second.json()["case_id"]
    assert "idempotency-replayed" not in second.headers
