"""The frame of a new example: a valid message that continues the story, and a list of what is not yet true in it.

Ids and codes are those that the story last used, so that the new message belongs to it; an enum's first value, the
smallest number and the like hold the place of the rest. The file lists these placeholders, and `check` refuses it until
a person has filled them in and removed the list.
"""

from __future__ import annotations

import csv
import json
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import uuid_utils

from checks.examples import PLACEHOLDERS, Example, alone, derived, in_order, next_number, read_examples
from checks.findings import step
from checks.inventory import ENVELOPE, validator

EVENT = re.compile(r"([a-z]{1,30})/([A-Z][A-Za-z0-9]{1,60})(?:\.(v[1-9][0-9]{0,2})(?:\.([a-z0-9][a-z0-9-]{0,60}))?)?")
LATER = timedelta(hours=1)
"""The new event happens so long after the one that it follows, or earlier if the story goes on before."""


class NotWritten(Exception):
    """A frame cannot be written; says why and what to do."""


@dataclass
class Frame:
    """A message that is being made: pointers into it, each with what a person must do there.

    `held` are those of placeholders, `taken` of what the story has said before.
    """

    root: Path
    story: Sequence[Example]
    at: datetime
    held: dict[str, str] = field(default_factory=dict)
    taken: dict[str, str] = field(default_factory=dict)

    def value(self, pointer: str, name: str, node: Mapping[str, Any]) -> Any:
        """A value that fits `node` where one can be derived; `name` is that of its property."""
        if "const" in node:
            return node["const"]
        if (earlier := self._told(name, node)) is not None:
            value = earlier.message["value"][name]
            self.taken[pointer] = f"{json.dumps(value)} is taken from {earlier.file}"
            return value
        if "enum" in node:
            choice = [value for value in node["enum"] if value is not None]
            return self._held(pointer, (choice or [None])[0], "one of " + ", ".join(map(str, choice)))
        match _kinds(node)[0]:
            case "object":
                inner = node.get("properties", {}).items()
                return {part: self.value(step(pointer, part), part, sub) for part, sub in inner}
            case "array":
                items = {**{key: node[key] for key in ("x-code-list",) if key in node}, **node.get("items", {})}
                return [self.value(step(pointer, at), "", items) for at in range(max(1, node.get("minItems", 0)))]
            case "boolean":
                return self._held(pointer, False, "true or false")
            case "integer" | "number":
                smallest = node.get("minimum", min(0, node.get("maximum", 0)))
                return self._held(pointer, smallest, "the number")
            case _:
                return self._string(pointer, node)

    def _string(self, pointer: str, node: Mapping[str, Any]) -> Any:
        match node.get("format"):
            case "uuid":
                return self._held(pointer, str(uuid4()), "a new id: is it one that the story knows?")
            case "date":
                return self._held(pointer, self.at.date().isoformat(), "the day")
            case "date-time":
                return self._held(pointer, rfc3339(self.at), "the time")
        if "x-code-list" in node:
            fits = validator({name: part for name, part in node.items() if name != "x-code-list"})
            for code in _codes(self.root, node["x-code-list"]):
                if fits.is_valid(code):
                    return self._held(pointer, code, f"a code of reference/{node['x-code-list']}.v1.csv")
        pattern = node.get("pattern", ".*")
        return self._held(pointer, _shortest(pattern), f"a text that matches {pattern}")

    def _told(self, name: str, node: Mapping[str, Any]) -> Example | None:
        """The last example with an id or a code by this name; days, counts and choices differ from event to event."""
        if "string" not in _kinds(node) or "enum" in node or node.get("format") in {"date", "date-time"}:
            return None
        told = (example for example in reversed(self.story) if isinstance(example.message["value"].get(name), str))
        return next((example for example in told if validator(node).is_valid(example.message["value"][name])), None)

    def _held(self, pointer: str, value: Any, what: str) -> Any:
        """`value`, which holds the place of `what`."""
        self.held[pointer] = f"{json.dumps(value)} is a placeholder: {what}"
        return value


@dataclass(frozen=True)
class NewExample:
    """What was written, and what a person must still look at: pointers into it with words.

    `renumbered` has the examples that come after it in its key, and their new numbers.
    """

    file: str
    open: Sequence[tuple[str, str]]
    renumbered: Mapping[str, int]


