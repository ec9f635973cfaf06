"""`make example` writes the frame of an example: valid, in order among the others, and says what is still open."""

from __future__ import annotations

import json
import shutil
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uuid_utils
from check import check
from checks.findings import Finding
from checks.inventory import schemas, validator
from checks.new_example import LATER, NotWritten, new_example, rfc3339
from write import main

from tests.contract.catalogue import envelope_schema, examples, published, registry
from tests.contract.editing import edit, edit_yaml
from tests.contract.reference_rows import reference

CASE = "39b9e3da-87cb-47ce-b42e-47b34349519b"


def make(root: Path, event: str, after: str = "") -> dict[str, Any]:
    """The frame as it is once a person has seen to its placeholders and left every value as it stands."""
    assert main(["--directory", str(root), "--new-example", event, "--after", after]) == 0
    file = f"examples/{event if '.v' in event else f'{event}.v1'}.json"
    edit(root, file, lambda frame: frame.pop("placeholders"))
    message: dict[str, Any] = json.loads((root / file).read_text(encoding="utf-8"))
    return message


def findings_anew(root: Path) -> list[Finding]:
    """What `check` finds once asyncapi.yaml, which tells the examples too, is written anew."""
    assert main(["--directory", str(root)]) == 0
    return check(root)


def plant(root: Path, name: str, node: dict[str, Any]) -> None:
    """A new event of training with one property more."""
    schema = json.loads((root / "events/training/CourseCompleted.v1.json").read_text(encoding="utf-8"))
    schema["$id"] = schema["$id"].replace("CourseCompleted", "CourseRated")
    schema["x-type"] = "ph.training.CourseRated.v1"
    schema["properties"] = {"case_id": schema["properties"]["case_id"], name: {"description": "planted", **node}}
    schema["required"] = ["case_id", name]
    (root / "events/training/CourseRated.v1.json").write_text(json.dumps(schema), encoding="utf-8")
    edit_yaml(root, "topics.yaml", lambda found: found["topics"]["ph.training.v1"]["events"].append("CourseRated"))


def test_a_frame_of_every_event_is_taken_by_check_and_model_and_has_the_form_of_the_others(whole: Path) -> None:
    for name, event in registry().items():
        message = make(whole, f"{name}.v1.fresh")
        assert json.loads(event.model_validate_json(json.dumps(message["value"])).model_dump_json()) == message["value"]
        assert list(message) == ["key", "headers", "value"]
        assert list(message["value"]) == list(published()[name]["properties"])
        assert list(message["headers"]) == [
            header for header in envelope_schema()["properties"] if header in message["headers"]
        ]
    assert findings_anew(whole) == []


def test_the_only_example_of_an_event_can_be_made_anew(whole: Path) -> None:
    for name in registry():
        for path in (whole / "examples").glob(f"{name}.v1*.json"):
            path.unlink()
        make(whole, name)
    assert findings_anew(whole) == []


def test_the_first_example_of_all_has_a_case_of_its_own(whole: Path) -> None:
    shutil.rmtree(whole / "examples")
    first, second = make(whole, "referral/CaseOpened"), make(whole, "referral/ConsentGranted")
    assert first["key"] == second["key"] != CASE
    assert [message["headers"]["ce_sequence"] for message in (first, second)] == ["1", "2"]
    assert (first["headers"]["ce_actorrole"], first["headers"]["ce_actororg"]) == ("system", "programme:referral")
    validator(envelope_schema()).validate(first["headers"])


def test_it_continues_the_story(whole: Path) -> None:
    message = make(whole, "training/CourseCompleted.v1.late")
    headers, value = message["headers"], message["value"]
    story = {example.file: example for example in examples()}
    assert message["key"] == value["case_id"] == CASE
    assert headers["ce_sequence"] == "11"
    assert headers["ce_id"] not in {example.headers["ce_id"] for example in story.values()}
    assert headers["ce_time"] > max(example.headers["ce_time"] for example in story.values())
    stamp = uuid.UUID(headers["ce_id"]).int >> 80
    assert datetime.fromtimestamp(stamp / 1000, UTC) <= datetime.fromisoformat(headers["ce_time"])
    assert stamp == int(datetime.fromisoformat(headers["ce_time"]).timestamp() * 1000)
    before = story["examples/training/CourseCompleted.v1.json"]
    for name in ("enrolment_id", "session_id", "provider", "course_code"):
        assert value[name] == before.value[name]
    for name in ("ce_actorrole", "ce_actororg"):
        assert headers[name] == before.headers[name]
    assert headers["ce_traceparent"] not in {example.headers["ce_traceparent"] for example in story.values()}
    assert "ce_causationid" not in headers
    again = make(whole, "training/CourseCompleted.v1.later")["headers"]
    assert again["ce_sequence"] == "12"
    assert len({again["ce_id"], headers["ce_id"]}) == 2


