"""What a query of the rules and dashboards names: metrics and labels. By patterns: promtool checks the syntax."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_COMMENT = re.compile(r"#.*$", re.MULTILINE)
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_SELECTED = re.compile(r"([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}")
_MATCHER = re.compile(r"([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)")
_GROUPED = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_NAME = re.compile(r"(?<![\w:$])[a-zA-Z_:][\w:]*(?![\w:]*\s*\()")
_WORDS = {"by", "without", "on", "ignoring", "group_left", "group_right", "and", "or", "unless", "offset", "bool"}


class Named(NamedTuple):
    """`selected`: which labels stand in which metric's braces. `grouped`: by which labels series are put together."""

    metrics: frozenset[str]
    selected: frozenset[tuple[str, str]]
    grouped: frozenset[str]


def named(query: str) -> Named:
    """All that a query names."""
    plain = _TEXT.sub('""', _COMMENT.sub("", query))
    selected = {(metric, label) for metric, inner in _SELECTED.findall(plain) for label in _MATCHER.findall(inner)}
    grouped = {label.strip() for inner in _GROUPED.findall(plain) for label in inner.split(",") if label.strip()}
    bare = _GROUPED.sub(" ", re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", plain))
    return Named(frozenset(_names(bare)), frozenset(selected), frozenset(grouped))


def _names(bare: str) -> Iterator[str]:
    for name in _NAME.findall(bare):
        if name not in _WORDS and re.fullmatch(r"\d+[smhdwy]|e\d+|inf|nan|NaN|Inf", name) is None:
            yield name