def new_example(root: Path, found: Mapping[str, Mapping[str, Any]], event: str, after: str = "") -> NewExample:
    """Writes the frame of an example of `<service>/<Name>[.v<major>[.<variant>]]`. Raises `NotWritten`.

    It happens after all others, or right after the last example of the event `after`: `<Name>`, or `<service>/<Name>`
    where several services tell one of that name.
    """
    schema_file, file = _files(found, event)
    if ENVELOPE not in found:
        raise NotWritten(f"there is no {ENVELOPE}: it says which headers a message has. Add the file.")
    if (root / file).exists():
        raise NotWritten(_there(file))
    told, unread = read_examples(root, found)
    if wrong := [*unread, *in_order(told, found[ENVELOPE])]:
        raise NotWritten("\n".join([*map(str, wrong), "The new example would continue these: mend them first."]))
    story = sorted(told, key=lambda example: (example.message["headers"]["ce_time"], example.file))
    place = _place(story, after)
    message, still, held = _message(root, found[ENVELOPE], found[schema_file], story, place)
    renumbered = _renumbered(story[place:], found[schema_file]["x-topic"], message)
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    try:
        with (root / file).open("x", encoding="utf-8", newline="\n") as written:
            written.write(json.dumps({**message, PLACEHOLDERS: held}, indent=2, ensure_ascii=False) + "\n")
    except FileExistsError as error:
        raise NotWritten(_there(file)) from error
    for later, number in renumbered.items():
        text = (root / later).read_text(encoding="utf-8")
        text = re.sub(r'("ce_sequence":\s*)"\d+"', rf'\g<1>"{number}"', text, count=1)
        (root / later).write_text(text, encoding="utf-8", newline="\n")
    unfit = alone(Example(file, message, found[schema_file]), found[ENVELOPE])
    does_not_fit = ((each.pointer, f"does not fit yet: {each.problem}") for each in unfit)
    return NewExample(file, [*still, *does_not_fit], renumbered)


def _place(story: Sequence[Example], after: str) -> int:
    """How many examples of the story come before the new one: what happened at one moment stays together."""
    if not after:
        return len(story)
    names = [each.file.removeprefix("examples/").removesuffix(".json") for each in story]
    followed = [at for at, name in enumerate(names) if f"/{name}.".partition(f"/{after}.")[1]]
    if not followed:
        raise NotWritten(f"no example is of {after!r}. AFTER names one that the story has, such as CourseCompleted.")
    tellers = sorted({names[at].split("/")[0] for at in followed})
    if len(tellers) > 1:
        raise NotWritten(f"{' and '.join(tellers)} each tell {after}: write AFTER={tellers[0]}/{after}, or another.")
    moment = story[followed[-1]].message["headers"]["ce_time"]
    return sum(each.message["headers"]["ce_time"] <= moment for each in story)


def _renumbered(rest: Sequence[Example], topic: str, message: Mapping[str, Any]) -> dict[str, int]:
    """The examples of the same topic and key that come later, each with a number one higher."""
    same = [each for each in rest if (each.topic, each.key) == (topic, message["key"])]
    return {each.file: int(each.message["headers"]["ce_sequence"]) + 1 for each in same}


def _there(file: str) -> str:
    known = ".".join(file.removeprefix("examples/").split(".")[:2])
    return f"{file} exists and stays as it is. Name a variant, such as {known}.second."