def test_an_event_without_a_case_continues_what_it_is_about(whole: Path) -> None:
    message = make(whole, "placement/VacancyClosed.v1.again")
    before = next(each for each in examples() if each.file == "examples/placement/VacancyClosed.v1.expired.json")
    assert message["key"] == message["value"]["vacancy_id"] == before.key
    assert message["value"]["employer_id"] == before.value["employer_id"]
    assert message["headers"]["ce_sequence"] == "5"
    assert message["headers"]["ce_dataclass"] == "none"


NEXT = max(datetime.fromisoformat(each.headers["ce_time"]) for each in examples()) + LATER
"""A new event happens after all that is told."""
NODES: dict[str, tuple[dict[str, Any], Any]] = {
    "a constant": ({"type": "string", "const": "ISCO-08"}, "ISCO-08"),
    "an enum": ({"type": "string", "enum": ["poor", "good"]}, "poor"),
    "an enum that begins with null": ({"type": ["string", "null"], "enum": [None, "good"]}, "good"),
    "a number from 5": ({"type": "integer", "minimum": 5, "maximum": 9}, 5),
    "a number up to -2": ({"type": "integer", "maximum": -2}, -2),
    "a number without limits": ({"type": "integer"}, 0),
    "a truth value": ({"type": "boolean"}, False),
    "a day": ({"type": "string", "format": "date"}, NEXT.date().isoformat()),
    "a time": ({"type": "string", "format": "date-time", "pattern": "Z$"}, rfc3339(NEXT)),
    "a code": ({"type": "string", "pattern": "^[a-z]{1,9}$", "x-code-list": "decline_reasons"}, "distance"),
    "codes": (
        {"type": "array", "items": {"type": "string", "pattern": "^[0-9]{4}$"}, "x-code-list": "isco08"},
        ["0110"],
    ),
    "three flags": ({"type": "array", "minItems": 3, "items": {"type": "boolean"}}, [False, False, False]),
    "a pattern": ({"type": "string", "pattern": "^(alpha|beta):[0-9A-F]{3,8}(-x)?$"}, "alpha:000"),
    "a pattern or null": ({"type": ["null", "string"], "pattern": r"^v[0-9]\.[0-9]$"}, "v0.0"),
    "parts": (
        {"type": ["object", "null"], "properties": {"level": {"type": "integer", "minimum": 2}}, "required": ["level"]},
        {"level": 2},
    ),
}


@pytest.mark.parametrize("case", NODES)
def test_a_placeholder_is_derived_for(case: str, whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    node, wanted = NODES[case]
    plant(whole, "rating", node)
    message = make(whole, "training/CourseRated")
    assert message["value"] == {"case_id": CASE, "rating": wanted}
    assert ("/value/rating" in capsys.readouterr().out) == (case != "a constant")
    assert [finding for finding in check(whole) if finding.file.startswith("examples/")] == []


def test_codes_are_in_their_lists_and_not_withdrawn(whole: Path) -> None:
    shutil.rmtree(whole / "examples")
    path = whole / "reference" / "decline_reasons.v1.csv"
    first, second, *others = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([first, second.replace(",,,", ",,2020-01-01,"), *others]), encoding="utf-8")
    value = make(whole, "placement/JobOfferDeclined")["value"]
    assert value["reason"] == others[0].split(",")[0]
    assert value["reason"] in reference(whole / "reference")["decline_reasons"]


def test_a_list_that_is_not_there_yet_gives_a_text_of_the_form(whole: Path) -> None:
    plant(whole, "rating", {"type": "string", "pattern": "^[a-z]{3,9}$", "x-code-list": "ratings"})
    assert make(whole, "training/CourseRated")["value"]["rating"] == "aaa"
    assert "there is no reference/ratings.v1.csv" in {finding.problem for finding in check(whole)}


def test_an_id_that_the_story_does_not_know_is_a_new_one(whole: Path) -> None:
    plant(whole, "rating_id", {"type": "string", "format": "uuid"})
    assert uuid.UUID(make(whole, "training/CourseRated")["value"]["rating_id"]).version == 4


