"""Parked records over HTTP, on a real database: what an operator sees, decides, and leaves behind as audit."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.operators import parked
from tests.support.loglines import CANARY, configured, restore_logging  # noqa: F401 - a fixture
from tests.support.records import record
from tests.support.referral.parked import BY, LIST, OPERATOR, PLACEMENT, TRAINING, Records, row
from tests.support.referral.process import BAVARIA, PROGRAMME, Process
from tests.support.service_process import ISSUING


@pytest.fixture
def records(desk: Process) -> Records:
    return Records(desk)


async def listed(desk: Process, **query: Any) -> list[int]:
    """The numbers on the pages of a list."""
    found: list[int] = []
    cursor: dict[str, str] = {}
    while True:
        page = await desk.get(LIST, OPERATOR, **query, **cursor)
        assert page["http"] == 200, page
        found += [item["parked_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


async def decide(desk: Process, path: str, once: str = "", **body: Any) -> Any:
    headers = {"Idempotency-Key": once} if once else {}
    answer = await desk.ask("POST", f"{LIST}{path}", OPERATOR, json=body, headers=headers)
    return answer.json() | {"http": answer.status_code, "replayed": "Idempotency-Replayed" in answer.headers}


async def test_the_list_has_each_stuck_key_once_and_can_be_narrowed_sorted_and_read_in_pages(
    desk: Process, records: Records
) -> None:
    one, two, three = str(uuid4()), str(uuid4()), str(uuid4())
    first, behind = await records.take(records.about(one, 1), records.about(one, 2))
    (unread,) = await records.take(records.about(two, 1, b"no json"))
    (course,) = await records.take(records.about(three, 1, topic=TRAINING))
    assert await listed(desk) == await listed(desk, limit=1) == [first, unread, course]
    assert await listed(desk, sort="-id", limit=2) == [course, unread, first]
    assert await listed(desk, sort="-parked_at", limit=1) == [course, unread, first]
    assert await listed(desk, behind=True) == [first, behind, unread, course]
    assert await listed(desk, key=one, behind=True) == await listed(desk, topic=PLACEMENT, key=one, behind=True)
    assert (
        await listed(desk, topic=TRAINING) == await listed(desk, type="ph.training.EnrolmentConfirmed.v1") == [course]
    )
    assert await listed(desk, failure="json_invalid") == [unread]
    assert await listed(desk, failure="behind") == [behind]
    assert await listed(desk, state="discarded") == []

    page = await desk.get(LIST, OPERATOR, count=True, limit=1)
    assert (page["total"], page["limit"], page["items"][0]["waiting"], page["items"][0]["head"]) == (3, 1, 1, True)
    wrong = await desk.get(LIST, OPERATOR, sort="-id", cursor=page["next_cursor"])
    assert (wrong["http"], wrong["code"]) == (422, "cursor_invalid")

    assert (await decide(desk, f"/{first}/retry"))["http"] == 200
    assert (await decide(desk, f"/{unread}/discard", reason="sent by a test tool"))["http"] == 200
    assert await listed(desk, state="retry") == [first]
    assert await listed(desk, state="parked") == [course]
    assert await listed(desk, state="discarded") == [unread]
    assert await listed(desk) == [first, course]


async def test_what_has_changed_since_includes_what_was_parked_again(desk: Process, records: Records) -> None:
    (one,) = await records.take(records.about(str(uuid4()), 1))
    (two,) = await records.take(records.about(str(uuid4()), 1))
    await decide(desk, f"/{one}/retry")
    since = await desk.pool.fetchval("select clock_timestamp()")
    assert await listed(desk, updated_since=since.isoformat()) == []
    await desk.dispatcher.drain()
    assert await listed(desk, updated_since=since.isoformat()) == [one]
    shown = await desk.get(f"{LIST}/{one}", OPERATOR)
    assert (shown["state"], shown["attempts"]) == ("parked", 2)
    assert await listed(desk, sort="-updated_at") == [one, two]


async def test_a_record_is_shown_with_its_envelope_and_nothing_that_it_holds(desk: Process, records: Records) -> None:
    case = str(uuid4())
    body = {"case_id": case, "name": CANARY}
    first, _, _ = await records.take(
        records.about(case, 1, body, ("x-note", CANARY), ("ce_actorrole", f"{CANARY} with spaces")),
        records.about(case, 2),
        records.about(case, 3),
    )
    odd = record(body, type_=f"{CANARY} the type", key=f"{CANARY} the key", sequence=1, offset=99, topic=PLACEMENT)
    await desk.dispatcher.handle([odd])
    await desk.pool.execute(
        "update parked set key = $1, type = $2 where id = $3", f"{CANARY} a key", f"{CANARY} t", first
    )

    answer = await desk.ask("GET", f"{LIST}/{first}", OPERATOR)
    shown = answer.json()
    assert (answer.status_code, shown["parked_id"], shown["failure"]) == (200, first, "schema_violated")
    assert shown["remedy"].startswith("Compare `detail`")
    assert shown["payload_bytes"] == len(json.dumps(body))
    headers = {each["name"]: each["value"] for each in shown["headers"]}
    assert headers["ce_sequence"] == "1"
    assert headers["x-note"] == f"({len(CANARY)} characters, not shown)"
    assert shown["key"] == f"({len(CANARY) + 6} characters, not shown)"
    whole = await desk.ask("GET", LIST, OPERATOR, params={"behind": True})
    assert CANARY not in answer.text + whole.text

    gone = await desk.get(f"{LIST}/{first + 1000}", OPERATOR)
    assert (gone["http"], gone["code"]) == (404, "parked_not_found")


async def test_what_waits_behind_is_counted_and_listed(desk: Process, records: Records) -> None:
    case = str(uuid4())
    first, second, third = await records.take(*(records.about(case, number) for number in (1, 2, 3)))
    shown = await desk.get(f"{LIST}/{first}", OPERATOR)
    assert (shown["head"], shown["waiting"], shown["key"]) == (True, 2, case)
    assert await listed(desk, key=case, behind=True) == [first, second, third]
    refused = await decide(desk, f"/{second}/retry")
    assert (refused["http"], refused["code"]) == (409, "record_decided")
    assert "waits behind another record of its key" in refused["detail"]


async def test_a_retry_has_the_worker_handle_the_record_and_all_behind_it(desk: Process, records: Records) -> None:
    lines = configured()
    case = str(uuid4())
    first, _ = await records.take(records.about(case, 1), records.about(case, 2))
    opened = UUID(await desk.opened())
    await desk.pool.execute(
        "update case_file set id = $1, data = data || jsonb_build_object('id', $1::uuid) where id = $2",
        UUID(case),
        opened,
    )
    answer = await decide(desk, f"/{first}/retry", ticket="INC-4711")
    assert (answer["http"], answer["parked_id"], answer["changed"]) == (200, first, True)
    assert await row(desk, first) == ("retry", f"{BY} INC-4711", None)
    while await desk.dispatcher.drain():
        pass
    assert await listed(desk, behind=True) == []
    entries = (await desk.read(f"/cases/{case}/timeline"))["items"]
    assert [each["type"] for each in entries].count("JobOfferExpired") == 2
    told = [line for line in lines() if line["event"] == "parked_retried"]
    assert [(line["parked_id"], line["role"], line["owner"]) for line in told] == [
        (first, "operator", "programme:operations")
    ]


async def test_a_discard_says_why_is_final_and_stays_as_audit(desk: Process, records: Records) -> None:
    lines = configured()
    case = str(uuid4())
    first, second = await records.take(records.about(case, 1), records.about(case, 2))
    for reason in (None, "", "    ", "four", " four    ", "x" * 501):
        answer = await decide(desk, f"/{first}/discard", **({} if reason is None else {"reason": reason}))
        assert (answer["http"], answer["errors"][0]["field"]) == (422, "/reason")
    assert (await decide(desk, f"/{first}/discard", reason="  no such case "))["http"] == 200
    assert await row(desk, first) == ("discarded", BY, "no such case")
    (audit,) = (await desk.get(LIST, OPERATOR, state="discarded"))["items"]
    assert (audit["parked_id"], audit["decided_by"], audit["reason"]) == (first, BY, "no such case")
    assert audit["decided_at"] is not None
    for path, more in ((f"/{first}/discard", {"reason": "once more"}), (f"/{first}/retry", {})):
        again = await decide(desk, path, **more)
        assert (again["http"], again["code"]) == (409, "record_decided")
    assert (await decide(desk, "/4711/discard", reason="once more"))["http"] == 404
    assert [item["parked_id"] for item in (await desk.get(LIST, OPERATOR, behind=True))["items"]] == [second]
    assert [line["parked_id"] for line in lines() if line["event"] == "parked_discarded"] == [first]


async def test_many_are_decided_on_at_once_by_number_or_by_what_they_have_in_common(
    desk: Process, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = str(uuid4()), str(uuid4())
    first, behind = await records.take(records.about(one, 1), records.about(one, 2))
    (unread,) = await records.take(records.about(two, 1, b"no json"))
    (course,) = await records.take(records.about(str(uuid4()), 1, topic=TRAINING))

    by_failure = await decide(desk, "/many/retry", failure="case_not_found", topic=PLACEMENT)
    assert by_failure["items"] == [{"parked_id": first, "changed": True, "what": "will be retried"}]
    everything = await decide(desk, "/many/retry", everything=True)
    assert [(each["parked_id"], each["changed"]) for each in everything["items"]] == [
        (first, False),
        (unread, True),
        (course, True),
    ]
    by_number = await decide(desk, "/many/retry", parked_ids=[behind, 4711])
    assert [(each["parked_id"], each["changed"]) for each in by_number["items"]] == [(behind, False), (4711, False)]
    dropped = await decide(
        desk, "/many/discard", failure="json_invalid", reason="sent by a test tool", ticket="INC-4711"
    )
    assert [each["parked_id"] for each in dropped["items"]] == [unread]
    assert await row(desk, unread) == ("discarded", f"{BY} INC-4711", "sent by a test tool")
    assert (await decide(desk, "/many/discard", parked_ids=[course], reason="sent twice"))["items"][0]["changed"]
    assert (await decide(desk, "/many/discard", key="nobody", reason="sent twice"))["items"] == []
    assert await listed(desk, state="discarded") == [unread, course]

    monkeypatch.setattr(parked, "MOST", 2)
    more = [id_ for _ in range(3) for id_ in await records.take(records.about(str(uuid4()), 1, topic=TRAINING))]
    some = await decide(desk, "/many/retry", topic=TRAINING)
    assert ([each["parked_id"] for each in some["items"]], some["left"]) == (more[:2], 1)
    rest = await decide(desk, "/many/retry", topic=TRAINING)
    assert ([(each["parked_id"], each["changed"]) for each in rest["items"]], rest["left"]) == (
        [(more[0], False), (more[2], True)],
        0,
    )


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/many/retry", {}),
        ("/many/retry", {"everything": False}),
        ("/many/retry", {"everything": True, "key": "x"}),
        ("/many/retry", {"parked_ids": []}),
        ("/many/retry", {"parked_ids": [1], "topic": PLACEMENT}),
        ("/many/discard", {"reason": "all of them"}),
        ("/many/discard", {"reason": "all of them", "everything": True}),
        ("/many/discard", {"reason": "all of them", "parked_ids": [1], "failure": "json_invalid"}),
        ("/many/discard", {"parked_ids": [1]}),
        ("/many/retry", {"parked_ids": [1], "ticket": "Ada Lovelace"}),
    ],
)
async def test_a_decision_says_in_one_way_which_records_it_is_about(
    desk: Process, records: Records, path: str, body: dict[str, Any]
) -> None:
    (parked,) = await records.take(records.about(str(uuid4()), 1))
    assert (await decide(desk, path, **body))["http"] == 422
    assert await row(desk, parked) == ("parked", None, None)


async def test_a_key_decides_once_and_repeats_its_answer(desk: Process, records: Records) -> None:
    lines = configured()
    (one,) = await records.take(records.about(str(uuid4()), 1))
    first = await decide(desk, f"/{one}/discard", "a-key-of-mine", reason="sent by a test tool")
    again = await decide(desk, f"/{one}/discard", "a-key-of-mine", reason="sent by a test tool")
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again == {**first, "replayed": True}
    other = await decide(desk, f"/{one}/discard", "a-key-of-mine", reason="another reason")
    assert (other["http"], other["code"]) == (422, "idempotency_key_reused")
    assert len([line for line in lines() if line["event"] == "parked_discarded"]) == 1

    unkeyed = await desk.http.post(f"{LIST}/{one}/retry", json={}, headers=ISSUING.bearer(**OPERATOR))
    assert (unkeyed.status_code, unkeyed.json()["code"]) == (400, "idempotency_key_required")
    tagged = await desk.ask("POST", f"{LIST}/{one}/retry", OPERATOR, json={}, headers={"If-Match": '"x"'})
    assert (tagged.status_code, tagged.json()["code"]) == (400, "if_match_unusable")


async def test_a_refused_decision_keeps_no_answer(desk: Process, records: Records) -> None:
    case = str(uuid4())
    first, behind = await records.take(records.about(case, 1), records.about(case, 2))
    assert (await decide(desk, f"/{behind}/retry", "a-key-of-mine"))["http"] == 409
    await decide(desk, f"/{first}/discard", reason="sent by a test tool")
    await desk.pool.execute("update parked set failure = 'case_not_found' where id = $1", behind)
    assert (await decide(desk, f"/{behind}/retry", "a-key-of-mine"))["http"] == 200


async def test_requests_with_one_key_at_once_have_one_effect_and_one_answer(desk: Process, records: Records) -> None:
    lines = configured()
    (one,) = await records.take(records.about(str(uuid4()), 1))
    answers = await asyncio.gather(*(decide(desk, f"/{one}/retry", "a-key-of-mine") for _ in range(8)))
    assert {(each["http"], each["changed"]) for each in answers} == {(200, True)}
    assert sum(not each["replayed"] for each in answers) == 1
    assert len([line for line in lines() if line["event"] == "parked_retried"]) == 1


async def test_what_is_decided_on_many_is_no_record_that_can_be_read(desk: Process) -> None:
    for method in ("GET", "DELETE", "OPTIONS"):
        answer = await desk.ask(method, f"{LIST}/many/retry", OPERATOR)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST"), method


@pytest.mark.parametrize("who", [BAVARIA, PROGRAMME, {"roles": [], "org": "programme:operations"}])
async def test_only_operators_see_and_decide(desk: Process, records: Records, who: dict[str, Any]) -> None:
    (one,) = await records.take(records.about(str(uuid4()), 1))
    for method, path in (
        ("GET", ""),
        ("GET", f"/{one}"),
        ("POST", f"/{one}/retry"),
        ("POST", f"/{one}/discard"),
        ("POST", "/many/retry"),
        ("POST", "/many/discard"),
    ):
        body = {"json": {"reason": "not mine", "parked_ids": [one]}} if method == "POST" else {}
        answer = await desk.ask(method, f"{LIST}{path}", who, **body)
        assert (answer.status_code, answer.json()["code"]) == (403, "role_required"), path
        assert (await desk.http.request(method, f"{LIST}{path}", **body)).status_code == 401, path
    assert await row(desk, one) == ("parked", None, None)
