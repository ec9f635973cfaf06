"""Inside a major version only optional additions.

A topic keeps messages for 36 months and its readers change on their own days, so both directions must hold
between any two versions: a reader of the old version must be able to read new messages, and a reader of the
new version the old messages that are still in the topic. What one direction allows to widen the other
forbids, so what was published stays as it is: a property keeps its constraints, required stays required,
optional stays optional. Only two things may happen: a new optional property, and other words in titles and
descriptions. Lists of codes grow without a new version because their strings are open (`x-code-list`); an
`enum` is closed, so a new value needs a new major version.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from checks.findings import Finding, step

ANNOTATIONS = frozenset({"$schema", "title", "description"})
"""May change freely."""
IDENTITY = ("$id", "x-type", "x-topic", "x-key", "x-data-class", "x-code-list")
"""Say what a thing is: may be added, never changed or taken away."""
CONSTRAINTS = ("type", "const", "enum", "pattern", "format", "minimum", "maximum", "minItems", "maxItems")
"""Say which values are allowed; all of them stay as published."""
STRUCTURE = frozenset({"properties", "required", "items"})
KNOWN = ANNOTATIONS | STRUCTURE | frozenset(IDENTITY) | frozenset(CONSTRAINTS)
"""Keywords that the checks understand; all mean the same in draft 7, which AsyncAPI uses, and in 2020-12."""

NEW_MAJOR = "Take the change back, or publish the event as a new major version beside this one."
ANY = "anything"


def compare(file: str, release: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Finding]:
    """Every change from `old` (as released) to `new` that breaks a reader or a message already published."""
    yield from _compare(file, release, "", old, new)


def unknown_keywords(file: str, schema: Mapping[str, Any]) -> Iterator[Finding]:
    """Keywords that the comparison does not understand: it would miss what changes in them."""
    for pointer, node in walk("", schema):
        for keyword in sorted(set(node) - KNOWN):
            yield Finding(
                file,
                step(pointer, keyword),
                f"the keyword {keyword!r} is not one that this check can compare",
                "Say it with " + ", ".join(sorted(KNOWN - ANNOTATIONS)) + ".",
            )


def walk(pointer: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The schema and every schema inside it, with its pointer."""
    yield pointer, schema
    for name, node in schema.get("properties", {}).items():
        yield from walk(step(pointer, "properties", name), node)
    if isinstance(schema.get("items"), Mapping):
        yield from walk(step(pointer, "items"), schema["items"])


def _compare(file: str, release: str, at: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Finding]:
    for keyword in IDENTITY:
        if keyword in old and old[keyword] != new.get(keyword):
            problem = f"{keyword} was {old[keyword]!r} in {release} and is {new.get(keyword, 'gone')!r}"
            yield Finding(file, step(at, keyword), problem, NEW_MAJOR)
    for keyword in CONSTRAINTS:
        if _value(keyword, old) != _value(keyword, new):
            yield Finding(file, step(at, keyword), _explained(keyword, release, old, new), NEW_MAJOR)
    yield from _required(file, release, at, old, new)
    before, after = old.get("properties", {}), new.get("properties", {})
    for name, node in before.items():
        pointer = step(at, "properties", name)
        if name in after:
            yield from _compare(file, release, pointer, node, after[name])
        else:
            problem = f"the property is in {release} and gone: readers of {release} still expect it"
            yield Finding(file, pointer, problem, f"A renamed property is a new one. {NEW_MAJOR}")
    if ("items" in old) != ("items" in new):
        problem = f"items are described in only one of {release} and the working schema"
        yield Finding(file, step(at, "items"), problem, NEW_MAJOR)
    elif "items" in old:
        yield from _compare(file, release, step(at, "items"), old["items"], new["items"])


def _required(file: str, release: str, at: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Finding]:
    before, after = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted(after - before):
        problem = f"{name!r} has become required: messages of {release} in the topics may not have it"
        yield Finding(file, step(at, "required"), problem, f"Make it optional. {NEW_MAJOR}")
    for name in sorted(before - after):
        if name in new.get("properties", {}):
            problem = f"{name!r} is no longer required: readers of {release} rely on it"
            yield Finding(file, step(at, "required"), problem, f"Keep it required. {NEW_MAJOR}")


def _value(keyword: str, schema: Mapping[str, Any]) -> Any:
    """A constraint without what does not matter: the order of types and enum values."""
    value = schema.get(keyword)
    if keyword == "type" and isinstance(value, str):
        value = [value]
    return sorted(value, key=str) if isinstance(value, list) else value


def _explained(keyword: str, release: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    before, after = _value(keyword, old), _value(keyword, new)
    if isinstance(before, list) and isinstance(after, list):
        parts = []
        if added := [value for value in after if value not in before]:
            parts.append(f"{_listed(added)} added: readers of {release} do not know it")
        if gone := [value for value in before if value not in after]:
            parts.append(f"{_listed(gone)} gone: messages of {release} in the topics may have it")
        return f"{keyword} has changed: " + "; ".join(parts)
    was, now = (ANY if value is None else repr(value) for value in (before, after))
    return (
        f"{keyword} was {was} in {release} and is {now}: what is allowed must neither grow "
        f"(readers of {release}) nor shrink (messages of {release} in the topics)"
    )


def _listed(values: list[Any]) -> str:
    return ", ".join(repr(value) for value in values)
