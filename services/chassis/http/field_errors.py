"""What pydantic found, said to a person: which field, what is expected, what to do. Never what was sent.

pydantic's own messages are for programmers, and some quote the input (unknown tags, parse errors of ids and
numbers). Here every error type has its own sentence; limits in it come from the declared model, not from the
request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
SHOWN_CHOICES = 400


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field at fault. `field`: a JSON pointer into the body, or the name of a header or parameter."""

    field: str
    code: str
    detail: str
    remedy: str

    def as_dict(self) -> dict[str, str]:
        """As in the problem document."""
        return asdict(self)


def field_errors(found: Sequence[Mapping[str, Any]], body: Any) -> tuple[FieldError, ...]:
    """The errors of a request, one per fault, in the order in which they were found."""
    return tuple(dict.fromkeys(_field_error(error, body) for error in found))


def json_position(text: str, at: Any) -> str:
    """Where a JSON text breaks, as `line 3, column 17`. It quotes nothing of the text."""
    position = min(at, len(text)) if isinstance(at, int) else 0
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return f"error at line {line}, column {column}"


def pointer(path: Sequence[str | int], body: Any, *, absent: bool = False) -> str:
    """JSON pointer (RFC 6901) of an error's place.

    pydantic also puts the names of union members into the path: a step that is not in the body is left out,
    unless it is the last one and names the `absent` field.
    """
    steps: list[str] = []
    here = body
    for index, step in enumerate(path):
        exists = step in here if isinstance(here, dict) else isinstance(here, list) and step in range(len(here))
        if exists:
            here = here[step]
        elif not (absent and index == len(path) - 1):
            continue
        steps.append(shown(step))
    return "".join(f"/{step}" for step in steps)


def shown(step: str | int) -> str:
    """A step of a pointer. A name that no schema would use may be misplaced data, so it is not repeated."""
    return str(step) if isinstance(step, int) or NAME.fullmatch(step) else "(name withheld)"


def _field_error(error: Mapping[str, Any], body: Any) -> FieldError:
    kind = error["type"]
    place, *path = error["loc"] or ("body",)
    if place == "body":
        field = pointer(path, body, absent=kind == "missing")
    else:
        name = str(path[0]) if path else str(place)
        field = name.title() if place == "header" else name
    code, detail, remedy = _NO_BODY if place == "body" and not path and kind == "missing" else _said(kind, error)
    return FieldError(field, code, detail, remedy)


def _said(kind: str, error: Mapping[str, Any]) -> tuple[str, str, str]:
    context = {key: value for key, value in error.get("ctx", {}).items() if key in DECLARED}
    if kind in ("value_error", "assertion_error"):
        return _own_words(error)
    if "expected" in context and len(str(context["expected"])) > SHOWN_CHOICES:
        context["expected"] = "the listed codes (see /docs)"
    code, detail, remedy = _BY_TYPE.get(kind, _SHAPE)
    try:
        return code, detail.format_map(context), remedy.format_map(context)
    except KeyError:
        return _SHAPE


def _own_words(error: Mapping[str, Any]) -> tuple[str, str, str]:
    """The message of our own validator (`is before 2017: give the date`), unless it repeats the input."""
    message = str(error.get("ctx", {}).get("error", ""))
    if not message or any(word in message for word in _words(error.get("input"))):
        return "inadmissible", "The value is not admissible.", "Send a value as /docs describes it."
    what, colon, remedy = message.partition(": ")
    detail = f"The value {what}." if what.split(" ", 1)[0] in VERBS else f"{what[:1].upper()}{what[1:].rstrip('.')}."
    return (
        "inadmissible",
        detail,
        f"{remedy[:1].upper()}{remedy[1:].rstrip('.')}." if colon else "Correct the value.",
    )


def _words(value: Any, depth: int = 0) -> Iterator[str]:
    """Every text and number in the request. Short ones are left out: they occur in any sentence."""
    if isinstance(value, int | float):
        value = str(value)
    if isinstance(value, str):
        yield from (word for word in (value, *value.split()) if len(word) > 2)
    elif isinstance(value, dict) and depth < 8:
        for item in value.values():
            yield from _words(item, depth + 1)
    elif isinstance(value, list) and depth < 8:
        for item in value:
            yield from _words(item, depth + 1)


VERBS = frozenset({"is", "has", "must", "may", "needs", "does", "lies"})
"""A message that begins so goes on from `The value ...`."""

DECLARED = frozenset(
    {"expected", "pattern", "gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length"}
    | {"discriminator", "expected_tags"}
)
"""Context that comes from the model. Other entries (`tag`, `error`, `class`) may hold what the caller sent."""

