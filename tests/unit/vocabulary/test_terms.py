"""A closed list is written once: in the vocabulary if several services say it, else in the service that does."""

from __future__ import annotations

import ast
import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from chassis.pure.reference import DIRECTORY
from tests.support.services import NAMES
from vocabulary import roles
from vocabulary.codes import Org

ROOT = Path(__file__).resolve().parents[3]


def literals(text: str) -> Iterator[frozenset[Any]]:
    """The values of each `Literal[...]` in a source text."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "Literal":
            values = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            yield frozenset(value.value for value in values if isinstance(value, ast.Constant))


def test_no_closed_list_stands_twice() -> None:
    found: dict[frozenset[Any], list[str]] = defaultdict(list)
    for package in ("vocabulary", *NAMES):
        for path in sorted((ROOT / "services" / package).rglob("*.py")):
            for values in literals(path.read_text(encoding="utf-8")):
                found[values].append(path.relative_to(ROOT).as_posix())
    assert found
    assert {tuple(sorted(values)): places for values, places in found.items() if len(places) > 1} == {}


def test_a_literal_is_found_wherever_it_stands() -> None:
    text = (
        'A = Literal["a", "b"]\nclass C:\n    x: Literal["b", "a"] | None = None\n    def f(self) -> Literal["a"]: ...'
    )
    assert sorted(map(sorted, literals(text))) == [["a"], ["a", "b"], ["a", "b"]]


def test_a_role_is_a_code_of_the_published_list() -> None:
    with (DIRECTORY / "roles.v1.csv").open(encoding="utf-8") as file:
        published = {row["code"] for row in csv.DictReader(file)}
    named = {value for name, value in vars(roles).items() if name.isupper() and isinstance(value, str)}
    assert named | {"system"} == published, "a role that opens nothing is in no list"
    assert roles.KINDS_OF.keys() == named
    assert {kind for kinds in roles.KINDS_OF.values() for kind in kinds} <= set(roles.ORG_KINDS)


def test_the_envelope_knows_the_same_kinds_of_organisations() -> None:
    schema = json.loads((ROOT / "schemas" / "envelope.v1.json").read_text(encoding="utf-8"))
    (field,) = get_args(Org)[1:]
    assert schema["properties"]["ce_actororg"]["pattern"] == field.metadata[0].pattern


@pytest.mark.parametrize("service", NAMES)
def test_a_service_acts_for_an_organisation_that_the_envelope_can_name(service: str) -> None:
    app = import_module(f"{service}.app")
    whole = app.SERVICE
    assert TypeAdapter(Org).validate_python(whole.actor.org) == f"programme:{service}"
    assert set(whole.org_kinds) == set(roles.ORG_KINDS)
    assert whole.subject == "case"


@pytest.mark.parametrize("org", ["NG-LOS", "shop:NG-LOS", "centre:", "centre:NG LOS", "Centre:NG-LOS"])
def test_what_names_no_organisation_is_refused(org: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Org).validate_python(org)
