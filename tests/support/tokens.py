"""Tokens that the local stack's issuer would never write, signed with its key or with another."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from joserfc import jwt
from joserfc.jwk import OKPKey

from deploy.local.issuer import AUDIENCES, ISSUER
from deploy.local.stack import LocalStack

ROLES = (
    "scout",
    "return_counsellor",
    "training_clerk",
    "centre_counsellor",
    "centre_manager",
    "placement_officer",
    "operator",
    "programme_manager",
    "data_protection_officer",
)
HOMES = {
    "referral": ("scouts:bavaria", "DE"),
    "training": ("provider:TRADE-PAINT", "DE"),
    "counselling": ("centre:NG-LOS", "NG"),
    "placement": ("centre:NG-LOS", "NG"),
    "journey": ("programme:desk", ""),
}
"""An organisation of each service, and its country."""
OPERATIONS = ("programme:operations", "")
"""Who looks after all of them."""
PROTECTION = "programme:protection"
"""Whose officer reads the audit, and holds records."""
OF_PROTECTION = (
    "/cases/{case_id}/holds",
    "/cases/{case_id}/retention",
    "/files/{case_id}/holds",
    "/files/{case_id}/retention",
    "/break-glass",
)
"""Paths that the data protection officer alone asks for."""


def own_key(stack: LocalStack) -> OKPKey:
    """The issuer's."""
    return OKPKey.import_key(json.loads((stack.secrets / "issuer.jwk").read_text()))


def token(stack: LocalStack, *, key: OKPKey | None = None, header: dict[str, Any] | None = None, **changes: Any) -> str:
    """A token of somebody who may do everything; a claim that is None is left out."""
    key = key or own_key(stack)
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": [*AUDIENCES.values()],
        "sub": "test",
        "iat": now,
        "nbf": now,
        "exp": now + 3600,
        "roles": list(ROLES),
        "org": "scouts:bavaria",
        **changes,
    }
    claims = {name: value for name, value in claims.items() if value is not None}
    head = {"alg": "Ed25519", "kid": own_key(stack).kid, "typ": "at+jwt", **(header or {})}
    return jwt.encode(head, claims, key, algorithms=["Ed25519"])


def at_home(stack: LocalStack, service: str, path: str = "", **changes: Any) -> str:
    """A token of somebody with every role, at an organisation that the service's `path` lets in."""
    if path.startswith("/audit"):
        return token(stack, org=PROTECTION, country="", **{"roles": ["data_protection_officer"], **changes})
    org, country = HOMES[service]
    if path.startswith(OF_PROTECTION):
        org, country = PROTECTION, ""
    elif path.startswith(("/operations/", "/local/", "/countries")):
        org, country = OPERATIONS
    elif path == "/enrolments":  # the desk asks for courses, the provider does the rest
        org, country = HOMES["referral"]
    return token(stack, org=org, country=country, **changes)


def unsigned(stack: LocalStack, service: str) -> str:
    """The same claims with `alg: none`, which would need no key at all."""
    return without_signature(at_home(stack, service))


def without_signature(bearer: str) -> str:
    """Its claims with `alg: none`."""
    claims = bearer.split(".")[1]
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "at+jwt"}).encode()).decode().rstrip("=")
    return f"{head}.{claims}."
