"""A token issuer for tests: makes keys, the key set that it publishes, and tokens, good and bad."""

from __future__ import annotations

import json
import time
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

ISSUER = "https://issuer.test"
AUDIENCE = "perspektive-heimat"
ALL = JWSRegistry(algorithms=list(JWSRegistry.algorithms), strict_check_header=False)

Key = OKPKey | ECKey | RSAKey | OctKey


class Issuer:
    """One issuer with one key per algorithm family."""

    def __init__(self) -> None:
        self.ed25519 = OKPKey.generate_key("Ed25519", {"kid": "ed-1"})
        self.p256 = ECKey.generate_key("P-256", {"kid": "ec-1"})
        self.rsa = RSAKey.generate_key(2048, {"kid": "rsa-1"})

    def jwks(self, *keys: Key) -> bytes:
        """The published key set: public parts only."""
        chosen = keys or (self.ed25519, self.p256, self.rsa)
        return json.dumps({"keys": [key.as_dict(private=False) for key in chosen]}).encode()

    def claims(self, **changes: Any) -> dict[str, Any]:
        """The claims of a scout's token that is good for ten minutes. A change to None leaves a claim out."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "user-4711",
            "exp": now + 7200,  # longer than a run of all tests on a busy machine
            "iat": now,
            "roles": ["scout"],
            "org": "scouts:bavaria",
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, *, key: Key | None = None, alg: str = "Ed25519", header: Any = None, **changes: Any) -> str:
        """A signed token."""
        key = key or self.ed25519
        head = {"alg": alg, "kid": key.kid, "typ": "at+jwt", **(header or {})}
        return jwt.encode(
            {name: value for name, value in head.items() if value is not None},
            self.claims(**changes),
            key,
            registry=ALL,
        )

    def bearer(self, **changes: Any) -> dict[str, str]:
        """The header that carries such a token."""
        return {"Authorization": f"Bearer {self.token(**changes)}"}
