"""Every route that changes something under a bad token or the wrong role: it is told why, and nothing changes."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from deploy.local.issuer import AUDIENCES
from deploy.local.places import SERVICES
from tests.access.tables import ROLES, operations
from tests.support.chain import Chain
from tests.support.changes import Everything
from tests.support.tokens import HOMES, at_home, own_key, token, unsigned
from tests.support.web import problem


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
    right = {service: operations(service) for service in SERVICES}
    elsewhere = set()
    for operation in everything.all:
        its = {ROLES.get(each) for each in right[operation.service][f"{operation.method} {operation.path}"]}
        for roles in ([], ["programme_manager"], ["data_protection_officer"]):
            org, country = HOMES[operation.service]
            bearer = token(chain.stack, roles=roles, org=org, country=country)
            code = "role_elsewhere" if its & {*roles} else "role_required"
            document = problem(await everything.send(operation, token=bearer), 403, code)
            if code == "role_elsewhere":
                elsewhere |= {(operation.service, *roles)}
                continue
            assert re.search(r"roles? [a-z_]+", document["detail"]), document["detail"]
    assert elsewhere == {
        ("referral", "programme_manager"),
        ("referral", "data_protection_officer"),
        ("counselling", "programme_manager"),
        ("counselling", "data_protection_officer"),
    }
