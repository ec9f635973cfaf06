"""`make event` writes the frame of a schema from the class, names it in topics.yaml, and says what is still open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from check import check
from checks.inventory import schemas
from checks.new_event import new_event
from checks.new_example import NotWritten
from write import main

from tests.contract.catalogue import published, registry
from tests.contract.editing import edit
from tests.contract.test_schemas_and_models import shape


def without(root: Path, name: str) -> None:
    """The contract as it was before this event."""
    event = registry()[name]
    (root / f"events/{name}.v1.json").unlink()
    lines = (root / "topics.yaml").read_text(encoding="utf-8").splitlines(keepends=True)
    del lines[lines.index(f"      - {event.__name__}\n", lines.index(f"  {event.topic}:\n"))]
    (root / "topics.yaml").write_text("".join(lines), encoding="utf-8")


def made(root: Path, name: str) -> dict[str, Any]:
    assert main(["--directory", str(root), "--new-event", name]) == 0
    schema: dict[str, Any] = json.loads((root / f"events/{name}.v1.json").read_text(encoding="utf-8"))
    return schema


@pytest.mark.parametrize("name", sorted(registry()))
def test_the_frame_says_what_the_class_says_and_topics_keep_their_comments_and_gain_one_line_in_the_order_of_the_code(
    name: str, whole: Path
) -> None:
    topics = (whole / "topics.yaml").read_text(encoding="utf-8")
    without(whole, name)
    frame, kept = made(whole, name), published()[name]
    assert list(frame) == list(kept)
    assert shape(frame, {}) == shape(kept, {})
    assert set(frame["required"]) == set(kept["required"])
    for keyword in ("$schema", "$id", "x-type", "x-topic", "x-key", "x-data-class"):
        assert frame[keyword] == kept[keyword]
    assert (whole / "topics.yaml").read_text(encoding="utf-8") == topics


def test_what_other_events_say_of_a_property_is_taken_over(whole: Path) -> None:
    without(whole, "counselling/FirstContactMade")
    frame = made(whole, "counselling/FirstContactMade")
    for name in ("case_id", "centre", "country"):
        assert frame["properties"][name] == published()["counselling/FirstContactMade"]["properties"][name]


def bare(schema: dict[str, Any]) -> dict[str, Any]:
    """A property without its words."""
    return {name: value for name, value in schema.items() if name != "description"}


def test_what_nobody_has_said_is_told_and_refused_until_somebody_has(
    whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    without(whole, "counselling/FirstContactMade")
    made(whole, "counselling/FirstContactMade")
    said = capsys.readouterr().out
    assert "/properties/contacted_on\n      has no description" in said
    assert "/properties/case_id" not in said
    file = "events/counselling/FirstContactMade.v1.json"
    kept = published()["counselling/FirstContactMade"]
    others = [schema for schema in published().values() if schema is not kept]
    elsewhere = [(name, bare(each)) for schema in others for name, each in schema["properties"].items()]
    assert {finding.pointer for finding in check(whole) if finding.problem == "has no description"} == {
        f"/properties/{name}" for name, each in kept["properties"].items() if (name, bare(each)) not in elsewhere
    }
    edit(whole, file, lambda schema: schema.update(properties=kept["properties"], title=kept["title"]))
    assert main(["--directory", str(whole)]) == 0
    assert check(whole) == []


def test_an_event_that_its_topic_names_already_stays_where_it_stands(whole: Path) -> None:
    before = (whole / "topics.yaml").read_text(encoding="utf-8")
    (whole / "events/counselling/ReferralAccepted.v1.json").unlink()
    made(whole, "counselling/ReferralAccepted")
    assert (whole / "topics.yaml").read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ("FirstContactMade", "names no event"),
        ("counselling/FirstContactMade", "exists and stays as it is"),
        ("counselling/NobodyCalled", "write the class and add it to EVENTS first"),
        ("kitchen/MealCooked", "there is no service 'kitchen'"),
        ("", "names no event"),
    ],
)
def test_it_writes_nothing_where(event: str, words: str, whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in whole.rglob("*") if path.is_file()}
    assert main(["--directory", str(whole), "--new-event", event]) == 1
    assert words in capsys.readouterr().err
    assert {path: path.read_bytes() for path in whole.rglob("*") if path.is_file()} == before


def test_a_service_without_a_topic_is_told_to_declare_one(whole: Path) -> None:
    without(whole, "counselling/FirstContactMade")
    path = whole / "topics.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("  ph.counselling.v1:", "  ph.other.v1:"), "utf-8")
    with pytest.raises(NotWritten, match=r"has no topic ph\.counselling\.v1"):
        new_event(whole, schemas(whole), "counselling/FirstContactMade")