def rfc3339(at: datetime) -> str:
    """UTC with microseconds and `Z`, as the envelopes have it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _files(found: Mapping[str, Any], event: str) -> tuple[str, str]:
    """The schema of the event and the example to be written."""
    named = EVENT.fullmatch(event)
    if named is None:
        raise NotWritten(f"{event!r} names no event. Write <service>/<Name>, such as training/CourseCompleted.")
    service, name, major, variant = named.groups()
    majors = [file.split(".")[-2] for file in found if file.startswith(f"events/{service}/{name}.v")]
    major = major or max(majors, key=lambda each: int(each[1:]), default="v1")
    schema = f"events/{service}/{name}.{major}.json"
    if schema not in found:
        raise NotWritten(f"there is no {schema}. Write the schema first, or correct the name.")
    return schema, f"examples/{service}/{name}.{major}{'.' + variant if variant else ''}.json"


def _message(
    root: Path, envelope: Mapping[str, Any], schema: Mapping[str, Any], whole: Sequence[Example], place: int
) -> tuple[dict[str, Any], list[tuple[str, str]], dict[str, str]]:
    """The message, what is open in it, and the placeholders among that."""
    story = whole[:place]
    frame = Frame(root, _keyed_first(schema, story), _time(story, whole[place:]))
    value = frame.value("/value", "", schema)
    key = value[schema["x-key"]]
    actor = _actor(schema, story)
    headers = {
        **{name: node["const"] for name, node in envelope["properties"].items() if "const" in node},
        **{name: header for name, header in derived(schema, key, value).items() if header is not None},
        "ce_id": str(uuid_utils.uuid7(nanoseconds=int(frame.at.timestamp() * 1000) * 1_000_000)),
        "ce_time": rfc3339(frame.at),
        "ce_recordedtime": rfc3339(frame.at),
        "ce_sequence": str(next_number(story, schema["x-topic"], key)),
        "ce_traceparent": f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01",
        "ce_actorrole": actor[0],
        "ce_actororg": actor[1],
    }
    ordered = {name: headers[name] for name in envelope["properties"] if name in headers}
    held = {**_held_headers(headers), **frame.held}
    still = {**_derived_headers(schema, headers), **held, **frame.taken}
    return {"key": key, "headers": ordered, "value": value}, list(still.items()), held


def _time(story: Sequence[Example], rest: Sequence[Example]) -> datetime:
    """Somewhat later than the story so far, and before it goes on."""
    if not story:
        return datetime.now(UTC)
    last, *later = (datetime.fromisoformat(each.message["headers"]["ce_time"]) for each in (story[-1], *rest))
    return last + min([LATER, *((each - last) / 2 for each in later if each > last)])


def _keyed_first(schema: Mapping[str, Any], story: Sequence[Example]) -> list[Example]:
    """The story with the examples that have the same field as their key at its end: they are asked first."""
    return sorted(story, key=lambda example: example.schema["x-key"] == schema["x-key"])


def _actor(schema: Mapping[str, Any], story: Sequence[Example]) -> tuple[str, str]:
    """Role and organisation that acted last in this kind of event, else in this topic; without any the service."""
    same = [each for each in story if each.schema["x-type"] == schema["x-type"]]
    near = same or [each for each in story if each.topic == schema["x-topic"]]
    if not near:
        return "system", f"programme:{schema['x-type'].split('.')[1]}"
    headers = near[-1].message["headers"]
    return headers["ce_actorrole"], headers["ce_actororg"]


def _derived_headers(schema: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, str]:
    number, field, topic = headers["ce_sequence"], schema["x-key"], schema["x-topic"]
    copies = "ce_subject, ce_partitionkey and ce_correlationid"
    return {
        "/key": f"is the {field} of the value; another one goes into {copies} too, and has numbers of its own",
        "/headers/ce_sequence": f"is {number}, the next one of this {field} in {topic}",
        "/headers/ce_causationid": "is absent: add the ce_id of the event that this one reacts to, if it does",
    }


def _held_headers(headers: Mapping[str, str]) -> dict[str, str]:
    time, role, org = (headers[name] for name in ("ce_time", "ce_actorrole", "ce_actororg"))
    return {
        "/headers/ce_time": f"{time} is a placeholder, and so is ce_recordedtime: when did it happen?",
        "/headers/ce_actorrole": f"{role} of {org} is a placeholder: who acted?",
    }


def _kinds(node: Mapping[str, Any]) -> list[str]:
    """The types of a node, without null."""
    kinds = node.get("type", [])
    return [kind for kind in ([kinds] if isinstance(kinds, str) else kinds) if kind != "null"] or ["null"]


def _codes(root: Path, name: str) -> Iterator[str]:
    """The codes of a list that have no last day."""
    path = root / "reference" / f"{name}.v1.csv"
    if not path.is_file():  # `code_lists` finds it
        return
    with path.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            if not row.get("valid_to") and not row.get("closed_on"):
                yield row.get("code", "")


@cache
def _shortest(pattern: str) -> str:
    """The simplest text that matches. hypothesis need not explain it: that takes it three times as long as to find."""
    from hypothesis import Phase, find, settings  # noqa: PLC0415 - it takes as long to load as all else that is written
    from hypothesis.strategies import from_regex  # noqa: PLC0415

    quiet = settings(database=None, derandomize=True, deadline=None, phases=[Phase.generate, Phase.shrink])
    return find(from_regex(pattern, fullmatch=True), lambda _: True, settings=quiet)
