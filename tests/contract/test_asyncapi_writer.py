"""`make schemas` writes asyncapi.yaml from the contract, always the same bytes; `make check` finds where it drifted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from check import check
from check import main as check_main
from checks.asyncapi import document, text
from checks.findings import read_yaml
from checks.inventory import schemas
from hypothesis import example, given
from hypothesis import strategies as st
from write import main as write_main

from tests.contract.catalogue import SCHEMAS
from tests.contract.editing import edit, edit_yaml
from tests.contract.test_topics_and_asyncapi import official

FILE = "asyncapi.yaml"
EVENT = "events/placement/JobOfferDeclined.v1.json"
EXAMPLE = "examples/placement/JobOfferDeclined.v1.json"


def write(root: Path) -> int:
    return write_main(["--directory", str(root)])


def written(root: Path) -> dict[str, Any]:
    assert write(root) == 0
    loaded: dict[str, Any] = read_yaml(root, root / FILE)
    return loaded


def topic(name: str, change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    return lambda root: edit_yaml(root, "topics.yaml", lambda found: change(found["topics"][f"ph.{name}.v1"]))


def by_hand(change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda root: (root / FILE).write_bytes(change((root / FILE).read_bytes()))


def test_the_file_is_what_the_program_writes_and_says_so() -> None:
    content = (SCHEMAS / FILE).read_bytes()
    assert content == text(document(SCHEMAS, schemas(SCHEMAS))).encode()
    header = content.decode().split("asyncapi:")[0]
    assert "`make schemas` writes it" in header
    assert "Nobody edits it" in header


def turned(node: Any) -> Any:
    """The same value with every mapping in the opposite order."""
    if isinstance(node, Mapping):
        return {name: turned(node[name]) for name in reversed(node)}
    return [turned(each) for each in node] if isinstance(node, list) else node


def test_the_order_in_which_mappings_are_written_does_not_matter(whole: Path) -> None:
    before = (whole / FILE).read_bytes()
    for path in (*whole.glob("events/*/*.json"), whole / "envelope.v1.json"):
        path.write_text(json.dumps(turned(json.loads(path.read_text(encoding="utf-8")))), encoding="utf-8")
    for name in ("topics.yaml", "asyncapi.info.yaml"):
        node = turned(read_yaml(whole, whole / name))
        (whole / name).write_text(yaml.safe_dump(node, sort_keys=False), encoding="utf-8")
    (whole / FILE).unlink()
    assert write(whole) == 0
    assert (whole / FILE).read_bytes() == before


def test_neither_locale_nor_hash_seed_nor_place_matters(whole: Path) -> None:
    edit(whole, EVENT, lambda schema: schema.update(description="Die Person lehnt ab – für jetzt. " * 8))
    found = set()
    for seed, locale in (("0", "C"), ("1", "C.UTF-8"), ("2", "POSIX")):
        (whole / FILE).unlink()
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "LC_ALL": locale,
            "PYTHONUTF8": "0",
            "PYTHONCOERCECLOCALE": "0",
        }
        command = [sys.executable, str(SCHEMAS / "write.py"), "--directory", str(whole)]
        subprocess.run(command, env=environment, cwd=whole if seed == "1" else SCHEMAS, check=True, capture_output=True)
        found.add((whole / FILE).read_bytes())
    assert len(found) == 1
    assert "ab – für jetzt".encode() in found.pop()


def test_what_stands_there_already_is_not_written_again(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (whole / FILE).stat().st_mtime_ns
    assert write(whole) == 0
    assert capsys.readouterr().out == "schemas/asyncapi.yaml: is as it should be\n"
    assert (whole / FILE).stat().st_mtime_ns == before


DRIFT: dict[str, Callable[[Path], object]] = {
    "an event has another title": lambda root: edit(root, EVENT, lambda schema: schema.update(title="No")),
    "an event has another description": lambda root: edit(root, EVENT, lambda schema: schema.update(description="No.")),
    "a topic has another description": topic("referral", lambda found: found.update(description="Scouts.")),
    "a topic has more partitions": topic("referral", lambda found: found.update(partitions=12)),
    "a topic is kept longer": topic("referral", lambda found: found.update(retention_days=91)),
    "a topic takes longer messages": topic("referral", lambda found: found["config"].update({"max.message.bytes": 9})),
    "a topic loses a reader": topic("referral", lambda found: found["readers"].remove("placement")),
    "a topic lists its events in another order": topic("referral", lambda found: found["events"].reverse()),
    "an example has another value": lambda root: edit(
        root, EXAMPLE, lambda example: example["headers"].update(ce_actorrole="scout")
    ),
    "a server has another address": lambda root: edit_yaml(
        root, "asyncapi.info.yaml", lambda found: found["servers"]["local"].update(host="127.0.0.1:9092")
    ),
    "the document has another title": lambda root: edit_yaml(root, "asyncapi.info.yaml", lambda i: i.update(title="X")),
    "a word was changed by hand": by_hand(lambda content: content.replace(b"Case opened", b"Case shut")),
    "a comment was added by hand": by_hand(lambda content: content + b"# by hand\n"),
    "the end is gone": by_hand(lambda content: content[:-100]),
    "the lines end otherwise": by_hand(lambda content: content.replace(b"\n", b"\r\n")),
    "the file is empty": by_hand(lambda content: b""),
    "the file is gone": lambda root: (root / FILE).unlink(),
}


@pytest.mark.parametrize("case", DRIFT)
def test_it_is_found_that(case: str, whole: Path) -> None:
    DRIFT[case](whole)
    findings = check(whole)
    assert [finding.file for finding in findings] == [FILE]
    assert "`make schemas`" in findings[0].remedy
    assert write(whole) == 0
    assert check(whole) == []


def test_the_finding_names_the_first_line_with_both_texts(whole: Path) -> None:
    lines = (whole / FILE).read_text(encoding="utf-8").splitlines()
    at = next(number for number, line in enumerate(lines, 1) if "title: Case opened" in line)
    by_hand(lambda content: content.replace(b"Case opened", b"Case shut"))(whole)
    problem = check(whole)[0].problem
    assert f"line {at}: " in problem
    assert "title: Case shut" in problem
    assert "title: Case opened" in problem


def test_make_check_fails_with_the_command_to_run(whole: Path) -> None:
    recipe = subprocess.run(["make", "-n", "check"], cwd=SCHEMAS.parent, capture_output=True, text=True, check=True)
    assert "schemas/check.py" in recipe.stdout
    DRIFT["a word was changed by hand"](whole)
    command = [sys.executable, str(SCHEMAS / "check.py"), "--directory", str(whole)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "asyncapi.yaml: is not what the schemas and topics.yaml say" in done.stderr
    assert "Run `make schemas`" in done.stderr


def test_a_release_is_followed_by_the_version_of_the_document(whole: Path) -> None:
    edit(whole, EVENT, lambda schema: schema.update(title="Offer declined"))
    assert check_main(["--directory", str(whole), "--freeze", "1.1.0"]) == 1  # asyncapi.yaml is behind
    assert written(whole)["info"]["version"] == "1.0.0"
    assert check_main(["--directory", str(whole), "--freeze", "1.1.0"]) == 0
    assert read_yaml(whole, whole / FILE)["info"]["version"] == "1.1.0"
    assert check(whole) == []
    shutil.rmtree(whole / "released")
    assert written(whole)["info"]["version"] == "0.0.0"


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "the topics are no YAML": (lambda root: (root / "topics.yaml").write_text("a: [b"), "topics.yaml: cannot be read"),
    "a topic has no description": (topic("referral", lambda found: found.pop("description")), "'description' is a"),
    "an event is in no topic": (topic("referral", lambda found: found["events"].pop()), "is in no topic"),
    "an event has no title": (lambda root: edit(root, EVENT, lambda s: s.pop("title")), "has no title"),
    "a schema has another name than events have": (
        lambda root: shutil.copy(root / EVENT, root / EVENT.replace(".v1.", ".v1.draft.")),
        "JobOfferDeclined.v1.draft.json: is no name of an event",
    ),
    "an event is not JSON": (lambda root: (root / EVENT).write_text("{"), "is not JSON"),
    "the envelope is gone": (
        lambda root: (root / "envelope.v1.json").unlink(),
        "the media type of the values is missing",
    ),
    "the information is gone": (lambda root: (root / "asyncapi.info.yaml").unlink(), "asyncapi.info.yaml: cannot be"),
    "the information lacks the id": (
        lambda root: edit_yaml(root, "asyncapi.info.yaml", lambda found: found.pop("id")),
        "'id' is a required property",
    ),
    "the information names no server": (
        lambda root: edit_yaml(root, "asyncapi.info.yaml", lambda found: found.pop("servers")),
        "'servers' is a required property",
    ),
    "an example is only a frame": (
        lambda root: edit(root, EXAMPLE, lambda found: found.update(placeholders={"/value/reason": "which one"})),
        "nobody has filled it in",
    ),
    "the information says the version": (
        lambda root: edit_yaml(root, "asyncapi.info.yaml", lambda found: found.update(version="2.0.0")),
        "'version' was unexpected",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_nothing_is_written_when(case: str, whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change, words = REFUSED[case]
    change(whole)
    before = (whole / FILE).read_bytes()
    assert write(whole) == 1
    said = capsys.readouterr().err
    assert words in said
    assert "mend this first" in said
    assert (whole / FILE).read_bytes() == before
    assert any(words.split(": ")[-1] in finding.problem for finding in check(whole))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], include_characters="\n"), max_size=300))
@example("a: b # c 'd' \"e\" - f " * 12)
@example("word " * 60)
@example(" " * 70 + "spaces before\n\n  and lines")
@example("x" * 300 + " y")
@example("null")
@example("1.10")
def test_any_text_without_control_characters_can_be_read_back(words: str) -> None:
    assert yaml.safe_load(text({"summary": words})) == {"summary": words}


def test_further_major_versions_are_messages_of_their_own_after_the_first(whole: Path) -> None:
    for major in ("v10", "v2"):
        changed = (whole / EVENT).read_text(encoding="utf-8").replace("Declined.v1", f"Declined.{major}")
        (whole / EVENT.replace(".v1.", f".{major}.")).write_text(changed, encoding="utf-8")
    found = written(whole)
    names = [name for name in found["channels"]["placement"]["messages"] if "Declined" in name]
    assert names == [f"ph.placement.JobOfferDeclined.{major}" for major in ("v1", "v2", "v10")]
    second = found["components"]["messages"]["ph.placement.JobOfferDeclined.v2"]
    assert second["name"] == "ph.placement.JobOfferDeclined.v2"
    assert second["payload"] == {"$ref": f"./{EVENT.replace('.v1.', '.v2.')}"}
    assert official().is_valid(found)


def test_two_services_tell_an_event_of_one_name_and_each_is_a_message(whole: Path) -> None:
    file = EVENT.replace("placement", "training")
    text_ = (whole / EVENT).read_text(encoding="utf-8").replace("placement", "training")
    (whole / file).write_text(text_, encoding="utf-8")
    edit(whole, file, lambda schema: schema.update(title="Job offer declined by training"))
    topic("training", lambda found: found["events"].append("JobOfferDeclined"))(whole)
    found = written(whole)
    for service in ("placement", "training"):
        name = f"ph.{service}.JobOfferDeclined.v1"
        assert name in found["channels"][service]["messages"]
        message = found["components"]["messages"][name]
        assert (message["name"], message["tags"]) == (name, [{"name": service}])
    assert official().is_valid(found)


def test_all_examples_of_an_event_are_told_in_order_of_their_files(whole: Path) -> None:
    def named() -> list[str]:
        message = written(whole)["components"]["messages"]["ph.placement.JobOfferDeclined.v1"]
        return [example["name"] for example in message.get("examples", ())]

    for variant in ("b", "a"):
        shutil.copy(whole / EXAMPLE, whole / EXAMPLE.replace(".json", f".{variant}.json"))
    assert named() == ["JobOfferDeclined.v1.a", "JobOfferDeclined.v1.b", "JobOfferDeclined.v1"]
    for path in (whole / EXAMPLE).parent.glob("JobOfferDeclined.*"):
        path.unlink()
    assert named() == []


def test_the_settings_of_a_topic_have_the_form_that_the_binding_wants(whole: Path) -> None:
    change = topic("referral", lambda found: found["config"].update({"cleanup.policy": "compact,delete"}))
    change(whole)
    topic("referral", lambda found: found.update(retention_days=-1))(whole)
    found = written(whole)
    settings = found["channels"]["referral"]["bindings"]["kafka"]["topicConfiguration"]
    assert settings == {"cleanup.policy": ["compact", "delete"], "retention.ms": -1, "max.message.bytes": 1048576}
    assert official().is_valid(found)
