"""The mistakes that are made beside cosmic-ray's."""

from __future__ import annotations

import pytest

from mutants.own import changes


def made(source: str) -> set[tuple[str, str]]:
    """Each mistake: its operator, and the module that has it."""
    return {(name, source[:begin] + instead + source[end:]) for name, begin, end, instead in changes(source)}


@pytest.mark.parametrize(
    ("source", "operator", "changed"),
    [
        ("save(1)\n", "RemoveStatement", "pass\n"),
        ("a.b = 1\n", "RemoveStatement", "pass\n"),
        ("a += 1\n", "RemoveStatement", "pass\n"),
        ("x = a in b\n", "TurnMembership", "x = a not in b\n"),
        ("x = a not in b\n", "TurnMembership", "x = a in b\n"),
        ("try:\n    pass\nexcept KeyError:\n    pass\n", "CatchNothing", "try:\n    pass\nexcept ():\n    pass\n"),
        ("s = 'select a from t where a < b'\n", "SqlBoundary", "s = 'select a from t where a <= b'\n"),
        ("s = 'select a from t order by a'\n", "SqlOrder", "s = 'select a from t order by a desc'\n"),
        ("s = 'select a from t for update'\n", "SqlLock", "s = 'select a from t'\n"),
        ("s = 'update t set a = a + 1'\n", "SqlPlusMinus", "s = 'update t set a = a - 1'\n"),
        ("s = 'select greatest(a, b)'\n", "SqlGreatestLeast", "s = 'select least(a, b)'\n"),
    ],
)
def test_a_mistake(source: str, operator: str, changed: str) -> None:
    assert (operator, changed) in made(source)


def test_each_condition_of_a_statement_is_dropped_in_turn() -> None:
    source = 'S = """\ndelete from t where a = $1 and f(b) = 2\n  and not c and d <> \'x\' order by e\n"""\n'
    dropped = {changed for operator, changed in made(source) if operator == "SqlDropCondition"}
    assert dropped == {
        source.replace("a = $1 and ", ""),
        source.replace(" and f(b) = 2", ""),
        source.replace("\n  and not c", ""),
        source.replace(" and d <> 'x'", ""),
    }


def test_a_condition_that_goes_on_below_is_not_torn_apart() -> None:
    source = 'S = """\nupdate t set a = 1 where b = 2 and not exists (\n    select from u)\n"""\n'
    assert {changed for operator, changed in made(source) if operator == "SqlDropCondition"} == {
        source.replace("b = 2 and ", "")
    }


def test_texts_that_are_no_sql_and_docstrings_stay() -> None:
    assert made('"""We select from a < b."""\nx = "a and b < c"\n') == set()
