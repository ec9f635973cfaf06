"""What a service says of its own API, as far as tests derive requests from it."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from typing import Any
from uuid import uuid4


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    service: str
    method: str
    path: str
    name: str
    body: dict[str, Any] | None
    """The example of its body; None if it takes none."""
    properties: dict[str, Any]
    """The fields of its body with their schemas."""
    required: tuple[str, ...]
    statuses: frozenset[str]
    secured: bool
    keyed: bool
    """Whether it takes an Idempotency-Key."""
    numbered: frozenset[str]
    """Parts of its path that are numbers; all others are UUIDs, but for a country."""
    queries: frozenset[str]
    """Parameters of its query."""
    tags: tuple[str, ...]
    """What it belongs to."""

    @property
    def changes(self) -> bool:
        """Whether it is there to change something."""
        return self.method != "GET"

    @property
    def parts(self) -> list[str]:
        """The names in its path."""
        return re.findall(r"\{([^}]+)\}", self.path)

    def url(self, segment: str = "") -> str:
        """Its path with ids that nobody knows, or with `segment` in their place."""

        def unknown(part: re.Match[str]) -> str:
            if part[1] == "country":
                return segment or "ZZ"
            return segment or (str(2**62) if part[1] in self.numbered else str(uuid4()))

        return re.sub(r"\{([^}]+)\}", unknown, self.path)

    def example(self) -> dict[str, Any] | None:
        """A copy of the example."""
        return copy.deepcopy(self.body)

    def __str__(self) -> str:
        return f"{self.service} {self.method} {self.path}"


def operations(service: str, document: dict[str, Any]) -> list[Operation]:
    """Every operation of the document."""
    return [
        _operation(service, document, method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def _operation(service: str, document: dict[str, Any], method: str, path: str, raw: dict[str, Any]) -> Operation:
    schema: dict[str, Any] = {}
    if "requestBody" in raw:
        schema = _resolved(document, raw["requestBody"]["content"]["application/json"]["schema"])
    examples = schema.get("examples") or ([schema["example"]] if "example" in schema else [])
    assert bool(examples) == bool(schema), f"{method} {path} has a body without an example"
    return Operation(
        service=service,
        method=method,
        path=path,
        name=raw["operationId"],
        body=examples[0] if examples else None,
        properties=schema.get("properties", {}),
        required=tuple(schema.get("required", ())),
        statuses=frozenset(raw["responses"]),
        secured=bool(raw.get("security")),
        numbered=frozenset(
            each["name"] for each in raw.get("parameters", ()) if each["schema"].get("type") == "integer"
        ),
        queries=frozenset(each["name"] for each in raw.get("parameters", ()) if each["in"] == "query"),
        tags=tuple(raw.get("tags", ())),
        keyed=any(each["name"].lower() == "idempotency-key" for each in raw.get("parameters", ())),
    )


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "anyOf" in schema:  # a body that may be left out
        schema = next(each for each in schema["anyOf"] if each.get("type") != "null")
    while "$ref" in schema:
        node: Any = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            node = node[step]
        schema = node
    return schema
