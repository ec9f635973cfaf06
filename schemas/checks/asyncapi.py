"""asyncapi.yaml follows from the schemas, topics.yaml, the releases and asyncapi.info.yaml: this writes it.

The same input gives the same bytes: mappings are written in an order that stands here, topics by name, events as their
topic lists them; texts are folded by a dumper whose settings all stand here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

import yaml

from checks.examples import Example, read_examples
from checks.findings import Finding, Unreadable, read_yaml
from checks.inventory import ENVELOPE, TOPICS, identities, invalid, topics, validator
from checks.releases import releases

FILE = "asyncapi.yaml"
INFO = "asyncapi.info.yaml"
INFO_FORM: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "title", "description", "servers"],
    "properties": {
        **{name: {"type": "string", "minLength": 1} for name in ("id", "title", "description")},
        "servers": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "required": ["host", "protocol", "description"],
                "properties": {
                    "host": {"type": "string", "minLength": 1},
                    "protocol": {"enum": ["kafka", "kafka-secure"]},
                    "description": {"type": "string", "minLength": 1},
                    "security": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["type"]}},
                },
            },
        },
    },
}
HEADER = f"""\
# The public contract of the chain's events as one AsyncAPI document; payloads and headers are the files beside it.
# Generated: `make schemas` writes it from events/, examples/, released/, {TOPICS} and {INFO}.
# Nobody edits it: `make check` compares it with what the program would write.
"""
WIDTH = 118
"""Columns of a line of folded text."""
FOLDED = 60
"""Characters from which on a text is folded: a shorter one stands behind its name."""
BINDING = "0.5.0"
"""Version of AsyncAPI's binding for Kafka."""
SETTINGS = ("cleanup.policy", "retention.ms", "retention.bytes", "delete.retention.ms", "max.message.bytes")
"""What that binding knows of a topic's settings; others are a matter between topics.yaml and the cluster."""
MS_PER_DAY = 86_400_000
NO_RELEASE = "0.0.0"
_written: dict[str, str] = {}
"""The document written last, by its value: PyYAML takes ten times as long as all else that is checked."""


