"""The routes of the code lists: for whoever has a token, as of a day, with a tag."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chassis.http.routes import new_router
from tests.support.memory import MemoryService
from tests.support.memory_api import MemoryApi
from tests.support.toy import COMMANDS, CONSUMERS, DEADLINES, KINDS, TILL
from tests.support.web import ask, problem

ANYBODY = {"roles": [], "org": "programme:shop"}


@pytest.fixture(scope="module")
def api() -> MemoryApi:
    service = replace(TILL, routers=(new_router(),))
    return MemoryApi(service, MemoryService(KINDS, COMMANDS, CONSUMERS, DEADLINES, None))


def codes(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [each["code"] for each in answer.json()["items"]]


def test_every_list_is_named_with_its_size(api: MemoryApi) -> None:
    lists = {each["name"]: each for each in api.get("/code-lists", ANYBODY).json()["items"]}
    assert lists["isco08"] == {"name": "isco08", "version": 1, "codes": 436}
    assert "priority_limits" not in lists, "it has no codes with labels"
    for name in ("needs", "reject_reasons"):
        assert len(codes(api.get(f"/code-lists/{name}", ANYBODY))) == lists[name]["codes"]


def test_a_code_has_its_label_and_its_period(api: MemoryApi) -> None:
    answer = api.get("/code-lists/countries", ANYBODY)
    assert next(each for each in answer.json()["items"] if each["code"] == "AF") == {
        "code": "AF",
        "labels": {"en": "Afghanistan"},
        "valid_from": "2017-07-01",
        "valid_to": "2021-08-14",
        "attributes": {"code_scheme": "iso3166_1", "status": "active"},
    }


def test_on_a_day_only_what_is_in_force_is_shown(api: MemoryApi) -> None:
    everything = api.get("/code-lists/countries", ANYBODY)
    then = api.get("/code-lists/countries", ANYBODY, on="2021-08-14")
    after = api.get("/code-lists/countries", ANYBODY, on="2021-08-15")
    assert codes(everything).count("AF") == 2
    assert [each["attributes"]["status"] for each in then.json()["items"] if each["code"] == "AF"] == ["active"]
    assert [each["attributes"]["status"] for each in after.json()["items"] if each["code"] == "AF"] == ["suspended"]
    assert len({each.headers["etag"] for each in (everything, then, after)}) == 3


def test_who_has_no_token_or_asks_for_nothing_known_is_told(api: MemoryApi) -> None:
    problem(ask(api.app, "GET", "/code-lists"), 401, "token_missing")
    problem(api.get("/code-lists/colours", ANYBODY), 404, "code_list_not_found")
    problem(api.get("/code-lists/needs", ANYBODY, on="tomorrow"), 422, "request_invalid")
