"""No personal data in clear in an event: no property that is named like it, no string that could hold it.

A name is a hint and can lie, so the second half is the stronger one: every string is a closed list, an id,
a day, a time, or matches a pattern that is anchored, bounded, and lists its characters: no sentence fits in. Where a
name and a birth date would, a list says which codes there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from checks.compatibility import walk
from checks.findings import Finding, step

FORBIDDEN: Mapping[str, tuple[str, ...]] = {
    "identity": ("name", "birth", "dob", "passport", "visa", "photo", "picture", "scan", "gender", "sex"),
    "contact": ("phone", "mobile", "whatsapp", "mail", "address", "street", "postcode", "zip", "iban"),
    "place": ("latitude", "longitude", "gps"),
    "special category": ("ethnic", "nationality", "religion", "asylum", "trafficking"),
    "health": ("health", "medical", "diagnosis", "disease", "disability", "pregnant"),
    "free text": ("note", "comment", "remark", "memo", "text", "message", "description", "details"),
    "secret": ("password", "token", "account"),
}
"""No word of a property name may be one of these, or begin or end with a longer one."""
LONGER = 4
"""Letters from which on: `surname` ends with `name`, but `zipper` is no address."""

ALLOWED: Mapping[str, str] = {
    "sex": "female, male or nothing, for figures by sex; it stands where a case is opened, corrected or passed on",
    "text_version": "the version of a consent text, a code of consent_texts; the text itself does not travel",
}
"""Names that are refused by the rule and still right, each with the reason."""

A_PERSON = ("Adaeze.Okafor.1990-05-17", "ADAEZE-OKAFOR-1990-05-17", "adaeze_okafor_1990_05_17")
"""Made up. A name and a birth date as code: what fits in a string that no list of codes bounds."""

SAFE_FORMATS = frozenset({"uuid", "date", "date-time"})
REMEDY = "Keep it in the service that owns it, and publish a code, a band, a count or a reference instead."


def lint(file: str, schema: Mapping[str, Any]) -> Iterator[Finding]:
    """Every place of a schema where personal data could travel."""
    listed: set[str] = set()
    for pointer, node in walk("", schema):
        if "x-code-list" in node:
            listed |= {pointer, step(pointer, "items")}
        if pointer not in listed and _holds_a_person(node):
            problem = "a name and a birth date fit in, and no list says which values there are"
            yield Finding(file, pointer, problem, "Name the list of its codes with x-code-list, and keep to it.")
        for name in node.get("properties", {}):
            found = suspicious(name)
            if found:
                problem = f"{name!r} is named like {found}"
                yield Finding(file, step(pointer, "properties", name), problem, REMEDY)
        yield from _shape(file, pointer, node)


@cache
def suspicious(name: str) -> str | None:
    """What a property name promises that must not travel, such as `identity (name)`; None if nothing."""
    if name in ALLOWED:
        return None
    separated = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    for word in re.split(r"[^a-z]+", separated):
        for kind, forbidden in FORBIDDEN.items():
            for part in forbidden:
                near = len(part) >= LONGER and (word.startswith(part) or word.endswith(part))
                if word == part or near:
                    return f"{kind} ({part})"
    return None


def loose(pattern: str) -> str | None:
    """Why a pattern could hold free text, if it could."""
    if not (pattern.startswith("^") and pattern.endswith("$") and not pattern.endswith(r"\$")):
        return "it is not anchored by ^ and $"
    for charset in re.findall(r"(?<!\\)\[(.*?)(?<!\\)\]", pattern):
        if charset.startswith("^"):
            return "it has a negated set of characters"
        if re.search(r"[\s@]|\\[swSWD]", charset):
            return "it allows spaces, @ or any letter"
    bare = re.sub(r"(?<!\\)\[.*?(?<!\\)\]", "c", pattern)
    if re.search(r"[\s@]|\\[swSWD]", bare) or "." in re.sub(r"\\.", "c", bare):
        return "it allows spaces, @ or any character"
    if re.search(r"[*+]|\{[0-9]*,\}", re.sub(r"\\.", "c", bare)):
        return "it has no greatest length"
    return None


def _shape(file: str, pointer: str, node: Mapping[str, Any]) -> Iterator[Finding]:
    types = node.get("type", ())
    types = {types} if isinstance(types, str) else set(types)
    if not types and "const" not in node and "enum" not in node:
        yield Finding(file, pointer, "it has no type, so it can hold anything", "Give it a type.")
    if "object" in types and not node.get("properties"):
        yield Finding(file, pointer, "an object without properties can hold anything", "Name its properties.")
    if "array" in types and "items" not in node:
        yield Finding(file, pointer, "an array without items can hold anything", "Describe its items.")
    if "string" in types and not _closed(node):
        why = loose(node["pattern"]) if "pattern" in node else "it has no enum, const, pattern or safe format"
        if why:
            formats = ", ".join(sorted(SAFE_FORMATS))
            remedy = f"Give it an enum, a format ({formats}), or a pattern such as ^[a-z][a-z0-9_]{{1,63}}$."
            yield Finding(file, pointer, f"the string can hold free text: {why}", remedy)


def _holds_a_person(node: Mapping[str, Any]) -> bool:
    if "pattern" not in node or _closed(node):
        return False
    return any(re.search(node["pattern"], person) for person in A_PERSON)


def _closed(node: Mapping[str, Any]) -> bool:
    return "enum" in node or "const" in node or node.get("format") in SAFE_FORMATS
