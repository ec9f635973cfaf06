"""Any OpenID provider: authorization code with PKCE (RFC 7636), as OpenID Connect Core and RFC 9700 want it.

What a sign-in needs to remember (state, nonce, verifier) follows from one random secret, which only the browser that
began it has. So nothing is stored for sign-ins that nobody ends, and a code that another browser was given opens
nothing here.

Anybody may begin a sign-in, so what a process asks of the provider is bounded: codes by number and by rate, its
discovery document once at a time, with a pause after it could not be read.
"""

from __future__ import annotations

import asyncio
import time
from base64 import urlsafe_b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest
from secrets import token_urlsafe
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urljoin

import httpx
from httpx import codes

from chassis.http.auth import ID_TOKEN_TYPES, LEEWAY_SECONDS, Authenticator, Principal
from chassis.http.problems import Problem
from chassis.http.rates import HARDLY, Rate
from chassis.telemetry.logs import get_logger
from journey.sign_in.access import Access, access_in
from journey.sign_in.settings import SIGNED_OUT, SignInSettings, require_safe

DISCOVERY = "/.well-known/openid-configuration"
DISCOVERY_SECONDS = 3600.0
"""How long a provider's discovery document is believed."""
PAUSE_SECONDS = 2.0
"""After a discovery document that could not be read."""
CODES_AT_ONCE = 8
CODES_PER_SECOND = 2.0
"""How many codes a process redeems; after a pause, twenty in a row."""
TIMEOUT_SECONDS = 10.0
MAX_BYTES = 262_144
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
AGAIN = "Sign in again; if it fails again, tell the operators."

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sign-in on its way, from the secret in the browser's cookie. `begun`: in seconds since 1970. `anew`: the
    provider must ask who it is, whomever it remembers. `acts`: it begins at a page that acts at services in the
    person's name, so an access token is asked for."""

    secret: str
    begun: int = field(default_factory=lambda: int(time.time()))
    anew: bool = False
    acts: bool = False

    @classmethod
    def new(cls, *, anew: bool = False, acts: bool = False) -> Attempt:
        """With a new secret."""
        return cls(token_urlsafe(32), anew=anew, acts=acts)

    def _derived(self, what: str) -> str:
        digest = sha256(f"{what}\0{self.secret}".encode()).digest()
        return urlsafe_b64encode(digest).rstrip(b"=").decode()

    @property
    def state(self) -> str:
        """Ties the provider's answer to this browser."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """Ties the ID token to this sign-in."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """Ties the code to this sign-in."""
        return self._derived("verifier")

    @property
    def challenge(self) -> str:
        """What the provider sees of the verifier (S256)."""
        return urlsafe_b64encode(sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class _Known:
    """What the provider says of itself, and the checks that follow from it."""

    document: dict[str, Any]
    tokens: Authenticator
    read_at: float


class SignedIn(NamedTuple):
    """Who has signed in, and the token with which pages may act in this person's name, if the provider gives one."""

    who: Principal
    access: Access | None


