"""Random instances of a JSON schema, for the keywords that this project's schemas and models use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from random import Random
from typing import Any

from hypothesis import strategies as st
from rstr import Rstr

DAYS = st.dates(date(2017, 1, 1), date(2099, 12, 31))
TIMES = st.datetimes(datetime(2017, 1, 1), datetime(2099, 12, 31))  # noqa: DTZ001 - Z is appended below

SEEDS = st.integers(0, 255)


def instances(schema: Mapping[str, Any], root: Mapping[str, Any] | None = None) -> st.SearchStrategy[Any]:
    """Values that fit the schema; optional properties come and go."""
    root = root or schema
    if "$ref" in schema:
        return instances(root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root)
    if "anyOf" in schema:
        return st.one_of(*(instances(each, root) for each in schema["anyOf"]))
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    return st.one_of(*(_of_type(kind, schema, root) for kind in types))


def _of_type(kind: str, schema: Mapping[str, Any], root: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    match kind:
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(schema.get("minimum"), schema.get("maximum", 2**31))
        case "array":
            items = instances(schema["items"], root)
            return st.lists(items, min_size=schema.get("minItems", 0), max_size=schema.get("maxItems", 5))
        case "object":
            properties = {name: instances(node, root) for name, node in schema["properties"].items()}
            required = {name: properties.pop(name) for name in schema.get("required", ())}
            return st.fixed_dictionaries(required, optional=properties)
        case "string":
            return _text(schema)
    raise AssertionError(f"no instances for {kind}")


def _text(schema: Mapping[str, Any]) -> st.SearchStrategy[str]:
    match schema.get("format"):
        case "uuid":
            return st.uuids().map(str)
        case "date":
            return DAYS.map(str)
        case "date-time":
            return TIMES.map(lambda at: at.isoformat() + "Z")
    return _matching(schema["pattern"])


def _matching(pattern: str) -> st.SearchStrategy[str]:
    """Texts of a pattern, each drawn as one number: hypothesis's own `from_regex` draws every character."""
    return SEEDS.map(lambda seed: _text_of(pattern, seed))


@cache
def _text_of(pattern: str, seed: int) -> str:
    return Rstr(Random(seed)).xeger(pattern)
