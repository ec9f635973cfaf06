"""The registry of telemetry has every attribute that a span may have, and no other one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from chassis.telemetry.tracing import Attributes

ROOT = Path(__file__).resolve().parents[3]
SUBJECT = "ph.case.id"
"""What a service's spans are about: each service names its own (`Service.subject`)."""
MAKERS = ("services/chassis/telemetry/tracing.py", "services/chassis/telemetry/span_export.py")


def attributes_of_the_page() -> dict[str, frozenset[str]]:
    """Those of the table of spans, by the kind of span."""
    page = (ROOT / "docs" / "telemetry.md").read_text(encoding="utf-8")
    _, _, rest = page.partition("| Span | Kind | Attributes |")
    table, _, _ = rest.partition("\n\n")
    rows = [row.split("|") for row in re.findall(r"^\| `.*$", table, re.MULTILINE)]
    return {row[2].strip(): frozenset(re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)`", row[3])) for row in rows}


def imported(path: Path) -> Iterator[str]:
    """What a module takes of OpenTelemetry."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("opentelemetry"):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name.startswith("opentelemetry"))


def test_the_registry_has_every_attribute_of_spans_and_no_other() -> None:
    assert frozenset().union(*attributes_of_the_page().values()) == {*Attributes.__annotations__, SUBJECT}


def test_spans_are_made_in_one_place_whose_attributes_mypy_holds_to_that_list() -> None:
    others = {
        path: set(imported(path))
        for path in (ROOT / "services").rglob("*.py")
        if str(path.relative_to(ROOT)) not in MAKERS and "opentelemetry" in path.read_text(encoding="utf-8")
    }
    assert {name for names in others.values() for name in names} == {"SpanKind"}
    tracing = ast.parse((ROOT / MAKERS[0]).read_text(encoding="utf-8"))
    built = [
        node for node in ast.walk(tracing) if isinstance(node, ast.Call) and ast.unparse(node.func) == "ReadableSpan"
    ]
    assert len(built) == 1
