"""Which functions a line matters to."""

from __future__ import annotations

from mutants.functions import Functions

FUNCTIONS = Functions(
    """\
A = 1
B = f"{A}"
UNUSED = 2
class C:
    x = 3
    def one(self):
        def inside():
            return B
        return inside
def two():
    return A
def three(): ...
"""
)


def test_a_line_belongs_to_the_outermost_function() -> None:
    assert [FUNCTIONS.at(line) for line in (1, 5, 6, 8, 11)] == ["", "", "C.one", "C.one", "two"]


def test_a_constant_matters_to_those_who_read_it_also_through_another() -> None:
    assert FUNCTIONS.reached_from(1) == {"C.one", "two"}
    assert FUNCTIONS.reached_from(2) == {"C.one"}


def test_other_lines_of_the_module_matter_to_all() -> None:
    everything = {"C.one", "two", "three"}
    assert FUNCTIONS.reached_from(3) == FUNCTIONS.reached_from(5) == everything


def test_a_line_of_a_function_matters_to_it_alone() -> None:
    assert FUNCTIONS.reached_from(8) == {"C.one"}