def test_what_no_value_can_be_derived_for_is_said_and_found(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # The frame knows the keywords that the schemas may use; `multipleOf` is none of them.
    plant(whole, "rating", {"type": "integer", "minimum": 6, "multipleOf": 4})
    make(whole, "training/CourseRated")
    said = capsys.readouterr().out
    assert "/value/rating\n      does not fit yet: 6 is not a multiple of 4" in said
    assert any(finding.pointer == "/value/rating" for finding in check(whole))


def test_a_placeholder_is_refused_until_a_person_has_seen_to_it(whole: Path) -> None:
    assert main(["--directory", str(whole), "--new-example", "training/CourseCompleted.v1.late"]) == 0
    file = "examples/training/CourseCompleted.v1.late.json"
    text = (whole / file).read_text(encoding="utf-8")
    frame = json.loads(text)
    assert text == json.dumps(frame, indent=2, ensure_ascii=False) + "\n"
    assert list(frame) == ["key", "headers", "value", "placeholders"]
    findings = {finding.pointer: str(finding) for finding in check(whole) if finding.file == file}
    assert findings.keys() == frame["placeholders"].keys() >= {"/headers/ce_time", "/headers/ce_actorrole"}
    assert "/value/case_id" not in findings, "what is taken from the story is no placeholder"
    assert "is a placeholder: one of passed, attended: nobody has filled it in" in findings["/value/result"]
    edit(whole, file, lambda changed: changed["placeholders"].pop("/value/result"))
    assert len([each for each in check(whole) if each.file == file]) == len(findings) - 1
    edit(whole, file, lambda changed: changed.update(placeholders=[]))
    assert "is not {pointer: words}" in {finding.problem for finding in check(whole)}
    edit(whole, file, lambda changed: changed.pop("placeholders"))
    assert findings_anew(whole) == []


def test_no_story_goes_on_from_a_frame_that_is_still_open(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--directory", str(whole), "--new-example", "training/CourseCompleted.v1.late"]) == 0
    assert "nobody has filled it in" in refused(whole, "training/CourseCompleted.v1.later", capsys)


@pytest.mark.parametrize(
    "name",
    [
        "referral/DepartureRescheduled",  # of the same key and topic as what it follows
        "training/CourseCompleted",
        "counselling/DeadlineMissed",
        "placement/JobOffered",  # the first of its key
        "placement/VacancyPublished",  # of no case
    ],
)
def test_an_example_in_the_middle_of_the_story_keeps_the_numbers_of_its_key_in_order(name: str, whole: Path) -> None:
    before = {path: json.loads(path.read_text(encoding="utf-8")) for path in whole.glob("examples/*/*.json")}
    message = make(whole, f"{name}.v1.between", after="DeparturePlanned")
    followed = max(
        frame["headers"]["ce_time"] for path, frame in before.items() if path.name.startswith("DeparturePlanned.")
    )
    assert followed < message["headers"]["ce_time"]
    own = (message["headers"]["ce_source"], message["key"])
    stream = []
    for path, earlier in before.items():
        now = json.loads(path.read_text(encoding="utf-8"))
        if now["headers"]["ce_time"] > followed:
            assert now["headers"]["ce_time"] > message["headers"]["ce_time"]
        if (now["headers"]["ce_source"], now["key"]) == own:
            stream.append(now["headers"])
        number = now["headers"].pop("ce_sequence")
        assert int(number) - int(earlier["headers"].pop("ce_sequence")) in {0, 1}
        assert now == earlier
        now["headers"]["ce_sequence"] = number
    stream = sorted(
        [*stream, message["headers"]], key=lambda headers: (headers["ce_time"], int(headers["ce_sequence"]))
    )
    assert [int(headers["ce_sequence"]) for headers in stream] == [*range(1, len(stream) + 1)]
    assert findings_anew(whole) == []


def test_what_two_services_tell_by_one_name_is_followed_by_naming_the_service(
    whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = next(each for each in examples() if each.file == "examples/training/CourseCompleted.v1.json")
    changes = {told.headers["ce_id"]: str(uuid_utils.uuid7()), told.key: str(uuid.uuid4()), "training": "counselling"}
    changes |= {f'"ce_sequence": "{told.headers["ce_sequence"]}"': '"ce_sequence": "1"'}
    changes |= {"Course completed": "Course completed by counselling"}
    for folder in ("events", "examples"):
        text = (whole / folder / "training/CourseCompleted.v1.json").read_text(encoding="utf-8")
        for old, new in changes.items():
            text = text.replace(old, new)
        (whole / folder / "counselling/CourseCompleted.v1.json").write_text(text, encoding="utf-8")
    late = "training/CourseCompleted.v1.late"
    assert "write AFTER=counselling/CourseCompleted" in refused(whole, late, capsys, after="CourseCompleted")
    assert make(whole, late, after="training/CourseCompleted")


def test_what_comes_later_is_said(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(whole, "counselling/DeadlineMissed.v1.again", after="ArrivedInCountry")
    said = capsys.readouterr().out
    assert "schemas/examples/counselling/FirstContactMade.v1.json: comes later in its key, its ce_sequence is " in said
    assert "ReferralReceived" not in said.partition("Then")[0].partition("comes later")[2]


def test_everything_that_a_person_must_see_to_is_said(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = make(whole, "training/CourseCompleted.v1.late")
    said = capsys.readouterr().out
    assert said.startswith("schemas/examples/training/CourseCompleted.v1.late.json: written")
    for header in ("ce_time", "ce_sequence", "ce_actorrole", "ce_causationid"):
        assert f"  /headers/{header}\n" in said
    for name, value in message["value"].items():
        pointer = f"/value/{name}/0" if isinstance(value, list) else f"/value/{name}"
        assert f"  {pointer}\n" in said
    assert '"passed" is a placeholder: one of passed, attended' in said
    assert '"PAINT-BASICS" is taken from examples/training/CompletionCorrected.v1.json' in said
    assert "make check" in said


def refused(root: Path, event: str, capsys: pytest.CaptureFixture[str], after: str = "") -> str:
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert main(["--directory", str(root), "--new-example", event, "--after", after]) == 1
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (
            "training/CourseCompleted",
            "exists and stays as it is. Name a variant, such as training/CourseCompleted.v1.second",
        ),
        ("training/CourseCompleted.v1", "exists and stays as it is"),
        ("training/EnrolmentRequested.v1.short", "exists and stays as it is"),
        ("training/CourseDropped", "there is no events/training/CourseDropped.v1.json. Write the schema first"),
        ("training/CourseCompleted.v2", "there is no events/training/CourseCompleted.v2.json"),
        ("nobody/CourseCompleted", "there is no events/nobody/CourseCompleted.v1.json"),
        ("", "names no event"),
        ("CourseCompleted", "names no event. Write <service>/<Name>"),
        ("../events/CourseCompleted", "names no event"),
        ("training/CourseCompleted.v1.../x", "names no event"),
    ],
)
def test_it_refuses(event: str, words: str, whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert words in refused(whole, event, capsys)


def test_it_refuses_to_continue_examples_that_are_not_in_order(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(whole, "examples/referral/CaseOpened.v1.json", lambda example: example["headers"].pop("ce_time"))
    said = refused(whole, "training/CourseCompleted.v1.late", capsys)
    assert "'ce_time' is a required property" in said
    assert "mend them first" in said


def test_it_refuses_schemas_that_are_not_in_order(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(whole, "events/referral/CaseOpened.v1.json", lambda schema: schema.pop("x-key"))
    assert "x-key" in refused(whole, "training/CourseCompleted.v1.late", capsys)
    (whole / "envelope.v1.json").unlink()
    edit(whole, "events/referral/CaseOpened.v1.json", lambda schema: schema.update({"x-key": "case_id"}))
    assert "there is no envelope.v1.json" in refused(whole, "training/CourseCompleted.v1.late", capsys)


def test_the_newest_major_version_is_meant_where_none_is_named(whole: Path) -> None:
    old = whole / "events/placement/JobOfferDeclined.v1.json"
    for major in ("v2", "v10"):
        text = old.read_text(encoding="utf-8").replace("JobOfferDeclined.v1", f"JobOfferDeclined.{major}")
        (old.parent / f"JobOfferDeclined.{major}.json").write_text(text, encoding="utf-8")
    assert main(["--directory", str(whole), "--new-example", "placement/JobOfferDeclined"]) == 0
    made = json.loads((whole / "examples/placement/JobOfferDeclined.v10.json").read_text(encoding="utf-8"))
    assert made["headers"]["ce_type"] == "ph.placement.JobOfferDeclined.v10"


def test_it_is_put_behind_nothing_that_the_story_does_not_tell(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--directory", str(whole), "--new-example", "training/CourseCompleted.v1.late", "--after"]
    assert main([*arguments, "CourseComp"]) == 1
    assert "no example is of 'CourseComp'" in capsys.readouterr().err
    assert main([*arguments, "EnrolmentRequested.v1.short"]) == 0
    with pytest.raises(SystemExit):
        main(["--directory", str(whole), "--after", "CourseCompleted"])


def test_a_file_that_appears_meanwhile_is_not_overwritten(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = whole / "examples/training/CourseCompleted.v1.late.json"
    monkeypatch.setattr("checks.new_example.next_number", lambda *_: target.write_text("mine") and 1)
    with pytest.raises(NotWritten, match="exists"):
        new_example(whole, schemas(whole), "training/CourseCompleted.v1.late")
    assert target.read_text(encoding="utf-8") == "mine"
