"""What a service builds at its start, built once for all tests of a process: it takes longer than most of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

from fastapi import APIRouter

from chassis.http.app import own_routers
from chassis.postgres.storage import Storage
from chassis.pure.reference import DIRECTORY
from chassis.pure.states import Codec, Kind
from chassis.service import Service

T = TypeVar("T")


def _once(build: Callable[[Service], T]) -> Callable[[Service], T]:
    """Built once for each service: a `Service` has no hash, so it is known by its identity, and kept."""
    made: dict[int, tuple[Service, T]] = {}

    def built(service: Service) -> T:
        if id(service) not in made:
            made[id(service)] = (service, build(service))
        return made[id(service)][1]

    return built


@_once
def routers_of(service: Service) -> Sequence[APIRouter]:
    """What it serves: all code lists are read for it."""
    return own_routers(service, DIRECTORY)


@_once
def storage_of(service: Service) -> Storage:
    """How its documents are read from a database and written to it."""
    return Storage(service.kinds)


@cache
def codec_of(kind: Kind[Any]) -> Codec:
    """How one kind of document is read and written."""
    return Codec(kind)
