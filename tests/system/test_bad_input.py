"""Bad requests to every route that changes something: each gets a problem document that helps, and changes nothing.

The routes are taken from the OpenAPI documents of the running services, so that a new one is tested unasked.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from deploy.local.issuer import AUDIENCES
from deploy.local.places import SERVICES
from tests.support.chain import Chain
from tests.support.openapi import Operation, operations
from tests.support.people import STAFF, Person, ahead, course, new_case, new_employer, new_session, vacancy
from tests.support.tokens import HOMES, at_home, own_key, token, unsigned
from tests.support.web import problem

JSON = {"Content-Type": "application/json"}
SENTINEL = "1900-01-01"


class Everything:
    """All operations that change something, and somebody who sends requests."""

    def __init__(self, chain: Chain, found: list[Operation]) -> None:
        self.chain = chain
        self.all = found
        self.own = [each for each in found if not each.path.startswith("/local/")]
        self._tokens: dict[tuple[str, str], str] = {}
        self.http = {
            service: httpx.AsyncClient(base_url=url, timeout=30) for service, url in chain.stack.urls().items()
        }

    def token(self, operation: Operation) -> str:
        """Of somebody whom the operation lets in."""
        place = operation.service, operation.path
        if place not in self._tokens:
            self._tokens[place] = at_home(self.chain.stack, *place)
        return self._tokens[place]

    async def send(self, operation: Operation, **request: Any) -> httpx.Response:
        """A request that is good but for what is given; `token` "" is none, `key` "" is none."""
        bearer = request.pop("token", None)
        if bearer is None:
            bearer = self.token(operation)
        key = request.pop("key", str(uuid4()))
        headers: dict[str, Any] = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        headers |= {"Idempotency-Key": key.encode()} if key else {}  # bytes: httpx takes ASCII only
        headers |= request.pop("headers", {})
        url = request.pop("url", None) or operation.url()
        if not request.keys() & {"json", "content", "data"} and operation.body is not None:
            request["json"] = operation.example()
        answer = await self.http[operation.service].request(operation.method, url, headers=headers, **request)
        assert str(answer.status_code) in operation.statuses, f"{operation}: {answer.status_code} is not documented"
        return answer


@pytest.fixture(scope="module")
async def everything(chain: Chain) -> AsyncIterator[Everything]:
    found = []
    for service, url in chain.stack.urls().items():
        async with httpx.AsyncClient(base_url=url) as http:
            document = (await http.get("/openapi.json")).json()
        found += [each for each in operations(service, document) if each.changes]
    assert len(found) > 25
    everything = Everything(chain, found)
    yield everything
    for http in everything.http.values():
        await http.aclose()


@pytest.fixture
async def nothing_changes(chain: Chain) -> AsyncIterator[None]:
    """No row more or less, no event, in any database."""
    await chain.quiet()
    before = await chain.counts()
    yield
    await chain.quiet()
    assert await chain.counts() == before


def named(document: dict[str, Any]) -> set[str]:
    """The fields that a problem document blames."""
    return {error["field"] for error in document["errors"]}


# --- who is asking ---------------------------------------------------------------------------------------------------


def bad_tokens(chain: Chain, service: str) -> dict[str, tuple[str, str, str]]:
    """Tokens, the code of the refusal, and a word that it must say."""
    stack, now = chain.stack, int(time.time())
    org, country = HOMES[service]
    good: dict[str, Any] = {"org": org, "country": country}
    stranger = OKPKey.generate_key("Ed25519", {"kid": own_key(stack).kid})
    unknown = OKPKey.generate_key("Ed25519", {"kid": "elsewhere-1"})
    head, claims, signature = at_home(stack, service).split(".")
    secret = OctKey.import_key(json.dumps(own_key(stack).as_dict(private=False)).encode())
    symmetric = jwt.encode({"alg": "HS256"}, {"sub": "x", "org": org}, secret, algorithms=["HS256"])
    return {
        "none": ("", "token_missing", "no access token"),
        "no token at all": ("nonsense", "token_invalid", "malformed"),
        "another key under the same name": (token(stack, key=stranger, **good), "token_invalid", "signature"),
        "a key that nobody publishes": (
            token(stack, key=unknown, header={"kid": "elsewhere-1"}, **good),
            "token_invalid",
            "does not publish",
        ),
        "unsigned": (unsigned(stack, service), "token_invalid", "algorithm"),
        "signed with the public key as secret": (symmetric, "token_invalid", "algorithm"),
        "signature cut": (f"{head}.{claims}.{signature[:-8]}", "token_invalid", "signature"),
        "claims of another token": (
            f"{head}.{token(stack, org='programme:desk').split('.')[1]}.{signature}",
            "token_invalid",
            "signature",
        ),
        "expired": (token(stack, exp=now - 120, **good), "token_invalid", "expired"),
        "not yet valid": (token(stack, nbf=now + 600, **good), "token_invalid", "not valid yet"),
        "without end": (token(stack, exp=None, **good), "token_invalid", "exp"),
        "without beginning": (token(stack, iat=None, **good), "token_invalid", "iat"),
        "for a hundred years": (token(stack, exp=now + 100 * 365 * 86_400, **good), "token_invalid", "24 hours"),
        "an ID token": (token(stack, header={"typ": "JWT"}, **good), "token_invalid", "no access token"),
        "for another service": (
            token(stack, aud=[each for name, each in AUDIENCES.items() if name != service], **good),
            "token_invalid",
            "audience",
        ),
        "for another audience": (token(stack, aud="another-api", **good), "token_invalid", "audience"),
        "of another issuer": (token(stack, iss="https://issuer.evil.invalid", **good), "token_invalid", "issuer"),
        "without organisation": (token(stack, org=None), "token_invalid", "org"),
        "organisation that is no code": (token(stack, org="Centre of Lagos!"), "token_invalid", "org"),
        "roles that are no list": (token(stack, roles="scout", **good), "token_invalid", "roles"),
    }


@pytest.mark.usefixtures("nothing_changes")
async def test_a_bad_token_opens_no_door_and_is_told_why(chain: Chain, everything: Everything) -> None:
    for service in SERVICES:
        for what, (bearer, code, word) in bad_tokens(chain, service).items():
            for operation in everything.all:
                if operation.service == service:
                    answer = await everything.send(operation, token=bearer)
                    document = problem(answer, 401, code)
                    assert word in document["detail"], f"{operation}, {what}: {document['detail']}"
                    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.usefixtures("nothing_changes")
async def test_the_wrong_role_opens_no_door_and_the_right_ones_are_named(chain: Chain, everything: Everything) -> None:
    for operation in everything.all:
        for roles in ([], ["programme_manager"], ["data_protection_officer"]):
            org, country = HOMES[operation.service]
            bearer = token(chain.stack, roles=roles, org=org, country=country)
            elsewhere = roles == ["programme_manager"] and operation.path.startswith("/countries/")
            code = "role_elsewhere" if elsewhere else "role_required"
            document = problem(await everything.send(operation, token=bearer), 403, code)
            if elsewhere:
                continue
            assert re.search(r"roles? [a-z_]+", document["detail"]), document["detail"]


# --- what is asked ---------------------------------------------------------------------------------------------------


class Bad(NamedTuple):
    """A body that is wrong whatever the route, and what must be said of it."""

    content: bytes
    status: int
    code: str
    headers: dict[str, str] = JSON


BODIES = {
    "no JSON": Bad(b"{nonsense", 400, "json_malformed"),
    "half of it": Bad(b'{"a": ', 400, "json_malformed"),
    "not UTF-8": Bad(b'{"a": "\xff"}', 400, "json_malformed"),
    "NaN": Bad(b'{"a": NaN}', 400, "json_malformed"),
    "endless nesting": Bad(b"[" * 30_000, 400, "json_malformed"),
    "too large": Bad(b'{"a": "' + b"x" * 70_000 + b'"}', 413, "body_too_large"),
    "not declared": Bad(b"{}", 415, "media_type_unsupported", {}),
    "a form": Bad(b"a=b", 415, "media_type_unsupported", {"Content-Type": "application/x-www-form-urlencoded"}),
    "compressed": Bad(b"{}", 415, "content_encoding_unsupported", {**JSON, "Content-Encoding": "gzip"}),
}


@pytest.mark.usefixtures("nothing_changes")
async def test_a_body_that_nobody_can_read_is_refused_with_its_remedy(everything: Everything) -> None:
    for operation in everything.all:
        for what, bad in BODIES.items():
            answer = await everything.send(operation, content=bad.content, headers=bad.headers)
            document = problem(answer, bad.status, bad.code)
            assert document["remedy"], f"{operation}, {what}"


@pytest.mark.usefixtures("nothing_changes")
async def test_a_body_of_the_wrong_shape_is_refused_and_the_field_is_named(everything: Everything) -> None:
    for operation in everything.all:
        if operation.body is None:
            continue
        for body in ([], "text", 7, True):
            document = problem(await everything.send(operation, json=body), 422, "request_invalid")
            assert named(document) == {""} or named(document) == {"/"}, f"{operation} {body!r}: {document['errors']}"
        body = {**(operation.example() or {}), "nickname": "x"}
        document = problem(await everything.send(operation, json=body), 422, "request_invalid")
        assert "/nickname" in named(document), operation
        for field in operation.required:
            body = operation.example() or {}
            body.pop(field, None)
            document = problem(await everything.send(operation, json=body), 422, "request_invalid")
            assert f"/{field}" in named(document), f"{operation} without {field}: {document['errors']}"


WRONG = ({"a": 1}, [{"a": []}], 3.5, "\x00", "\ud800", "x" * 5000, -(10**30))


@pytest.mark.usefixtures("nothing_changes")
async def test_a_value_of_the_wrong_type_is_refused_and_the_field_is_named(everything: Everything) -> None:
    for operation in everything.own:
        for field, schema in operation.properties.items():
            for value in WRONG:
                if _may_be(schema, value):
                    continue
                content = json.dumps({**(operation.example() or {}), field: value}).encode()
                answer = await everything.send(operation, content=content, headers=JSON)
                document = problem(answer, answer.status_code, answer.json()["code"])
                assert answer.status_code in {400, 422}, f"{operation} {field} {value!r}: {answer.text}"
                assert any(each.startswith(f"/{field}") for each in named(document)) or answer.status_code == 400, (
                    f"{operation} {field} {value!r}: {document}"
                )


def _may_be(schema: dict[str, Any], value: Any) -> bool:
    """A field that takes free objects or long texts has no wrong one of that kind."""
    kinds = json.dumps(schema)
    return isinstance(value, dict) and ("ProfileBody" in kinds or "additionalProperties" in kinds)


@pytest.mark.usefixtures("nothing_changes")
async def test_the_first_of_january_1900_is_no_date(everything: Everything) -> None:
    met = 0
    for operation in everything.own:
        for field, schema in operation.properties.items():
            kinds = json.dumps(schema)
            if '"format": "date"' in kinds or '"format": "date-time"' in kinds:
                value = SENTINEL if '"format": "date"' in kinds else f"{SENTINEL}T00:00:00Z"
                for each in (value, 0, 1774915200, "31.12.2026", "2026-02-30", "", "tomorrow"):
                    body = {**(operation.example() or {}), field: each}
                    document = problem(await everything.send(operation, json=body), 422, "request_invalid")
                    assert named(document) == {f"/{field}"}, f"{operation} {field} {each!r}: {document['errors']}"
                    met += 1
    assert met > 50
    profile = {"profile": {"birth_date": SENTINEL}}
    case = next(each for each in everything.own if each.path == "/cases")
    document = problem(await everything.send(case, json=new_case(**profile)), 422, "request_invalid")
    assert named(document) == {"/profile/birth_date"}


@pytest.mark.usefixtures("nothing_changes")
async def test_a_path_that_holds_no_id_is_refused_and_the_part_is_named(everything: Everything) -> None:
    for operation in everything.own:
        parts = set(re.findall(r"\{([^}]+)\}", operation.path))
        for segment, statuses in (("nonsense", {422}), ("4711", {422}), ("%00", {400}), ("%ff", {400}), ("%20", {422})):
            if parts and not (segment == "4711" and operation.numbered):  # there it is an id
                answer = await everything.send(operation, url=operation.url(segment))
                assert answer.status_code in statuses, f"{operation} {segment}: {answer.text}"
                document = problem(answer, answer.status_code, answer.json()["code"])
                if answer.status_code == 422:
                    assert named(document) & parts, f"{operation} {segment}: {document['errors']}"


@pytest.mark.usefixtures("nothing_changes")
async def test_an_id_that_nobody_knows_is_refused(everything: Everything) -> None:
    for operation in everything.own:
        if "{" in operation.path:
            answer = await everything.send(operation)
            problem(answer, 404, answer.json()["code"])


@pytest.mark.usefixtures("nothing_changes")
async def test_a_command_needs_an_idempotency_key(everything: Everything) -> None:
    for operation in everything.own:
        assert operation.keyed, operation
        document = problem(await everything.send(operation, key=""), 400, "idempotency_key_required")
        assert "Idempotency-Key" in {each.title() for each in named(document)}, operation
        for key in ("short", "x" * 129, "has spaces in it", "ümlaut-ümlaut"):
            answer = await everything.send(operation, key=key)
            document = problem(answer, 422, "request_invalid")
            assert "idempotency-key" in {each.lower() for each in named(document)}, f"{operation} {key!r}"


# --- the same key again ----------------------------------------------------------------------------------------------


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


# --- somebody else's -------------------------------------------------------------------------------------------------

STRANGERS = {
    "referral": {"org": "scouts:hamburg", "country": "DE"},
    "training": {"org": "provider:TRADE-METAL", "country": "DE"},
    "counselling": {"org": "centre:GH-ACC", "country": "GH"},
    "placement": {"org": "centre:GH-ACC", "country": "GH"},
}
"""With every role, but elsewhere. What they see is in `tests/access/objects.md`; here they try to change something."""


@pytest.fixture(scope="module")
async def ids(chain: Chain) -> dict[str, str]:
    """A person who has come far, and everything around, by the names of path parameters and fields."""
    staff = lambda name: chain.as_(*STAFF[name])  # noqa: E731
    person = await Person(staff).opened(profile={"given_name": "Ada"})
    await person.referred()
    consent = await person.consents("matching", "country:NG")
    session = await course(staff)
    await person.enrolled(session)
    await person.accepted()
    await person.planned(20)
    employer = await new_employer(staff)
    job = await vacancy(staff, employer, openings=3)
    await person.shortlisted(job)
    await person.presented(employer)
    await person.offered()
    return {
        "case_id": person.case_id,
        "consent_id": consent,
        "referral_id": person.referral_id,
        "session_id": session,
        "enrolment_id": person.enrolment_id,
        "employer_id": employer,
        "vacancy_id": job,
        "candidacy_id": person.candidacy_id,
        "offer_id": person.offer_id,
    }


async def test_a_stranger_changes_nothing_of_anybody_elses(
    chain: Chain, everything: Everything, ids: dict[str, str]
) -> None:
    await chain.quiet()
    before, met = await chain.counts(), 0
    for operation in everything.own:
        body = operation.example()
        about = set(re.findall(r"\{([^}]+)\}", operation.path)) | (set(body or {}) & set(ids))
        if not about or operation.path.startswith("/operations/"):  # a parked record is nobody's but the operators'
            continue
        if body is not None:
            body |= {name: ids[name] for name in about & set(body)}
            body |= {
                name: ahead(30) for name in ("expires_on", "starts_on", "earliest", "latest", "on") if name in body
            }
            body |= {name: ahead(0) for name in body if name.endswith("ed_on")}
        url = re.sub(r"\{([^}]+)\}", lambda match: (ids | {"country": "NG"})[match[1]], operation.path)
        for role in (None, "scout"):
            stranger = STRANGERS[operation.service] | ({"org": "scouts:hamburg"} if role else {})
            bearer = token(chain.stack, **stranger, **({"roles": [role]} if role else {}))
            answer = await everything.send(operation, url=url, json=body, token=bearer)
            assert answer.status_code in {403, 404}, f"{operation} as {role or 'all'}: {answer.text}"
            problem(answer, answer.status_code, answer.json()["code"])
            met += 1
    assert met > 40
    await chain.quiet()
    assert await chain.counts() == before
