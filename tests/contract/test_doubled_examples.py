"""`schemas/check.py` finds ids and sequences that stand twice among the examples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from check import check, main

from tests.contract.editing import edit

FIRST = "examples/referral/CaseOpened.v1.json"
SECOND = "examples/referral/ConsentGranted.v1.json"
LAST = "examples/referral/ReturneeReferred.v1.second.json"


def headers(root: Path, file: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / file).read_text(encoding="utf-8"))["headers"]
    return found


def next_free(root: Path) -> int:
    """After the last number of the key of the first example, on its topic."""
    files = sorted((root / "examples" / "referral").glob("*.json"))
    found = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    key = next(each["key"] for file, each in zip(files, found, strict=True) if str(file).endswith(FIRST))
    return 1 + max(int(each["headers"]["ce_sequence"]) for each in found if each["key"] == key)


def test_the_examples_of_today_have_none(whole: Path) -> None:
    assert check(whole) == []


@pytest.mark.parametrize("other", [SECOND, "examples/training/CourseCompleted.v1.json"])
def test_a_doubled_id_is_found_in_any_topic(other: str, whole: Path) -> None:
    doubled = headers(whole, FIRST)["ce_id"]
    edit(whole, other, lambda example: example["headers"].update(ce_id=doubled))
    (finding,) = check(whole)
    assert (finding.file, finding.pointer) == (other, "/headers/ce_id")
    assert finding.problem == f"{doubled} is the id of {FIRST} too"
    assert "UUIDv7" in finding.remedy


def test_a_doubled_sequence_is_found_with_the_next_free_one(whole: Path) -> None:
    edit(whole, SECOND, lambda example: example["headers"].update(ce_sequence="1"))
    (finding,) = check(whole)
    assert (finding.file, finding.pointer) == (SECOND, "/headers/ce_sequence")
    assert finding.problem == f"1 is the number of {FIRST} too, of the same key in ph.referral.v1"
    assert f"next free number, {next_free(whole)}." in finding.remedy


def test_each_further_one_is_found(whole: Path) -> None:
    copied = headers(whole, FIRST)
    for file in (SECOND, LAST):
        change = {name: copied[name] for name in ("ce_id", "ce_sequence")}
        edit(whole, file, lambda example, change=change: example["headers"].update(change))  # type: ignore[misc]
    found = {(finding.file, finding.pointer) for finding in check(whole)}
    assert found == {(file, f"/headers/{name}") for file in (SECOND, LAST) for name in ("ce_id", "ce_sequence")}


def test_the_same_sequence_under_another_key_or_in_another_topic_is_none(whole: Path) -> None:
    vacancies = [
        f"examples/placement/VacancyPublished.v1.{variant}json" for variant in ("", "informal.", "other-state.")
    ]
    for file in (*vacancies, "examples/training/EnrolmentRequested.v1.json", FIRST):
        assert headers(whole, file)["ce_sequence"] == "1"
    assert check(whole) == []
    edit(whole, "examples/placement/VacancyClosed.v1.json", lambda example: example["headers"].update(ce_sequence="1"))
    (finding,) = check(whole)
    assert finding.file == vacancies[0]
    assert finding.problem.startswith("1 is the number of examples/placement/VacancyClosed.v1.json too")
    assert "next free number, 2." in finding.remedy


def test_an_example_that_says_another_source_is_found(whole: Path) -> None:
    edit(whole, FIRST, lambda example: example["headers"].update(ce_source="/ph/training"))
    (finding,) = check(whole)
    assert (finding.file, finding.pointer) == (FIRST, "/headers/ce_source")
    assert finding.problem == 'is "/ph/training", not "/ph/referral"'


@pytest.mark.parametrize("part", ["headers", "value"])
def test_an_example_whose_part_is_no_object_is_found(part: str, whole: Path) -> None:
    edit(whole, FIRST, lambda example: example.update({part: []}))
    (finding,) = check(whole)
    assert (finding.file, finding.problem) == (FIRST, "is not {key, headers, value}, the last two as objects")


def test_the_command_fails_and_prints_file_place_and_remedy(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(whole, SECOND, lambda example: example["headers"].update(ce_sequence="1"))
    assert main(["--directory", str(whole)]) == 1
    said = capsys.readouterr().err
    assert f"{SECOND}#/headers/ce_sequence: 1 is the number of {FIRST} too" in said
    assert f"Give one of the two the next free number, {next_free(whole)}." in said
