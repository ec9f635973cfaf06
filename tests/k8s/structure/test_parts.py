"""Parts run side by side where they may, one exit code says how all ended, and what failed is shown whole."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.k8s import parts
from tests.k8s.parts import Done, Piece, exit_code, may_begin, pieces, run

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


@pytest.fixture(autouse=True)
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "FOLDER", tmp_path / "logs")


def piece(folder: Path, part: str, text: str) -> Piece:
    """A part of one file."""
    (folder / part).mkdir()
    (folder / part / f"test_{part}.py").write_text(text)
    return Piece(part, folder / part)


def test_every_part_is_there_once_the_files_of_a_drill_each_for_itself_and_pods_are_executed_alone_at_the_end() -> None:
    found = pieces(parts.parts())
    assert {each.part for each in found} == set(parts.parts())
    assert len({each.name for each in found}) == len(found)
    assert {"drill/restore", "drill/lost_keys", "drill/lost_topics"} <= {each.name for each in found}
    assert [each.name for each in found if each.alone] == ["executed"]
    assert found[-1].name == "executed"


def test_the_names_that_are_given_turns_are_those_of_parts() -> None:
    assert {*parts.SPLIT, *parts.ALONE, *parts.LONGEST_FIRST} <= set(parts.parts())


def test_two_run_at_once_and_who_must_be_alone_is() -> None:
    one, two, executed = (Piece(part, Path(part)) for part in ("runner", "servers", "executed"))
    assert may_begin(one, [])
    assert may_begin(one, [two])
    assert not may_begin(one, [two, two])
    assert may_begin(executed, [])
    assert not may_begin(executed, [one])
    assert not may_begin(one, [executed])


@pytest.mark.parametrize(
    ("codes", "code"), [([0, 0], 0), ([0, 5], 0), ([5, 5], 5), ([0, 1], 1), ([5, 2], 1), ([-9, 0], 1)]
)
def test_one_code_for_all(codes: list[int], code: int) -> None:
    assert exit_code(codes) == code


def test_the_table_has_the_seconds_and_what_pytest_counted() -> None:
    done = Done("drill/restore", 0, 61.25, "...\n===== 7 passed, 1 skipped in 60.9s =====\n")
    assert done.line() == "   61.2 s  passed  drill/restore            7 passed, 1 skipped in 60.9s"


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
    assert said.index("wrong has FAILED") < said.index("----- one -----") < said.index("----- wrong -----")
    assert said.index("the words of the one that failed") < said.index("Seconds per part")
    table = said.partition("Seconds per part\n")[2].splitlines()
    assert sorted(line.split()[2:4] for line in table[:3]) == [
        ["FAILED", "wrong"],
        ["passed", "one"],
        ["passed", "two"],
    ]
    assert "in all; one after another it would have been" in table[3]


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
