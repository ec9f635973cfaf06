"""The local stack's own token issuer: one key, made once. Nobody outside this machine trusts it.

python -m deploy.local.issuer --role scout --org scouts:bavaria
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import OKPKey

from deploy.local.places import LOCAL, ROOT, SERVICES, StackError
from deploy.local.postgres import write_secret

ISSUER = "https://issuer.local.invalid"
AUDIENCES = {service: f"perspektive-heimat:{service}" for service in SERVICES}
"""Each service has its own; the local stack's people may ask all of them."""
LIFETIME_SECONDS = 8 * 3600
"""A working day."""


class Issuer:
    """Signs tokens with the key in `directory`."""

    def __init__(self, directory: Path) -> None:
        self._key_file = directory / "issuer.jwk"
        self.jwks_file = directory / "issuer.jwks"

    def make(self) -> None:
        """Makes the key and the key set that services verify with, unless they exist."""
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
        lifetime: int = LIFETIME_SECONDS,
    ) -> str:
        """A bearer token, for all services or for one. Raises `StackError` if the stack has never been set up."""
        if not self._key_file.exists():
            raise StackError("There is no key to sign with yet: start the stack once (make run).")
        key = OKPKey.import_key(json.loads(self._key_file.read_text()))
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": [AUDIENCES[service]] if service else [*AUDIENCES.values()],
            "sub": subject,
            "iat": now,
            "nbf": now,
            "exp": now + lifetime,
            "roles": [role],
            "org": org,
            **({"country": country} if country else {}),
        }
        return jwt.encode({"alg": "Ed25519", "kid": key.kid, "typ": "at+jwt"}, claims, key, algorithms=["Ed25519"])


def _roles() -> list[str]:
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
    if options.role not in _roles():
        parser.error(f"there is no such role; the roles are {', '.join(_roles())}")
    try:
        token = Issuer(LOCAL / "secrets").token(
            options.role, options.org, options.country, subject=options.subject, service=options.service
        )
    except StackError as error:
        raise SystemExit(str(error)) from error
    print(token)


if __name__ == "__main__":
    main()
