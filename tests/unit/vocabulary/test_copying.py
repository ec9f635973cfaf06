"""A copy is what `dataclasses.replace` would make, of every aggregate and with every field."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.services import ALL
from vocabulary.copying import replace

AGGREGATES = sorted({kind.state for service in ALL for kind in service.kinds}, key=lambda each: each.__qualname__)


class Part:
    """Equal to nothing but itself."""


@pytest.mark.parametrize("of", AGGREGATES, ids=lambda each: f"{each.__module__}.{each.__name__}")
def test_a_copy_has_what_was_changed_and_all_else(of: type[Any]) -> None:
    parts = {each.name: Part() for each in dataclasses.fields(of)}
    before = object.__new__(of)
    for name, part in parts.items():
        object.__setattr__(before, name, part)
    for name in parts:
        new = Part()
        after = replace(before, **{name: new})
        assert type(after) is of
        assert {each: getattr(after, each) for each in parts} == {**parts, name: new}
    assert replace(before) is not before
    assert {name: getattr(before, name) for name in parts} == parts


@dataclass(frozen=True, slots=True)
class Base:
    first: int
    both: int = 0


@dataclass(frozen=True, slots=True)
class Slotted(Base):
    last: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.first < 0:
            raise ValueError(self.first)


@dataclass(frozen=True)
class Plain(Base):
    more: list[int] = field(default_factory=list)


@pytest.mark.parametrize("before", [Slotted(1, 2, (3,)), Plain(1, 2, [3])])
def test_fields_of_a_base_are_copied_too(before: Base) -> None:
    assert replace(before, both=5) == dataclasses.replace(before, both=5)
    assert replace(before, first=5) == dataclasses.replace(before, first=5)


def test_what_a_class_asks_of_itself_it_asks_of_a_copy() -> None:
    with pytest.raises(ValueError, match="-1"):
        replace(Slotted(1), first=-1)


def test_an_unknown_field_is_refused() -> None:
    unknown: Any = {"frist": 1}
    with pytest.raises(TypeError, match="frist"):
        replace(Slotted(1), **unknown)


def test_what_was_worked_out_of_a_document_is_not_copied() -> None:
    journey = next(each for each in AGGREGATES if each.__name__ == "Journey")
    before = journey(id=None)
    assert before.arrival is None
    assert "arrival" in vars(before)
    assert "arrival" not in vars(replace(before))
