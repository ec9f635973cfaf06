"""Tests that share servers run in one process, and servers that nobody needs any more do not run."""

from __future__ import annotations

import re
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest

from tests.support.side_by_side import SHARED, ByServers

SERVED = ["integration/test_numbers", "integration/test_relay", "integration/test_terms"]
TESTS = Path(__file__).resolve().parents[1]


def users(folder: str, fixture: str, type_: str) -> set[str]:
    """The files whose tests take a fixture that is not their own."""
    found = {}
    for path in (TESTS / folder).rglob("test_*.py"):
        found[path.relative_to(TESTS.parent).as_posix()] = path.read_text(encoding="utf-8")
    taken = re.compile(rf"\b{fixture}: {type_}\b")
    return {file for file, text in found.items() if taken.search(text) and f"def {fixture}(" not in text}


def test_every_file_that_needs_servers_of_all_is_in_the_unit_of_the_others() -> None:
    units = {name: {file for file, unit in SHARED.items() if unit == name} for name in set(SHARED.values())}
    assert units == {
        "the chain": users("system", "chain", "Chain") | users("system", "everything", "Everything"),
        "the secured broker": users("integration", "secured", "Secured"),
    }


def test_every_file_beside_the_four_services_is_in_their_unit() -> None:
    files = {f"tests/system/{path.name}" for path in (TESTS / "system").glob("test_*.py")}
    assert files == {file for file, unit in SHARED.items() if unit == "the chain"}


@pytest.mark.parametrize(
    ("test", "unit"),
    [
        ("tests/system/test_trace.py::test_a_malformed_trace_header_fails_no_request[::]", "the chain"),
        ("tests/integration/test_acls.py::test_x", "the secured broker"),
        ("tests/unit/test_rooms.py::test_x[a::b]", "tests/unit/test_rooms.py"),
    ],
)
def test_a_file_is_one_unit_of_work_and_those_that_share_servers_are_one_together(test: str, unit: str) -> None:
    assert ByServers.__new__(ByServers)._split_scope(test) == unit


class Process:
    """Takes whatever it is given."""

    def send_runtest_some(self, _tests: list[int]) -> None:
        pass


def test_two_processes_have_servers_and_the_third_takes_what_needs_none_while_there_is_any() -> None:
    first, second, third = processes = [Process(), Process(), Process()]
    names = ["integration/test_story", "integration/test_audit", "unit/test_rooms", *SERVED]
    scheduler: Any = ByServers.__new__(ByServers)
    scheduler.workqueue = OrderedDict((f"tests/{name}.py", {}) for name in names)
    scheduler.assigned_work = {each: {} for each in processes}
    scheduler.registered_collections = {each: [] for each in processes}
    for process in (first, second, third, third, third, first):
        scheduler._assign_work_unit(process)
    given = [[Path(unit).stem for unit in scheduler.assigned_work[each]] for each in processes]
    assert given == [["test_audit", "test_terms"], ["test_numbers"], ["test_story", "test_rooms", "test_relay"]]


def test_the_chain_ends_with_the_last_test_that_needs_it() -> None:
    conftest = (TESTS / "system" / "conftest.py").read_text(encoding="utf-8")
    assert '@pytest.fixture(scope="package")\nasync def chain(' in conftest
    assert (TESTS / "system" / "__init__.py").exists()  # without it, the scope is the session's
