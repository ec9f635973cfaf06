"""Cursors tell nothing, and go on in no list but the one that they were given for."""

from __future__ import annotations

import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from hypothesis import given
from hypothesis import strategies as st

from chassis.http import cursors
from chassis.http.cursors import LASTS_HOURS, Cursors
from chassis.http.paging import MOST_OF_A_CURSOR
from chassis.http.problems import Problem
from chassis.pure.paging import Listing, Place

ID = UUID(int=7)
SECRET = bytes(range(32))
OURS = Cursors(Listing("till"), SECRET, ("/tills", "-due_at", '[["status", "open"]]', "shop:ZRH"))
NUMBERED = replace(OURS, listing=Listing("queue", id_type="bigint"))
PLACE = Place("2026-03-02 09:00:00.123456+00", ID)
TEXT = st.text(alphabet=st.characters(exclude_characters="\x00", exclude_categories=("Cs",)))


def refused(ours: Cursors, cursor: str) -> Problem:
    with pytest.raises(Problem) as caught:
        ours.opened(cursor)
    assert (caught.value.status, caught.value.code) == (422, "cursor_invalid")
    assert [each.field for each in caught.value.errors] == ["cursor"]
    assert "without a cursor" in caught.value.remedy
    return caught.value


@given(TEXT, st.uuids())
def test_a_cursor_brings_back_its_place(value: str, id_: UUID) -> None:
    assert OURS.opened(OURS.sealed(Place(value, id_))) == Place(value, id_)


@given(st.integers(min_value=1, max_value=2**63 - 1))
def test_a_cursor_of_numbered_rows_brings_back_its_number(id_: int) -> None:
    assert NUMBERED.opened(NUMBERED.sealed(Place(str(id_), id_))) == Place(str(id_), id_)


def test_a_cursor_tells_neither_the_value_nor_the_id_nor_by_its_length_whether_there_is_a_value() -> None:
    sealed = OURS.sealed(PLACE)
    box = urlsafe_b64decode(sealed + "==")
    assert not any(part in box for part in (b"2026", ID.bytes, str(ID).encode(), b"due_at", b"ZRH"))
    assert len({len(OURS.sealed(Place(value, ID))) for value in ("infinity", "2026-03-02", PLACE.value)}) == 1


def test_the_longest_value_has_a_cursor_that_comes_back() -> None:
    sealed = OURS.sealed(Place("\U0001f600" * 120, ID))
    assert len(sealed) <= MOST_OF_A_CURSOR
    assert OURS.opened(sealed).value == "\U0001f600" * 120


@pytest.mark.parametrize("cursor", ["", "next", "\u00e9", "AAAA", "A" * 43, "A" * 118, "WyJpZCIsICJ4IiwgInkiXQ", "!"])
def test_what_no_page_has_given_is_refused(cursor: str) -> None:
    refused(OURS, cursor)


def test_a_cursor_that_was_changed_in_any_place_is_refused() -> None:
    sealed = OURS.sealed(PLACE)
    for at in range(len(sealed)):
        for letter in "A_":
            if sealed[at] != letter:
                refused(OURS, sealed[:at] + letter + sealed[at + 1 :])
    for other in (sealed[:-1], sealed + "A", sealed + "=", sealed + "!", " " + sealed, sealed[4:], sealed * 2):
        refused(OURS, other)


def test_a_cursor_is_text_of_one_form_only() -> None:
    """Two spellings of the same bytes would be two cursors: the last letter has bits that say nothing."""
    sealed = OURS.sealed(Place("x" * 50, ID))
    spelled = [sealed[:-1] + letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"]
    box = urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    same = [each for each in spelled if urlsafe_b64decode(each + "=" * (-len(each) % 4)) == box]
    for each in same:
        if each != sealed:
            refused(OURS, each)


@pytest.mark.parametrize("part", range(4), ids=["address", "order", "filters", "organisation"])
def test_a_cursor_of_another_list_order_filter_or_organisation_is_refused(part: int) -> None:
    other = replace(OURS, bound=(*OURS.bound[:part], OURS.bound[part] + "x", *OURS.bound[part + 1 :]))
    refused(other, OURS.sealed(PLACE))
    shifted = replace(OURS, bound=("/tills-due_at", "", *OURS.bound[2:]))
    refused(shifted, OURS.sealed(PLACE))


def test_every_process_with_the_secret_of_the_service_opens_it_after_a_restart_too_and_none_with_another() -> None:
    sealed = OURS.sealed(PLACE)
    cursors._cipher.cache_clear()
    assert replace(OURS, secret=bytes(SECRET)).opened(sealed) == PLACE
    refused(replace(OURS, secret=bytes(32)), sealed)


def test_the_key_is_not_the_secret_itself_which_makes_tags_too() -> None:
    box = urlsafe_b64decode(OURS.sealed(PLACE) + "==")
    with pytest.raises(InvalidTag):
        AESSIV(SECRET).decrypt(box, OURS._bound)


def test_a_cursor_lasts_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed, now = OURS.sealed(PLACE), time.time()
    monkeypatch.setattr(time, "time", lambda: now + LASTS_HOURS * 3600 - 2)
    assert OURS.opened(sealed) == PLACE
    monkeypatch.setattr(time, "time", lambda: now + LASTS_HOURS * 3600 + 2)
    assert "older than 24 hours" in str(refused(OURS, sealed).errors[0].detail)


def test_a_problem_repeats_nothing_of_the_cursor() -> None:
    sent = urlsafe_b64encode(b"a name, born on a day").decode()
    assert sent not in str(refused(OURS, sent).document("1"))
