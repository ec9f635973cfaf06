"""The local stack's own token issuer: one key, made once. Nobody outside this machine trusts it.

python -m deploy.local.issuer --role scout --org scouts:bavaria
"""

from __future__ import annotations

import argparse
import csv
import json
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import OKPKey

from deploy.local.places import LOCAL, ROOT, SERVICES, StackError
from deploy.local.postgres import write_secret

ISSUER = "https://issuer.local.invalid"
AUDIENCES = {service: f"perspektive-heimat:{service}" for service in SERVICES}
"""Each service has its own; the local stack's people may ask all of them."""
LIFETIME_SECONDS = 8 * 3600
"""A working day."""
ID_TOKEN_SECONDS = 300
"""It is read once, at once."""


CLIENT = "journey-pages"
"""The one client of the stack's OpenID provider."""


class Issuer:
    """Signs tokens with the key in `directory`."""

    def __init__(self, directory: Path) -> None:
        self._key_file = directory / "issuer.jwk"
        self.jwks_file = directory / "issuer.jwks"
        self.client_secret_file = directory / "journey-oidc.secret"

    def make(self) -> None:
        """Makes the key, the key set that services verify with, and the client's secret, unless they exist."""
        if not self.client_secret_file.exists():
            write_secret(self.client_secret_file, secrets.token_urlsafe(32))
        if self._key_file.exists() and self.jwks_file.exists():
            return
        key = OKPKey.generate_key("Ed25519", {"kid": "local-1", "use": "sig", "alg": "Ed25519"})
        write_secret(self._key_file, json.dumps(key.as_dict(private=True)))
        self.jwks_file.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))

    def token(
        self,
        role: str,
        org: str,
        country: str = "",
        *,
        subject: str = "local",
        service: str = "",
        audiences: Sequence[str] = (),
        lifetime: int = LIFETIME_SECONDS,
    ) -> str:
        """A bearer token, for all services, for one, or for these audiences. Raises `StackError` if the stack has never
        been set up."""
        named = [*audiences] or ([AUDIENCES[service]] if service else [*AUDIENCES.values()])
        claims = {"iss": ISSUER, "aud": named, "sub": subject, **_person(role, org, country)}
        return self._signed("at+jwt", claims, lifetime)

    def id_token(
        self,
        issuer: str,
        client: str,
        role: str,
        org: str,
        country: str = "",
        *,
        nonce: str,
        at: int,
        subject: str = "local",
    ) -> str:
        """What tells a client who has signed in, and when. `issuer`: the address of the stack's OpenID provider."""
        told = {"iss": issuer, "aud": client, "sub": subject, "nonce": nonce, "auth_time": at}
        claims = {**told, **_person(role, org, country)}
        return self._signed("JWT", claims, ID_TOKEN_SECONDS)

    def _signed(self, type_: str, claims: dict[str, Any], lifetime: int) -> str:
        if not self._key_file.exists():
            raise StackError("There is no key to sign with yet: start the stack once (make run).")
        key = OKPKey.import_key(json.loads(self._key_file.read_text()))
        now = int(time.time())
        claims = {**claims, "iat": now, "nbf": now, "exp": now + lifetime}
        return jwt.encode({"alg": "Ed25519", "kid": key.kid, "typ": type_}, claims, key, algorithms=["Ed25519"])


def _person(role: str, org: str, country: str) -> dict[str, Any]:
    return {"roles": [role], "org": org, **({"country": country} if country else {})}


def roles() -> list[str]:
    """The roles that a token can carry."""
    with (ROOT / "schemas" / "reference" / "roles.v1.csv").open(encoding="utf-8", newline="") as file:
        return [row["code"] for row in csv.DictReader(file)]


def main() -> None:
    """Prints a token."""
    parser = argparse.ArgumentParser(prog="make token", description="Prints a token of the local stack's issuer.")
    parser.add_argument(
        "--role", required=True, help="scout, training_clerk, centre_counsellor, placement_officer, ..."
    )
    parser.add_argument("--org", required=True, help="such as scouts:bavaria or centre:NG-LOS")
    parser.add_argument("--country", default="", help="ISO 3166-1 alpha-2")
    parser.add_argument("--subject", default="local", help="who acts")
    parser.add_argument("--service", default="", choices=["", *SERVICES], help="for this one only; else for all")
    options = parser.parse_args()
    if not options.role or not options.org:
        parser.error("a token needs a role and an organisation: make token ROLE=scout ORG=scouts:bavaria")
    if options.role not in roles():
        parser.error(f"there is no such role; the roles are {', '.join(roles())}")
    try:
        token = Issuer(LOCAL / "secrets").token(
            options.role, options.org, options.country, subject=options.subject, service=options.service
        )
    except StackError as error:
        raise SystemExit(str(error)) from error
    print(token)


if __name__ == "__main__":
    main()
