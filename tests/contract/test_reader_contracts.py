"""What services read of each other's events exists, means the same, and survives what a future producer adds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest
from checks.personal_data import loose
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from chassis.pure.messages import Contract
from tests.contract.catalogue import SERVICES, examples, published, registry, topics, values
from tests.contract.test_schemas_and_models import shape

LIGHT = settings(max_examples=25)


def contracts(service: str) -> list[type[Contract]]:
    """The reader models of a service; where it reads all others, they lie in a module per service that is read."""
    package = import_module(f"{service}.contracts")
    modules = [package, *(each for each in vars(package).values() if isinstance(each, ModuleType))]
    within = [each for each in modules if each.__name__.startswith(package.__name__)]
    found = [each for module in within for each in (*vars(module).values(), *getattr(module, "ALL", ()))]
    models = [each for each in found if isinstance(each, type) and issubclass(each, Contract) and each.type]
    return [*dict.fromkeys(models)]


READERS = [(service, contract) for service in SERVICES for contract in contracts(service)]
IDS = [f"{service}-{contract.__module__.rpartition('.')[2]}-{contract.__name__}" for service, contract in READERS]


def name_of(contract: type[Contract]) -> str:
    return "/".join(contract.type.split(".")[1:3])


@pytest.mark.parametrize(("service", "contract"), READERS, ids=IDS)
def test_a_reader_reads_an_event_that_is_published(service: str, contract: type[Contract]) -> None:
    event = registry()[name_of(contract)]
    assert (contract.type, contract.topic) == (event.type, event.topic)
    assert service in topics()[contract.topic]["readers"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reads_the_topics_that_are_declared_for_it(service: str) -> None:
    declared = {name for name, topic in topics().items() if service in topic["readers"]}
    assert {contract.topic for contract in contracts(service)} == declared


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_handles_are_its_reader_models(service: str) -> None:
    assert set(import_module(f"{service}.consumers").EVENTS) == set(contracts(service))


@pytest.mark.parametrize(("service", "contract"), READERS, ids=IDS)
def test_a_reader_uses_fields_that_exist_and_relies_on_none_that_may_be_absent(
    service: str, contract: type[Contract]
) -> None:
    check_fields(contract, published()[name_of(contract)], f"{service}.{contract.__name__}")


def check_fields(model: type[BaseModel], schema: dict[str, object], place: str) -> None:
    for name, field in model.model_fields.items():
        assert name in schema["properties"], f"{place}: nobody publishes {name}"  # type: ignore[operator]
        if field.is_required():
            assert name in schema["required"], f"{place}: {name} may be absent"  # type: ignore[operator]


@pytest.mark.parametrize(("service", "contract"), READERS, ids=IDS)
def test_a_reader_keeps_to_the_bounds_of_what_is_published(service: str, contract: type[Contract]) -> None:
    read = shape(model := contract.model_json_schema(), model.get("$defs", {}))["properties"]
    told = shape(published()[name_of(contract)], {})["properties"]
    assert [wide for name, node in read.items() for wide in wider(f"{service}.{name}", node, told[name])] == []


def wider(place: str, read: Mapping[str, Any], told: Mapping[str, Any]) -> list[str]:
    """Where a reader's value may be larger than any that is published. A closed list may be read as a bounded code."""
    found = []
    if "properties" in read:
        for name, node in read["properties"].items():
            found += wider(f"{place}/{name}", node, told["properties"][name])
    if "items" in read:
        found += wider(f"{place}/items", read["items"], told["items"])
    for keyword in ("minimum", "maximum", "minItems", "maxItems", "format", "enum", "pattern"):
        if read.get(keyword) == told.get(keyword):
            continue
        coded = keyword in {"enum", "pattern"} and "enum" in told and "enum" not in read
        if not (coded and loose(read.get("pattern", "")) is None):
            found.append(f"{place}: {keyword} is {read.get(keyword)}, not {told.get(keyword)}")
    return found


def test_the_judge_of_bounds_finds_what_is_wider() -> None:
    code = {"type": ["string"], "pattern": "^[a-z]{1,9}$"}
    assert wider("x", code, {"type": ["string"], "enum": ["a", "b"]}) == []
    assert wider("x", code, {"type": ["string"], "pattern": "^[a-z]{1,3}$"})
    assert wider("x", {"type": ["string"]}, {"type": ["string"], "enum": ["a", "b"]})
    assert wider("x", {"type": ["integer"]}, {"type": ["integer"], "maximum": 9})
    assert wider("x", {"type": ["array"], "items": {}}, {"type": ["array"], "items": {}, "maxItems": 20})
    assert wider("x", {"properties": {"y": {}}}, {"properties": {"y": {"pattern": "^a$"}}})


LONG = json.dumps("x" * 800_000)
HERE = "what is long stands here"


@pytest.mark.parametrize(("service", "contract"), READERS, ids=IDS)
def test_a_reader_takes_no_long_text(service: str, contract: type[Contract]) -> None:
    value = next(dict(each.value) for each in examples() if each.event.type == contract.type)
    for name in contract.model_fields:
        body = json.dumps({**value, name: HERE})
        for wrong in (LONG, f"[{LONG}]"):
            with pytest.raises(ValidationError):
                contract.model_validate_json(body.replace(json.dumps(HERE), wrong))


@pytest.mark.parametrize(("service", "contract"), READERS, ids=IDS)
def test_a_reader_takes_every_golden_example(service: str, contract: type[Contract]) -> None:
    values = [each.value for each in examples() if each.event.type == contract.type]
    assert values, service
    for value in values:
        contract.model_validate_json(json.dumps(value))


READERS_OF = {
    name: [(service, contract) for service, contract in READERS if name_of(contract) == name]
    for name in sorted({name_of(contract) for _, contract in READERS})
}


@pytest.mark.parametrize("name", READERS_OF)
@LIGHT
@given(data=st.data())
def test_each_reader_takes_whatever_the_schema_allows_and_ignores_what_it_does_not_know(
    name: str, data: st.DataObject
) -> None:
    value = data.draw(values(name))
    added = value | {"added_by_a_future_producer": {"anything": [1, None]}}
    for service, contract in READERS_OF[name]:
        read = contract.model_validate_json(json.dumps(value))
        assert contract.model_validate_json(json.dumps(added)) == read, (service, contract)
