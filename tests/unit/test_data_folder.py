import os
from pathlib import Path

import pytest

from deploy.local.places import LOCAL
from tests.support import data_folder as places

sweep = places.sweep


@pytest.fixture(autouse=True)
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(places, "MEMORY", tmp_path)
    monkeypatch.setattr(places, "sweep", lambda folder: None)
    return tmp_path


def test_data_lies_in_memory_if_there_is_room(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "ROOM", 1)
    assert places.data_folder.__wrapped__() == places.in_memory(memory)


def test_data_lies_beside_the_source_if_memory_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "ROOM", 10**18)
    assert places.data_folder.__wrapped__() == LOCAL / "test"


def test_data_lies_beside_the_source_where_there_is_no_such_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MEMORY", Path("/nowhere"))
    assert places.data_folder.__wrapped__() == LOCAL / "test"


def test_what_runs_that_are_over_have_left_behind_is_removed(memory: Path) -> None:
    over = int(Path("/proc/sys/kernel/pid_max").read_text()) + 1
    for name in (f"{over}", f"{over}-secured", f"{os.getpid()}", f"{os.getpid()}-secured", "keys"):
        (memory / name / "postgres").mkdir(parents=True)
    sweep(memory)
    assert {each.name for each in memory.iterdir()} == {f"{os.getpid()}", f"{os.getpid()}-secured", "keys"}
