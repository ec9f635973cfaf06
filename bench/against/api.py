"""How a build wants to be asked: the requests of the load, fitted to what its /openapi.json says.

A step of the load is known by its path, whatever the build calls the path's parameters. Its body has each field that
the build knows and `VALUES` has, and what else the build requires comes from the example in its own document. A build
that moves a path or requires what nobody can guess gets another path in `Step`, another value in `VALUES`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

KNOWN_HEADERS = {"idempotency-key", "authorization"}
ID_FIELDS = ("case_id", "id")


class Incomparable(Exception):
    """This part cannot be measured with that build; says why and what would help."""


@dataclass(frozen=True)
class Step:
    """One command of the load, and where builds have it; the first path that a build has is taken."""

    what: str
    paths: tuple[str, ...]


OPEN_CASE = Step("open a case", ("/cases",))
GRANT_CONSENT = Step("grant a consent", ("/cases/{}/consents",))
REFER = Step("refer a returnee", ("/cases/{}/referrals",))


def values() -> dict[str, Any]:
    """The fields of all bodies, by name: a man from Lagos, as everybody else."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    return {
        "target_group": "RETURNEE_DE",
        "country": "NG",
        "admin1": "NG-LA",
        "language": "en",
        "return_type": "voluntary_assisted",
        "age_band": "25_34",
        "household_size": 1,
        "vulnerability_present": False,
        "purpose": "referral",
        "recipients": ["country:NG"],
        "text_version": "2026-01",
        "evidence_ref": "0b54a4b4-2c1a-4f2e-9a55-3d1a6a1c2f10",
        "granted_on": yesterday.isoformat(),
        "valid_until": (yesterday + timedelta(days=400)).isoformat(),
        "guardian": False,
        "priority": "normal",
        "needs": ["employment"],
        "wishes": [],
        "skills": ["7131"],
    }


class Api:
    """The API of one build, as its OpenAPI document describes it."""

    def __init__(self, build: str, document: Mapping[str, Any]) -> None:
        self._build = build
        self._document = document
        self._paths = {re.sub(r"\{[^}]*\}", "{}", path): path for path in document["paths"]}

    def path(self, step: Step) -> str:
        """The path of a command with `{}` for the case. Raises `Incomparable` if the build has none of the known."""
        for path in step.paths:
            if "post" in self._document["paths"].get(self._paths.get(path, ""), {}):
                return path
        raise Incomparable(
            f"{self._build} has no POST {' or '.join(step.paths)} to {step.what}: name its path in bench/against/api.py"
        )

    def body(self, step: Step) -> dict[str, Any]:
        """The body of a command. Raises `Incomparable` if the build requires what nobody knows."""
        path = self.path(step)
        operation = self._document["paths"][self._paths[path]]["post"]
        for parameter in map(self._resolved, operation.get("parameters", ())):
            if (
                parameter["in"] != "path"
                and parameter.get("required")
                and parameter["name"].lower() not in KNOWN_HEADERS
            ):
                raise Incomparable(f"{self._build}: POST {path} requires {parameter['in']} {parameter['name']}")
        content = operation["requestBody"]["content"]["application/json"]
        schema, known = self._resolved(content["schema"]), values()
        examples = schema.get("examples", ())
        example: Mapping[str, Any] = content.get("example") or schema.get("example") or next(iter(examples), {})
        required = schema.get("required", ())
        body = {}
        for name in schema.get("properties", {}):
            if name in known:
                body[name] = known[name]
            elif name in required and name in example:
                body[name] = example[name]
            elif name in required:
                raise Incomparable(
                    f"{self._build}: POST {path} requires {name!r}: give it a value in bench/against/api.py"
                )
        return body

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            found: Any = self._document
            for name in schema["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            schema = found
        return schema


def case_id(answer: Mapping[str, Any]) -> str:
    """The id in the answer to `OPEN_CASE`. Raises `Incomparable` if there is none."""
    for name in ID_FIELDS:
        if name in answer:
            return str(answer[name])
    raise Incomparable(f"the answer to a new case names it by none of {', '.join(ID_FIELDS)}: {sorted(answer)}")
