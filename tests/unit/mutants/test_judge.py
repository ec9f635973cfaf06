"""Which tests a mutant meets, what a run of them says, and what is kept of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mutants import judge
from mutants.judge import BUDGET_SECONDS, Judge, NotGreenError, Verdict
from mutants.making import Mutant
from mutants.pytest_run import Run
from mutants.record import Touches

SOURCE = "def one():\n    return 1\n\ndef two():\n    return 2\n"
ONE = Mutant("outbox/limits", "NumberReplacer", 2, "return 1", "return 0", SOURCE.replace("1", "0"))
TWO = Mutant("outbox/limits", "NumberReplacer", 5, "return 2", "return 3", SOURCE.replace("2", "3"))
SLOW, QUICK, OTHER = "tests/a.py::slow", "tests/b.py::quick", "tests/b.py::other"
TOUCHES: Touches = {
    SLOW: (2.0, ["outbox/limits:one", "outbox/relay:one"]),
    QUICK: (0.5, ["outbox/limits:one", "outbox/limits:two"]),
    OTHER: (0.1, ["outbox/limits:two"]),
}


class FakePytest:
    """Stands for pytest: `kills` says which test fails at which text of the module."""

    def __init__(self) -> None:
        self.kills: dict[str, str] = {}
        self.stops = 0
        """How many runs end late because the machine stood still."""
        self.planted = SOURCE
        self.asked: list[list[str]] = []
        self.emptied = 0

    def empty(self) -> None:
        self.emptied += 1

    def run(self, job: dict[str, Any], files: Sequence[str], *, limit: float, options: Sequence[str] = ()) -> Run:
        names = list(job["seconds"])
        self.asked.append(names)
        assert files == sorted({name.partition("::")[0] for name in names})
        failed = self.kills.get(self.planted, "")
        if self.planted != SOURCE and self.stops:
            self.stops -= 1
            return Run(None)
        if failed == "hangs":
            return Run(None)
        if failed in names:
            return Run(1, {"failed": failed, "servers": True}, "Failed: Timeout" if failed == SLOW else "")
        return Run(0, {"failed": "", "servers": False})


@pytest.fixture
def tests(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakePytest:
    tests = FakePytest()

    @contextmanager
    def planted(path: str, source: str) -> Iterator[None]:
        assert path == "services/chassis/outbox/limits.py"
        tests.planted = source
        yield
        tests.planted = SOURCE

    monkeypatch.setattr(judge, "planted", planted)
    monkeypatch.setattr(judge, "FOLDER", tmp_path)
    return tests


def verdicts(tests: FakePytest, *mutants: Mutant, touches: Touches = TOUCHES) -> list[Verdict]:
    judging = Judge("outbox/limits", SOURCE, touches, tests, tests)  # type: ignore[arg-type]
    return list(judging.verdicts(mutants, lambda _: None))


def test_a_mutant_meets_the_tests_that_touch_its_function_the_quickest_first(tests: FakePytest) -> None:
    assert [each.killer for each in verdicts(tests, ONE, TWO)] == ["", ""]
    everything, one, two, again = tests.asked
    assert (one, two) == ([QUICK, SLOW], [OTHER, QUICK])
    assert everything == again == [OTHER, QUICK, SLOW]


def test_what_has_killed_another_is_asked_first(tests: FakePytest) -> None:
    tests.kills = {ONE.source: QUICK}
    assert [each.killer for each in verdicts(tests, ONE, TWO)] == [QUICK, ""]
    assert tests.asked[2] == [QUICK, OTHER]


def test_tests_beyond_the_budget_are_not_asked_but_one_always_is(tests: FakePytest) -> None:
    slow: Touches = {
        name: (BUDGET_SECONDS + number, ["outbox/limits:one"]) for number, name in enumerate((SLOW, OTHER))
    }
    verdicts(tests, ONE, touches=slow)
    assert tests.asked[1] == [SLOW]


def test_a_run_that_ends_late_has_noticed_by_time(tests: FakePytest) -> None:
    tests.kills = {ONE.source: "hangs", TWO.source: QUICK}
    assert [(each.killer, each.late) for each in verdicts(tests, ONE, TWO)] == [
        ("pytest ended with None", True),
        (QUICK, False),
    ]


@pytest.mark.parametrize(("kills", "killer"), [({}, ""), ({ONE.source: QUICK}, QUICK)])
def test_a_machine_that_stood_still_kills_nobody(tests: FakePytest, kills: dict[str, str], killer: str) -> None:
    tests.stops, tests.kills = 1, kills
    assert verdicts(tests, ONE) == [Verdict(ONE, killer)]


def test_what_is_killed_by_time_alone_is_judged_twice_by_the_late_test_first(tests: FakePytest) -> None:
    tests.kills = {ONE.source: SLOW}
    assert verdicts(tests, ONE) == [Verdict(ONE, SLOW, late=True)]
    assert tests.asked[1:-1] == [[QUICK, SLOW], [SLOW, QUICK]]


def test_a_mutant_that_no_test_touches_survives_unasked(tests: FakePytest) -> None:
    assert verdicts(tests, ONE, touches={}) == [Verdict(ONE, "")]
    assert tests.asked == []


def test_verdicts_are_kept_until_the_module_or_a_survivors_tests_change(tests: FakePytest) -> None:
    tests.kills = {ONE.source: QUICK}
    first = verdicts(tests, ONE, TWO)
    tests.asked.clear()
    assert verdicts(tests, ONE, TWO) == first
    assert tests.asked == []
    verdicts(tests, ONE, TWO, touches={**TOUCHES, "tests/c.py::new": (1.0, ["outbox/limits:two"])})
    assert tests.asked[1:-1] == [[OTHER, QUICK, "tests/c.py::new"]]
    tests.asked.clear()
    verdicts(tests, ONE, TWO, touches={OTHER: TOUCHES[OTHER]})
    assert tests.asked[1:-1] == [[OTHER]], "the killer is gone; nothing is left to ask about the first"


def test_servers_are_emptied_after_a_run_that_used_them(tests: FakePytest) -> None:
    tests.kills = {ONE.source: QUICK}
    verdicts(tests, ONE, TWO)
    assert tests.emptied == 2, "before the first run, and after the mutant that was killed on them"


def test_tests_that_fail_without_a_mistake_judge_nothing(tests: FakePytest) -> None:
    tests.kills = {SOURCE: SLOW}
    with pytest.raises(NotGreenError, match="fails without any mistake"):
        verdicts(tests, ONE)
