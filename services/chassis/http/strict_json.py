"""JSON as RFC 8259 and I-JSON (RFC 7493) mean it. Python's parser is laxer, and what it lets in breaks later.

Refused here: other encodings than UTF-8, `NaN` and `Infinity`, numbers beyond a double, a name twice in one
object (which of the two was meant?), nesting that exhausts the parser, NUL characters and lone surrogates. No
message quotes the body.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from chassis.http.field_errors import FieldError, json_position, shown
from chassis.http.problems import Problem, malformed_json

MAX_DEPTH = 32


class _NotJsonError(ValueError):
    """What Python's parser would take, but JSON does not have."""


def read_json(body: bytes) -> Any:
    """What the body says. Raises `Problem` 400 if it is no JSON, 422 if a text in it cannot be stored."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise malformed_json(f"it is not UTF-8 from byte {error.start + 1} on") from None
    try:
        document = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise malformed_json(json_position(text, error.pos)) from None
    except _NotJsonError as error:
        raise malformed_json(str(error)) from None
    except RecursionError:
        raise malformed_json("it is nested too deeply") from None
    except ValueError:
        raise malformed_json("it holds a number of too many digits") from None
    # A text that has no escape came through UTF-8 and the parser: it holds neither a surrogate nor a NUL.
    if "\\u" in text or text.count("[") + text.count("{") > MAX_DEPTH:
        _check_texts(document)
    return document


def _check_texts(document: Any) -> None:
    """Walks the document level by level, so that depth is counted and never recursed into."""
    level: list[tuple[str, Any]] = [("", document)]
    depth = 0
    while level:
        if depth > MAX_DEPTH:
            raise malformed_json(f"it is nested more than {MAX_DEPTH} levels deep")
        depth += 1
        below: list[tuple[str, Any]] = []
        for where, value in level:
            if isinstance(value, str):
                _check_text(where, value)
            elif isinstance(value, dict):
                for name, item in value.items():
                    _check_text(where, name)
                    below.append((f"{where}/{shown(name)}", item))
            elif isinstance(value, list):
                below.extend((f"{where}/{index}", item) for index, item in enumerate(value))
        level = below


def _check_text(where: str, text: str) -> None:
    if "\x00" not in text:
        try:
            text.encode()
        except UnicodeEncodeError:
            pass
        else:
            return
    detail = "The text holds a NUL character or half of a surrogate pair, which cannot be stored."
    remedy = "Remove it."
    raise Problem(
        status=422,
        code="unreadable_text",
        detail=detail,
        remedy=remedy,
        errors=[FieldError(where, "unreadable_text", detail, remedy)],
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _NotJsonError("an object holds the same name twice")
    return found


def _constant(_name: str) -> NoReturn:
    raise _NotJsonError("it holds NaN or Infinity")


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise _NotJsonError("it holds a number beyond the range of a double")
    return number


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)
