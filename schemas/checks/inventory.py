"""Everything is there once and agrees: schemas, topics, code lists."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.protocols import Validator

from checks.compatibility import walk
from checks.findings import Finding, Unreadable, read_json, read_yaml, step

BASE = "https://schemas.perspektive-heimat.invalid/"
ENVELOPE = "envelope.v1.json"
TOPICS = "topics.yaml"
EVENT_FILE = re.compile(r"events/[a-z]{1,30}/[A-Z][A-Za-z0-9]{1,60}\.v[1-9][0-9]{0,2}\.json")
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def validator(schema: Mapping[str, Any]) -> Validator:
    """Checks values against a schema, formats included."""
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


@dataclass(frozen=True, slots=True, eq=False)
class _Same:
    """A value that `read_json` gives again and again, known by its identity; kept, so that no other gets that."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


def violations(schema: Mapping[str, Any], value: Any) -> tuple[ValidationError, ...]:
    """What is wrong with a value, formats included. Neither is changed later: most are looked at again and again."""
    return _violations(_Same(schema), _Same(value))


@lru_cache(maxsize=1024)
def _violations(schema: _Same, value: _Same) -> tuple[ValidationError, ...]:
    return tuple(validator(schema.value).iter_errors(value.value))


def schemas(root: Path) -> dict[str, Mapping[str, Any]]:
    """Every working schema by its file name relative to `root`. Raises `Unreadable`."""
    paths = sorted([*root.glob("envelope.v*.json"), *root.glob("events/*/*.json")])
    return {path.relative_to(root).as_posix(): read_json(root, path) for path in paths}


