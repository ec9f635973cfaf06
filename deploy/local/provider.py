"""The local stack's own OpenID provider, where people of the stack sign in to the pages: a form in place of passwords.

    python -m deploy.local.provider --port 8100 --secrets .local/secrets --redirect http://127.0.0.1:8105/...

Whoever opens its page chooses who they are, so it answers on this machine only, and no image has it. What it says is
signed with the key of the stack's issuer. It is a provider as any other one to those who use it: discovery, a code
that is good once and for a minute, PKCE, a client with a secret, an access token for the services that are named by
`resource` (RFC 8707). It remembers a browser for an hour and does not ask it again, unless it is told to
(`prompt=login`, `max_age`), or the browser has been at `end_session_endpoint`.
"""

from __future__ import annotations

import argparse
import base64
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from html import escape
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from deploy.local.issuer import AUDIENCES, CLIENT, Issuer, roles

CODE_SECONDS = 60
SESSION_SECONDS = 3600
ACCESS_SECONDS = 2 * 3600
"""As long as a session of the pages."""
COOKIE = "ph_local_provider"
USUAL = "programme:operations"
ORGANISATIONS = ("programme:operations", "programme:desk", "scouts:bavaria", "provider:TRADE-PAINT", "centre:NG-LOS")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in to the local stack</title>
<style>
:root {{ color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif; }}
body {{ max-inline-size: 26rem; margin-inline: auto; padding: 2rem 1rem; }}
label {{ display: block; font-weight: 600; margin-block: 1rem 0.25rem; }}
select, input, button {{ font: inherit; inline-size: 100%; min-block-size: 2.75rem; box-sizing: border-box; }}
button {{ margin-block-start: 1.5rem; }}
</style>
</head>
<body>
<main>
<h1>Sign in to the local stack</h1>
<p>Choose who you are. There are no passwords: this page exists on this machine only.</p>
<form method="post">
{hidden}
<label for="role">Role</label>
<select id="role" name="role">{roles}</select>
<label for="org">Organisation</label>
<input id="org" name="org" value="{usual}" list="orgs" required autocomplete="off"
 pattern="[a-z]{{1,40}}:[A-Za-z0-9\\-]{{1,40}}">
<datalist id="orgs">{organisations}</datalist>
<label for="country">Country, for centres</label>
<input id="country" name="country" maxlength="2" pattern="[A-Z]{{2}}" autocomplete="off">
<button>Sign in</button>
</form>
</main>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has said who they are, and when."""

    role: str
    org: str
    country: str
    at: int


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code stands for."""

    person: Person
    nonce: str
    challenge: str
    resources: tuple[str, ...]
    until: float


