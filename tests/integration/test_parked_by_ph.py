"""`ph parked` by way of a service's API: it lists, shows and decides without knowing a database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import uvicorn
from typer.testing import CliRunner, Result

from chassis.operators.cli import app as ph_app
from chassis.operators.cli import parked_api, service_api
from tests.support.loglines import CANARY
from tests.support.referral.parked import BY, OPERATOR, Records, row
from tests.support.referral.process import BAVARIA, Process
from tests.support.service_process import ISSUING


@pytest.fixture
def records(desk: Process) -> Records:
    return Records(desk)


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
    monkeypatch.setattr(service_api, "PAUSE_SECONDS", 0.01)
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
    looks = ("--reveal", "--by", "INC-4711", "--reason", "origin_unknown")
    revealed = await ph("parked", "show", first, "--service", "referral", *looks)
    assert (revealed.exit_code, "no API tells what a record holds" in revealed.stderr) == (2, True)
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
