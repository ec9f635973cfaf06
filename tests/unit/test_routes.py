"""Every route of every service, taken from its router: who comes in, what its document says, what a status means."""

from __future__ import annotations

import re
from functools import cache
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI

from chassis.clock import Clock
from chassis.http.app import create_api
from chassis.http.auth import Authenticator
from chassis.http.jwks import KeyCache
from chassis.settings import Settings
from tests.support.audit import Rows
from tests.support.issuer import AUDIENCE, ISSUER, Issuer
from tests.support.keys import memory_vault
from tests.support.services import ALL, SHARED, routes
from tests.support.web import UNHURRIED, ask, problem

ISSUING = Issuer()
EVERY = [
    pytest.param(service, method, route.path, id=f"{service.name} {method} {route.path}")
    for service in ALL
    for method, route in routes(service)
]
OF_ALL = [
    pytest.param(service, method, route.path, id=f"{service.name} {method} {route.path}")
    for service in ALL
    for method, route in SHARED
]


@cache
def app(name: str) -> FastAPI:
    [service] = [each for each in ALL if each.name == name]
    made = create_api(
        service, Settings(auth_issuer=ISSUER, auth_jwks="unused", **UNHURRIED), marks=memory_vault().marks
    )
    made.state.auditor = Rows()
    made.state.authenticator = Authenticator(ISSUER, AUDIENCE, "unused", keys=KeyCache(ISSUING.jwks))
    made.state.workshop = SimpleNamespace(documents=SimpleNamespace(), reference=None, clock=Clock())
    return made


def called(service: Any, method: str, path: str, headers: dict[str, str]) -> Any:
    filled = re.sub(r"\{[^}]+\}", lambda name: "7" if name[0] == "{parked_id:int}" else str(uuid4()), path)
    return ask(app(service.name), method, filled, headers={"Idempotency-Key": str(uuid4()), **headers})


@pytest.mark.parametrize(("service", "method", "path"), [*EVERY, *OF_ALL])
def test_nobody_comes_in_without_a_token(service: Any, method: str, path: str) -> None:
    problem(called(service, method, path, {}), 401, "token_missing")


@pytest.mark.parametrize(("service", "method", "path"), EVERY)
def test_a_role_that_a_route_does_not_name_comes_in_nowhere(service: Any, method: str, path: str) -> None:
    headers = ISSUING.bearer(roles=["gardener"], org="scouts:bavaria")
    problem(called(service, method, path, headers), 403, "role_required")


@pytest.mark.parametrize(("service", "method", "path"), [*EVERY, *OF_ALL])
def test_a_parameter_that_a_route_does_not_know_is_refused_with_those_that_it_knows(
    service: Any, method: str, path: str
) -> None:
    document = problem(called(service, method, f"{path}?stauts=open&stauts=", ISSUING.bearer()), 422, "request_invalid")
    [error] = document["errors"]
    assert (error["field"], error["code"]) == ("stauts", "unknown_parameter")
    parameters = app(service.name).openapi()["paths"][path.replace(":int", "")][method.lower()].get("parameters", ())
    for parameter in parameters:
        if parameter["in"] == "query":
            assert parameter["name"] in error["remedy"]


def test_a_parameter_that_comes_twice_is_refused() -> None:
    [service] = [each for each in ALL if each.name == "referral"]
    document = problem(called(service, "GET", "/cases?limit=1&limit=5", ISSUING.bearer()), 422, "request_invalid")
    assert [(each["field"], each["code"]) for each in document["errors"]] == [("limit", "repeated_parameter")]


@pytest.mark.parametrize("name", ["Idempotency-Key", "If-Match"])
def test_a_header_of_a_command_that_comes_twice_is_refused(name: str) -> None:
    headers = [*ISSUING.bearer(roles=["scout"], org="scouts:bavaria", country="DE").items()]
    headers += [("Idempotency-Key", str(uuid4())), ("If-Match", '"one"'), (name, '"two"-two-two')]
    [service] = [each for each in ALL if each.name == "referral"]
    answer = ask(app(service.name), "POST", f"/cases/{uuid4()}/profile/destruction/confirm", headers=headers)
    assert problem(answer, 400, "header_repeated")["errors"][0]["field"] == name


def test_a_header_of_a_command_is_refused_before_its_path_and_body_are_validated() -> None:
    headers = ISSUING.bearer(roles=["scout"], org="scouts:bavaria", country="DE")
    [service] = [each for each in ALL if each.name == "referral"]
    path, body = "/cases/no-id/referrals", {"unheard": "of"}
    without = ask(app(service.name), "POST", path, headers=headers, json=body)
    problem(without, 400, "idempotency_key_required")
    short = ask(app(service.name), "POST", path, headers={**headers, "Idempotency-Key": "short"}, json=body)
    assert [each["field"] for each in problem(short, 422, "request_invalid")["errors"]] == ["Idempotency-Key"]
    without_such_headers = problem(
        ask(app(service.name), "GET", "/cases/no-id", headers=headers), 422, "request_invalid"
    )
    assert [each["field"] for each in without_such_headers["errors"]] == ["case_id"]


@pytest.mark.parametrize(("service", "method", "path"), EVERY)
def test_every_route_documents_what_it_answers(service: Any, method: str, path: str) -> None:
    operation = app(service.name).openapi()["paths"][path][method.lower()]
    wanted = {"400", "401", "403", "422", "503"}
    if "{" in path:
        wanted |= {"404"}
        if method != "GET":
            wanted |= {"409", "412"}
    if "requestBody" in operation:
        wanted |= {"413", "415"}
    assert operation["description"]
    assert wanted <= operation["responses"].keys()
    assert {"200", "201"} & operation["responses"].keys()


@pytest.mark.parametrize(("service", "method", "path"), EVERY)
def test_what_answers_201_shows_an_id_that_the_request_did_not_name(service: Any, method: str, path: str) -> None:
    [route] = [each for m, each in routes(service) if (m, each.path) == (method, path)]
    bodies = [each.field_info.annotation for each in route.dependant.body_params]
    sent = {*route.param_convertors, *(name for body in bodies for name in getattr(body, "model_fields", ()))}
    fresh = {name for name in route.response_model.model_fields if name.endswith(("_id", "_ref"))} - sent
    assert route.status_code in (None, 201)
    assert fresh or route.status_code is None
