"""Referring a returnee with FastAPI and asyncpg alone: `python -m bench.plain`.

The token is checked by the same library, the body by the same model, the rules by the same pure function; one
transaction reads the case under lock and writes it back. There is no outbox, no idempotency, no number for the event,
no trace, no log line and no problem document: what the event of such a service would be is made and thrown away.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import asyncpg
import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.telemetry import TelemetryConfig
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry
from pydantic import TypeAdapter
from uuid_utils.compat import uuid7

from bench.documents import calendars
from chassis.postgres.database import open_pool
from chassis.pure.decision import Actor, Context, Refused
from chassis.pure.states import Entry, States
from chassis.runtime.lifecycle import spare_the_collector
from chassis.settings import ROOT
from chassis.vault.vault import KeyVault
from referral.answers import ReferralOutcome
from referral.bodies import NewReferral
from referral.commands import Refer
from referral.domain.case import Case, links
from referral.handlers import KINDS, referrals
from referral.reference import Reference

READ = "select version, data from case_file where id = $1 for update"
WRITE = """
update case_file set version = version + 1, status = $2, links = $3, data = $4, updated_at = $5 where id = $1
"""
POOL_SIZE = 10
"""As our services have by default."""
NO_TELEMETRY = TelemetryConfig(tracing=False, metrics=False, logs=False, operation_spans=False, auto_configure=False)

adapter: TypeAdapter[Case] = TypeAdapter(Case)
reference = Reference.load(ROOT / "schemas" / "reference")
days = calendars()
vault = KeyVault.of_service("referral")
keys = KeySet.import_key_set(json.loads(Path(os.environ["AUTH_JWKS"]).read_text()))
claims = JWTClaimsRegistry(
    iss={"essential": True, "value": os.environ["AUTH_ISSUER"]},
    aud={"essential": True, "value": os.environ["REFERRAL_AUTH_AUDIENCE"]},
    exp={"essential": True},
)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """The pool lives as long as the process."""
    app.state.pool = await open_pool(os.environ["DATABASE_URL"], POOL_SIZE, "plain")
    spare_the_collector()  # as our services do
    yield
    await app.state.pool.close()


app = FastAPI(lifespan=lifespan, telemetry=NO_TELEMETRY)


proved: dict[str, jwt.Token] = {}
"""As in our services, a signature is checked once."""


async def scout(credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> Actor:
    """The caller, if it is a scout."""
    text = credentials.credentials
    try:
        token = proved[text] if text in proved else jwt.decode(text, keys, algorithms=["Ed25519"])
        claims.validate(token.claims)
        proved[text] = token
    except JoseError:
        raise HTTPException(401, "The token is not valid.") from None
    if "scout" not in token.claims["roles"]:
        raise HTTPException(403, "This needs the role scout.")
    return Actor("scout", token.claims["org"], token.claims.get("country", ""))


async def database(request: Request) -> asyncpg.Pool:
    """The pool."""
    pool: asyncpg.Pool = request.app.state.pool
    return pool


@app.post("/cases/{case_id}/referrals", status_code=201)
async def refer(
    case_id: UUID,
    body: NewReferral,
    actor: Annotated[Actor, Depends(scout)],
    pool: Annotated[asyncpg.Pool, Depends(database)],
) -> ReferralOutcome:
    """Refers the person to the centre of their region, or to the one named."""
    now = datetime.now(UTC)
    states = States(KINDS)
    async with pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(READ, case_id)
        if row is not None:
            states.entries[Case][case_id] = Entry(adapter.validate_json(row["data"]), row["version"])
        command = Refer(case_id, body.to_centre, body.priority, body.needs, body.wishes, body.skills)
        decision = referrals.refer(states, command, Context(now, now, actor, reference, uuid7, uuid4, days, vault))
        if isinstance(decision, Refused):
            raise HTTPException(decision.status, decision.detail)
        (case,) = decision.states
        await connection.execute(WRITE, case.id, case.status, links(case), adapter.dump_json(case).decode(), now)
    assert isinstance(decision.answer, ReferralOutcome)
    return decision.answer


@app.get("/health/ready")
async def ready() -> dict[str, Any]:
    """Answers once the pool is open."""
    return {}


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["PORT"]), log_level="warning", access_log=False, ws="none")