class Provider:
    """The provider that the settings name. `transport`: another way to it than the network, for tests."""

    def __init__(
        self,
        settings: SignInSettings,
        org_kinds: Collection[str] = (),
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        tokens: Authenticator | None = None,
    ) -> None:
        self._settings = settings
        self._org_kinds = org_kinds
        self._transport = transport
        self._tokens = tokens
        self._known: _Known | None = None
        self._reading = asyncio.Lock()
        self._read_again_at = 0.0
        self._rate = Rate(CODES_PER_SECOND)
        self._redeeming = 0

    async def address(self, attempt: Attempt) -> str:
        """Where a browser goes to sign in."""
        known = await self._discovered()
        asked: dict[str, str | list[str]] = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._settings.redirect_url,
            "scope": self._settings.scopes,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
            **self._wanted(attempt),
        }
        if attempt.anew:
            asked |= {"prompt": "login", "max_age": "0"}  # with max_age the token must say when it asked
        return _with(known.document["authorization_endpoint"], asked)

    async def farewell(self) -> str:
        """Where a browser goes to sign out at the provider (OpenID RP-Initiated Logout); empty if nobody can say."""
        try:
            document = (await self._discovered()).document
            require_safe(address := document["end_session_endpoint"], "end_session_endpoint")
        except (Problem, KeyError, TypeError, ValueError, AttributeError):
            return ""
        back = urljoin(self._settings.redirect_url, SIGNED_OUT)
        return _with(address, {"client_id": self._settings.client_id, "post_logout_redirect_uri": back})

    async def person(self, attempt: Attempt, answer: dict[str, str]) -> SignedIn:
        """Who has signed in, by what the provider has sent the browser back with. Raises `Problem` if nobody has."""
        if not compare_digest(answer.get("state", "").encode(), attempt.state.encode()):
            raise _failed("state_mismatch", "This sign-in was begun in another browser, or too long ago.")
        known = await self._discovered()
        if answer.get("iss", self._settings.issuer) != self._settings.issuer:  # RFC 9207
            raise _failed("issuer_mismatch", "Another provider has answered than the one that was asked.")
        if "code" not in answer:
            raise _failed("sign_in_refused", "The provider has not signed you in.")
        tokens = await self._redeem(known, answer["code"], attempt)
        if not isinstance(token := tokens.get("id_token"), str):
            raise _unreachable("no_id_token")
        asked = self._wanted(attempt) == self._settings.wanted_access
        return SignedIn(await self._proven(known, token, attempt), access_in(tokens) if asked else None)

    def _wanted(self, attempt: Attempt) -> Mapping[str, str | list[str]]:
        """Of whom nobody knows yet whether they may act, none is asked for: a provider may refuse it to them, and the
        sign-in with it."""
        return self._settings.wanted_access if attempt.acts else {}

    async def _proven(self, known: _Known, token: str, attempt: Attempt) -> Principal:
        try:
            proof = await known.tokens.prove(token)
        except Problem as problem:
            if problem.status != codes.UNAUTHORIZED:
                raise
            raise _failed("token_unusable", f"The provider's token cannot be used. {problem.detail}") from None
        audience = proof.claims["aud"]
        others = isinstance(audience, list) and len(audience) > 1
        if proof.claims.get("azp", None if others else self._settings.client_id) != self._settings.client_id:
            raise _failed("party_mismatch", "The provider's token was made for another client.")
        if not compare_digest(str(proof.claims.get("nonce", "")).encode(), attempt.nonce.encode()):
            raise _failed("nonce_mismatch", "The provider's token belongs to another sign-in.")
        asked_at = proof.claims.get("auth_time")
        if attempt.anew and not (isinstance(asked_at, int) and asked_at >= attempt.begun - LEEWAY_SECONDS):
            raise _failed("not_asked_anew", "The provider has not asked anew who you are, or does not say when it did.")
        return proof.principal

    async def _redeem(self, known: _Known, code: str, attempt: Attempt) -> dict[str, Any]:
        """The tokens for a code."""
        form: dict[str, str | list[str]] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._settings.redirect_url,
            "code_verifier": attempt.verifier,
            **self._wanted(attempt),
        }
        auth: httpx.Auth | None = None
        secret = self._settings.client_secret
        methods = known.document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if secret is None:
            form["client_id"] = self._settings.client_id
        elif "client_secret_basic" in methods:
            auth = httpx.BasicAuth(quote(self._settings.client_id, safe=""), quote(secret, safe=""))  # RFC 6749, 2.3.1
        else:
            form |= {"client_id": self._settings.client_id, "client_secret": secret}
        answer = await self._bounded("POST", known.document["token_endpoint"], data=form, auth=auth)
        if answer.status_code != codes.OK:
            log.warning("sign_in_code_refused", status=answer.status_code)
            raise _failed("code_refused", "The provider does not accept the code that it gave you.")
        return _object(answer)

    async def _bounded(self, method: str, address: str, **request: Any) -> httpx.Response:
        now = time.monotonic()
        if self._redeeming >= CODES_AT_ONCE or self._rate.wait(None, now) > HARDLY:
            raise Problem(
                status=503,
                code="too_many_sign_ins",
                detail="Too many people sign in at this moment.",
                remedy="Sign in again in a few seconds.",
                headers={"Retry-After": "5"},
            )
        self._rate.take(None, now)
        self._redeeming += 1
        try:
            return await self._ask(method, address, **request)
        finally:
            self._redeeming -= 1

    async def _discovered(self) -> _Known:
        async with self._reading:
            if self._known is None or time.monotonic() - self._known.read_at >= DISCOVERY_SECONDS:
                if time.monotonic() < self._read_again_at:
                    raise _later()
                try:
                    self._known = await self._read()
                except Problem:
                    self._read_again_at = time.monotonic() + PAUSE_SECONDS
                    raise
            return self._known

    async def _read(self) -> _Known:
        answer = await self._ask("GET", self._settings.issuer.rstrip("/") + DISCOVERY)
        document = _object(answer) if answer.status_code == codes.OK else {}
        if document.get("issuer") != self._settings.issuer:
            raise _unreachable("another_issuer")
        try:
            for name in ENDPOINTS:
                require_safe(document[name], name)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise _unreachable("endpoints_unusable") from None
        tokens = self._tokens
        if tokens is None and self._known is not None and self._known.document["jwks_uri"] == document["jwks_uri"]:
            tokens = self._known.tokens
        if tokens is None:
            tokens = Authenticator(
                self._settings.issuer,
                self._settings.client_id,
                document["jwks_uri"],
                org_kinds=self._org_kinds,
                types=ID_TOKEN_TYPES,
            )
        return _Known(document, tokens, time.monotonic())

    async def _ask(self, method: str, address: str, **request: Any) -> httpx.Response:
        """No redirect is followed: a code goes to the one address that it is meant for."""
        try:
            async with (
                httpx.AsyncClient(transport=self._transport, timeout=TIMEOUT_SECONDS) as client,
                client.stream(method, address, **request) as answer,
            ):
                content = b""
                async for part in answer.aiter_bytes():
                    content += part
                    if len(content) > MAX_BYTES:
                        raise _unreachable("answer_too_large")
                return httpx.Response(answer.status_code, content=content)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise _unreachable(type(error).__name__) from None


def _with(address: str, query: Mapping[str, str | list[str]]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query, doseq=True)}"


def _object(answer: httpx.Response) -> dict[str, Any]:
    try:
        document = answer.json()
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise _unreachable("no_json_object")
    return document


def _failed(code: str, detail: str) -> Problem:
    return Problem(status=403, code=code, detail=detail, remedy=AGAIN)


def _unreachable(reason: str) -> Problem:
    log.warning("sign_in_provider_unusable", reason=reason)
    return _later()


def _later() -> Problem:
    return Problem(
        status=503,
        code="provider_unreachable",
        detail="The provider at which people sign in cannot be reached, or answers what nobody can use.",
        remedy="Try again in a few seconds; if it lasts, tell the operators.",
        headers={"Retry-After": "5"},
    )
