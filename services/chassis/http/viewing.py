"""Reads one resource without locks and shows what its caller may see of it, with the tag of that."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from starlette.responses import Response

from chassis.http.answering import json_response
from chassis.http.problems import Problem
from chassis.http.starting import started
from chassis.pure.answers import Answer, tag_of
from chassis.pure.decision import Actor, Refused
from chassis.pure.resources import Resource
from chassis.work.workshop import Workshop


class View:
    """Shows resources to the caller of one request."""

    def __init__(self, workshop: Workshop, key: bytes) -> None:
        self._shop = workshop
        self._key = key

    async def __call__(self, resource: Resource, id_: UUID, actor: Actor) -> Response:
        """What the caller may see of it, with its tag. Raises `Problem` if that is nothing."""
        return self.answer(await self.of(resource, id_, actor))

    async def of(self, resource: Resource, id_: UUID, actor: Actor) -> Answer:
        """The same for a route that has more to do before it answers."""
        work = self._shop.unit_of_work()
        await work.look(self._shop.pool, resource.needs(id_))
        await work.look(self._shop.pool, resource.beside(work.states, id_))
        shown = resource.show(work.states, id_, work.context(actor, work.now))
        if isinstance(shown, Refused):
            raise Problem.of(shown)
        return shown

    def answer(self, shown: Answer) -> Response:
        """What was shown, with its tag."""
        return json_response(shown, {"ETag": tag_of(shown, self._key)})


async def _view(request: Request) -> View:
    return View(started(request, "workshop"), request.app.state.fingerprint_key)


Viewer = Annotated[View, Depends(_view)]
