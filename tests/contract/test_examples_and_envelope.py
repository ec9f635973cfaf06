"""The golden examples tell one consistent story, and the code writes envelopes as the schema describes them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
from checks.inventory import validator

from chassis.outbox.append import Emitted, record_of, rfc3339
from chassis.pure.decision import Actor
from chassis.pure.reference import DIRECTORY
from chassis.telemetry.tracing import SpanContext
from tests.contract.catalogue import Example, envelope_schema, examples, published, registry
from tests.contract.reference_rows import reference
from tests.support import outbox
from vocabulary.countries import WORKING_DAYS

TRACE = SpanContext(0x4BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B7, True)


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.file)
def test_an_example_is_taken_by_schema_and_model_and_sent_by_the_code_as_it_stands(example: Example) -> None:
    name = f"{example.event.service}/{example.event.__name__}"
    validator(published()[name]).validate(example.value)
    event = example.event.model_validate_json(json.dumps(example.value))
    assert json.loads(event.model_dump_json()) == example.value
    assert str(event.key) == example.key


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.file)
def test_the_code_writes_the_headers_of_an_example(example: Example) -> None:
    headers = example.headers
    actor = Actor(headers["ce_actorrole"], headers["ce_actororg"])
    trace = SpanContext.parse(headers["ce_traceparent"])
    assert trace is not None
    emitted = Emitted(
        example.event.model_validate_json(json.dumps(example.value)),
        example.key,
        headers["ce_id"],
        actor,
        trace,
        headers.get("ce_causationid", ""),
    )
    end = outbox.tail(headers["ce_recordedtime"], headers["ce_sequence"])
    written = outbox.read(record_of(emitted, headers["ce_time"]) + end)
    assert written == (example.key, example.value, headers)
    validator(envelope_schema()).validate(written.headers)


def test_every_event_has_an_example() -> None:
    assert {f"{each.event.service}/{each.event.__name__}" for each in examples()} == set(registry())


def test_the_envelope_of_a_command_has_no_cause_and_one_without_country_no_country() -> None:
    event = next(each for each in examples() if each.event.__name__ == "CourseSessionScheduled")
    now = datetime(2026, 2, 1, 12, tzinfo=UTC)
    body = event.event.model_validate_json(json.dumps(event.value))
    emitted = Emitted(body, event.key, event.headers["ce_id"], Actor("training_clerk", "provider:X"), TRACE, "")
    headers = outbox.read(record_of(emitted, rfc3339(now)) + outbox.tail(rfc3339(now), "1")).headers
    validator(envelope_schema()).validate(headers)
    assert "ce_causationid" not in headers
    assert "ce_country" not in headers
    assert headers["ce_dataclass"] == "none"


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("ce_id", "4bf92f35-77b3-4da6-a3ce-929d0e0e4736"),  # not a UUIDv7
        ("ce_time", "2026-02-01T12:00:00+01:00"),
        ("ce_sequence", "0"),
        ("ce_type", "ph.referral.CaseOpened"),
        ("ce_actorrole", "Amina Okafor"),
        ("ce_actororg", "Amina Okafor"),
        ("ce_dataclass", "personal"),
        ("content-type", "text/plain"),
    ],
)
def test_the_envelope_refuses_a_wrong_header(header: str, value: str) -> None:
    headers = {**examples()[0].headers, header: value}
    assert not validator(envelope_schema()).is_valid(headers)


def test_formats_are_really_checked() -> None:
    # date-time needs an optional package of jsonschema: without it every text would pass in silence.
    for form, wrong in (("date-time", "2026-02-30T25:00:00Z"), ("date", "2026-02-30"), ("uuid", "1234")):
        assert not validator({"type": "string", "format": form}).is_valid(wrong), form


def test_the_examples_are_numbered_without_gap_in_order_of_time() -> None:
    streams: dict[tuple[str, str], list[Example]] = defaultdict(list)
    for example in examples():
        streams[example.event.topic, example.key].append(example)
    for stream in streams.values():
        stream.sort(key=lambda example: int(example.headers["ce_sequence"]))
        assert [int(example.headers["ce_sequence"]) for example in stream] == [*range(1, len(stream) + 1)]
        times = [example.headers["ce_time"] for example in stream]
        assert times == sorted(times)


def test_causes_are_other_examples_that_came_before() -> None:
    by_id = {example.headers["ce_id"]: example for example in examples()}
    assert len(by_id) == len(examples())
    caused = [example for example in examples() if "ce_causationid" in example.headers]
    assert caused
    for example in caused:
        cause = by_id[example.headers["ce_causationid"]]
        assert cause.headers["ce_time"] < example.headers["ce_time"], example.file


def test_the_story_is_about_one_case_one_that_walks_in_one_that_a_desk_adopts_and_two_that_never_were() -> None:
    opened = ("referral/CaseOpened.v1", "counselling/CaseOpened.v1", "counselling/CaseOpened.v1.returnee")
    cases = {example.file: example.value["case_id"] for example in examples() if "case_id" in example.value}
    void = {cases.pop(f"examples/{service}/CaseVoided.v1.json") for service in ("referral", "counselling")}
    assert len(void) == 2
    assert not void & set(cases.values())
    assert set(cases.values()) == {cases[f"examples/{each}.json"] for each in opened}
    assert len(set(cases.values())) == len(opened)
    assert cases["examples/counselling/CaseAdopted.v1.json"] == cases[f"examples/{opened[-1]}.json"]


def test_the_story_keeps_the_rules_that_it_shows() -> None:
    story = {example.file.split("/", 1)[1]: example.value for example in examples()}
    booked = date.fromisoformat(story["referral/DepartureRescheduled.v1.json"]["earliest"])
    latest_end = WORKING_DAYS.add_working_days("DE", booked, -3)
    ends = {
        name: date.fromisoformat(story[f"training/CourseSessionScheduled.v1{name}.json"]["ends_on"])
        for name in ("", ".short")
    }
    assert ends[".short"] <= latest_end < ends[""]
    received = story["counselling/ReferralReceived.v1.second.json"]
    due = WORKING_DAYS.due_at("NG", datetime.fromisoformat(received["received_at"]), 5)
    assert datetime.fromisoformat(received["answer_due_at"]) == due
    assert story["counselling/DeadlineMissed.v1.json"]["due_at"] == received["answer_due_at"]


def test_every_code_in_an_example_is_in_its_list() -> None:
    lists = reference(DIRECTORY)
    checked = 0
    for example in examples():
        schema = published()[f"{example.event.service}/{example.event.__name__}"]
        for field, node in schema["properties"].items():
            if "x-code-list" in node:
                for code in codes_of(example.value, field):
                    assert code in lists[node["x-code-list"]], (example.file, field, code)
                    checked += 1
    assert checked > 100


def codes_of(value: Mapping[str, Any], field: str) -> list[str]:
    found = value.get(field)
    if found is None:
        return []
    return list(found) if isinstance(found, list) else [found]


def test_the_envelope_says_how_its_numbers_are_compared_and_cites_no_rule_that_is_gone() -> None:
    sequence, kind = (
        envelope_schema()["properties"][name]["description"] for name in ("ce_sequence", "ce_sequencetype")
    )
    assert "within its topic and key" in sequence
    assert "Compare it as a whole number" in sequence
    assert "gave this up in 2022" in kind
    numbers = sorted((each.headers["ce_sequence"] for each in examples()), key=int)
    assert numbers != sorted(numbers)  # as texts they would come in another order: 10 before 9
