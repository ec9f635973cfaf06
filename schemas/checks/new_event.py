"""The frame of a new event's schema, from the class that its service publishes; and its line in topics.yaml.

A class says types, limits and what may be absent. The schemas of the service's other events say how a property of that
name is described and which code list it is of. What nobody has said yet is left empty: `check` refuses it until a
person has filled it in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from checks.compatibility import CONSTRAINTS
from checks.findings import step
from checks.inventory import BASE, DIALECT, TOPICS
from checks.new_example import NotWritten

EVENT = re.compile(r"([a-z]{1,30})/([A-Z][A-Za-z0-9]{1,60})")


@dataclass(frozen=True)
class NewEvent:
    """What was written, and what a person must still fill in: pointers into the schema with words."""

    file: str
    open: Sequence[tuple[str, str]]


def new_event(root: Path, found: Mapping[str, Mapping[str, Any]], event: str) -> NewEvent:
    """Writes the schema's frame of `<service>/<Name>` and names it in topics.yaml. Raises `NotWritten`."""
    named = EVENT.fullmatch(event)
    if named is None:
        raise NotWritten(f"{event!r} names no event. Write <service>/<Name>, such as training/CourseCompleted.")
    service, name = named.groups()
    events = _events(service)
    model = _published(events, service, name)
    file = f"events/{service}/{name}.v{model.version}.json"
    if (root / file).exists():
        raise NotWritten(f"{file} exists and stays as it is: edit it there.")
    topics = _with_event(root / TOPICS, model.topic, name, [each.__name__ for each in events])
    schema = _schema(model, file, _described(found, f"events/{service}/"), {each["title"] for each in found.values()})
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    (root / TOPICS).write_text(topics, encoding="utf-8", newline="\n")
    return NewEvent(file, list(_open(schema)))


def _events(service: str) -> Sequence[Any]:
    """The classes of all events that the service publishes, in its order."""
    try:
        events: Sequence[Any] = import_module(f"{service}.events").EVENTS
    except ModuleNotFoundError as error:
        raise NotWritten(f"there is no service {service!r} with a module of events: {error}.") from error
    return events


def _published(events: Sequence[Any], service: str, name: str) -> Any:
    """The class of the event, among those that its service lists."""
    for each in events:
        if each.__name__ == name:
            return each
    raise NotWritten(f"services/{service}/events.py lists no {name}: write the class and add it to EVENTS first.")


def _described(found: Mapping[str, Mapping[str, Any]], folder: str) -> dict[str, Mapping[str, Any]]:
    """Properties by name as the schemas describe them: those of the service's own events before all others."""
    files = sorted(found, key=lambda file: file.startswith(folder))
    return {
        name: node
        for file in files
        if file.startswith("events/")
        for name, node in found[file].get("properties", {}).items()
    }


def _schema(
    model: Any, file: str, described: Mapping[str, Mapping[str, Any]], titles: Collection[str]
) -> dict[str, Any]:
    form = model.model_json_schema()
    properties = {}
    for name, each in form["properties"].items():
        node = _node(each, form.get("$defs", {}))
        known = described.get(name, {})
        same = _rules(known) == _rules(node)
        properties[name] = dict(known) if same else {**_title(node), "description": each.get("description", ""), **node}
    title = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", model.__name__).capitalize()
    return {
        "$schema": DIALECT,
        "$id": BASE + file,
        "title": f"{title} by {model.service}" if title in titles else title,
        "description": " ".join((model.__doc__ or "").split()),
        "x-type": model.type,
        "x-topic": model.topic,
        "x-key": model.key_field,
        "x-data-class": model.data_class,
        "type": "object",
        "properties": properties,
        "required": [name for name, node in properties.items() if "null" not in node["type"]],
    }


def _node(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """pydantic's schema of a value in the keywords that ours have."""
    if "$ref" in node:
        return _node(definitions[node["$ref"].rsplit("/", 1)[1]], definitions)
    if "anyOf" in node:
        inner, _null = node["anyOf"]
        made = _node(inner, definitions)
        if "enum" in made:
            made["enum"] = [*made["enum"], None]  # else the enum would refuse what the type admits
        return {**made, "type": [made["type"], "null"]}
    made = {keyword: node[keyword] for keyword in CONSTRAINTS if keyword in node}
    if made.get("format") == "date-time":
        made["pattern"] = "Z$"
    if "items" in node:
        made["items"] = _node(node["items"], definitions)
    if "properties" in node:
        inner_properties = node["properties"].items()
        inner = {name: _node(each, definitions) for name, each in inner_properties}
        made["properties"] = {name: {**_title(each), "description": "", **each} for name, each in inner.items()}
        made["required"] = node.get("required", [])
    return made


def _title(node: Mapping[str, Any]) -> dict[str, str]:
    """A place for the title that a type inside a schema must have."""
    return {"title": ""} if "enum" in node or "properties" in node else {}


def _rules(node: Mapping[str, Any]) -> dict[str, Any]:
    """A property without its words and its code list."""
    return {key: value for key, value in node.items() if key not in {"title", "description", "x-code-list"}}


def _open(schema: Mapping[str, Any], at: str = "") -> Any:
    for name, node in schema["properties"].items():
        pointer = step(at, "properties", name)
        if not node.get("description"):
            yield pointer, "has no description: say what it means, with its unit"
        if node.get("title") == "":
            yield pointer, "has no title: generators name the class of this type by it"
        if "pattern" in node and node.get("format") is None and "x-code-list" not in node:
            yield pointer, "is of no code list: add x-code-list if its values are codes of one"
        if "properties" in node:
            yield from _open(node, pointer)


def _with_event(path: Path, topic: str, name: str, order: Sequence[str]) -> str:
    """topics.yaml with the event in its topic's list, after all that the service publishes before it in `order`.

    Everything else, comments too, stays as it is.
    """
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    if f"  {topic}:\n" not in lines:
        raise NotWritten(f"{path.name} has no topic {topic}: declare it there first.")
    earlier = {f"      - {each}\n" for each in order[: order.index(name)]}
    place = at = lines.index("    events:\n", lines.index(f"  {topic}:\n")) + 1
    while at < len(lines) and lines[at].startswith("      - "):
        if lines[at] == f"      - {name}\n":
            return "".join(lines)
        at += 1
        if lines[at - 1] in earlier:
            place = at
    lines.insert(place, f"      - {name}\n")
    return "".join(lines)