class Provider:
    """One provider with one client. `address`: where browsers and services reach it, and its name as an issuer."""

    def __init__(self, address: str, issuer: Issuer, client_secret: str, redirects: Sequence[str]) -> None:
        self.address = address
        self._issuer = issuer
        self._client_secret = client_secret
        self._redirects = tuple(redirects)
        self._grants: dict[str, Grant] = {}
        self._sessions: dict[str, Person] = {}

    def app(self) -> Starlette:
        """All that it answers."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.discovery),
                Route("/jwks", self.keys),
                Route("/authorize", self.form),
                Route("/authorize", self.choose, methods=["POST"]),
                Route("/token", self.token, methods=["POST"]),
                Route("/end-session", self.end_session),
            ]
        )

    async def discovery(self, _request: Request) -> Response:
        """What it can do (OpenID Connect Discovery, 3)."""
        return JSONResponse(
            {
                "issuer": self.address,
                "authorization_endpoint": f"{self.address}/authorize",
                "token_endpoint": f"{self.address}/token",
                "jwks_uri": f"{self.address}/jwks",
                "end_session_endpoint": f"{self.address}/end-session",
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["Ed25519"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def keys(self, _request: Request) -> Response:
        """The public key of the stack's issuer."""
        return FileResponse(self._issuer.jwks_file, media_type="application/json")

    async def form(self, request: Request) -> Response:
        """Who are you? Whoever has said it in this browser is asked no more."""
        asked, resources = dict(request.query_params), request.query_params.getlist("resource")
        if (wrong := self._wrong(asked, resources)) is not None:
            return wrong
        known = self._sessions.get(request.cookies.get(COOKIE, ""))
        if known is not None and asked.get("prompt") != "login":
            longest = asked.get("max_age", "")
            if time.time() - known.at < min(SESSION_SECONDS, int(longest) if longest.isdecimal() else SESSION_SECONDS):
                return self._sent_back(asked, resources, known)
        page = _PAGE.format(
            hidden="\n".join(
                f'<input type="hidden" name="{name}" value="{escape(value)}">'
                for name, value in (
                    *((name, asked.get(name, "")) for name in _KEPT),
                    *(("resource", each) for each in resources),
                )
            ),
            roles="".join(
                f"<option{' selected' * (role == 'operator')}>{escape(role)}</option>"
                for role in roles()
                if role != "system"
            ),
            usual=USUAL,
            organisations="".join(f"<option>{escape(each)}</option>" for each in ORGANISATIONS),
        )
        return HTMLResponse(page, headers=HEADERS)

    async def choose(self, request: Request) -> Response:
        """Somebody has said who they are: they go back with a code."""
        asked, resources = _first(await request.body())
        if (wrong := self._wrong(asked, resources)) is not None:
            return wrong
        person = Person(asked.get("role", ""), asked.get("org", ""), asked.get("country", ""), int(time.time()))
        session = secrets.token_urlsafe(24)
        self._sessions[session] = person
        answer = self._sent_back(asked, resources, person)
        answer.set_cookie(COOKIE, session, httponly=True, samesite="lax")
        return answer

    async def end_session(self, request: Request) -> Response:
        """Forgets the browser, and sends it back to where it came from."""
        self._sessions.pop(request.cookies.get(COOKIE, ""), None)
        back = request.query_params.get("post_logout_redirect_uri", "")
        if request.query_params.get("client_id") != CLIENT or _origin(back) not in map(_origin, self._redirects):
            return _error("unauthorized_client")
        answer = RedirectResponse(back, 303, HEADERS)
        answer.delete_cookie(COOKIE, httponly=True, samesite="lax")
        return answer

    def _sent_back(self, asked: dict[str, str], resources: Sequence[str], person: Person) -> Response:
        now = time.monotonic()
        self._grants = {code: grant for code, grant in self._grants.items() if grant.until > now}
        code = secrets.token_urlsafe(24)
        self._grants[code] = Grant(
            person=person,
            nonce=asked.get("nonce", ""),
            challenge=asked["code_challenge"],
            resources=tuple(resources),
            until=now + CODE_SECONDS,
        )
        answer = urlencode({"code": code, "state": asked.get("state", ""), "iss": self.address})
        return RedirectResponse(f"{asked['redirect_uri']}?{answer}", 303, HEADERS)

    async def token(self, request: Request) -> Response:
        """The ID token for a code, once, and an access token for the resources that were named."""
        if not self._is_client(request.headers.get("authorization", "")):
            return _error("invalid_client", 401)
        asked, resources = _first(await request.body())
        if asked.get("grant_type") != "authorization_code":
            return _error("unsupported_grant_type")
        grant = self._grants.pop(asked.get("code", ""), None)
        if grant is None or grant.until <= time.monotonic() or asked.get("redirect_uri") not in self._redirects:
            return _error("invalid_grant")
        if not compare_digest(_challenge(asked.get("code_verifier", "")), grant.challenge):
            return _error("invalid_grant")
        if not set(resources) <= set(grant.resources):
            return _error("invalid_target")
        who, subject = grant.person, f"local-{grant.person.role}"
        token = self._issuer.id_token(
            *(self.address, CLIENT, who.role, who.org, who.country),
            nonce=grant.nonce,
            at=who.at,
            subject=subject,
        )
        access = secrets.token_urlsafe(16)  # opens nothing: there is nothing to ask this provider for
        if grant.resources:
            access = self._issuer.token(
                *(who.role, who.org, who.country),
                subject=subject,
                audiences=resources or grant.resources,
                lifetime=ACCESS_SECONDS,
            )
        told = {"id_token": token, "token_type": "Bearer", "access_token": access, "expires_in": ACCESS_SECONDS}
        return JSONResponse(told, headers={"Cache-Control": "no-store"})

    def _wrong(self, asked: dict[str, str], resources: Sequence[str]) -> Response | None:
        """Nobody is sent to an address that is not registered, and no code is given without PKCE, or for what is no
        service of the stack."""
        if asked.get("client_id") != CLIENT or asked.get("redirect_uri") not in self._redirects:
            return _error("unauthorized_client")
        if asked.get("response_type") != "code":
            return _error("unsupported_response_type")
        if not asked.get("code_challenge") or asked.get("code_challenge_method") != "S256":
            return _error("invalid_request")
        if not set(resources) <= set(AUDIENCES.values()):
            return _error("invalid_target")
        return None

    def _is_client(self, header: str) -> bool:
        kind, _, encoded = header.partition(" ")
        try:
            name, _, secret = base64.b64decode(encoded).decode().partition(":")
        except ValueError:
            return False
        known = f"{CLIENT}:{self._client_secret}".encode()
        return kind.lower() == "basic" and compare_digest(f"{unquote(name)}:{unquote(secret)}".encode(), known)


_KEPT = (
    *("client_id", "redirect_uri", "response_type", "code_challenge_method"),
    *("state", "nonce", "code_challenge"),
)


def _first(body: bytes) -> tuple[dict[str, str], list[str]]:
    """The fields of a form, and the resources that it names."""
    fields = parse_qs(body.decode(errors="replace"))
    return {name: values[0] for name, values in fields.items()}, fields.get("resource", [])


def _origin(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _error(code: str, status: int = 400) -> Response:
    return JSONResponse({"error": code}, status, HEADERS)


def main() -> None:
    """Answers until a signal."""
    parser = argparse.ArgumentParser(prog="provider", description="The local stack's OpenID provider.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--secrets", type=Path, required=True, help="where the issuer's key is")
    parser.add_argument("--redirect", action="append", required=True, help="where people may be sent back to")
    options = parser.parse_args()
    address = f"http://127.0.0.1:{options.port}"
    issuer = Issuer(options.secrets)
    provider = Provider(address, issuer, issuer.client_secret_file.read_text().strip(), options.redirect)
    uvicorn.run(provider.app(), host="127.0.0.1", port=options.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