_SHAPE = (
    "inadmissible",
    "The value does not have the expected shape.",
    "Send it in the shape that /docs shows.",
)
_NO_BODY = ("missing", "The request has no body.", "Send the JSON object that /docs shows.")
_TEXT = ("wrong_type", "A text is expected.", "Send a JSON string.")
_WHOLE = ("wrong_type", "A whole number is expected.", "Send a JSON number without quotes and decimals.")
_DATE = ("wrong_type", "A calendar day is expected.", "Send it as YYYY-MM-DD, such as 2026-03-31.")
_INSTANT = (
    "wrong_type",
    "A point in time is expected.",
    "Send it with offset, such as 2026-03-31T09:30:00Z.",
)
_OBJECT = ("wrong_type", "A JSON object is expected.", "Send the object that /docs describes.")
_ID = (
    "wrong_type",
    "An id is expected.",
    "Send the UUID that the service gave, 8-4-4-4-12 hexadecimal digits.",
)

SENTENCES: Mapping[tuple[str, ...], tuple[str, str, str]] = {
    ("missing", "missing_sentinel_error"): ("missing", "The field is missing.", "Add it."),
    ("extra_forbidden",): (
        "unknown_field",
        "This API does not know the field.",
        "Leave it out, or mend its name.",
    ),
    ("string_type",): _TEXT,
    ("string_unicode", "string_not_ascii"): (
        "unreadable_text",
        "The text holds characters that are not allowed.",
        "Remove them.",
    ),
    ("string_too_short",): ("too_short", "The text is too short.", "Send at least {min_length} characters."),
    ("string_too_long",): ("too_long", "The text is too long.", "Send at most {max_length} characters."),
    ("string_pattern_mismatch",): (
        "wrong_format",
        "The text does not have the expected form.",
        "Send a text that matches {pattern}.",
    ),
    ("enum", "literal_error"): ("not_in_list", "The value is not one of those allowed.", "Send {expected}."),
    ("union_tag_invalid",): (
        "not_in_list",
        "{discriminator} is not one of those allowed.",
        "Send {expected_tags}.",
    ),
    ("union_tag_not_found",): ("missing", "{discriminator} is missing.", "Add it."),
    ("int_type", "int_parsing", "int_parsing_size", "int_from_float"): _WHOLE,
    ("float_type", "float_parsing", "decimal_type", "decimal_parsing", "finite_number"): (
        "wrong_type",
        "A number is expected.",
        "Send a JSON number without quotes.",
    ),
    ("bool_type", "bool_parsing"): (
        "wrong_type",
        "Yes or no is expected.",
        "Send true or false without quotes.",
    ),
    ("greater_than",): ("out_of_range", "The value is too small.", "Send more than {gt}."),
    ("greater_than_equal",): ("out_of_range", "The value is too small.", "Send {ge} or more."),
    ("less_than",): ("out_of_range", "The value is too large.", "Send less than {lt}."),
    ("less_than_equal",): ("out_of_range", "The value is too large.", "Send {le} or less."),
    ("multiple_of",): (
        "out_of_range",
        "The value is not a step of the scale.",
        "Send a multiple of {multiple_of}.",
    ),
    ("too_short",): ("too_short", "There are too few entries.", "Send at least {min_length}."),
    ("too_long",): ("too_long", "There are too many entries.", "Send at most {max_length}."),
    ("list_type", "tuple_type", "set_type", "frozen_set_type", "iterable_type"): (
        "wrong_type",
        "A list is expected.",
        "Send a JSON array.",
    ),
    ("dict_type", "mapping_type", "model_type", "model_attributes_type", "dataclass_type"): _OBJECT,
    ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"): _DATE,
    ("datetime_type", "datetime_parsing", "datetime_object_invalid", "datetime_from_date_parsing"): _INSTANT,
    ("timezone_aware", "timezone_offset"): _INSTANT,
    ("uuid_type", "uuid_parsing", "uuid_version"): _ID,
    ("none_required",): ("wrong_type", "The value must be null.", "Send null, or leave the field out."),
    ("url_type", "url_parsing", "url_syntax_violation", "url_too_long", "url_scheme"): (
        "wrong_format",
        "A web address is expected.",
        "Send an absolute URL, such as https://example.org/path.",
    ),
    ("recursion_loop", "recursion_depth_exceeded"): (
        "too_deep",
        "The value is nested too deeply.",
        "Flatten it.",
    ),
}

_BY_TYPE = {kind: said for kinds, said in SENTENCES.items() for kind in kinds}
