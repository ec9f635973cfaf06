"""Mistakes that cosmic-ray does not make: a statement forgotten, an error not caught, SQL that says a bit less.

Much of what must hold is kept by SQL, which to a mutation tester of Python is a text.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

_SQL = re.compile(r"\b(select|insert into|update|delete from)\b")
_CONDITION = (
    r"""[^()\n"]+?(\([^()\n]*\)[^()\n"]*?)?(?=\s+and\b|\s+or\b|\s*$|\s*[")]|\s+(order|limit|returning|for|do)\b)"""
)
_WORDS = (
    ("SqlDropCondition", rf"\s+and (?:not )?{_CONDITION}", ""),
    ("SqlDropCondition", rf"(?<=where ){_CONDITION}\s+and ", ""),
    ("SqlBoundary", r"<=", "<"),
    ("SqlBoundary", r"(?<![<=>!])<(?![=>])", "<="),
    ("SqlBoundary", r">=", ">"),
    ("SqlBoundary", r"(?<![<>=-])>(?!=)", ">="),
    ("SqlPlusMinus", r"(?<= )\+(?= )", "-"),
    ("SqlPlusMinus", r"(?<= )-(?= )", "+"),
    ("SqlGreatestLeast", r"\bgreatest\b", "least"),
    ("SqlGreatestLeast", r"\bleast\b", "greatest"),
    ("SqlOrder", r"(?<=order by )[\w.]+", r"\g<0> desc"),
    ("SqlLock", r"\s+for (no key )?update( skip locked)?", ""),
    ("SqlNull", r"\bis null\b", "is not null"),
    ("SqlNull", r"\bis not null\b", "is null"),
    ("SqlExists", r"\bnot exists\b", "exists"),
    ("SqlExists", r"(?<!not )(?<!if )\bexists\b", "not exists"),
    ("SqlLimit", r"\blimit (?=\$)", "limit 1 + "),
)
_CHANGES = tuple((name, re.compile(pattern, re.MULTILINE), instead) for name, pattern, instead in _WORDS)

Change = tuple[str, int, int, str]
"""Operator, beginning and end in the source, what stands there instead."""


def changes(source: str) -> Iterator[Change]:
    """Every mistake of this kind that can be made in a module."""
    lines = _line_starts(source)
    documentation = _documentation(tree := ast.parse(source))
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Call() | ast.Await()) | ast.AugAssign() | ast.Raise() | ast.Delete():
                yield "RemoveStatement", *_span(node, lines), "pass"
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript(), *_]):
                yield "RemoveStatement", *_span(node, lines), "pass"
            case ast.ExceptHandler(type=ast.expr() as caught):
                yield "CatchNothing", *_span(caught, lines), "()"
            case ast.Compare(left=left, ops=[ast.In() | ast.NotIn() as op], comparators=[right]):
                instead = " in " if isinstance(op, ast.NotIn) else " not in "
                yield "TurnMembership", _span(left, lines)[1], _span(right, lines)[0], instead
            case ast.JoinedStr() | ast.Constant(value=str()) if id(node) not in documentation:
                yield from _sql(source, *_span(node, lines))


def _sql(source: str, begin: int, end: int) -> Iterator[Change]:
    text = source[begin:end]
    if not _SQL.search(text):
        return
    for name, pattern, instead in _CHANGES:
        for found in pattern.finditer(text):
            yield name, begin + found.start(), begin + found.end(), found.expand(instead)


def _documentation(tree: ast.Module) -> set[int]:
    """Strings that are statements, and the parts of f-strings, whose place Python 3.11 does not know."""
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    whole = {id(node) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)}
    return statements | (inside - whole)


def _line_starts(source: str) -> list[int]:
    starts = [0, 0]  # lines count from 1
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def _span(node: ast.stmt | ast.expr, lines: list[int]) -> tuple[int, int]:
    """Columns are bytes of UTF-8: `making` sees to it that sources are ASCII."""
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return lines[node.lineno] + node.col_offset, lines[node.end_lineno] + node.end_col_offset
