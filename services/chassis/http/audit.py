"""The audit over HTTP: who did or saw what, of one subject or by one person. Reading it is a row of it, too."""

# Without postponed annotations: FastAPI could not find the names that stand in a function made per service.

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from chassis.http.answering import json_response
from chassis.http.api import Reading, acting_as
from chassis.http.auditing import note_of, personal, remembered
from chassis.http.auth import SUBJECT
from chassis.http.paging import paged
from chassis.http.routes import new_router
from chassis.postgres.documents import Documents, Where
from chassis.pure.answers import Answer
from chassis.pure.bodies import body
from chassis.pure.decision import Actor
from chassis.pure.paging import Listing, Page, Wish

LISTING = Listing(
    source="audit",
    columns="id, at, person, role, org, action, subjects, outcome, ground",
    updated_at="at",
    usual="-id",
    id_type="bigint",
)


class AuditRow(Answer):
    """What one request did or showed."""

    audit_id: int
    at: datetime
    person: str = Field(description="tells two people apart; a keyed hash, another one after each rotation of keys")
    role: str = Field(description="in which the person acted; empty if none opens the operation")
    org: str
    action: str = Field(description="the operation, by its name in this document")
    about: tuple[UUID, ...] = Field(description="whom the request has shown or changed")
    outcome: str = Field(description="done, shown, or refused: and the code of the refusal")
    ground: str | None = Field(
        description="why the person was shown what their role alone does not open: a code, such as child_protection"
    )


class Search(BaseModel):
    """Whose doings are looked for."""

    model_config = body(subject="3d9f1c52-6a1e-4c0b-9a55-0c7f1c1f7b11")

    subject: Annotated[str, Field(pattern=f"^{SUBJECT.pattern}$", description="`sub` of the person's tokens")]


def router(role: str, subject: str) -> APIRouter:
    """The routes for whoever has this role; `subject` is what a service is about."""
    made = new_router(prefix="/audit", tags=["audit"])
    reader = acting_as(role)

    @made.get("", **personal(Page[AuditRow], 403))
    async def read_audit(
        _actor: Annotated[Actor, reader],
        request: Request,
        reading: Reading,
        wish: Annotated[Wish, paged(LISTING)],
        about: Annotated[UUID, Query(alias=subject, description="whom the requests have shown or changed")],
    ) -> Response:
        """Who did or saw what of one subject, the last first."""
        return await _page(request, reading, Where().add("subjects @> array[{}::uuid]", about), wish, about)

    @made.post("/search", **personal(Page[AuditRow], 403))
    async def search_audit(
        body: Search,
        _actor: Annotated[Actor, reader],
        request: Request,
        reading: Reading,
        wish: Annotated[Wish, paged(LISTING)],
    ) -> Response:
        """What one person did or saw, the last first; as far back as the generations of keys are listed.

        It changes nothing. Who a token names is personal, so it comes in a body: addresses are kept in logs on the way.
        """
        marks = list(remembered(request, body.subject))
        return await _page(request, reading, Where().add("person = any({}::bytea[])", marks), wish)

    return made


async def _page(request: Request, reading: Documents, where: Where, wish: Wish, *about: UUID) -> Response:
    page = await reading.page(LISTING, where, wish, _row)
    note = note_of(request)
    assert note is not None, "the route is personal"
    note.subjects.update(about, *(each.about for each in page.items))
    return json_response(page)


def _row(row: Any) -> AuditRow:
    return AuditRow(
        audit_id=row["id"],
        at=row["at"],
        person=row["person"].hex(),
        role=row["role"],
        org=row["org"],
        action=row["action"],
        about=tuple(row["subjects"]),
        outcome=row["outcome"],
        ground=row["ground"],
    )
