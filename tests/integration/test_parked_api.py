"""Parked records over HTTP, on a real database: what an operator sees, decides, and leaves behind as audit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import uvicorn
from typer.testing import CliRunner, Result

from chassis.operators import parked
from chassis.operators.cli import app as ph_app
from chassis.operators.cli import parked_api
from tests.support.loglines import CANARY, configured, restore_logging  # noqa: F401 - a fixture
from tests.support.records import FakeRecord, record
from tests.support.referral.process import BAVARIA, PROGRAMME, Process
from tests.support.service_process import ISSUING

OPERATOR = {"roles": ["operator"], "org": "programme:operations", "sub": "ada"}
LIST = "/operations/parked"
BY = "operator/programme:operations"
PLACEMENT, TRAINING = "ph.placement.v1", "ph.training.v1"


class Records:
    """Puts records before the service that it cannot handle."""

    def __init__(self, desk: Process) -> None:
        self.desk = desk
        self._offset = 0

    async def take(self, *records: FakeRecord) -> list[int]:
        """The numbers under which they were parked."""
        before = await self.desk.pool.fetchval("select coalesce(max(id), 0) from parked")
        await self.desk.dispatcher.handle(list(records))
        return [
            row["id"] for row in await self.desk.pool.fetch("select id from parked where id > $1 order by 1", before)
        ]

    def about(
        self, case: str, sequence: int, body: Any = None, *headers: tuple[str, str], topic: str = PLACEMENT
    ) -> Any:
        """An offer of that case that has expired; with another body, what cannot be read."""
        self._offset += 1
        name = "placement.JobOfferExpired" if topic == PLACEMENT else "training.EnrolmentConfirmed"
        told = {"case_id": case, "offer_id": str(uuid4()), "enrolment_id": str(uuid4())} if body is None else body
        made = record(told, type_=f"ph.{name}.v1", key=case, sequence=sequence, offset=self._offset, topic=topic)
        more = [(each, value.encode()) for each, value in headers]
        return made._replace(headers=[*made.headers, *more])


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


async def row(desk: Process, id_: int) -> tuple[Any, ...]:
    return tuple(await desk.pool.fetchrow("select state, decided_by, reason from parked where id = $1", id_))


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


# --- ph parked, by this way ---


class Ph:
    """`ph` against the service's API, on a port of its own; it knows of no database."""

    def __init__(self, desk: Process, url: str) -> None:
        self.desk, self.url = desk, url

    async def __call__(self, *arguments: object) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, ph_app, [str(each) for each in arguments])


