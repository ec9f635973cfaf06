"""What a run says of survivors, reasons and shares."""

from __future__ import annotations

import pytest

from mutants.explained import Named, named, reasons, written
from mutants.judge import Verdict
from mutants.making import Mutant
from mutants.report import Report


def verdict(was: str, killer: str = "") -> Verdict:
    return Verdict(Mutant("outbox/limits", "AddNot", 7, was, f"not {was}", ""), killer)


def report(*verdicts: Verdict, explained: str = "") -> Report:
    return Report(reasons(explained), {"outbox/limits": verdicts})


KILLED = [verdict(str(number), "tests/t.py::t") for number in range(19)]


def entry(each: Verdict, reason: str = "equivalent") -> str:
    return written(each.mutant).replace('reason = ""', f'reason = "{reason}"')


def test_all_killed_is_good() -> None:
    assert report(*KILLED).is_good


def test_a_survivor_without_a_reason_is_shown_as_the_entry_that_it_lacks() -> None:
    shown = report(*KILLED, verdict("""a['b'] == "c\\n" """))
    assert not shown.is_good
    assert [each.mutant.was for each in shown.unexplained] == ["""a['b'] == "c\\n" """]
    assert written(shown.unexplained[0].mutant) in shown.text()


def test_a_survivor_with_a_reason_is_good_as_long_as_enough_are_killed() -> None:
    odd = verdict("""a['b'] == "c\\n" """)
    assert report(*KILLED, odd, explained=entry(odd)).is_good
    assert not report(*KILLED[1:], odd, explained=entry(odd)).is_good


def test_a_reason_whose_mutant_is_killed_or_gone_is_an_error() -> None:
    idle = report(*KILLED, explained=entry(verdict("0")))
    assert idle.idle == [named(verdict("0").mutant)]
    assert not idle.is_good
    assert "killed or gone" in idle.text()


def test_reasons_of_modules_that_were_not_judged_are_left_alone() -> None:
    other = entry(verdict("0")).replace("outbox/limits", "outbox/relay")
    assert report(*KILLED, explained=other).is_good


def test_an_entry_needs_a_reason_and_stands_once() -> None:
    once = entry(verdict("0"))
    with pytest.raises(ValueError, match="explained twice"):
        reasons(f"{once}\n{once}")
    with pytest.raises(ValueError, match="without a reason"):
        reasons(entry(verdict("0"), reason=" "))


def test_the_file_of_reasons_can_be_read() -> None:
    assert all(isinstance(name, Named) and reason for name, reason in reasons().items())
