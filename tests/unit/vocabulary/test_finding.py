"""By what somebody is found: what is kept of a profile, what is asked for, and how well it fits."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import pytest

from chassis.pure.decision import Refused
from vocabulary.finding import Search, Wanted, conditions, fit_of, marks_of, sought

SHILAN = {"given_name": "شیلان", "family_name": "ڕەشید", "phone": "+964 750 123 4567", "birth_date": "1990-05-17"}


def marking(data: bytes) -> Sequence[bytes]:
    """By two generations of keys."""
    return [hashlib.sha256(key + data).digest() for key in (b"newest", b"older")]


def fit(kept: dict[str, str], **looked_for: Any) -> str | None:
    """How somebody with this profile fits, as the query judges it; None: they are not found."""
    found = sought(Search.model_validate(looked_for), marking)
    assert not isinstance(found, Refused), found
    marks = set(marks_of(marking, kept))
    if not all(marks.intersection((*each.exact, *each.across_scripts)) for each in found.wanted):
        return None
    return fit_of(exact=all(marks.intersection(each.exact) for each in found.wanted))


@pytest.mark.parametrize(
    ("looked_for", "how"),
    [
        ({"name": "رەشيد شيلان"}, "exact"),
        ({"name": "Shilan Rashid"}, "across_scripts"),
        ({"name": "Raschid"}, "across_scripts"),
        ({"name": "Shilan ڕەشید"}, "across_scripts"),
        ({"name": "Шилан"}, "across_scripts"),
        ({"name": "Shirin Rashid"}, None),
        ({"phone": "0750 1234567", "birth_date": "1990-05-17"}, "exact"),
        ({"name": "Shilan", "birth_date": "1990-05-17"}, "across_scripts"),
        ({"name": "Shilan", "birth_date": "1990-05-18"}, None),
        ({"name": "شیلان", "birth_date": "1990-05-18"}, None),
    ],
)
def test_all_that_is_given_must_fit_and_another_script_is_told_from_the_same_one(
    looked_for: dict[str, str], how: str | None
) -> None:
    assert fit(SHILAN, **looked_for) == how


def test_in_one_script_the_consonants_alone_find_nobody() -> None:
    """They would find too many."""
    assert fit({"given_name": "Hassan"}, name="Hussein") is None
    assert fit({"given_name": "حسن"}, name="حسین") is None
    assert fit({"given_name": "حسن"}, name="Hussein") == "across_scripts"


def test_two_words_are_one_in_another_script() -> None:
    assert fit({"given_name": "عبدالرحمن"}, name="Abdul Rahman") == "across_scripts"
    assert fit({"given_name": "Abdullah", "family_name": "Karimi"}, name="عبد الله کریمی") == "across_scripts"


def test_both_alphabets_of_serbian_are_one_and_no_other_script() -> None:
    assert fit({"given_name": "Ђорђе", "family_name": "Љубичић"}, name="Djordje Ljubicic") == "exact"


@pytest.mark.parametrize(
    ("looked_for", "code", "field"),
    [
        ({}, "nothing_looked_for", "/"),
        ({"name": "..."}, "nothing_looked_for", "/name"),
        ({"name": "...", "birth_date": "1990-05-17"}, "nothing_looked_for", "/name"),
        ({"phone": "12345"}, "nothing_looked_for", "/phone"),
        ({"name": "Ama", "phone": "12345"}, "nothing_looked_for", "/phone"),
        ({"name": "1234", "phone": "0302 555 0101"}, "nothing_looked_for", "/name"),
        ({"birth_date": "1990-05-17"}, "birth_date_alone", "/birth_date"),
        ({"case_ref": "PH-7K3M9QX-G", "name": "Ama"}, "case_ref_misread", "/case_ref"),
    ],
)
def test_a_search_that_would_find_nobody_or_too_many_is_refused(
    looked_for: dict[str, str], code: str, field: str
) -> None:
    refused = sought(Search.model_validate(looked_for), marking)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.field) == (code, field)


def test_what_an_older_generation_of_keys_has_marked_is_found() -> None:
    found = sought(Search(name="Ama", phone="0302 555 0101", birth_date="1990-05-17"), marking)
    assert not isinstance(found, Refused)
    profile = {"given_name": "Ama", "phone": "0302 555 0101", "birth_date": "1990-05-17"}
    older = set(marks_of(lambda data: marking(data)[1:], profile))
    assert all(older.intersection(each.exact) for each in found.wanted)


def test_nothing_is_kept_of_an_empty_profile_and_no_value_in_clear() -> None:
    assert marks_of(marking, {"notes": "sleeps badly"}) == ()
    kept = marks_of(marking, SHILAN)
    assert kept == tuple(sorted(set(kept)))
    assert {len(mark) for mark in kept} == {64}


def test_the_conditions_number_their_parameters() -> None:
    found = conditions("marks", [Wanted(["a"], ["b"]), Wanted(["c"], [])], 4)
    assert found.fits == "marks ?| $4::text[] and marks ?| $6::text[]"
    assert found.exact == "marks ?| $5::text[] and marks ?| $7::text[]"
    assert found.parameters == [["a", "b"], ["a"], ["c"], ["c"]]
    assert conditions("marks", [], 4) == ("true", "true", [])
