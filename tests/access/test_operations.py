"""Every operation of every service, asked by every role: `operations.md` says who is let in.

What is let in may be refused later, for what it asks; what is kept out is refused for who asks, before anything else.
"""

from __future__ import annotations

import re
from functools import cache
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI

from chassis.clock import Clock
from chassis.http import local_clock
from chassis.http.app import create_api
from chassis.http.auth import Authenticator
from chassis.http.jwks import KeyCache
from chassis.pure.reference import DIRECTORY
from chassis.settings import Settings
from counselling.app import SERVICE as COUNSELLING
from journey.app import SERVICE as JOURNEY
from placement.app import SERVICE as PLACEMENT
from referral.app import SERVICE as REFERRAL
from tests.access.tables import ROLES, kinds, operations
from tests.support.audit import Rows
from tests.support.issuer import AUDIENCE, ISSUER, Issuer
from tests.support.keys import memory_vault
from tests.support.web import UNHURRIED, ask
from training.app import SERVICE as TRAINING

SERVICES = {each.name: each for each in (REFERRAL, TRAINING, COUNSELLING, PLACEMENT, JOURNEY)}
KINDS = kinds()
HOMES = {
    "scouts": "scouts:bavaria",
    "provider": "provider:TRADE-PAINT",
    "centre": "centre:NG-LOS",
    "programme": "programme:desk",
    "employer": f"employer:{uuid4()}",
    "country": "country:NG",
}
"""An organisation of each kind."""
NEVER = ("system", "employer", "partner", "gardener")
"""Roles that a token may carry and that open nothing: the one of events, two that are gone, one that never was."""
ON_THE_STACK = {"GET /health/live", "GET /health/ready", "GET /metrics", "POST /local/clock"}
"""Exempt from being asked here, because a process has them, not an API: `tests/system/test_access.py` asks for them."""
AT_THE_DOOR = {"role_required", "role_elsewhere", "not_a_centre", "token_missing", "token_invalid"}
ISSUING = Issuer()


class _Documents:
    """Finds nothing: who asks was settled before."""

    async def id_of_linked(self, *_: Any) -> None:
        return None


@cache
def app(name: str) -> FastAPI:
    service = SERVICES[name]
    settings = Settings(auth_issuer=ISSUER, auth_jwks="unused", **UNHURRIED)
    made = create_api(service, settings, marks=memory_vault().marks)
    made.state.auditor = Rows()
    made.state.authenticator = Authenticator(ISSUER, AUDIENCE, "unused", keys=KeyCache(ISSUING.jwks))
    made.state.workshop = _Shop(service)
    return made


class _Shop:
    def __init__(self, service: Any) -> None:
        self.reference = service.load_reference(DIRECTORY)
        self.clock = Clock()
        self.documents = _Documents()


ALL = [(service, operation) for service in SERVICES for operation in operations(service)]
ASKED = [(service, operation) for service, operation in ALL if operation not in ON_THE_STACK]


@cache
def bearer(roles: tuple[str, ...], org: str) -> dict[str, str]:
    return ISSUING.bearer(roles=list(roles), org=org)


def answered(service: str, operation: str, roles: list[str], org: str) -> tuple[int, str]:
    """Status and code of the answer. A body is never right, so that nothing is done: who asks is settled before it."""
    method, path = operation.split(" ")
    url = re.sub(r"\{(\w+)\}", lambda part: "7" if part[1] == "parked_id" else str(uuid4()), path)
    headers = {**bearer(tuple(roles), org), "Idempotency-Key": str(uuid4())}
    body = {} if method == "GET" else {"json": []}
    answer = ask(app(service), method, url, headers=headers, **body)
    assert answer.status_code != HTTPStatus.TOO_MANY_REQUESTS
    return answer.status_code, answer.json().get("code", "") if answer.status_code >= 400 else ""


def let_in(service: str, operation: str, roles: list[str], org: str) -> bool:
    return answered(service, operation, roles, org)[1] not in AT_THE_DOOR


@pytest.mark.parametrize("service", SERVICES)
def test_no_operation_is_missing_in_the_table_and_none_is_invented(service: str) -> None:
    there = {
        f"{method.upper()} {path}" for path, methods in app(service).openapi()["paths"].items() for method in methods
    }
    assert there == operations(service).keys() - ON_THE_STACK
    assert {route.path for route in local_clock.router.routes} == {"/local/clock"}  # type: ignore[attr-defined]


def test_the_table_names_roles_that_there_are_and_each_role_has_something_to_do() -> None:
    named = {who for service in SERVICES for found in operations(service).values() for who in found}
    assert named - {"token", "nobody asks"} == ROLES.keys() == KINDS.keys()


@pytest.mark.parametrize(("service", "operation"), ASKED)
def test_an_operation_lets_in_the_roles_of_the_table_at_organisations_of_their_kind_and_nobody_else(
    service: str, operation: str
) -> None:
    allowed = operations(service)[operation]
    found, expected = {}, {}
    for role, kind in KINDS.items():
        for other, org in HOMES.items():
            expected[role, other] = allowed == ("token",) or (role in allowed and other == kind)
            found[role, other] = let_in(service, operation, [ROLES[role]], org)
    for role in NEVER:
        for other, org in HOMES.items():
            expected[role, other] = allowed == ("token",)
            found[role, other] = let_in(service, operation, [role], org)
    assert found == expected


@pytest.mark.parametrize(("service", "operation"), ASKED)
def test_many_roles_at_one_organisation_are_those_of_its_kind(service: str, operation: str) -> None:
    allowed = operations(service)[operation]
    for kind, org in HOMES.items():
        fits = any(KINDS.get(role) == kind for role in allowed)
        assert let_in(service, operation, [*ROLES.values(), *NEVER], org) is (allowed == ("token",) or fits), kind


@pytest.mark.parametrize(("service", "operation"), ASKED)
def test_a_centre_that_is_not_listed_is_let_in_nowhere(service: str, operation: str) -> None:
    allowed = operations(service)[operation]
    if allowed == ("token",):
        return
    staff = [ROLES[role] for role in allowed if KINDS[role] == "centre"]
    if staff:
        assert answered(service, operation, staff, "centre:XX-XXX") == (403, "not_a_centre")
