"""Who is asking: bearer tokens (JWT) of the configured issuer, not trusted before they are checked.

The token's own header never chooses how it is verified: the algorithm must be on a short list of asymmetric
ones, the key must be one that the issuer publishes. Expiry is measured against real time, not against the
business clock that the local stack can move. Refusals say what is wrong and what to do, and never repeat the
token.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from fastapi import Request
from fastapi.security import HTTPBearer
from joserfc import jws
from joserfc.errors import (
    BadSignatureError,
    ClaimError,
    ExpiredTokenError,
    InvalidClaimError,
    JoseError,
    MissingClaimError,
    UnsupportedAlgorithmError,
)
from joserfc.jws import CompactSignature, JWSRegistry
from joserfc.jwt import JWTClaimsRegistry

from chassis.http.jwks import IssuerUnreachable, KeyCache, reader
from chassis.http.problems import Problem

ALGORITHMS = ("EdDSA", "Ed25519", "ES256", "RS256", "PS256")
"""Asymmetric only. With `none` anyone could sign, with HS* everyone who can read the public key."""
TOKEN_TYPES = ("at+jwt", "application/at+jwt")
"""Of access tokens (RFC 9068, 2.1). An ID token tells a client who has logged in; it opens no API, whatever roles it
has, and nothing but its type tells it apart for sure."""
ID_TOKEN_TYPES = ("", "jwt")
"""Of ID tokens (OpenID Connect Core, 2), which name none as a rule. An access token signs nobody in."""
LEEWAY_SECONDS = 30
MAX_LIFETIME_SECONDS = 24 * 3600
"""From `iat` to `exp`. Nobody can take a token back: what is lost or stolen ends by itself."""
MAX_TOKEN_CHARS = 8192
MAX_ROLES = 32
CLAIMS = ("iss", "aud", "exp", "nbf", "iat", "sub", "roles", "org", "country", "nonce", "azp", "auth_time")
MAX_PROOFS = 1000
"""How many proven tokens are remembered: to check a signature costs as much as a statement of the database."""
ROLE = re.compile(r"[a-z][a-z0-9_]{0,63}")
SUBJECT = re.compile(r"[\x21-\x7e]{1,255}")

ORG = re.compile(r"([a-z]{1,40}):[A-Za-z0-9-]{1,40}")
"""Kind and code."""
COUNTRY = re.compile(r"[A-Z]{2}")

CALLER = "ph.caller"
"""Where a request's scope holds its proven caller."""
RENEW = "Get a new access token from the issuer and send it as 'Authorization: Bearer <token>'."


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller as the issuer vouches for it. `org` is a kind and a code, such as `shop:ZRH`; no country is ""."""

    subject: str
    roles: frozenset[str]
    org: str
    country: str = ""


class _Registry(JWSRegistry):
    """Silences the warning at every `EdDSA`: RFC 9864 prefers `Ed25519`, but most issuers still write `EdDSA`."""

    def get_alg(self, name: str) -> Any:
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


class Proof(NamedTuple):
    """A token whose signature was proven with this key, and whose claims were judged to be good at `judged`, in
    seconds since 1970. Both stay true until `expires`, if the clock is not set back."""

    key_id: str | None
    key: Any
    claims: Mapping[str, Any]
    principal: Principal
    judged: float
    expires: float


class Authenticator:
    """Turns an `Authorization` header into a `Principal`, or raises `Problem`.

    `org_kinds`: the kinds of organisations that callers may act for; any if empty. `types`: which tokens it takes.
    """

    def __init__(
        self,
        issuer: str,
        audience: str,
        jwks: str,
        *,
        org_kinds: Collection[str] = (),
        types: Collection[str] = TOKEN_TYPES,
        keys: KeyCache | None = None,
        leeway: int = LEEWAY_SECONDS,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._org_kinds = frozenset(org_kinds)
        self._types = types
        self._keys = keys if keys is not None else KeyCache(reader(jwks))
        self._proofs: dict[bytes, Proof] = {}
        self._now = now
        self._registry = _Registry(algorithms=ALGORITHMS, strict_check_header=False)
        self._claims = JWTClaimsRegistry(
            now=lambda: int(now()),
            leeway=leeway,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            roles={"essential": True, "allow_blank": True},
            org={"essential": True},
        )

    async def warm(self) -> None:
        """Reads the keys, so that the first request need not wait for them."""
        await self._keys.warm()

    async def authenticate(self, header: str | None) -> Principal:
        """The caller that this `Authorization` header proves. Else `Problem` 401, or 503 without keys."""
        return (await self.prove(_token(header))).principal

    async def prove(self, token: str) -> Proof:
        """What this token proves. Else `Problem` 401, or 503 without keys."""
        _check_shape(token)
        # Only the claims that are judged are kept, and nothing else of the token.
        digest = hashlib.sha256(token.encode()).digest()
        proof = self._proofs.get(digest)
        key_id = _key_id(self._extract(token)) if proof is None else proof.key_id
        try:
            key = await self._keys.find(key_id)
        except IssuerUnreachable:
            raise Problem(
                status=503,
                code="issuer_unreachable",
                detail="The keys of the token issuer cannot be read at the moment: no token can be checked.",
                remedy="Try again in a few seconds; if it lasts, tell the operators.",
                headers={"Retry-After": "5"},
            ) from None
        if key is None:
            raise _refused("The token is signed with a key that the issuer does not publish.")
        if proof is not None and proof.key is key:
            if not proof.judged <= self._now() < proof.expires:
                self._judge(proof.claims)
        else:
            proof = self._prove(self._extract(token), key)
            if len(self._proofs) >= MAX_PROOFS:
                del self._proofs[next(iter(self._proofs))]
            self._proofs[digest] = proof
        return proof

    def _prove(self, signature: CompactSignature, key: Any) -> Proof:
        try:
            if not jws.validate_compact(signature, key, registry=self._registry):
                raise BadSignatureError
        except (JoseError, ValueError, TypeError):
            raise _refused("The signature of the token is not valid.") from None
        claims = _payload(signature)
        claims = {name: claims[name] for name in CLAIMS if name in claims}
        self._judge(claims)
        return Proof(_key_id(signature), key, claims, self._principal(claims), self._now(), claims["exp"])

    def _extract(self, token: str) -> CompactSignature:
        """The token's parts, not yet trusted."""
        try:
            signature = jws.extract_compact(token.encode(), registry=self._registry)
            header = signature.headers()
            algorithm = header.get("alg")
        except (JoseError, ValueError, TypeError, AttributeError):
            raise _refused("The token is malformed: it must be a signed JWT of three parts.") from None
        if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
            raise _refused(
                "The token is signed with an algorithm that is not accepted.",
                f"Have the issuer sign with one of {', '.join(ALGORITHMS)}.",
            )
        if "crit" in header or str(header.get("typ", "")).lower() not in self._types:
            raise _refused(*(_NO_ACCESS_TOKEN if self._types is TOKEN_TYPES else _NO_ID_TOKEN))
        return signature

    def _judge(self, claims: Mapping[str, Any]) -> None:
        """Whether the token is meant for us, and valid now."""
        try:
            self._claims.validate(dict(claims))
        except ExpiredTokenError:
            raise _refused("The token has expired.") from None
        except MissingClaimError as error:
            missing = error.claim.replace(",", ", ")
            raise _refused(f"The token lacks the claims: {missing}.", "Have the issuer add them.") from None
        except InvalidClaimError as error:
            raise _refused(*_CLAIM_FAULTS.get(error.claim, _fault(error.claim))) from None
        except (ClaimError, ValueError, TypeError, OverflowError):
            raise _refused("The claims of the token are malformed.") from None
        if not claims["exp"] - claims["iat"] <= MAX_LIFETIME_SECONDS:  # so that NaN, too, is refused
            raise _refused(
                f"The token is valid for more than {MAX_LIFETIME_SECONDS // 3600} hours from iat to exp.",
                "Have the issuer make shorter ones.",
            )

    def _principal(self, claims: Mapping[str, Any]) -> Principal:
        org = _shaped(ORG, "org", claims["org"])
        if self._org_kinds and org[1] not in self._org_kinds:
            raise _refused(*_fault("org"))
        return Principal(
            subject=_shaped(SUBJECT, "sub", claims["sub"])[0],
            roles=_roles(claims["roles"]),
            org=org[0],
            country=_shaped(COUNTRY, "country", claims["country"])[0] if claims.get("country") else "",
        )


