"""Tags: equal for what is shown alike, different per field, and silent about the values."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from chassis.pure.answers import FIELD_BYTES, Answer, changed_since, tag_of

KEY = b"key"
ID = UUID(int=1)


class Part(Answer):
    name: str
    on: date | None


class Shown(Answer):
    id: UUID
    parts: tuple[Part, ...]
    count: int
    days_left: int

    BY_CLOCK: ClassVar[frozenset[str]] = frozenset({"days_left"})


class Other(Answer):
    id: UUID


FIRST = Shown(id=ID, parts=(Part(name="a", on=None),), count=1, days_left=3)


class Read(Answer):
    thing_id: UUID = Field(validation_alias="id")
    name: str
    count: int
    note: str | None = None


@dataclass(frozen=True, slots=True)
class State:
    id: UUID
    name: str
    box: str

    @property
    def count(self) -> int:
        return len(self.name)

    @property
    def note(self) -> str:
        raise AssertionError("nobody asks for it")


def changed(**changes: object) -> Shown:
    return FIRST.model_copy(update=changes)


def test_what_is_shown_alike_has_one_tag() -> None:
    again = Shown.model_validate_json(FIRST.model_dump_json())
    assert tag_of(again, ID, KEY) == tag_of(FIRST, ID, KEY)
    assert changed_since(tag_of(FIRST, ID, KEY), again, ID, KEY) == []


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"count": 2}, ["count"]),
        ({"parts": ()}, ["parts"]),
        ({"parts": (Part(name="a", on=date(2026, 3, 2)),)}, ["parts"]),
        ({"count": 2, "id": UUID(int=2)}, ["id", "count"]),
        ({"days_left": 2}, []),
    ],
)
def test_a_stale_tag_tells_which_fields_have_changed(changes: dict[str, object], fields: list[str]) -> None:
    assert changed_since(tag_of(FIRST, ID, KEY), changed(**changes), ID, KEY) == fields
    assert (tag_of(FIRST, ID, KEY) == tag_of(changed(**changes), ID, KEY)) is (fields == [])


@pytest.mark.parametrize("tag", ['""', '"!"', '"AAAA"', '"x y"', '"' + "A" * 4000 + '"', '"é"'])
def test_a_tag_of_something_else_is_told_from_a_stale_one(tag: str) -> None:
    assert changed_since(tag, FIRST, ID, KEY) is None
    assert changed_since(tag_of(Other(id=ID), ID, KEY), FIRST, ID, KEY) is None


@pytest.mark.parametrize("more", ["!", "~", "=", ".", "%41"])
@pytest.mark.parametrize("place", [1, 5, -1])
def test_a_tag_with_more_in_it_is_another(more: str, place: int) -> None:
    tag = tag_of(FIRST, ID, KEY)
    assert changed_since(tag[:place] + more + tag[place:], FIRST, ID, KEY) is None


def test_without_the_key_nobody_can_try_values() -> None:
    assert tag_of(FIRST, ID, b"another") != tag_of(FIRST, ID, KEY)
    assert changed_since(tag_of(FIRST, ID, b"another"), FIRST, ID, KEY) is None


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
def test_tags_are_equal_if_and_only_if_values_are(some: list[str], others: list[str]) -> None:
    one, two = (changed(parts=tuple(Part(name=name, on=None) for name in names)) for names in (some, others))
    assert (tag_of(one, ID, KEY) == tag_of(two, ID, KEY)) is (some == others)


def test_an_answer_is_made_once_and_takes_nothing_unknown() -> None:
    with pytest.raises(ValueError, match="extra_forbidden"):
        Other.model_validate({"id": ID, "name": "x"})
    with pytest.raises(ValueError, match="frozen"):
        FIRST.count = 2  # type: ignore[misc]


def test_alike_values_of_two_resources_have_no_part_of_their_tags_in_common() -> None:
    one, two = (base64.urlsafe_b64decode(tag_of(FIRST, UUID(int=number), KEY).strip('"')) for number in (1, 2))
    parts = [{tag[place : place + FIELD_BYTES] for place in range(0, len(tag), FIELD_BYTES)} for tag in (one, two)]
    assert not parts[0] & parts[1]
    assert changed_since(tag_of(FIRST, UUID(int=2), KEY), FIRST, ID, KEY) is None


def test_an_answer_is_read_off_a_state_under_the_names_that_the_state_has() -> None:
    answer = Read.from_state(State(ID, "abc", "sealed"), note=None)
    assert answer == Read(thing_id=ID, name="abc", count=3)


def test_what_is_told_beside_the_state_is_not_asked_of_it() -> None:
    answer = Read.from_state(State(ID, "abc", "sealed"), thing_id=UUID(int=2), note="more", count=7)
    assert answer == Read(thing_id=UUID(int=2), name="abc", count=7, note="more")
    with pytest.raises(AssertionError, match="nobody asks"):
        Read.from_state(State(ID, "abc", "sealed"))


@pytest.mark.parametrize("wrong", [{"count": "many"}, {"colour": "red"}, {"thing_id": "ours"}])
def test_an_answer_that_is_read_off_a_state_is_validated(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Read.from_state(State(ID, "abc", "sealed"), note=None, **wrong)
