"""The published schemas and the producers' models say the same, both ways."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from checks.compatibility import CONSTRAINTS
from checks.inventory import validator
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from chassis.pure.messages import Event
from tests.contract.catalogue import examples, published, registry, values
from tests.contract.instances import instances

NAMES = sorted(registry())
LIGHT = settings(max_examples=25)


def shape(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """A schema without words, annotations and the ways in which pydantic and we write the same."""
    if "$ref" in node:
        return shape(definitions[node["$ref"].rsplit("/", 1)[1]], definitions)
    if "anyOf" in node:
        given_, null = node["anyOf"]
        assert null == {"type": "null"}
        found = shape(given_, definitions)
        if "enum" in found:
            found["enum"] = sorted([*found["enum"], None], key=str)
        return {**found, "type": sorted([*found["type"], "null"])}
    found = {keyword: node[keyword] for keyword in CONSTRAINTS if keyword in node}
    found["type"] = sorted([node["type"]] if isinstance(node["type"], str) else node["type"])
    if "enum" in found:
        found["enum"] = sorted(found["enum"], key=str)  # a set: its order says nothing
    if found.get("format") == "date-time":
        found["pattern"] = "Z$"  # chassis.codes.Instant: always UTC
    if "items" in node:
        found["items"] = shape(node["items"], definitions)
    if "properties" in node:
        found["properties"] = {name: shape(each, definitions) for name, each in node["properties"].items()}
    return found


def test_the_code_and_the_folder_have_the_same_events() -> None:
    assert set(published()) == set(registry())


@pytest.mark.parametrize("name", NAMES)
def test_properties_types_and_limits_are_equal(name: str) -> None:
    model = registry()[name].model_json_schema()
    assert shape(published()[name], {}) == shape(model, model.get("$defs", {}))


@pytest.mark.parametrize("name", NAMES)
def test_required_is_what_the_producer_always_sends(name: str) -> None:
    event, schema = registry()[name], published()[name]
    demanded = {name for name, field in event.model_fields.items() if field.is_required()}
    nullable = {name for name, field in event.model_fields.items() if field.default is None}
    required = set(schema["required"])
    # A field with a default is always sent; it may still be optional in the schema, if it was added later.
    assert demanded <= required <= set(event.model_fields) - nullable


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_says_type_topic_key_and_data_class_of_the_model(name: str) -> None:
    event, schema = registry()[name], published()[name]
    assert schema["x-type"] == event.type
    assert schema["x-topic"] == event.topic
    assert schema["x-key"] == event.key_field
    assert schema["x-data-class"] == ("pseudonymous" if "case_id" in event.model_fields else "none")


@pytest.mark.parametrize("name", NAMES)
@LIGHT
@given(data=st.data())
def test_what_the_schema_allows_the_model_takes_and_sends_again_as_the_schema_allows(
    name: str, data: st.DataObject
) -> None:
    value = data.draw(values(name))
    event = registry()[name].model_validate_json(json.dumps(value))
    validator(published()[name]).validate(json.loads(event.model_dump_json()))


@cache
def values_of_model(name: str) -> st.SearchStrategy[Any]:
    """Values that the class of this event allows."""
    return instances(registry()[name].model_json_schema())


@pytest.mark.parametrize("name", NAMES)
@LIGHT
@given(data=st.data())
def test_what_the_model_allows_it_sends_as_the_schema_allows(name: str, data: st.DataObject) -> None:
    event = registry()[name].model_validate_json(json.dumps(data.draw(values_of_model(name))))
    sent = json.loads(event.model_dump_json())
    validator(published()[name]).validate(sent)
    assert set(sent) == set(published()[name]["properties"])


@pytest.mark.parametrize("name", NAMES)
@LIGHT
@given(data=st.data())
def test_a_wrong_value_is_refused_by_schema_and_model_alike(name: str, data: st.DataObject) -> None:
    schema, event = published()[name], registry()[name]
    value = data.draw(values(name))
    field = data.draw(st.sampled_from(sorted(schema["properties"])))
    wrong = data.draw(st.sampled_from(list(wrong_values(schema["properties"][field]))))
    value[field] = wrong
    assert not validator(schema).is_valid(value)
    assert refused(event, value)


@pytest.mark.parametrize("name", NAMES)
def test_each_required_field_is_missed_by_schema_and_model_or_filled_by_the_model(name: str) -> None:
    schema, event = published()[name], registry()[name]
    value = next(dict(example.value) for example in examples() if example.event is event)
    for field in schema["required"]:
        lacking = {key: each for key, each in value.items() if key != field}
        assert not validator(schema).is_valid(lacking)
        assert refused(event, lacking) or not event.model_fields[field].is_required()


@pytest.mark.parametrize("name", NAMES)
def test_a_producer_refuses_a_field_that_nobody_declared_and_a_reader_of_the_schema_does_not(name: str) -> None:
    event = registry()[name]
    value = next(dict(example.value) for example in examples() if example.event is event)
    value["added_by_a_future_producer"] = 1
    assert refused(event, value)
    validator(published()[name]).validate(value)


def wrong_values(node: Mapping[str, Any]) -> list[Any]:
    """Values of the right type that break a limit, and one of a type that no field has."""
    wrong: list[Any] = [{"unexpected": 1.5}]
    if "enum" in node or "const" in node or "pattern" in node or "format" in node:
        wrong += ["", "two words", "x" * 200]
    if "minimum" in node:
        wrong.append(node["minimum"] - 1)
    if "maximum" in node:
        wrong.append(node["maximum"] + 1)
    if "maxItems" in node:
        wrong += [["two words"], [1]]
    if node.get("minItems"):
        wrong.append([])
    return wrong


def refused(event: type[Event], value: Mapping[str, Any]) -> bool:
    try:
        event.model_validate_json(json.dumps(value))
    except ValidationError:
        return True
    return False
