"""Every event has a golden example, and each example is a message that could lie in its topic."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checks.findings import Finding, Unreadable, read_json, step
from checks.inventory import ENVELOPE, invalid, violations

FORM = frozenset({"key", "headers", "value"})
PLACEHOLDERS = "placeholders"
"""A fourth part, of a frame that `make example` has written: what a person has yet to fill in, by pointer."""


@dataclass(frozen=True, slots=True)
class Example:
    """A golden example with the schema of its event; `message` has the three parts of `FORM`."""

    file: str
    message: Mapping[str, Any]
    schema: Mapping[str, Any]

    @property
    def topic(self) -> str:
        """The topic that the message lies in."""
        return str(self.schema.get("x-topic"))

    @property
    def key(self) -> str:
        """The key of the message."""
        return str(self.message["key"])


def examples(root: Path, found: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    """Every event has an example, and every example is in order by itself and among the others."""
    whole, findings = read_examples(root, found)
    yield from findings
    yield from in_order(whole, found.get(ENVELOPE))
    seen = {event_of(path) for path in root.glob("examples/*/*.json")}
    for event in sorted(set(found) - seen):
        if event.startswith("events/"):
            name = event.removeprefix("events/").removesuffix(".json")
            yield Finding(event, "", "has no example", f"Run `make example EVENT={name}` and fill in its frame.")


def in_order(whole: list[Example], envelope: Mapping[str, Any] | None) -> Iterator[Finding]:
    """What is wrong with these examples, each by itself and among the others."""
    for example in whole:
        yield from alone(example, envelope)
    yield from _together(whole)


def read_examples(root: Path, found: Mapping[str, Mapping[str, Any]]) -> tuple[list[Example], list[Finding]]:
    """All examples in order of file, and what keeps others from being read as one."""
    whole, findings = [], []
    for path in sorted(root.glob("examples/*/*.json")):
        file, event = path.relative_to(root).as_posix(), event_of(path)
        if event not in found:
            findings.append(Finding(file, "", f"there is no {event}", "Add the schema, or rename the example."))
            continue
        try:
            message = read_json(root, path)
        except Unreadable as error:
            findings.append(error.finding)
            continue
        findings += _still_open(file, message.get(PLACEHOLDERS, {}))
        message = {part: value for part, value in message.items() if part != PLACEHOLDERS}
        if set(message) == FORM and all(isinstance(message[part], dict) for part in ("headers", "value")):
            whole.append(Example(file, message, found[event]))
        else:
            problem = "is not {key, headers, value}, the last two as objects"
            findings.append(Finding(file, "", problem, "Write the message as it is on Kafka."))
    return whole, findings


def _still_open(file: str, placeholders: Any) -> Iterator[Finding]:
    if not isinstance(placeholders, dict):
        yield Finding(file, step("", PLACEHOLDERS), "is not {pointer: words}", "Remove it once all is filled in.")
        return
    for pointer, what in placeholders.items():
        remedy = f"Write there what is true in the story, then remove the line from `{PLACEHOLDERS}`."
        yield Finding(file, pointer, f"{what}: nobody has filled it in", remedy)


def event_of(path: Path) -> str:
    """The file of the schema that an example belongs to."""
    name, major = [*path.name.split("."), ""][:2]
    return f"events/{path.parent.name}/{name}.{major}.json"


def derived(schema: Mapping[str, Any], key: object, value: Mapping[str, Any]) -> dict[str, Any]:
    """The headers that follow from the schema, the key and the value; None where there is to be none."""
    return {
        **dict.fromkeys(("ce_subject", "ce_partitionkey", "ce_correlationid"), key),
        "ce_type": schema.get("x-type"),
        "ce_source": "/" + "/".join(str(schema.get("x-type")).split(".")[:2]),
        "ce_dataschema": schema.get("$id"),
        "ce_dataclass": schema.get("x-data-class"),
        "ce_country": value.get("country"),
    }


def alone(example: Example, envelope: Mapping[str, Any] | None) -> Iterator[Finding]:
    """What is wrong with one example, whatever the others say."""
    file, schema = example.file, example.schema
    key, headers, value = (example.message[part] for part in ("key", "headers", "value"))
    if envelope is not None:
        yield from (invalid(file, error, "/headers") for error in violations(envelope, headers))
    yield from (invalid(file, error, "/value") for error in violations(schema, value))
    if key != value.get(schema.get("x-key")):
        yield Finding(file, "/key", f"is not the {schema.get('x-key')} of the value", "Correct it.")
    for header, wanted in derived(schema, key, value).items():
        if headers.get(header) != wanted:
            problem = f"is {json.dumps(headers.get(header))}, not {json.dumps(wanted)}"
            yield Finding(file, step("/headers", header), problem, "Correct it.")


def _together(found: list[Example]) -> Iterator[Finding]:
    """Ids that stand twice, and numbers that stand twice under one key of a topic: readers skip the second as a repeat.

    The finding is at the file that comes later by name, and names the first: only a person knows which one is wrong.
    """
    ids: dict[str, str] = {}
    numbers: dict[tuple[str, str, str], str] = {}
    for example in found:
        headers, file = example.message["headers"], example.file
        if "ce_id" in headers:
            first = ids.setdefault(str(headers["ce_id"]), file)
            if first != file:
                problem = f"{headers['ce_id']} is the id of {first} too"
                yield Finding(file, "/headers/ce_id", problem, "Give one of the two a UUIDv7 of its own.")
        if "ce_sequence" in headers:
            number = str(headers["ce_sequence"])
            first = numbers.setdefault((example.topic, example.key, number), file)
            if first != file:
                problem = f"{number} is the number of {first} too, of the same key in {example.topic}"
                remedy = f"Give one of the two the next free number, {next_number(found, example.topic, example.key)}."
                yield Finding(file, "/headers/ce_sequence", problem, remedy)


def next_number(found: Sequence[Example], topic: str, key: str) -> int:
    """The `ce_sequence` after the highest one of this key in this topic; 1 for a new key."""
    stream = [each.message["headers"] for each in found if (each.topic, each.key) == (topic, key)]
    numbers = [str(headers.get("ce_sequence")) for headers in stream]
    return max((int(number) for number in numbers if number.isdecimal()), default=0) + 1
