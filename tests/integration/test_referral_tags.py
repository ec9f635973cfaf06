"""`If-Match` at the desk on a real database: nobody overwrites what another has done, and repeats are answered."""

from __future__ import annotations

import asyncio

from tests.support.referral.process import PROGRAMME, Process

WITHDRAWAL = {"reason": "person_declined"}


async def test_a_repeat_with_a_stale_tag_gets_the_stored_answer(desk: Process) -> None:
    case = await desk.opened(profile={"given_name": "Ada"})
    referral = await desk.referred(case, "employment")
    window = {"earliest": desk.day(20), "latest": desk.day(30)}
    for shown, method, path, body in (
        (f"/cases/{case}", "POST", f"/cases/{case}/journey/plan", window),
        (f"/referrals/{referral}", "POST", f"/referrals/{referral}/withdraw", WITHDRAWAL),
        (f"/cases/{case}/profile", "PUT", f"/cases/{case}/profile", {"given_name": "Bisi"}),
    ):
        headers = {"If_Match": await desk.tag(shown), "Idempotency_Key": "the-key-of-" + method}
        first = await desk.act(method, path, body, **headers)
        assert first["http"] == 200, first
        assert await desk.act(method, path, body, **headers) == first
        again = await desk.act(method, path, body, If_Match=headers["If_Match"])
        assert (again["http"], again["code"]) in [(412, "changed_meanwhile"), (412, "if_match_unshown")]


async def test_of_two_who_have_read_the_same_the_second_is_told_what_the_first_has_changed(desk: Process) -> None:
    case = await desk.opened()
    seen = await desk.tag(f"/cases/{case}")
    windows = [{"earliest": desk.day(days), "latest": desk.day(days)} for days in (20, 21)]
    path = f"/cases/{case}/journey/plan"
    answers = await asyncio.gather(*(desk.act("POST", path, window, If_Match=seen) for window in windows))
    done, late = sorted(answers, key=lambda answer: int(answer["http"]))
    assert (done["http"], late["http"], late["code"]) == (200, 412, "changed_meanwhile")
    assert "journey" in late["detail"]
    assert (await desk.read(f"/cases/{case}"))["journey"]["earliest"] == done["earliest"]


async def test_a_referral_is_withdrawn_only_as_it_was_seen(desk: Process) -> None:
    case = await desk.opened()
    referral = await desk.referred(case, "employment")
    path = f"/referrals/{referral}"
    seen = await desk.tag(path)
    await desk.received(case, referral)
    stale = await desk.act("POST", f"{path}/withdraw", WITHDRAWAL, If_Match=seen)
    assert (stale["http"], stale["code"]) == (412, "changed_meanwhile")
    assert "answer_due_at" in stale["detail"]
    assert (await desk.read(path))["status"] == "received"
    done = await desk.act("POST", f"{path}/withdraw", WITHDRAWAL, If_Match=await desk.tag(path))
    assert (done["http"], done["status"]) == (200, "withdrawn")


async def test_a_change_that_a_caller_is_not_shown_leaves_its_tag(desk: Process) -> None:
    case = await desk.opened(profile={"given_name": "Ada"})
    path = f"/cases/{case}"
    own, foreign = await desk.tag(path), await desk.tag(path, PROGRAMME)
    assert own == foreign, "nothing of health is in it yet"
    await desk.act("PUT", f"{path}/profile", {"given_name": "Bisi"})
    await desk.tell("training", "EnrolmentRequested", case, enrolment_id=case)
    assert (await desk.tag(path), await desk.tag(path, PROGRAMME)) == (own, foreign)
    await desk.referred(case, "employment", "health")
    assert len({own, await desk.tag(path), await desk.tag(path, PROGRAMME)}) == 3


async def test_a_repeat_may_spell_the_id_otherwise(desk: Process) -> None:
    case = await desk.opened()
    window = {"earliest": desk.day(20), "latest": desk.day(30)}
    answers = [
        await desk.act("POST", f"/cases/{id_}/journey/plan", window, Idempotency_Key="the-same-key")
        for id_ in (case, case.upper(), case.replace("-", ""), f"urn:uuid:{case}")
    ]
    assert answers == [answers[0]] * 4
    assert answers[0]["http"] == 200
