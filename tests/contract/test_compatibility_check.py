"""`schemas/check.py` catches every class of breaking change, and lets through what breaks nobody."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from check import check, main
from checks.findings import Finding
from checks.releases import contract_files, freeze, releases
from write import main as write

from tests.contract.breaking_changes import BREAKING, OFFERED, Change, Schema, constrain
from tests.contract.catalogue import SCHEMAS, published
from tests.contract.copies import copied


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    """A copy of the contract with one release, that of today."""
    root = copied(tmp_path / "schemas", "released")
    freeze(root, "1.0.0")
    return root


def edit(root: Path, file: str, change: Change) -> None:
    path = root / file
    schema = json.loads(path.read_text(encoding="utf-8"))
    change(schema)
    path.write_text(json.dumps(schema), encoding="utf-8")


def broken(root: Path) -> Iterator[Finding]:
    """What is found, except that examples no longer fit: they follow the schema, not the other way round."""
    return (finding for finding in check(root) if not finding.file.startswith("examples/"))


@pytest.mark.parametrize("case", BREAKING)
def test_it_refuses_when(case: str, contract: Path) -> None:
    file, change, pointer, words = BREAKING[case]
    edit(contract, file, change)
    found = list(broken(contract))
    assert any(
        each.file == file and each.pointer == pointer and words in each.problem and each.remedy for each in found
    ), found


def test_it_refuses_an_event_that_is_gone(contract: Path) -> None:
    (contract / OFFERED).unlink()
    assert any(each.file == OFFERED and "is in 1.0.0 and gone" in each.problem for each in check(contract))


def add_optional(schema: Schema) -> None:
    schema["properties"]["night_shift"] = {"type": ["boolean", "null"], "description": "Whether it is night work."}


@pytest.mark.parametrize(
    "change",
    [
        add_optional,
        lambda s: s.update(title="An offer", description="Other words."),
        constrain("wage_band", description="Other words."),
        lambda s: s["properties"]["wage_band"]["enum"].reverse(),
        lambda s: s["required"].reverse(),
        lambda s: s.update(properties=dict(reversed(s["properties"].items()))),
    ],
)
def test_it_lets_optional_additions_other_words_and_another_order_pass(change: Change, contract: Path) -> None:
    edit(contract, OFFERED, change)
    assert write(["--directory", str(contract)]) == 0
    assert check(contract) == []


def test_it_compares_with_all_releases_not_only_the_last(contract: Path) -> None:
    edit(contract, OFFERED, add_optional)
    freeze(contract, "1.1.0")
    edit(contract, OFFERED, lambda schema: schema["properties"].pop("night_shift"))
    assert write(["--directory", str(contract)]) == 0
    assert ["1.1.0" in each.problem for each in check(contract)] == [True]
    edit(contract, OFFERED, add_optional)
    edit(contract, OFFERED, lambda schema: schema["required"].append("night_shift"))
    edit(contract, OFFERED, lambda schema: schema["required"].remove("formal"))
    releases_named = {name for each in broken(contract) for name in ("1.0.0", "1.1.0") if name in each.problem}
    assert releases_named == {"1.0.0", "1.1.0"}


def test_it_refuses_a_frozen_file_that_was_changed_added_or_removed(contract: Path) -> None:
    frozen = contract / "released" / "1.0.0"
    edit(frozen, OFFERED, lambda schema: schema.update(title="Another"))
    (frozen / "events/placement/JobOfferExpired.v1.json").unlink()
    shutil.copy(frozen / OFFERED, frozen / "events/placement/Extra.v1.json")
    problems = {each.file.removeprefix("released/1.0.0/"): each.problem for each in check(contract)}
    assert problems[OFFERED] == "the frozen file has changed"
    assert problems["events/placement/JobOfferExpired.v1.json"] == "the frozen file is gone"
    assert problems["events/placement/Extra.v1.json"].startswith("is not listed")


def test_a_release_holds_every_schema_and_can_be_verified_with_the_common_tool(contract: Path) -> None:
    folder = contract / "released" / "1.0.0"
    frozen = {path.relative_to(folder) for path in contract_files(folder)}
    assert frozen == {path.relative_to(contract) for path in contract_files(contract)}
    assert len(frozen) == len(published()) + 1  # and the envelope
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, check=True)


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("1.0.0", "is not after 1.0.0"),
        ("0.9.0", "is not after"),
        ("1.1", "three numbers"),
        ("2.0.0", "nothing has changed"),
    ],
)
def test_a_release_that_makes_no_sense_is_refused(
    version: str, words: str, contract: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--directory", str(contract), "--freeze", version]) == 1
    assert words in capsys.readouterr().err
    assert releases(contract) == ["1.0.0"]


def test_a_release_is_made_of_what_passes_only(contract: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(contract, OFFERED, add_optional)
    assert main(["--directory", str(contract), "--freeze", "1.1.0"]) == 0
    edit(contract, OFFERED, constrain("hours_per_week", minimum=None))
    assert main(["--directory", str(contract), "--freeze", "1.2.0"]) == 1
    assert releases(contract) == ["1.0.0", "1.1.0"]
    assert "/properties/hours_per_week/minimum" in capsys.readouterr().err


def test_the_order_of_releases_is_that_of_numbers(contract: Path) -> None:
    edit(contract, OFFERED, lambda schema: schema.update(title="Second"))
    freeze(contract, "1.2.0")
    edit(contract, OFFERED, lambda schema: schema.update(title="Tenth"))
    freeze(contract, "1.10.0")
    assert releases(contract) == ["1.0.0", "1.2.0", "1.10.0"]


def test_the_contract_of_today_passes_as_make_check_runs_it() -> None:
    done = subprocess.run(
        [sys.executable, "schemas/check.py"], cwd=SCHEMAS.parent, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "in order" in done.stdout
    assert releases(SCHEMAS)


def test_findings_are_printed_with_file_pointer_and_remedy_and_exit_code_one(contract: Path) -> None:
    edit(contract, OFFERED, constrain("hours_per_week", maximum=60))
    script = [sys.executable, str(SCHEMAS / "check.py"), "--directory", str(contract)]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"{OFFERED}#/properties/hours_per_week/maximum: maximum was 80 in 1.0.0 and is 60" in done.stderr
    assert "new major version" in done.stderr
    listed = subprocess.run([*script, "--json"], capture_output=True, text=True, check=False)
    assert json.loads(listed.stdout)[0]["pointer"] == "/properties/hours_per_week/maximum"


def test_a_new_major_version_beside_the_old_one_passes(contract: Path) -> None:
    for folder in ("events", "examples"):
        old = contract / folder / "placement" / "JobOfferDeclined.v1.json"
        text = old.read_text(encoding="utf-8").replace("JobOfferDeclined.v1", "JobOfferDeclined.v2")
        (old.parent / "JobOfferDeclined.v2.json").write_text(text, encoding="utf-8")
    edit(contract, "events/placement/JobOfferDeclined.v2.json", lambda schema: schema["required"].remove("reason"))
    own = {"ce_id": "019e9169-bc3b-75a7-94c8-0f74c7e31b7b", "ce_sequence": "900"}
    edit(contract, "examples/placement/JobOfferDeclined.v2.json", lambda example: example["headers"].update(own))
    assert write(["--directory", str(contract)]) == 0
    assert check(contract) == []
