"""Both sides of the contract as values: what the code registers, and what the files say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from chassis.pure.messages import Event
from deploy.local import places
from tests.contract.instances import instances

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "schemas"
SERVICES = tuple(sorted(places.SERVICES))


@dataclass(frozen=True)
class Example:
    """A golden example: a whole message as it is on Kafka."""

    file: str
    event: type[Event]
    key: str
    headers: Mapping[str, str]
    value: Mapping[str, Any]


@cache
def registry() -> dict[str, type[Event]]:
    """Every event that the code can publish, by `service/Name`."""
    return {
        f"{service}/{event.__name__}": event
        for service in SERVICES
        for event in import_module(f"{service}.events").EVENTS
    }


@cache
def published() -> dict[str, dict[str, Any]]:
    """Every schema of an event, by `service/Name`."""
    return {
        f"{path.parent.name}/{path.name.removesuffix('.v1.json')}": json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(SCHEMAS.glob("events/*/*.json"))
    }


@cache
def values(name: str) -> st.SearchStrategy[Any]:
    """Values that the schema of this event allows."""
    return instances(published()[name])


@cache
def examples() -> tuple[Example, ...]:
    """Every golden example."""
    found = []
    for path in sorted(SCHEMAS.glob("examples/*/*.json")):
        message = json.loads(path.read_text(encoding="utf-8"))
        name = f"{path.parent.name}/{path.name.split('.')[0]}"
        file = path.relative_to(SCHEMAS).as_posix()
        found.append(Example(file, registry()[name], message["key"], message["headers"], message["value"]))
    return tuple(found)


@cache
def topics() -> dict[str, Any]:
    """The topics of topics.yaml."""
    topics: dict[str, Any] = yaml.safe_load((SCHEMAS / "topics.yaml").read_text(encoding="utf-8"))["topics"]
    return topics


@cache
def envelope_schema() -> dict[str, Any]:
    """The schema of the headers."""
    schema: dict[str, Any] = json.loads((SCHEMAS / "envelope.v1.json").read_text(encoding="utf-8"))
    return schema