@pytest.fixture
async def ph(desk: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ph]:
    for name in ("REFERRAL_DATABASE_URL", "PH_OPERATOR"):
        monkeypatch.delenv(name, raising=False)
    token = tmp_path / "token"
    token.write_text(ISSUING.bearer(**OPERATOR)["Authorization"].removeprefix("Bearer ") + "\n")
    monkeypatch.setenv("PH_TOKEN_FILE", str(token))
    monkeypatch.setattr(parked_api, "PAUSE_SECONDS", 0.01)
    server = uvicorn.Server(uvicorn.Config(desk.app, port=0, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    monkeypatch.setenv("REFERRAL_API_URL", url)
    yield Ph(desk, url)
    server.should_exit = True
    await serving


async def test_ph_lists_shows_and_decides_over_the_api(ph: Ph, records: Records) -> None:
    case = str(uuid4())
    first, behind = await records.take(records.about(case, 1, None, ("x-note", CANARY)), records.about(case, 2))
    others = [await records.take(records.about(str(uuid4()), 1)) for _ in range(3)]
    listing = await ph("parked", "list", "--service", "referral", "--json")
    assert listing.exit_code == 0, listing.output
    rows = json.loads(listing.stdout)
    assert [each["id"] for each in rows] == [first, *(id_ for (id_,) in others)]
    assert (rows[0]["waiting"], rows[0]["key"]) == (1, case)
    assert "referral: match 4" in (await ph("parked", "list", "--service", "referral")).stderr
    assert (await ph("parked", "list", "--service", "referral", "--check")).exit_code == 1

    shown = await ph("parked", "show", first, "--service", "referral")
    assert shown.exit_code == 0, shown.output
    assert "x-note: (19 characters, not shown)" in shown.stdout
    assert CANARY not in shown.output
    assert (await ph("parked", "show", first, "--service", "referral", "--reveal")).exit_code == 2
    gone = await ph("parked", "show", 4711, "--service", "referral")
    assert (gone.exit_code, "There is no parked record" in gone.stderr) == (1, True)

    retried = await ph("parked", "retry", first, behind, "--service", "referral", "--by", "INC-4711", "--json")
    assert retried.exit_code == 1
    assert [(each["id"], each["changed"]) for each in json.loads(retried.stdout)] == [(first, True), (behind, False)]
    assert await row(ph.desk, first) == ("retry", f"{BY} INC-4711", None)
    everything = await ph("parked", "retry", "--all", "--service", "referral", "--json")
    assert [each["changed"] for each in json.loads(everything.stdout)] == [False, True, True, True]
    dropped = await ph("parked", "discard", "--key", case, "--service", "referral", "--reason", "no such case")
    assert dropped.exit_code == 0, dropped.output
    assert await row(ph.desk, first) == ("discarded", BY, "no such case")


async def test_ph_reads_a_long_list_page_by_page(ph: Ph, records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parked_api, "PAGE", 2)
    ids = [id_ for _ in range(5) for id_ in await records.take(records.about(str(uuid4()), 1))]
    for limit, expected in ((100, ids), (3, ids[:3])):
        listing = await ph("parked", "list", "--service", "referral", "--limit", limit, "--json")
        assert [each["id"] for each in json.loads(listing.stdout)] == expected


async def test_ph_takes_the_address_from_the_command_line_first(ph: Ph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFERRAL_API_URL", "http://127.0.0.1:1")
    assert (await ph("parked", "list", "--service", "referral", "--api", ph.url)).exit_code == 0
    result = await ph("parked", "list", "--service", "referral")
    assert (result.exit_code, "cannot be reached" in result.stderr) == (1, True)
    assert "http://127.0.0.1:1" in result.stderr
    assert (await ph("parked", "list", "--api", ph.url)).exit_code == 2


async def test_ph_says_what_is_wrong_with_a_token_or_an_address(
    ph: Ph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.write_text(ISSUING.bearer(**BAVARIA)["Authorization"].removeprefix("Bearer "))
    monkeypatch.setenv("PH_TOKEN_FILE", str(other))
    refused = await ph("parked", "list", "--service", "referral")
    assert (refused.exit_code, "This needs one of the roles operator" in refused.stderr) == (1, True)
    for value in (None, str(tmp_path / "nowhere")):
        if value is None:
            monkeypatch.delenv("PH_TOKEN_FILE")
        else:
            monkeypatch.setenv("PH_TOKEN_FILE", value)
        result = await ph("parked", "list", "--service", "referral")
        assert result.exit_code == 1
        assert "Set PH_TOKEN_FILE to a file" in result.stderr
        assert "Traceback" not in result.output
    monkeypatch.setenv("PH_TOKEN_FILE", str(other))
    for url in ("ftp://127.0.0.1", "not an address", "http://[::1"):
        result = await ph("parked", "list", "--service", "referral", "--api", url)
        assert (result.exit_code, "Traceback" in result.output) == (1, False), url


async def test_an_answer_that_was_lost_is_asked_for_again_and_nothing_is_done_twice(
    ph: Ph, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = await records.take(records.about(str(uuid4()), 1))
    request, lost = httpx.Client.request, []

    def loses(self: httpx.Client, *arguments: Any, **options: Any) -> httpx.Response:
        answer = request(self, *arguments, **options)
        if not lost:
            lost.append(answer)
            raise httpx.ReadError("the connection was lost")
        return answer

    monkeypatch.setattr(httpx.Client, "request", loses)
    result = await ph("parked", "retry", one, "--service", "referral", "--json")
    assert (result.exit_code, json.loads(result.stdout)[0]["changed"]) == (0, True)
    assert lost[0].status_code == 200