def basis(root: Path, found: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    """What must be mended before the document can be written."""
    yield from identities(found)
    yield from topics(root, found)
    yield from read_examples(root, found)[1]
    try:
        information = read_yaml(root, root / INFO)
        yield from (invalid(INFO, error) for error in validator(INFO_FORM).iter_errors(information))
    except Unreadable as error:
        yield error.finding
    if not _content_type(found):
        pointer = "/properties/content-type/const"
        yield Finding(ENVELOPE, pointer, "the media type of the values is missing", "Say it here as a constant.")


def drift(root: Path, found: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    """Where asyncapi.yaml is not what would be written now. The caller has seen that `basis` is in order."""
    wanted, present = text(document(root, found)), _present(root)
    if present != wanted:
        remedy = "Run `make schemas`: it writes the file. What it says is edited in the schemas, topics.yaml or "
        yield Finding(FILE, "", _difference(present, wanted), f"{remedy}{INFO}.")


def write(root: Path, found: Mapping[str, Mapping[str, Any]]) -> bool:
    """Writes asyncapi.yaml; False if it stood there already. The caller has seen that `basis` is in order."""
    wanted = text(document(root, found))
    if _present(root) == wanted:
        return False
    (root / FILE).write_bytes(wanted.encode())
    return True


def _present(root: Path) -> str:
    """What asyncapi.yaml says; empty if it is not there."""
    path = root / FILE
    return path.read_bytes().decode("utf-8", "replace") if path.is_file() else ""


def document(root: Path, found: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The AsyncAPI document as a value. The caller has seen that `basis` is in order."""
    information = read_yaml(root, root / INFO)
    declared = sorted(read_yaml(root, root / TOPICS)["topics"].items())
    messages = {
        name: [file for event in topic["events"] for file in _majors(found, topic["owner"], event)]
        for name, topic in declared
    }
    files = [file for of_topic in messages.values() for file in of_topic]
    told = read_examples(root, found)[0]
    return {
        "asyncapi": "3.0.0",
        "id": information["id"],
        "info": {
            "title": information["title"],
            "version": [NO_RELEASE, *releases(root)][-1],
            "description": information["description"],
            "tags": [{"name": owner} for owner in sorted({topic["owner"] for _, topic in declared})],
        },
        "defaultContentType": _content_type(found),
        "servers": {name: _server(server) for name, server in sorted(information["servers"].items())},
        "channels": {
            _part(name): _channel(name, topic, [found[file]["x-type"] for file in messages[name]])
            for name, topic in declared
        },
        "operations": {each: what for name, topic in declared for each, what in _operations(_part(name), topic)},
        "components": {
            "messages": {found[file]["x-type"]: _message(file, found[file], told) for file in files},
            "messageBindings": _keys([found[file] for file in files]),
        },
    }


def text(document: Mapping[str, Any]) -> str:
    """The document as YAML with the header that says where it comes from."""
    key = repr(document)
    if key not in _written:
        _written.clear()  # one is enough: what is checked is written next, or checked again
        _written[key] = yaml.dump(
            document,
            Dumper=_Dumper,
            default_flow_style=False,
            default_style=None,
            sort_keys=False,
            allow_unicode=True,
            line_break="\n",
            width=WIDTH,
            indent=2,
        )
    return f"{HEADER}{_written[key]}"


def _channel(address: str, topic: Mapping[str, Any], types: list[str]) -> dict[str, Any]:
    days = topic["retention_days"]
    config = {**topic["config"], "retention.ms": -1 if days < 0 else days * MS_PER_DAY}
    if "cleanup.policy" in config:
        config["cleanup.policy"] = [each.strip() for each in str(config["cleanup.policy"]).split(",")]
    return {
        "address": address,
        "title": _title(_part(address), topic["owner"]),
        "description": topic["description"],
        "tags": [{"name": topic["owner"]}],
        "bindings": {
            "kafka": {
                "bindingVersion": BINDING,
                "topic": address,
                "partitions": topic["partitions"],
                "topicConfiguration": {name: config[name] for name in SETTINGS if name in config},
            }
        },
        "messages": {type_: {"$ref": f"#/components/messages/{type_}"} for type_ in types},
    }


def _part(topic: str) -> str:
    """What a topic is called by: the service that owns it, or what it tells."""
    first, *others = topic.split(".")[1:-1]
    return first + "".join(other.title() for other in others)


def _upper(part: str) -> str:
    return part[0].upper() + part[1:]


def _title(part: str, owner: str) -> str:
    besides = part.removeprefix(owner)
    return f"Events of the {owner} service" + (f": {besides.lower()}" if besides else "")


def _operations(part: str, topic: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    owner = topic["owner"]
    what, name = ("", f"{owner}Publishes") if part == owner else (f" as {part}", f"{owner}Publishes{_upper(part)}")
    channel = {"$ref": f"#/channels/{part}"}
    yield name, {"action": "send", "title": f"The {owner} service publishes{what}", "channel": channel}
    for reader in sorted(topic["readers"]):
        yield (
            f"{reader}Reads{_upper(part)}",
            {
                "action": "receive",
                "title": f"The {reader} service reads what the {owner} service publishes{what}",
                "description": "Tolerant reader of the channel; it skips what it does not use.",
                "channel": channel,
            },
        )


def _server(server: Mapping[str, Any]) -> dict[str, Any]:
    return {name: server[name] for name in ("host", "protocol", "description", "security") if name in server}


def _message(file: str, schema: Mapping[str, Any], told: list[Example]) -> dict[str, Any]:
    examples = [_example(example) for example in told if example.schema is schema]
    return {
        "name": schema["x-type"],
        "title": schema["title"],
        "summary": schema["description"],
        "tags": [{"name": file.split("/")[1]}],
        "bindings": {"$ref": f"#/components/messageBindings/{schema['x-key']}"},
        "headers": {"$ref": f"./{ENVELOPE}"},
        "payload": {"$ref": f"./{file}"},
        **({"examples": examples} if examples else {}),
    }


def _example(example: Example) -> dict[str, Any]:
    """A golden example as AsyncAPI writes one; its name is that of its file."""
    headers, value = example.message["headers"], example.message["value"]
    return {
        "name": example.file.rsplit("/", 1)[1].removesuffix(".json"),
        "headers": {name: headers[name] for name in sorted(headers)},
        "payload": _ordered(value),
    }


def _ordered(value: Any) -> Any:
    """A value whose mappings have the order of their names, whatever order their file has."""
    if isinstance(value, Mapping):
        return {name: _ordered(value[name]) for name in sorted(value)}
    return [_ordered(each) for each in value] if isinstance(value, list) else value


def _keys(schemas: list[Mapping[str, Any]]) -> dict[str, Any]:
    """One binding per field that is a key, described as the first event with this key describes it."""
    described: dict[str, Mapping[str, Any]] = {}
    for schema in schemas:
        described.setdefault(schema["x-key"], schema["properties"][schema["x-key"]])
    bindings = {}
    for field, node in sorted(described.items()):
        key = {**node, "description": f"The field {field} of the value. {node['description']}"}
        bindings[field] = {"kafka": {"bindingVersion": BINDING, "key": {name: key[name] for name in sorted(key)}}}
    return bindings


def _majors(found: Mapping[str, Any], owner: str, event: str) -> list[str]:
    """The schemas of an event, oldest major version first."""
    files = [file for file in found if file.startswith(f"events/{owner}/{event}.v")]
    return sorted(files, key=lambda file: int(file.split(".")[-2].removeprefix("v")))


def _content_type(found: Mapping[str, Mapping[str, Any]]) -> Any:
    return found.get(ENVELOPE, {}).get("properties", {}).get("content-type", {}).get("const")


def _difference(present: str, wanted: str) -> str:
    if not present:
        return "is missing or empty"
    old, new = present.splitlines(keepends=True), wanted.splitlines(keepends=True)
    pairs = enumerate(zip_longest(old, new, fillvalue=""), 1)
    line, has, should = next((line, *pair) for line, pair in pairs if pair[0] != pair[1])
    return f"is not what the schemas and topics.yaml say, first in line {line}: {has!r} instead of {should!r}"


class _Dumper(yaml.CSafeDumper):
    """Writes nothing as an alias, and long texts folded. libyaml's emitter: Python's takes ten times as long."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True

    def text(self, value: str) -> yaml.ScalarNode:
        style = ">" if " " in value and len(value) >= FOLDED else None
        return self.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _Dumper.text)