class BearerScheme(HTTPBearer):
    """Declares in OpenAPI how a caller proves who it is. One dependency of a route: each costs as much as a rule."""

    def __init__(self) -> None:
        super().__init__(
            auto_error=False,
            bearerFormat="JWT",
            scheme_name="bearer",
            description="Access token (RFC 9068) of the issuer, with the claims sub, iss, aud, iat, exp, roles, org.",
        )


async def principal(request: Request) -> Principal:
    """The caller, by the request's only Authorization header; proven once per request."""
    if (known := request.scope.get(CALLER)) is not None:
        who: Principal = known
        return who
    headers = request.headers.getlist("authorization")
    if len(headers) > 1:
        raise _refused("The request has more than one Authorization header.", "Send exactly one.")
    authenticator: Authenticator = request.app.state.authenticator
    return await authenticator.authenticate(headers[0] if headers else None)


def _refused(detail: str, remedy: str = RENEW) -> Problem:
    """401 as RFC 6750 wants it. `detail` is one of our own sentences, so it may stand in the header too."""
    return Problem(
        status=401,
        code="token_invalid",
        detail=detail,
        remedy=remedy,
        headers={"WWW-Authenticate": f'Bearer error="invalid_token", error_description="{detail}"'},
    )


def _token(header: str | None) -> str:
    if not header or not header.strip():
        # RFC 6750, 3.1: no error code if the request carries no credentials at all.
        raise Problem(
            status=401,
            code="token_missing",
            detail="The request has no access token.",
            remedy=RENEW,
            headers={"WWW-Authenticate": "Bearer"},
        )
    if len(header) > MAX_TOKEN_CHARS:
        raise _refused(f"The Authorization header is longer than {MAX_TOKEN_CHARS} characters.")
    scheme, _, token = header.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise _refused("The Authorization header does not have the form 'Bearer <token>'.")
    return token


