"""The smallest service: keeps notes, and shows what the edge makes of a Service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, FastAPI
from pydantic import BaseModel, ConfigDict, Field, StrictFloat
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.clock import Clock
from chassis.http.api import acting_as
from chassis.http.app import create_api
from chassis.http.auth import Authenticator
from chassis.http.jwks import KeyCache
from chassis.http.routes import new_router
from chassis.pure.decision import Actor
from chassis.service import Service
from chassis.settings import Settings
from tests.support.issuer import AUDIENCE, ISSUER, Issuer

ISSUING = Issuer()
CANARY = "Canary-Amina-Okafor"
JSON = {"Content-Type": "application/json"}


class Note(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: Annotated[str, Field(max_length=5000)]
    number: StrictFloat = 0


def router() -> APIRouter:
    routes = new_router(tags=["notes"])

    @routes.post("/notes", status_code=201)
    async def add_note(body: Note, actor: Annotated[Actor, acting_as("scout")]) -> str:
        """Adds a note."""
        return actor.org

    @routes.get("/notes/{name}")
    async def read_note(name: str, search: str = "") -> list[str]:
        return [name, search]

    @routes.post("/notes/search")
    async def search_notes(body: Note) -> list[str]:
        return [body.text]

    @routes.get("/crash")
    async def crash() -> None:
        raise KeyError(CANARY)

    return routes


class Seen:
    """A middleware of the kind that measures: remembers the status and the request id of each answer."""

    statuses: ClassVar[list[int]] = []

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["state"]["request_id"]

        async def watch(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.statuses.append(message["status"])
            await send(message)

        await self.app(scope, receive, watch)


def settings(**changes: Any) -> Settings:
    return Settings(auth_issuer=ISSUER, auth_jwks="unused", max_body_bytes=8192, **changes)


def make_app(**changes: Any) -> FastAPI:
    service = Service(
        name="notes",
        title="Notes",
        description="Keeps notes.",
        org="programme:notes",
        kinds=(),
        commands={},
        consumers={},
        deadlines={},
        routers=(router(),),
        migrations=Path(),
    )
    app = create_api(service, settings(**changes), middleware=[Middleware(Seen)])
    app.state.authenticator = Authenticator(ISSUER, AUDIENCE, "unused", keys=KeyCache(ISSUING.jwks))
    app.state.clock = Clock()
    return app
