"""Parked records for an operator's eyes: what went wrong and what to do, not what they say of a person.

A record that could not be read may hold anything in its value and in headers that no contract knows. So the
value is shown as paths and kinds of values, and unknown headers by name and length. Text from outside is made
printable first: escape sequences in it could otherwise steer the reader's terminal.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

ENVELOPE = frozenset(
    {
        "content-type",
        "ce_specversion",
        "ce_id",
        "ce_type",
        "ce_source",
        "ce_subject",
        "ce_time",
        "ce_recordedtime",
        "ce_dataschema",
        "ce_sequence",
        "ce_sequencetype",
        "ce_partitionkey",
        "ce_correlationid",
        "ce_causationid",
        "ce_traceparent",
        "ce_tracestate",
        "ce_actorrole",
        "ce_actororg",
        "ce_dataclass",
        "ce_country",
    }
)
"""Headers whose values are shown: codes, ids and times of the CloudEvents envelope and the trace context."""
SHORT_TOKEN = re.compile(r"^[A-Za-z0-9:+/._;=,-]{0,200}$")
FIELD_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_]{0,63}$")
MAX_PATHS = 60
MAX_DEPTH = 8

REMEDIES: Mapping[str, str] = {
    "behind": "Nothing is wrong with it: it waits until the first record of its key is settled.",
    "fork": "Another event was handled under this number: its producer has begun its numbers anew (`ph restore plan`"
    " says whether its database is older than what it has told), or somebody else wrote it. Retry it by its id if it is"
    " to be handled all the same; else discard it.",
    "number_too_far": "It is numbered far beyond all that was seen of its key. Find out who wrote it; retry it by its"
    " id if records before it are lost and it is genuine, else discard it.",
    "superseded": "On this topic only the last word counts, and a newer one was handled before it. If that is genuine,"
    " discard this one. If somebody forged it, retry this by its id, unless a genuine one has come since.",
    "wrong_topic": "Whoever wrote it may write to this topic, but does not own its type. Find out who did; then discard"
    " it.",
    "wrong_source": "Whoever wrote it does not say that he owns the topic. Find out who did; then discard it.",
    "too_large": "No service of the chain writes values of this size. Find out who did; a retry reads all of it again"
    " from Kafka, as long as it is there.",
    "record_gone": "Only its beginning is kept, and Kafka no longer has it. Have it sent again; discard this one.",
    "type_missing": "Not one of our producers wrote this. Find out who did; then discard it.",
    "key_missing": "Its producer left the key out. Mend the producer, have it sent again, discard this one.",
    "key_mismatch": "Its producer used a wrong key. Mend the producer, have it sent again, discard this one.",
    "sequence_invalid": "Its producer numbers it wrongly. Mend it, have it sent again, discard this one.",
    "id_invalid": "Its producer sent no UUID as ce_id. Mend it, have it sent again, discard this one.",
    "time_invalid": "Its producer sent no proper ce_time. Mend it, have it sent again, discard this one.",
    "body_missing": "It has no value. Discard it, once its producer is mended.",
    "json_invalid": "Its value is not JSON. Find out who wrote it; then discard it.",
    "schema_violated": "Compare `detail` with the event's schema. If the producer is at fault, mend it and"
    " discard this one; if this reader is too strict, deploy a mended reader, then retry.",
    "database_refused": "The database refuses what the handler made of it: a bug of this service. Deploy a"
    " mended version, then retry.",
}
OTHERWISE = (
    "A rule of this service refused the event: its README explains the code. Bring about what it asks for and"
    " retry, or discard it if it is to have no effect here."
)


def remedy(failure: str) -> str:
    """What an operator does about a record that is parked with this code."""
    return REMEDIES.get(failure, OTHERWISE)


def printable(text: str) -> str:
    """The text with everything escaped that is not a visible character or a space."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def masked(text: str | None) -> str | None:
    """A key or type as it came from outside: only its length, unless it is a short token as all of ours are."""
    return text if text is None or SHORT_TOKEN.match(text) else f"({len(text)} characters, not shown)"


def masked_headers(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The envelope's headers; of any other, or of an odd value, only the length. A name may come twice."""
    return [
        (
            printable(name),
            value if name in ENVELOPE and SHORT_TOKEN.match(value) else f"({len(value)} characters, not shown)",
        )
        for name, value in headers
    ]


def fingerprint(payload: bytes | None, size: int | None = None, digest: bytes | None = None) -> tuple[int, str | None]:
    """Size and SHA-256 of a payload: tells whether a record is the one that a producer means. Both are known of
    one that is not kept whole."""
    if digest is not None and size is not None:
        return size, digest.hex()
    return (0, None) if payload is None else (len(payload), hashlib.sha256(payload).hexdigest())


def outline(payload: bytes | None) -> list[str]:
    """The paths of a JSON payload, each with the kind of its value; empty if it is not JSON."""
    try:
        document = json.loads(payload or b"")
    except (ValueError, RecursionError):
        return []
    lines: list[str] = []
    for line in _paths(document, "", 0):
        if len(lines) == MAX_PATHS:
            return [*lines, "..."]
        lines.append(line)
    return lines


def _paths(value: Any, path: str, depth: int) -> Iterator[str]:
    if depth < MAX_DEPTH and isinstance(value, dict) and value:
        for name, member in value.items():
            # Whoever abuses names for data (`{"Jane Doe": 1}`) does not get them shown either.
            shown = name if FIELD_NAME.match(name) else f"({len(name)} characters)"
            yield from _paths(member, f"{path}/{shown}", depth + 1)
    elif depth < MAX_DEPTH and isinstance(value, list) and value:
        for place, member in enumerate(value):
            yield from _paths(member, f"{path}/{place}", depth + 1)
    else:
        yield f"{path or '/'} {_kind(value)}"


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return f"text of {len(value)}"
        case list():
            return f"list of {len(value)}"
        case _:
            return f"object of {len(value)}"