def _check_shape(token: str) -> None:
    if len(token) > MAX_TOKEN_CHARS or not token.isascii() or token.count(".") != 2:
        raise _refused("The token is malformed: it must be a signed JWT of three parts.")


def _key_id(signature: CompactSignature) -> str | None:
    kid = signature.headers().get("kid")
    if kid is not None and (not isinstance(kid, str) or len(kid) > 256):
        raise _refused("The token is malformed: its key id is not a short text.")
    return kid


def _payload(signature: CompactSignature) -> Mapping[str, Any]:
    try:
        claims = json.loads(signature.payload)
    except (ValueError, RecursionError):
        claims = None
    if not isinstance(claims, dict):
        raise _refused("The token is malformed: its claims are no JSON object.")
    return claims


_NO_ACCESS_TOKEN = (
    "The token is no access token: its header has another type or a critical extension.",
    "Send the access token, no ID token; have the issuer write its type as at+jwt (RFC 9068).",
)
_NO_ID_TOKEN = (
    "The token is no ID token: its header has another type or a critical extension.",
    "Have the issuer write no type, or JWT, into ID tokens (OpenID Connect Core, 2).",
)
_CLAIM_FAULTS: Mapping[str, tuple[str, str]] = {
    "iss": ("The token comes from another issuer than the one configured.", RENEW),
    "aud": ("The token is meant for another audience.", "Request a token for the audience of this API."),
    "nbf": ("The token is not valid yet.", "Wait until its nbf time, or set the clocks right."),
    "iat": ("The token was issued in the future.", "Set the clocks of the issuer and of this system right."),
}


def _fault(claim: str) -> tuple[str, str]:
    """`claim` is a name from our own list of claims, never from the token."""
    return f"The claim {claim} of the token is not as expected.", "Have the issuer correct it."


def _roles(value: Any) -> frozenset[str]:
    if (
        not isinstance(value, list)
        or len(value) > MAX_ROLES
        or not all(isinstance(role, str) and ROLE.fullmatch(role) for role in value)
    ):
        raise _refused(
            "The claim roles of the token is not a list of role names.",
            f"Have the issuer write at most {MAX_ROLES} names of lower-case letters, digits and underscores.",
        )
    return frozenset(value)


def _shaped(shape: re.Pattern[str], claim: str, value: Any) -> re.Match[str]:
    found = shape.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise _refused(*_fault(claim))
    return found
