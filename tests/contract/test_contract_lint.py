"""`schemas/check.py` finds planted personal data, and what does not fit together."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from check import check
from checks.personal_data import lint, loose, suspicious

from tests.contract.catalogue import envelope_schema, published
from tests.contract.copies import copied
from tests.contract.editing import edit_yaml

EVENT = "events/referral/CaseOpened.v1.json"
SAFE = {"type": "string", "description": "planted", "enum": ["a", "b"]}


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    """A copy of the contract without releases."""
    return copied(tmp_path / "schemas", "released")


def edit(root: Path, file: str, change: Callable[[Any], object]) -> None:
    path = root / file
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def plant(root: Path, name: str, node: dict[str, Any]) -> None:
    edit(root, EVENT, lambda schema: schema["properties"].update({name: node}))


@pytest.mark.parametrize(
    "name",
    [
        *("name", "first_name", "surname", "lastName", "birth_date", "date_of_birth", "dob", "passport_number"),
        *("phone", "telephone", "mobile", "email", "mail_to", "address", "home_address", "street", "gps"),
        *("notes", "note", "comment", "text", "free_text", "remarks", "consent_text"),
        *("health_status", "diagnosis_code", "religion", "asylum_reason", "photo", "sex"),
    ],
)
def test_it_refuses_a_property_that_is_named_like_personal_data(name: str, contract: Path) -> None:
    plant(contract, name, SAFE)
    found = [each for each in check(contract) if each.pointer == f"/properties/{name}"]
    assert found, name
    assert found[0].file == EVENT
    assert found[0].remedy


@pytest.mark.parametrize(
    "name",
    ["case_ref", "recipients", "notified_on", "evidence_ref", "age_band", "zipper", "accepted_on", "text_version"],
)
def test_it_lets_other_names_pass(name: str) -> None:
    assert suspicious(name) is None


@pytest.mark.parametrize(
    "node",
    [
        {"type": "string"},
        {"type": ["string", "null"]},
        {"type": "string", "format": "email"},
        {"type": "string", "format": "uri"},
        {"type": "string", "pattern": "."},
        {"type": "string", "pattern": "^.{1,200}$"},
        {"type": "string", "pattern": "^[^0-9]{1,50}$"},
        {"type": "string", "pattern": "^[A-Za-z ]{1,50}$"},
        {"type": "string", "pattern": r"^[\w]{1,50}$"},
        {"type": "string", "pattern": r"^\w{1,50}$"},
        {"type": "string", "pattern": "^[a-z]+$"},
        {"type": "string", "pattern": "^[a-z]{2,}$"},
        {"type": "string", "pattern": "^(centre|x):[a-z]*$"},
        {"type": "string", "pattern": "[a-z]{2}"},
        {"type": "string", "pattern": "^[a-z@.]{2,60}$"},
        {"type": "string", "pattern": "^[0-9A-Za-z.-]{1,40}$"},
        {"type": "string", "pattern": "^[A-Z0-9][A-Z0-9-]{1,31}$"},
        {"type": "string", "pattern": "^[a-z][a-z0-9_]{1,63}$"},
        {"type": ["array"], "items": {"type": "string", "pattern": "^[a-z][a-z0-9_]{1,63}$"}},
        {"type": "array"},
        {"type": "array", "items": {"type": "string"}},
        {"type": "object"},
        {"type": "object", "properties": {"inner": {"type": "string"}}},
        {},
    ],
)
def test_it_refuses_a_place_where_free_text_fits(node: dict[str, Any], contract: Path) -> None:
    plant(contract, "planted", {**node, "description": "planted"})
    found = [each for each in check(contract) if each.pointer.startswith("/properties/planted")]
    assert found
    assert found[0].remedy


@pytest.mark.parametrize(
    "node",
    [
        {"type": "string", "pattern": "^[a-z][a-z0-9_]{1,63}$", "x-code-list": "roles"},
        {"type": "string", "pattern": "^[0-9A-Za-z.-]{1,9}$"},
        {"type": "array", "items": {"type": "string", "pattern": "^[a-z][a-z0-9_]{1,63}$"}, "x-code-list": "needs"},
    ],
)
def test_a_code_may_be_long_where_a_list_says_which_there_are(node: dict[str, Any], contract: Path) -> None:
    plant(contract, "planted", {**node, "description": "planted"})
    assert [each for each in check(contract) if each.pointer.startswith("/properties/planted")] == []


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[0-9]{4}$",
        r"^PH-[0-9A-HJKMNP-TV-Z]{7}$",
        r"^[0-9]{4}(\.[0-9]{3,6})?Z$",
        r"^(centre|country):[A-Za-z0-9-]{1,40}$",
    ],
)
def test_it_lets_a_bounded_pattern_pass(pattern: str) -> None:
    assert loose(pattern) is None


def test_the_contract_of_today_has_no_place_for_personal_data() -> None:
    for name, schema in {**published(), "envelope": envelope_schema()}.items():
        assert list(lint(name, schema)) == []


def topic(root: Path, change: Callable[[Any], object]) -> None:
    edit_yaml(root, "topics.yaml", lambda found: change(found["topics"]))


BROKEN_TOPICS: dict[str, tuple[Callable[[Any], object], str]] = {
    "an event is in no topic": (lambda t: t["ph.referral.v1"]["events"].remove("CaseOpened"), "is in no topic"),
    "an event is declared that has no schema": (
        lambda t: t["ph.referral.v1"]["events"].append("CaseClosed"),
        "events/referral/CaseClosed.v1.json is missing",
    ),
    "an event is in the topic of another service": (
        lambda t: t["ph.training.v1"]["events"].append("CaseOpened"),
        "events/training/CaseOpened.v1.json is missing",
    ),
    "a field is unknown": (lambda t: t["ph.referral.v1"].update(retention=3), "unexpected"),
    "partitions are no number": (lambda t: t["ph.referral.v1"].update(partitions="six"), "is not of type"),
    "retention is set twice": (
        lambda t: t["ph.referral.v1"]["config"].update({"retention.ms": 1}),
        "should not be valid",
    ),
    "a reader does not exist": (lambda t: t["ph.referral.v1"]["readers"].append("nobody"), "is no other service"),
    "the owner reads itself": (lambda t: t["ph.referral.v1"]["readers"].append("referral"), "is no other service"),
    "the owner is another": (
        lambda t: t["ph.referral.v1"].update(owner="training"),
        "training does not own ph.referral.v1",
    ),
    "a further topic belongs to no service": (
        lambda t: t["ph.reference.v1"].update(owner="ministry"),
        "ministry does not own ph.reference.v1",
    ),
    "an event is in another topic of its owner": (
        lambda t: (
            t["ph.referral.v1"]["events"].append("CountrySwitched"),
            t["ph.reference.v1"]["events"].append("CaseOpened"),
            t["ph.reference.v1"]["events"].remove("CountrySwitched"),
            t["ph.referral.v1"]["events"].remove("CaseOpened"),
        ),
        "x-topic is 'ph.referral.v1', not 'ph.reference.v1'",
    ),
    "the key is another": (lambda t: t["ph.training.v1"].update(key="case_id"), "the events have the keys"),
}


@pytest.mark.parametrize("case", BROKEN_TOPICS)
def test_it_refuses_topics_where(case: str, contract: Path) -> None:
    change, words = BROKEN_TOPICS[case]
    topic(contract, change)
    assert any(words in each.problem for each in check(contract)), check(contract)


def empty(root: Path) -> None:
    shutil.rmtree(root / "events")
    (root / "envelope.v1.json").unlink()


BROKEN_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "an example is missing": (
        lambda root: (root / "examples/referral/CaseOpened.v1.json").unlink(),
        "has no example",
    ),
    "an example has no schema": (
        lambda root: shutil.copy(
            root / "examples/referral/CaseOpened.v1.json", root / "examples/referral/CaseShut.v1.json"
        ),
        "there is no events/referral/CaseShut.v1.json",
    ),
    "an example breaks its schema": (
        lambda root: edit(root, "examples/referral/CaseOpened.v1.json", lambda e: e["value"].update(country="Nigeria")),
        "does not match",
    ),
    "an example has another key": (
        lambda root: edit(root, "examples/referral/CaseOpened.v1.json", lambda e: e.update(key="x")),
        "is not the case_id of the value",
    ),
    "an example has a wrong header": (
        lambda root: edit(root, "examples/referral/CaseOpened.v1.json", lambda e: e["headers"].update(ce_type="x")),
        "does not match",
    ),
    "an example has another country in its header": (
        lambda root: edit(root, "examples/referral/CaseOpened.v1.json", lambda e: e["headers"].update(ce_country="GH")),
        'is "GH", not "NG"',
    ),
    "a schema is not JSON": (lambda root: (root / EVENT).write_text("{"), "is not JSON"),
    "a schema is none": (lambda root: edit(root, EVENT, lambda s: s.update(required="all")), "is no JSON Schema"),
    "a schema has the id of another": (lambda root: edit(root, EVENT, lambda s: s.update({"$id": "x"})), "$id is"),
    "a property is not described": (
        lambda root: edit(root, EVENT, lambda s: s["properties"]["country"].pop("description")),
        "has no description",
    ),
    "a type inside a schema has no title": (
        lambda root: edit(root, EVENT, lambda s: s["properties"]["return_type"].pop("title")),
        "the type has no title",
    ),
    "two types have one title": (
        lambda root: edit(root, EVENT, lambda s: s["properties"]["return_type"].update(title="Target group")),
        "the title 'Target group' is that of another type",
    ),
    "two events have one title": (
        lambda root: edit(root, EVENT, lambda s: s.update(title="Job offered")),
        "the title 'Job offered' is that of events/",
    ),
    "a type has the title of an event": (
        lambda root: edit(root, EVENT, lambda s: s["properties"]["return_type"].update(title="Job offered")),
        "the title 'Job offered' is that of another type",
    ),
    "something is required that is not described": (
        lambda root: edit(root, EVENT, lambda s: s["required"].append("mood")),
        "'mood' is required but not described",
    ),
    "a code list does not exist": (
        lambda root: edit(root, EVENT, lambda s: s["properties"]["country"].update({"x-code-list": "lands"})),
        "there is no reference/lands.v1.csv",
    ),
    "the topics are no YAML": (lambda root: (root / "topics.yaml").write_text("a: [b"), "cannot be read"),
    "the folder is empty": (empty, "there are no schemas here"),
}


@pytest.mark.parametrize("case", BROKEN_FILES)
def test_it_refuses_a_contract_where(case: str, contract: Path) -> None:
    change, words = BROKEN_FILES[case]
    change(contract)
    assert any(words in each.problem for each in check(contract)), check(contract)
