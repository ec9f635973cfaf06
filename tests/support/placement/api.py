"""The HTTP API of the placement desks over a world in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from placement.app import SERVICE
from tests.support.memory_api import MemoryApi
from tests.support.placement.world import ACCRA, DAKAR, EDO, LAGOS, World

OFFICER = {"roles": ["placement_officer"], "org": LAGOS}
EDOS = {"roles": ["placement_officer"], "org": EDO}
ACCRAS = {"roles": ["placement_officer"], "org": ACCRA}
DAKARS = {"roles": ["placement_officer"], "org": DAKAR}
PROGRAMME = {"roles": ["programme_manager"], "org": "programme:desk"}


class Api(MemoryApi):
    """The API over one world; an officer in Lagos asks, unless said otherwise."""

    def __init__(self, world: World) -> None:
        super().__init__(SERVICE, world.service)
        self.world = world

    def get(self, path: str, who: Mapping[str, Any] = OFFICER, **query: Any) -> Any:
        return super().get(path, who, **query)

    def post(  # type: ignore[override]
        self, path: str, body: Mapping[str, Any] | None = None, who: Mapping[str, Any] = OFFICER, **headers: str
    ) -> Any:
        return super().post(path, who, body, **headers)

    def tag(self, path: str, who: Mapping[str, Any] = OFFICER) -> str:
        """The ETag of what this person is shown."""
        return str(self.get(path, who).headers["etag"])
