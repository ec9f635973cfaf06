"""The last line of defence before a log line is written: only what is known to be harmless goes out.

Code logs constants with fields, and no personal data; people keep that rule. This module is for the day they do not:
an exception whose text quotes a row, a library that logs what it was given, a field that seemed harmless.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, MutableMapping
from datetime import date, timedelta
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from structlog.typing import Processor

MAX_TEXT = 200
MAX_ITEMS = 20
MAX_FRAMES = 25
WITHHELD = "[withheld]"

FIELDS = frozenset(
    {"timestamp", "level", "event", "module", "service", "instance", "role", "environment", "at"}
    | {"trace_id", "span_id", "request_id", "subject_id", "method", "route", "host", "issuer"}
    | {"topic", "topics", "partition", "partitions", "offsets", "key", "type", "source", "consumer", "group"}
    | {
        "handler",
        "command",
        "outcome",
        "code",
        "reason",
        "what",
        "step",
        "task",
        "state",
        "states",
        "status",
        "country",
        "setting",
        "says",
        "remedy",
    }
    | {"deadline", "due_at", "subject", "owner", "kind", "table", "migration", "checksum", "version"}
    | {"error", "errors", "sqlstate", "constraint", "caused_by", "frames"}
)
"""Fields whose texts may be logged: codes, ids, names of parts. Numbers may stand in any field."""


def scrubber(*own: str) -> Processor:
    """structlog processor: withholds texts of unknown fields, cuts long ones, reduces exceptions.

    `own`: fields of one service whose texts may be logged too.
    """
    fields = FIELDS.union(own)

    def scrub(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        for name, value in line.items():
            if type(value) is str and len(value) <= MAX_TEXT and name in fields:
                continue  # nearly all of them
            line[name] = _harmless(value) if name in fields else _number(value)
        return line

    return scrub


def _harmless(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | UUID):
        return value if not isinstance(value, UUID) else str(value)
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT else f"{value[:MAX_TEXT]}..."
    if isinstance(value, BaseException):
        return type_of(value)
    if isinstance(value, dict):
        return {str(name): _harmless(item) for name, item in list(value.items())[:MAX_ITEMS]}
    if isinstance(value, list | tuple | set | frozenset):
        return [_harmless(item) for item in list(value)[:MAX_ITEMS]]
    return _plain(value)


def _number(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float) else WITHHELD


def _plain(value: Any) -> str:
    """Dates, paths and enums as text; anything else could be a whole document, so only its type."""
    return str(value)[:MAX_TEXT] if isinstance(value, date | timedelta | Enum | Path) else type(value).__name__


def type_of(error: BaseException) -> str:
    """The exception's type with its module, as it would be caught."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def describe(error: BaseException) -> dict[str, Any]:
    """What may be told of an exception. Not its message or arguments: asyncpg quotes rows, pydantic values.

    Instead what helps as much: SQLSTATE and constraint, pydantic's error types and top-level fields, the
    causes, and the stack as `file:line function`, innermost last.
    """
    told: dict[str, Any] = {"error": type_of(error), "frames": list(_frames(error))}
    for name, attribute in (
        ("sqlstate", "sqlstate"),
        ("constraint", "constraint_name"),
        ("table", "table_name"),
    ):
        value = getattr(error, attribute, None)
        if isinstance(value, str):
            told[name] = value
    if isinstance(error, OSError) and error.errno is not None:
        told["errno"] = error.errno
    if isinstance(error, ValidationError):
        told["errors"] = list(_faults(error))
    if isinstance(error, BaseExceptionGroup):
        told["errors"] = [type_of(each) for each in error.exceptions[:MAX_ITEMS]]
    causes = [type_of(cause) for cause in _causes(error)]
    if causes:
        told["caused_by"] = causes
    return told


def _frames(error: BaseException) -> Iterator[str]:
    for frame in traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]:
        path = Path(frame.filename)
        yield f"{'/'.join(path.parts[-3:])}:{frame.lineno} {frame.name}"


def _faults(error: ValidationError) -> Iterator[str]:
    """`missing amount`. It names only the first step of a path: a deeper one could be a key from the request."""
    of_model = error.title.isidentifier()  # else of a bare type, such as dict[str, int]
    for fault in error.errors(include_url=False, include_context=False, include_input=False)[:MAX_ITEMS]:
        first = fault["loc"][0] if of_model and fault["loc"] and fault["type"] != "extra_forbidden" else ""
        yield f"{fault['type']} {first}".strip()


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen = {id(error)}
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    while cause is not None and id(cause) not in seen and len(seen) <= MAX_ITEMS:
        yield cause
        seen.add(id(cause))
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
