"""A good request with one thing about it changed: a field, a parameter, a header, or the text of its JSON."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

LETTERS = (
    "\u00e9\u0301\u05d0\u0639\u202e\u200b\ufeff\ufffd\uffff\U00010348\U0001f9d1\u200d\U0001f33e\U000e0041\U0010ffff"
)
"""Of all planes: combining, from right to left, invisible, not assigned, and outside of the basic plane."""
WRONG: Sequence[Any] = (
    None,
    True,
    0,
    -1,
    1.5,
    1e308,
    -1e-320,
    2**31,
    2**53 + 1,
    2**63,
    -(2**63) - 1,
    10**400,
    "",
    " ",
    "\t\r\n",
    "0",
    "null",
    LETTERS,
    LETTERS * 300,
    "x" * 70_000,
    "\x00",
    "\x7f\x85\u2028",
    "' or 1=1; --",
    "${jndi:ldap://x.invalid}",
    "../../../etc/passwd",
    "\u0660\u0661\u0662",
    "00000000-0000-0000-0000-000000000000",
    "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
    [],
    [[]],
    {},
    {"": None},
    {"a": {"b": [1]}},
)
DAYS = (
    "0001-01-01",
    "0000-01-01",
    "0999-12-31",
    "1582-10-10",
    "1899-12-31",
    "1900-01-01",
    "1970-01-01",
    "2026-02-29",
    "2028-02-29",
    "2038-01-19",
    "2099-12-31",
    "2100-12-31",
    "2200-01-01",
    "9999-12-31",
    "10000-01-01",
    "-0001-01-01",
    "2026-1-1",
    "20260101",
    "2026-W01-1",
    "2026-001",
    "\u0662\u0660\u0662\u0666-01-01",
)
TIMES = (
    "T00:00:00Z",
    "T23:59:59.999999Z",
    "T23:59:60Z",
    "T24:00:00Z",
    "T00:00:00+14:00",
    "T23:59:59-23:59",
    "T00:00:00",
    "T00:00:00.0000001Z",
    " 00:00:00Z",
)
TAGS = (
    "*",
    '"a"',
    'W/"a"',
    '"a", "b"',
    ",,",
    '"',
    "a",
    '"a" "b"',
    '"\u00e9"',
    "W/*",
    '""',
    "*, *",
    '"' + "x" * 9000 + '"',
)
KEYS = ("", "short", "x" * 128, "x" * 129, "has spaces in it", "a" * 8, "\u00e9" * 8, "../../..", "x" * 9000)
CURSORS = ("", "=", "e30", "W10", "bnVsbA", "A" * 1024, "A" * 1025, "\x00", LETTERS, "%", "e30=", "..")
HEADERS: Sequence[Mapping[str, str]] = (
    {"Content-Type": "text/plain"},
    {"Content-Type": "application/json; charset=utf-16"},
    {"Content-Type": "application/merge-patch+json"},
    {"Content-Type": "application/json;;"},
    {"Content-Type": "a"},
    {"Content-Encoding": "gzip"},
    {"Accept": "text/html"},
    {"Accept": "application/xml;q=0.1, */*;q=0"},
    {"Accept-Language": "xx"},
    {"Range": "bytes=0-0"},
    {"Expect": "200-ok"},
    {"If-None-Match": "*"},
    {"If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
    {"traceparent": "00-" + "0" * 32 + "-" + "0" * 16 + "-zz"},
    {"baggage": "a=" + "b" * 5000},
    {"X-Request-Id": "Ada"},
    {"Forwarded": "for=unknown;host=x.invalid;proto=http"},
    {"X-HTTP-Method-Override": "DELETE"},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer \u00e9"},
    {"Authorization": "Basic QTpB"},
)

Sent = dict[str, Any]
"""`path`, `query`, `headers`, and `body` or, once it is text, `content`."""


def spoil(good: Sent, drawn: Sent, declared: frozenset[str], dice: random.Random) -> Sent:
    """A copy with one thing changed. `drawn` is a whole request that somebody made up, whose parts may be taken;
    `declared` are the headers that the operation takes, in lower case."""
    found = copy.deepcopy(good)
    ways: list[Callable[[Sent, Sent, random.Random], None]] = [_header]
    if found.get("body") is not None:
        ways += [_leaf] * 6 + [_drawn_field] * 6 + [_raw] * 2 + [_extra]
    if found["query"] or drawn["query"]:
        ways += [_query] * 4 + [_drawn_query] * 4
    if found["path"]:
        ways.append(_path)
    if "if-match" in declared:
        ways.append(_tag)
    if "idempotency-key" in declared:
        ways.append(_key)
    dice.choice(ways)(found, drawn, dice)
    return found


def _header(found: Sent, _drawn: Sent, dice: random.Random) -> None:
    found["headers"] |= dice.choice(HEADERS)


def _tag(found: Sent, _drawn: Sent, dice: random.Random) -> None:
    found["headers"]["If-Match"] = dice.choice(TAGS)


def _key(found: Sent, _drawn: Sent, dice: random.Random) -> None:
    found["headers"]["Idempotency-Key"] = dice.choice(KEYS)


def _path(found: Sent, _drawn: Sent, dice: random.Random) -> None:
    name = dice.choice(list(found["path"]))
    value = str(_other(found["path"][name], dice))
    found["path"][name] = value[:500] or "%20"


def _query(found: Sent, drawn: Sent, dice: random.Random) -> None:
    name = dice.choice(sorted({*found["query"], *drawn["query"]}))
    was = found["query"].get(name, "2026-01-01" if "since" in name or name in {"on", "before"} else "")
    if name != "cursor":
        found["query"][name] = _short(_other(was, dice))
        return
    garbled = [was[:at] + letter + was[at + 1 :] for at in range(len(was)) for letter in "A_="]
    kinds: Sequence[Sequence[str]] = (CURSORS, garbled, found.get("cursors", ()))  # ... and those of other lists
    found["query"][name] = dice.choice(dice.choice([kind for kind in kinds if kind]))


def _drawn_query(found: Sent, drawn: Sent, dice: random.Random) -> None:
    for name in dice.sample(sorted(drawn["query"]), min(1, len(drawn["query"]))):
        found["query"][name] = drawn["query"][name]


def _short(value: Any) -> str:
    return (value if isinstance(value, str) else json.dumps(value))[:3000]


def _drawn_field(found: Sent, drawn: Sent, dice: random.Random) -> None:
    """A field as it was made up from its schema, well or badly."""
    body = drawn.get("body")
    if isinstance(body, dict) and body and isinstance(found["body"], dict):
        name = dice.choice(list(body))
        found["body"][name] = body[name]
    else:
        _leaf(found, drawn, dice)


def _extra(found: Sent, _drawn: Sent, dice: random.Random) -> None:
    if isinstance(found["body"], dict):
        found["body"][dice.choice(("", "__proto__", "id", "nickname", LETTERS, "x" * 3000))] = dice.choice(WRONG)


def _leaf(found: Sent, _drawn: Sent, dice: random.Random) -> None:
    """Somewhere inside: another value, or none."""
    places = list(_places(found, "body"))
    holder, at = dice.choice(places)
    if dice.random() < 0.1 and holder is not found:
        del holder[at]
    else:
        holder[at] = _other(holder[at], dice)


def _places(holder: Any, at: Any) -> list[tuple[Any, Any]]:
    value = holder[at]
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(holder, at)] + [place for each, _ in list(inside) for place in _places(value, each)]


def _other(was: Any, dice: random.Random) -> Any:
    """A value in its place, often of a kind that looks alike."""
    if isinstance(was, str) and was[:4].isdigit() and was[4:5] == "-" and dice.random() < 0.7:
        return dice.choice(DAYS) + (dice.choice(TIMES) if len(was) > 10 or dice.random() < 0.1 else "")
    if isinstance(was, int) and dice.random() < 0.5:
        return dice.choice((was + 1, was - 1, -was, was * 1000, float(was), str(was)))
    if isinstance(was, str) and was and dice.random() < 0.3:
        return dice.choice((was.swapcase(), was + " ", was[:-1], was * 50, was + "\u0301", f"{was}\n", f"\ufeff{was}"))
    if isinstance(was, list) and dice.random() < 0.5:
        return dice.choice((was * 2, was * 30, [was], [*was, None], [*was, LETTERS], []))
    return dice.choice(WRONG)


def _raw(found: Sent, _drawn: Sent, dice: random.Random) -> None:
    """Text that a JSON library would not write."""
    text = json.dumps(found.pop("body"))
    name = dice.choice(('"a"', '"id"', '"\\ud800"', '"\\u0000"'))
    found["content"] = dice.choice(
        (
            text.replace("{", "{" + f"{name}: 1, {name}: 2, ", 1),
            text.replace('": "', '": "\\ud800', 1),
            text.replace('": "', '": "\\udc00\\ud800', 1),
            text.replace('": "', '": "\\ud83e\\uddd1', 1),
            text.replace('": "', '": "\\u0000', 1),
            text.replace('": ', '": 1' + "0" * 5000 + ', "a": ', 1),
            text.replace('": ', '": -0.0e-999999, "a": ', 1),
            text.replace('": ', '": 1e400, "a": ', 1),
            text.replace('": ', '": NaN, "a": ', 1),
            text.replace('": ', '": ' + "[" * 40 + "]" * 40 + ', "a": ', 1),
            text.replace('": ', '": ' + "[" * 9000 + "]" * 9000 + ', "a": ', 1),
            text.replace('": ', '": ' + '{"a":' * 900 + "1" + "}" * 900 + ', "a": ', 1),
            text[:-1],
            text + text,
            "\ufeff" + text,
            f"/**/{text}",
            text.replace('"', "'"),
            text[:-1] + ",}",
            " " * 60_000 + text,
            "null",
            '"\\ud800"',
            "",
        )
    )