def identities(found: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    """Each schema is one, and says of itself what its place says."""
    for file, schema in found.items():
        if flaw := _flaw(_Same(schema)):
            yield Finding(file, "", f"is no JSON Schema: {flaw}", "Mend the schema.")
            continue
        expected = {"$schema": DIALECT, "$id": BASE + file, "type": "object"}
        if file.startswith("events/") and not EVENT_FILE.fullmatch(file):
            yield Finding(file, "", "is no name of an event", "Call it events/<service>/<Name>.v<major>.json.")
            continue
        if file.startswith("events/"):
            service, name = file.removeprefix("events/").removesuffix(".json").split("/")
            expected |= {"x-type": f"ph.{service}.{name}"}
        for keyword, value in expected.items():
            if schema.get(keyword) != value:
                problem = f"{keyword} is {schema.get(keyword)!r}, not {value!r}"
                yield Finding(file, step("", keyword), problem, "Correct it, or move the file.")
        yield from _described(file, schema)


@lru_cache(maxsize=512)
def _flaw(schema: _Same) -> str:
    """Why this is no JSON Schema; empty if it is one."""
    try:
        Draft202012Validator.check_schema(schema.value)
    except SchemaError as error:
        return str(error.message)
    return ""


def _described(file: str, schema: Mapping[str, Any]) -> Iterator[Finding]:
    if not schema.get("title"):
        yield Finding(file, "", "has no title", "Say in a few words what it is.")
    properties = schema.get("properties", {})
    for name, node in {"": schema, **properties}.items():
        if not node.get("description"):
            pointer = step("", "properties", name) if name else ""
            yield Finding(file, pointer, "has no description", "Say what it means, with its unit.")
    for name in schema.get("required", ()):
        if name not in properties:
            yield Finding(file, "/required", f"{name!r} is required but not described", "Describe it.")
    key = schema.get("x-key")
    if file.startswith("events/") and (key not in schema.get("required", ()) or key not in properties):
        yield Finding(file, "/x-key", f"the key {key!r} is no required property", "Name the key.")


def nested_titles(found: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    """Every type inside a schema has a title, and one title means one type: generators name their classes by it."""
    meant: dict[str, tuple[str, Any]] = {}
    for file, schema in found.items():
        first, _ = meant.setdefault(str(schema.get("title")), (file, file))
        if first.split(".v")[0] != file.split(".v")[0]:  # major versions of one event may share it
            problem = f"the title {schema['title']!r} is that of {first}"
            yield Finding(file, "/title", problem, "Say in it which service tells this.")
    for file, schema in found.items():
        for pointer, node in walk("", schema):
            if not pointer or not ("enum" in node or "properties" in node):
                continue
            title = node.get("title")
            if not title:
                yield Finding(file, pointer, "the type has no title", "Give it one: generators name their class by it.")
                continue
            type_ = sorted(map(str, node["enum"])) if "enum" in node else sorted(node["properties"])
            first, known = meant.setdefault(title, (file, type_))
            if known != type_:
                problem = f"the title {title!r} is that of another type in {first}"
                yield Finding(file, step(pointer, "title"), problem, "Give it a title of its own.")


def code_lists(root: Path, found: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    """Every list that a schema names exists."""
    for file, schema in found.items():
        for name, node in schema.get("properties", {}).items():
            listed = node.get("x-code-list")
            if listed is not None and not (root / "reference" / f"{listed}.v1.csv").is_file():
                problem = f"there is no reference/{listed}.v1.csv"
                yield Finding(file, step("", "properties", name, "x-code-list"), problem, "Add the list.")


def topics(root: Path, found: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    """topics.yaml has its form, and every event is in exactly one topic: that of its owner."""
    file = TOPICS
    try:
        document = read_yaml(root, root / file)
    except Unreadable as error:
        yield error.finding
        return
    errors = list(validator(read_json(root, root / "topics.schema.json")).iter_errors(document))
    yield from (invalid(file, error) for error in errors)
    if errors:
        return
    declared = {name: (topic["owner"], topic["events"]) for name, topic in document["topics"].items()}
    owners = {owner for owner, _ in declared.values()}
    services = {owner for owner in owners if f"ph.{owner}.v1" in declared}
    for name, topic in document["topics"].items():
        at = step("", "topics", name)
        named = name.split(".")[1]
        if topic["owner"] != named and (named in services or topic["owner"] not in services):
            remedy = (
                "Correct one: a topic is called like the service that owns it, or is a further topic of such a one."
            )
            yield Finding(file, step(at, "owner"), f"{topic['owner']} does not own {name}", remedy)
        for reader in sorted(set(topic["readers"]) - (owners - {topic["owner"]})):
            yield Finding(file, step(at, "readers"), f"{reader!r} is no other service", "Correct the reader.")
        keys = {str(schema.get("x-key")) for schema in found.values() if schema.get("x-topic") == name}
        if set(topic["key"].split(" or ")) != keys:
            remedy = f"Write {' or '.join(sorted(keys))}."
            yield Finding(file, step(at, "key"), f"the events have the keys {sorted(keys)}", remedy)
    yield from _events_in_topics(file, declared, found)


def _events_in_topics(
    file: str, declared: Mapping[str, tuple[str, list[str]]], found: Mapping[str, Any]
) -> Iterator[Finding]:
    listed = Counter(f"{owner}/{event}" for owner, events in declared.values() for event in events)
    present = {path.removeprefix("events/").split(".")[0] for path in found if path.startswith("events/")}
    for name, count in sorted(listed.items()):
        if count > 1:
            yield Finding(file, "/topics", f"{name} stands {count} times", "Leave one.")
        if name not in present:
            yield Finding(file, "/topics", f"events/{name}.v1.json is missing", "Add it, or correct the name.")
    for topic, (owner, events) in declared.items():
        for path, schema in found.items():
            event = path.removeprefix("events/").split(".")[0]
            if event in {f"{owner}/{each}" for each in events} and schema.get("x-topic") != topic:
                problem = f"x-topic is {schema.get('x-topic')!r}, not {topic!r}, where {file} lists it"
                yield Finding(path, "/x-topic", problem, "Correct one.")
    for name in sorted(present - set(listed)):
        yield Finding(f"events/{name}.v1.json", "", f"is in no topic of {file}", "Add it there.")


def invalid(file: str, error: ValidationError, at: str = "") -> Finding:
    """What a validator says about a value of a file; `at` points to the value that it was given."""
    return Finding(file, step(at, *error.absolute_path), error.message, "Correct the value.")
