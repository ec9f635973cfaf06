"""Which subjects are found in a value, and that nobody looks where there can be none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel, ConfigDict, Field

from chassis.pure.subjects import SUBJECT, subjects_in

T = TypeVar("T")
ONE, TWO, THREE = uuid4(), uuid4(), uuid4()


class Colour(StrEnum):
    RED = "red"


class Line(BaseModel):
    order_id: UUID | None = None


@dataclass(frozen=True)
class Command:
    order_id: UUID


@dataclass(frozen=True)
class Merging(Command):
    also: UUID = field(metadata=SUBJECT)
    other_id: UUID


class Listed(BaseModel, Generic[T]):
    items: tuple[T, ...]


class Told(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    order_id: UUID | None = None
    line: Line | None = None
    lines: list[Annotated[Line, Field(description="one")]] = []
    listed: Listed[Line] | None = None
    said: Mapping[str, Any] = {}
    command: Command | None = None
    anything: Any = None


class Plain(BaseModel):
    """Fields that hold no subject, each with a value that would give one away if anybody looked."""

    text: str
    day: date | None
    at: datetime
    number: float
    other_id: UUID
    codes: tuple[Annotated[str, Field(max_length=9)], ...]
    colour: Colour | Literal["none"]
    texts: list[str | None]


@pytest.mark.parametrize(
    "told",
    [
        Told(order_id=ONE),
        Told(line=Line(order_id=ONE)),
        Told(lines=[Line(), Line(order_id=ONE)]),
        Told(listed=Listed[Line](items=(Line(order_id=ONE),))),
        Told(said={"order_id": str(ONE)}),
        Told(said={"lines": [{"order_id": str(ONE)}]}),
        Told(command=Command(ONE)),
        Told(anything=[Line(order_id=ONE)]),
        Listed(items=(Line(order_id=ONE),)),
        (Command(ONE), None, "text", 7),
    ],
)
def test_a_subject_is_found_wherever_a_field_may_hold_one(told: Any) -> None:
    assert subjects_in(told, "order_id") == {ONE}


def test_all_subjects_are_found() -> None:
    told = Told(order_id=ONE, lines=[Line(order_id=TWO)], anything={"order_id": THREE})
    assert subjects_in((told, Line(order_id=TWO)), "order_id") == {ONE, TWO, THREE}


def test_a_command_says_which_other_field_of_it_names_one() -> None:
    assert subjects_in(Merging(ONE, TWO, THREE), "order_id") == {ONE, TWO}


def test_a_field_of_texts_numbers_or_moments_is_never_looked_at() -> None:
    giving_away: dict[str, Any] = dict.fromkeys(Plain.model_fields, Line(order_id=ONE))
    assert subjects_in(Plain.model_construct(**giving_away), "order_id") == set()


def test_what_is_no_id_is_an_error() -> None:
    with pytest.raises(ValueError, match="badly formed"):
        subjects_in({"order_id": "nobody"}, "order_id")
