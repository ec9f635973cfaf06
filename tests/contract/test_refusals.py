"""Refusals on the wire: one code for one idea in all services, and remedies that a caller can follow."""

from __future__ import annotations

import importlib
import inspect
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from chassis.pure.code_lists import published
from chassis.pure.decision import Refused

ROOT = Path(__file__).resolve().parents[2]
MODULES = ("counselling", "placement", "referral", "training", "vocabulary")
LISTS = published(ROOT / "schemas" / "reference")
SPELLED = re.compile(r'\bRefused\(\s*(?:code=)?f?"([a-z0-9_{}]+)"')
STATES = (
    SimpleNamespace(id="an id", status="withdrawn", desk="centre:SN-DAK"),
    SimpleNamespace(id="an id", status="in_progress", desk="the desk in Berlin"),
)
"""All that a refusal reads of a state."""


def made(function: Any) -> Iterator[Refused]:
    """What a function refuses with, whatever it is given; a code list is one that exists."""
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
    assert {path for found in files.values() for path in found} == {f"services/{each}/refusals.py" for each in MODULES}


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
