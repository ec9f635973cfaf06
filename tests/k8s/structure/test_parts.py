"""Parts run side by side where they may, one exit code says how all ended, and what failed is shown whole."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from deploy.local.places import SERVICES
from tests.k8s import parts
from tests.k8s.executed.conftest import left_away, named
from tests.k8s.parts import Done, Piece, exit_code, pieces, run

WAITS = """
import time
from pathlib import Path

def test_another_runs_at_the_same_time():
    Path(r"{own}").touch()
    until = time.monotonic() + 60
    while not Path(r"{other}").exists():
        assert time.monotonic() < until
        time.sleep(0.05)
"""
FAILS = """
def test_wrong():
    print("the words of the one that failed")
    assert False
"""
ENDLESS = """
import time
from pathlib import Path
import pytest

@pytest.fixture
def server():
    yield
    Path(r"{ended}").touch()

def test_endless(server):
    Path(r"{begun}").touch()
    time.sleep(600)
"""


TELLS = """
import os

def test_what_it_was_told():
    print(os.environ["EXECUTED"], os.nice(0))
    assert False
"""


@pytest.fixture(autouse=True)
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "FOLDER", tmp_path / "logs")


def piece(folder: Path, part: str, text: str) -> Piece:
    """A part of one file."""
    (folder / part).mkdir()
    (folder / part / f"test_{part}.py").write_text(text)
    return Piece(part, folder / part)


def test_every_part_is_there_the_files_of_a_drill_each_for_itself_and_pods_are_executed_first() -> None:
    found = pieces(parts.parts())
    assert {each.part for each in found} == set(parts.parts())
    assert len({each.name for each in found}) == len(found)
    for part in parts.parts():
        files = [path for each in found if each.part == part for path in (each.path, *each.path.glob("**/test_*.py"))]
        assert {*(parts.HERE / part).glob("**/test_*.py")} <= set(files)
    drills = {f"drill/{path.stem.removeprefix('test_')}" for path in (parts.HERE / "drill").glob("test_*.py")}
    assert {each.name for each in found if each.part == "drill"} == drills
    assert [each.name for each in found[:2]] == ["executed", "executed/rollout_of_one"]
    assert [each.name for each in found if each.undisturbed] == ["executed", "executed/rollout_of_one"]


def test_the_names_that_are_given_turns_are_those_of_parts_and_files() -> None:
    assert {*parts.SPLIT, *parts.LONGEST_FIRST} <= set(parts.parts())
    assert set(parts.TOLD) <= {each.name for each in pieces(parts.parts())}
    assert all(each.path.exists() for each in pieces(parts.parts()))


def test_what_is_executed_of_named_services_is_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXECUTED", "referral")
    assert [each.name for each in pieces(["executed"])] == ["executed"]


@pytest.mark.parametrize(
    ("executed", "left"),
    [
        ("", {"test_rollouts", "test_rollout_of_one"}),
        ("referral", {"test_rollouts", "test_story"}),
        ("training", {"test_rollouts", "test_story", "test_rollout_of_one"}),
        ("rollouts", {"test_overlay", "test_story", "test_rollout_of_one"}),
    ],
)
def test_all_services_are_rolled_out_only_where_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, executed: str, left: set[str]
) -> None:
    monkeypatch.setenv("EXECUTED", executed)
    files = {"test_overlay", "test_story", "test_rollouts", "test_rollout_of_one"}
    assert left_away(files) & files == left
    assert named() == ((executed,) if executed in SERVICES else SERVICES)


def test_no_more_run_at_once_than_there_is_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(parts, "AT_ONCE", 1)
    assert run([piece(tmp_path, each, "def test_a(): ...") for each in ("one", "two")], []) == 0
    said = capsys.readouterr().out
    assert said.index("one begins") < said.index("----- one -----") < said.index("two begins")


def test_what_is_executed_goes_before_the_others_at_the_processors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one, undisturbed = piece(tmp_path, "one", TELLS), piece(tmp_path, "executed", TELLS)
    monkeypatch.setattr(parts, "TOLD", {"one": {"EXECUTED": "this"}, "executed": {"EXECUTED": "that"}})
    assert run([one, undisturbed], []) == 1
    said = capsys.readouterr().out
    assert f"\nthis {min(os.nice(0) + 5, 19)}\n" in said
    assert f"\nthat {os.nice(0)}\n" in said


@pytest.mark.parametrize(
    ("codes", "code"), [([0, 0], 0), ([0, 5], 0), ([5, 5], 5), ([0, 1], 1), ([5, 2], 1), ([-9, 0], 1)]
)
def test_one_code_for_all(codes: list[int], code: int) -> None:
    assert exit_code(codes) == code


def test_the_table_has_the_seconds_and_what_pytest_counted() -> None:
    done = Done("drill/restore", 0, 61.25, 9.5, "...\n===== 7 passed, 1 skipped in 60.9s =====\n")
    counted = "7 passed, 1 skipped in 60.9s"
    assert done.line() == f"   61.2 s     9.5 s of processors  passed  drill/restore            {counted}"


def test_parts_run_side_by_side_and_what_failed_is_shown_whole_before_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    chosen = [
        piece(tmp_path, "wrong", FAILS),
        piece(tmp_path, "one", WAITS.format(own=first, other=second)),
        piece(tmp_path, "two", WAITS.format(own=second, other=first)),
    ]
    assert run(chosen, []) == 1
    said = capsys.readouterr().out
    for before in ("wrong has FAILED", "----- one -----", "----- two -----"):
        assert said.index(before) < said.index("----- wrong -----")
    assert said.index("the words of the one that failed") < said.index("Seconds per part")
    table = said.partition("Seconds per part\n")[2].splitlines()
    assert sorted(line.split()[6:8] for line in table[:3]) == [
        ["FAILED", "wrong"],
        ["passed", "one"],
        ["passed", "two"],
    ]
    assert all(float(line.split()[2]) > 0 for line in table)
    assert table[3].endswith("in all")


def test_a_part_without_the_test_that_was_chosen_has_not_failed(tmp_path: Path) -> None:
    chosen = [piece(tmp_path, "one", "def test_a(): ..."), piece(tmp_path, "two", "def test_b(): ...")]
    assert run(chosen, ["-k", "test_a"]) == 0
    assert run(chosen, ["-k", "test_c"]) == 5


def test_what_runs_when_all_is_interrupted_ends_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended = tmp_path / "begun", tmp_path / "ended"
    chosen = [piece(tmp_path, "endless", ENDLESS.format(begun=begun, ended=ended))]

    def interrupted(seconds: float) -> None:
        if begun.exists():
            raise KeyboardInterrupt
        time.sleep(seconds)

    monkeypatch.setattr(parts, "sleep", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(chosen, [])
    assert ended.exists()
