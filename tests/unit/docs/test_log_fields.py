"""What a log line is said to tell goes out: the fields on the page of telemetry, and those that the code logs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.telemetry import logs
from chassis.telemetry.scrub import FIELDS
from tests.support.loglines import configured, restore_logging

__all__ = ["restore_logging"]
ROOT = Path(__file__).resolve().parents[3]
NUMBERS = frozenset(
    {"ms", "attempt", "count", "seconds", "bytes", "outbox_id", "offset", "first_offset", "next_offset", "reread_to"}
    | {"examined", "foreign", "told_already", "keys", "parked_id", "repeat_id"}
)
"""Fields that hold numbers, which may stand in any field: their texts would be withheld, and they have none."""
SUBJECT = "case_id"
"""What a service's lines are about: each service names its own (`Service.subject`)."""
LOGS = r"(log|.*get_logger\(.*\))\.(debug|info|warning|error|exception|critical)"


def rows_of_the_page() -> Iterator[tuple[list[str], set[str]]]:
    """Of the table of log events: those of a row, and the fields that they have together."""
    page = (ROOT / "docs" / "telemetry.md").read_text(encoding="utf-8")
    _, _, table = page.partition("| Event | Fields | Meaning |")
    for row in re.findall(r"^\| (`.*)$", table, re.MULTILINE):
        events, fields, *_ = row.split("|")
        named = re.sub(r"\([^)]*\)| if [^,|]*", "", fields)
        yield re.findall(r"`(\w+)`", events), {each.strip() for each in re.split(r",| or ", named) if each.strip()}


def fields_of_the_page() -> dict[str, set[str]]:
    """Per event the fields of its row."""
    return {event: fields for events, fields in rows_of_the_page() for event in events}


def fields_of_the_code() -> Iterator[tuple[str, str]]:
    """Where the services log a field by name, and the field."""
    for path in sorted((ROOT / "services").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and re.fullmatch(LOGS, ast.unparse(node.func)):
                for keyword in node.keywords:
                    if keyword.arg not in (None, "exc_info"):
                        yield f"{path.relative_to(ROOT)}:{node.lineno}", str(keyword.arg)


@pytest.mark.parametrize("event", fields_of_the_page())
def test_every_field_of_the_page_goes_out(event: str) -> None:
    told = {name: 7 if name in NUMBERS else "a-code" for name in fields_of_the_page()[event]}
    lines = configured("case")
    logs.get_logger("here").warning(event, **told)
    [line] = lines()
    assert {name: line[name] for name in told} == told


def test_every_field_that_the_code_logs_goes_out() -> None:
    logged = list(fields_of_the_code())
    assert {"country", "says", "ms"} <= {name for _, name in logged}
    assert [(where, name) for where, name in logged if name not in FIELDS | NUMBERS | {SUBJECT}] == []
