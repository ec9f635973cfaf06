"""Tokens: a good one gives its principal, a bad one is refused with reason and remedy, never quoted."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import time
import warnings
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey

from chassis.http.auth import MAX_TOKEN_CHARS, Authenticator, Principal
from chassis.http.jwks import KeyCache
from chassis.http.problems import Problem
from tests.support.issuer import ALL, AUDIENCE, ISSUER, Issuer

ISSUING = Issuer()


def authenticate(header: str | None, *, down: bool = False) -> Principal:
    def read() -> bytes:
        if down:
            raise ConnectionRefusedError
        return ISSUING.jwks()

    authenticator = Authenticator(ISSUER, AUDIENCE, "unused", keys=KeyCache(read))
    return asyncio.run(authenticator.authenticate(header))


def refusal(header: str | None) -> Problem:
    with pytest.raises(Problem) as caught:
        authenticate(header)
    problem = caught.value
    assert problem.status == 401
    assert problem.headers["WWW-Authenticate"].startswith("Bearer")
    assert problem.remedy
    if header:
        for piece in header.split("."):
            if len(piece) > 12:
                assert piece not in str(vars(problem)), "a refusal repeats the token"
    return problem


def b64(value: Any) -> str:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("alg", "key"),
    [
        ("Ed25519", ISSUING.ed25519),
        ("EdDSA", ISSUING.ed25519),
        ("ES256", ISSUING.p256),
        ("RS256", ISSUING.rsa),
        ("PS256", ISSUING.rsa),
    ],
)
@pytest.mark.filterwarnings("error")
def test_a_token_of_each_accepted_algorithm_gives_its_principal(alg: str, key: Any) -> None:
    with warnings.catch_warnings(action="ignore"):
        token = ISSUING.token(alg=alg, key=key, roles=["scout", "operator"], org="centre:NG-LOS", country="NG")
    found = authenticate(f"Bearer {token}")
    assert found == Principal("user-4711", frozenset({"scout", "operator"}), "centre:NG-LOS", "NG")


@pytest.mark.parametrize("header", [None, "", "   "])
def test_a_missing_token_is_refused_without_an_error_code(header: str | None) -> None:
    problem = refusal(header)
    assert problem.code == "token_missing"
    assert problem.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNzd29yZA==",
        "Bearer only-one-part",
        "Bearer a.b",
        "Bearer a.b.c.d.e",
        "Bearer ..",
        "Bearer %%%.%%%.%%%",
        "Bearer äöü.äöü.äöü",
        f"Bearer {b64(b'no json')}.{b64({})}.{b64(b'signature')}",
        f"Bearer {b64([1])}.{b64({})}.{b64(b'signature')}",
        f"Bearer {b64('text')}.{b64({})}.{b64(b'signature')}",
        f"Bearer {b64({'typ': 'JWT'})}.{b64({})}.{b64(b'signature')}",
        f"Bearer {b64({'alg': ['Ed25519']})}.{b64({})}.{b64(b'signature')}",
        f"Bearer {b64({'alg': 'Ed25519', 'kid': 7})}.{b64({})}.{b64(b'signature')}",
        f"Bearer {b64({'alg': 'Ed25519', 'kid': 'k' * 300})}.{b64({})}.{b64(b'signature')}",
        f"Bearer {b64(b'{' * 500)}.{b64({})}.{b64(b'signature')}",
        f"Bearer {'a' * MAX_TOKEN_CHARS}.b.c",
    ],
)
def test_a_malformed_header_or_token_is_refused(header: str) -> None:
    assert refusal(header).code == "token_invalid"


def test_an_unsigned_token_is_refused() -> None:
    token = f"{b64({'alg': 'none', 'typ': 'JWT'})}.{b64(ISSUING.claims())}."
    assert "algorithm" in refusal(f"Bearer {token}").detail


def test_a_token_signed_with_the_public_key_as_shared_secret_is_refused() -> None:
    signed = f"{b64({'alg': 'HS256', 'kid': 'rsa-1'})}.{b64(ISSUING.claims())}"
    mac = hmac.digest(ISSUING.rsa.as_pem(private=False), signed.encode(), "sha256")
    assert "algorithm" in refusal(f"Bearer {signed}.{b64(mac)}").detail


@pytest.mark.parametrize(
    ("alg", "key"),
    [
        ("RS384", ISSUING.rsa),
        ("RS512", ISSUING.rsa),
        ("ES384", ECKey.generate_key("P-384", {"kid": "ec-1"})),
        ("Ed448", OKPKey.generate_key("Ed448", {"kid": "ed-1"})),
    ],
)
def test_an_algorithm_off_the_list_is_refused(alg: str, key: Any) -> None:
    assert "algorithm" in refusal(f"Bearer {ISSUING.token(alg=alg, key=key)}").detail


def test_a_forged_signature_is_refused() -> None:
    stranger = OKPKey.generate_key("Ed25519", {"kid": "ed-1"})
    assert "signature" in refusal(f"Bearer {ISSUING.token(key=stranger)}").detail


def test_a_changed_claim_breaks_the_signature() -> None:
    head, _, signature = ISSUING.token().split(".")
    changed = f"{head}.{b64(ISSUING.claims(roles=['operator']))}.{signature}"
    assert "signature" in refusal(f"Bearer {changed}").detail


@pytest.mark.parametrize("alg", ["ES256", "RS256"])
def test_a_key_of_another_kind_than_the_algorithm_is_refused(alg: str) -> None:
    head = b64({"alg": alg, "kid": "ed-1", "typ": "at+jwt"})
    assert "signature" in refusal(f"Bearer {head}.{b64(ISSUING.claims())}.{b64(b'x' * 64)}").detail


def test_a_key_that_the_issuer_does_not_publish_is_refused() -> None:
    stranger = OKPKey.generate_key("Ed25519", {"kid": "stranger"})
    assert "does not publish" in refusal(f"Bearer {ISSUING.token(key=stranger)}").detail


def test_a_key_inside_the_token_is_ignored() -> None:
    stranger = OKPKey.generate_key("Ed25519", {"kid": "ed-1"})
    token = ISSUING.token(key=stranger, header={"jwk": stranger.as_dict(private=False)})
    assert "signature" in refusal(f"Bearer {token}").detail


@pytest.mark.parametrize(
    "header", [{"crit": ["exp"]}, {"crit": ["b64"], "b64": False}, {"typ": "logout+jwt"}, {"typ": "JWT"}, {"typ": None}]
)
def test_a_token_of_another_type_is_refused(header: dict[str, Any]) -> None:
    rest = ISSUING.token().split(".")[1:]
    head = b64({"alg": "Ed25519", "kid": "ed-1", "typ": "at+jwt", **header})
    refusal(f"Bearer {'.'.join([head, *rest])}")


@pytest.mark.parametrize("claim", ["sub", "exp", "iat", "iss", "aud", "roles", "org"])
def test_each_required_claim_is_missed(claim: str) -> None:
    without: dict[str, Any] = {claim: None}
    problem = refusal(f"Bearer {ISSUING.token(**without)}")
    assert claim in problem.detail


NOW = int(time.time())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"exp": NOW - 31}, "expired"),
        ({"exp": "tomorrow"}, "exp"),
        ({"exp": True}, "exp"),
        ({"nbf": NOW + 86_400}, "not valid yet"),
        ({"iat": NOW + 86_400}, "future"),
        ({"iss": "https://evil.test"}, "issuer"),
        ({"iss": [ISSUER]}, "issuer"),
        ({"aud": "another-api"}, "audience"),
        ({"aud": ["another-api", "third"]}, "audience"),
        ({"aud": {"a": 1}}, "audience"),
        ({"sub": 7}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": "two words"}, "sub"),
        ({"sub": "x" * 256}, "sub"),
        ({"roles": "scout"}, "roles"),
        ({"roles": [1]}, "roles"),
        ({"roles": ["Scout!"]}, "roles"),
        ({"roles": ["r"] * 33}, "roles"),
        ({"roles": {"scout": True}}, "roles"),
        ({"org": "NG-LOS"}, "org"),
        ({"org": "centre:NG LOS"}, "org"),
        ({"org": ["centre:NG-LOS"]}, "org"),
        ({"country": "Nigeria"}, "country"),
        ({"country": ["NG"]}, "country"),
    ],
)
def test_a_claim_that_is_not_as_expected_is_named(changes: dict[str, Any], said: str) -> None:
    assert said in refusal(f"Bearer {ISSUING.token(**changes)}").detail


@pytest.mark.parametrize(
    "more", [{}, {"nonce": "n", "at_hash": "h"}, {"azp": "desk"}], ids=["bare", "hybrid flow", "code flow"]
)
def test_an_id_token_with_roles_opens_nothing(more: dict[str, Any]) -> None:
    """It is signed by the same key, and may name the same audience."""
    for header in ({"typ": "JWT"}, {"typ": None}):
        refused = refusal(f"Bearer {ISSUING.token(header=header, **more)}")
        assert "no access token" in refused.detail
        assert "at+jwt" in refused.remedy


@pytest.mark.parametrize("exp", [100 * 365 * 86_400, 86_401, float("nan"), float("inf")])
def test_a_token_that_nobody_could_outlive_is_refused(exp: float) -> None:
    now = int(time.time())
    assert refusal(f"Bearer {ISSUING.token(iat=now, exp=now + exp)}").status == 401
    assert authenticate(f"Bearer {ISSUING.token(iat=now, exp=now + 86_400)}")


def test_a_token_whose_lifetime_began_long_ago_is_too_long_as_well() -> None:
    now = int(time.time())
    assert "24 hours" in refusal(f"Bearer {ISSUING.token(iat=now - 100_000, exp=now + 600)}").detail


@pytest.mark.parametrize("payload", [b"[1]", b"no json", b'"text"', b"[" * 5000])
def test_signed_claims_that_are_no_object_are_refused(payload: bytes) -> None:
    token = jws.serialize_compact(
        {"alg": "Ed25519", "kid": "ed-1", "typ": "at+jwt"}, payload, ISSUING.ed25519, registry=ALL
    )
    assert "claims" in refusal(f"Bearer {token}").detail


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": -5},
        {"nbf": 5},
        {"aud": ["another-api", AUDIENCE]},
        {"roles": []},
        {"country": ""},
        {"unknown_claim": {"a": [1]}},
    ],
)
def test_leeway_and_unknown_claims_are_accepted(changes: dict[str, Any]) -> None:
    changes = {name: int(time.time()) + value if name in {"exp", "nbf"} else value for name, value in changes.items()}
    assert authenticate(f"Bearer {ISSUING.token(**changes)}").subject == "user-4711"


@pytest.mark.parametrize("header", [{"typ": "AT+JWT"}, {"typ": "application/at+jwt"}, {"x5t": "abc", "nonce": "n"}])
def test_headers_of_ordinary_issuers_are_accepted(header: dict[str, Any]) -> None:
    assert authenticate(f"bearer   {ISSUING.token(header=header)}").subject == "user-4711"


def test_an_unreachable_issuer_is_a_503_with_retry_after() -> None:
    with pytest.raises(Problem) as caught:
        authenticate(f"Bearer {ISSUING.token()}", down=True)
    assert caught.value.status == 503
    assert caught.value.headers["Retry-After"]


@pytest.mark.parametrize("kinds", [(), ("scouts", "centre")])
def test_a_caller_acts_for_an_organisation_of_a_kind_that_the_service_knows(kinds: tuple[str, ...]) -> None:
    authenticator = Authenticator(ISSUER, AUDIENCE, "unused", org_kinds=kinds, keys=KeyCache(ISSUING.jwks))
    header = f"Bearer {ISSUING.token()}"
    assert asyncio.run(authenticator.authenticate(header)).org == "scouts:bavaria"


def test_an_organisation_of_another_kind_is_refused() -> None:
    authenticator = Authenticator(ISSUER, AUDIENCE, "unused", org_kinds=("centre",), keys=KeyCache(ISSUING.jwks))
    with pytest.raises(Problem) as caught:
        asyncio.run(authenticator.authenticate(f"Bearer {ISSUING.token()}"))
    assert (caught.value.status, caught.value.code) == (401, "token_invalid")
    assert "claim org" in caught.value.detail
