"""Refusals on the wire: one code for one idea in all services, remedies that a caller can follow, and full tables."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chassis.http import exception_handlers
from chassis.pure.code_lists import published
from chassis.pure.decision import Refused
from tests.contract.catalogue import SERVICES
from vocabulary.refusals import access_ended, access_suspended, not_a_centre

ROOT = Path(__file__).resolve().parents[2]
MODULES = (*SERVICES, "vocabulary")
LISTS = published(ROOT / "schemas" / "reference")
SPELLED = re.compile(r'\bRefused\(\s*(?:code=)?f?"([a-z0-9_{}]+)"')
STATES = (
    SimpleNamespace(id="an id", status="withdrawn", desk="centre:SN-DAK"),
    SimpleNamespace(id="an id", status="in_progress", desk="the desk in Berlin"),
)
"""All that a refusal reads of a state."""


def made(function: Any) -> Iterator[Refused]:
    """What a function refuses with, whatever it is given; a code list is one that exists. Or it is a refusal itself."""
    if isinstance(function, Refused):
        yield function
        return
    for state in STATES:
        given = {
            name: {"code_list": "wishes", "str": "word", "int": 1}.get(name if name == "code_list" else each.annotation)
            or state
            for name, each in inspect.signature(function).parameters.items()
            if each.kind is each.POSITIONAL_OR_KEYWORD
        }
        yield function(**given)


def refusals() -> list[tuple[str, Refused]]:
    """Every constant and what every function makes, with the service."""
    found = []
    for service in MODULES:
        module = importlib.import_module(f"{service}.refusals")
        for value in vars(module).values():
            if isinstance(value, Refused):
                found.append((service, value))
            elif inspect.isfunction(value) and value.__module__ == module.__name__ and value.__name__[0] != "_":
                found += [(service, each) for each in made(value)]
    return found


ALL = refusals()


def test_refusals_of_every_service_are_seen() -> None:
    assert {service for service, _ in ALL} == set(MODULES)
    assert len({refused.code for _, refused in ALL}) > 50


def test_a_code_has_one_status() -> None:
    statuses = defaultdict(set)
    for _, refused in ALL:
        statuses[refused.code].add(refused.status)
    assert {code: found for code, found in statuses.items() if len(found) > 1} == {}


def test_an_idea_is_spelled_in_one_file() -> None:
    """What two services refuse with comes from the vocabulary: it cannot mean two things."""
    files = defaultdict(set)
    for path in (ROOT / "services").rglob("*.py"):
        if path.relative_to(ROOT / "services").parts[0] in MODULES:
            for code in SPELLED.findall(path.read_text(encoding="utf-8")):
                files[code].add(str(path.relative_to(ROOT)))
    assert {code: found for code, found in files.items() if len(found) > 1} == {}
    assert {path for found in files.values() for path in found} <= {f"services/{each}/refusals.py" for each in MODULES}


def test_no_two_codes_differ_in_the_order_of_words_only() -> None:
    names = defaultdict(set)
    for _, refused in ALL:
        names[tuple(sorted(refused.code.split("_")))].add(refused.code)
    assert [found for found in names.values() if len(found) > 1] == []


def test_a_remedy_names_code_lists_as_a_caller_reads_them() -> None:
    for _, refused in ALL:
        text = f"{refused.detail} {refused.remedy}"
        assert ".csv" not in text, refused.code
        assert "schemas/" not in text, refused.code
        named = re.findall(r"GET /code-lists/([a-z0-9_]+)", text)
        assert set(named) <= LISTS.keys(), refused.code
        words = {word for word in re.findall(r"[a-z0-9_]+", text) if "_" in word}
        assert words & LISTS.keys() <= set(named), refused.code


PAGE = ROOT / "services" / "README.md"
FROM_A_TEMPLATE = {("path_malformed", 400), ("query_malformed", 400)}
"""`{what}_malformed`: an address has two parts."""


def rows(page: Path) -> set[tuple[str, int]]:
    """Codes and statuses as the tables of a page's section on refusals have them. No status: an event is parked."""
    section = page.read_text(encoding="utf-8").partition("\n## Refusals")[2].partition("\n## ")[0]
    found = set()
    for line in section.splitlines():
        codes = re.findall(r"`(\w+)`", line.split("|")[1]) if line.startswith("| `") else []
        numbers = [int(each) for each in re.findall(r"\d+", line.split("|")[2])] if codes else []
        assert len(numbers) in {0, 1, len(codes)}, line
        found |= set(zip(codes, numbers * len(codes) if len(numbers) == 1 else numbers, strict=False))
    return found


SHARED = {f"vocabulary.{name}": ROOT / "services" / "vocabulary" / f"{name}.py" for name in ("signing", "finding")}
"""What refuses for several services: by the rules of who records consents, and of who looks for somebody."""


def imported(service: str) -> Iterator[Refused]:
    """What a service's modules refuse with straight from the vocabulary; what its own refusals add is theirs."""
    for path in (ROOT / "services" / service).rglob("*.py"):
        if path.name != "refusals.py":
            yield from imported_by(path)


def imported_by(path: Path) -> Iterator[Refused]:
    """The same of one module, and of the rules that it shares."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "vocabulary.refusals":
            for each in node.names:
                found = getattr(importlib.import_module("vocabulary.refusals"), each.name)
                yield from [found] if isinstance(found, Refused) else made(found)
        elif isinstance(node, ast.ImportFrom) and node.module in SHARED:
            yield from imported_by(SHARED[node.module])
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "centres":
            country = [access_suspended(), access_ended()]
            yield from {"shut": [not_a_centre(), *country], "elsewhere": country}.get(node.attr, [])


def spelled(folder: Path) -> Iterator[tuple[str, int]]:
    """Code and status of every problem or refusal that a module spells out."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in {"Problem", "Refused"}
            ):
                given = {each.arg: each.value.value for each in node.keywords if isinstance(each.value, ast.Constant)}
                if "code" in given:
                    yield str(given["code"]), int(str(given.get("status", 409)))


@pytest.mark.parametrize("service", MODULES[:-1])
def test_the_table_of_a_service_has_every_refusal_of_it_and_no_other(service: str) -> None:
    given = {(each.code, each.status) for name, each in ALL if name == service}
    given |= {(each.code, each.status) for each in imported(service)}
    given |= set(spelled(ROOT / "services" / service))
    assert rows(ROOT / "services" / service / "README.md") == given


def test_the_table_of_every_service_has_every_refusal_of_the_chassis_and_no_other() -> None:
    given = {(code, status) for status, (code, *_words) in exception_handlers._HTTP.items()}
    assert rows(PAGE) == given | set(spelled(ROOT / "services" / "chassis")) | FROM_A_TEMPLATE


def test_the_judge_of_tables_sees_codes_and_statuses(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(
        "| `no` | 400 | |\n\n## Refusals\n\n| Code | Status |\n|---|---|\n| `a`, `b` | 409 | `c` |\n"
        "| `d`, `e` | 404, 405 | |\n| `f` | parks the event | |\n\n## Settings\n| `g` | 1 |\n"
    )
    assert rows(page) == {("a", 409), ("b", 409), ("d", 404), ("e", 405)}
