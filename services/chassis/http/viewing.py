"""Reads one resource without locks and shows what its caller may see of it, with the tag of that."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from starlette.responses import Response

from chassis.http.answering import json_response
from chassis.http.problems import allowed
from chassis.http.starting import started
from chassis.postgres.database import LENT_WITHIN
from chassis.postgres.documents import Documents
from chassis.pure.answers import Answer, tag_of
from chassis.pure.decision import Actor, Refused
from chassis.pure.resources import Resource
from chassis.work.workshop import Workshop

ONE_SNAPSHOT: Any = {"isolation": "repeatable_read", "readonly": True}
"""Several aggregates are shown as they were at one moment."""


class View:
    """Shows resources to the caller of one request."""

    def __init__(self, workshop: Workshop) -> None:
        self._shop = workshop

    async def __call__(self, resource: Resource, id_: UUID, actor: Actor) -> Response:
        """What the caller may see of it, with its tag. Raises `Problem` if that is nothing."""
        return self.answer(await self.of(resource, id_, actor), id_)

    async def of(self, resource: Resource, id_: UUID, actor: Actor) -> Answer:
        """The same for a route that has more to do before it answers."""
        work = self._shop.unit_of_work()
        needs = tuple(resource.needs(id_))
        async with self._shop.pool.acquire(timeout=LENT_WITHIN) as connection:
            if len(needs) == 1 and not resource.has_beside:
                await work.look(connection, needs)
            else:
                async with connection.transaction(**ONE_SNAPSHOT):
                    await work.look(connection, needs)
                    await work.look(connection, resource.beside(work.states, id_))
        return allowed(resource.show(work.states, id_, work.context(actor, work.now)))

    def answer(self, shown: Answer, id_: UUID) -> Response:
        """What was shown, with its tag."""
        return json_response(shown, {"ETag": tag_of(shown, id_, self._shop.tag_key)})


async def _view(request: Request) -> View:
    return View(started(request, "workshop"))


Viewer = Annotated[View, Depends(_view)]


async def root_of(reading: Documents, state: type[Any], id_: UUID, otherwise: Refused) -> UUID:
    """The id of the aggregate that is linked to `id_`. Raises `Problem`, with `otherwise`, if there is none."""
    found = await reading.id_of_linked(state, id_)
    return allowed(otherwise if found is None else found)
