"""What a service builds at its start, built once for all tests of a process: it takes longer than most of them."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from chassis.http.app import own_routers
from chassis.postgres.storage import Storage
from chassis.pure.reference import DIRECTORY
from chassis.service import Service

_routers: dict[int, tuple[Service, Sequence[APIRouter]]] = {}
_storages: dict[int, tuple[Service, Storage]] = {}


def routers_of(service: Service) -> Sequence[APIRouter]:
    """What it serves: all code lists are read for it."""
    if id(service) not in _routers:
        _routers[id(service)] = (service, own_routers(service, DIRECTORY))
    return _routers[id(service)][1]


def storage_of(service: Service) -> Storage:
    """How its documents are read and written."""
    if id(service) not in _storages:
        _storages[id(service)] = (service, Storage(service.kinds))
    return _storages[id(service)][1]
