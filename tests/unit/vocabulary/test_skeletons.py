"""Names across scripts: as people in Erbil, Kabul, Lahore, Baghdad and Tunis have them, in both, among others' names.

`names.csv` has given names and family names as they are spelled, by `;`: nobody's whole name. What is measured is which
spellings find each other, and which names are taken for another one.
"""

from __future__ import annotations

import csv
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.services import NAMES
from vocabulary.folding import spelled
from vocabulary.skeletons import MOST, is_latin, skeletons


class Name(NamedTuple):
    latin: tuple[str, ...]
    arabic: tuple[str, ...]


def read() -> list[Name]:
    with Path(__file__).with_name("names.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [Name(tuple(row["latin"].split(";")), tuple(filter(None, row["arabic"].split(";")))) for row in rows]


ALL = read()
BOTH = [name for name in ALL if name.arabic]
NOT_FOUND = {("Chaudhry", "چوہدری"), ("Chaudhary", "چوہدری")}
"""The h stands elsewhere."""


@cache
def of(name: str) -> frozenset[str]:
    return skeletons("".join(spelled(name)))


def alike(one: str, other: str) -> bool:
    return bool(of(one) & of(other))


def test_a_name_in_arabic_letters_has_a_skeleton_of_each_of_its_latin_spellings() -> None:
    pairs = [(latin, arabic) for name in BOTH for latin in name.latin for arabic in name.arabic]
    assert len(pairs) > 350
    assert {pair for pair in pairs if not alike(*pair)} == NOT_FOUND


def test_of_six_hundred_names_that_are_compared_one_is_taken_for_another() -> None:
    """A whole name is compared word by word, and is wrong only if each of its words is."""
    wrong = [
        (one.latin[0], other.latin[0])
        for one in ALL
        for other in BOTH
        if one is not other and any(alike(latin, arabic) for latin in one.latin for arabic in other.arabic)
    ]
    assert len(wrong) <= len(ALL) * len(BOTH) / 600, wrong
    assert {("Karim", "Karimi"), ("Muhammad", "Mahmud"), ("Hassan", "Hussein")} <= set(wrong), "what it cannot tell"
    assert not {("Ahmad", "Muhammad"), ("Amin", "Mina"), ("Salim", "Samad"), ("Omar", "Ali")} & set(wrong)


def test_a_name_has_few_skeletons() -> None:
    counts = [len(of(each)) for name in BOTH for each in (*name.latin, *name.arabic)]
    assert sum(counts) / len(counts) < 1.5
    assert len(of("ذوالقرنينوالضياءوالثقةوالوقت")) <= MOST


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ڕۆژین", "Rojîn"),  # the four letters of Sorani that ICU leaves as they are
        ("گوڵ", "Gul"),
        ("ڕێبوار", "Rebwar"),
        ("ئەڤین", "Evin"),
        ("عبدالرحمن", "Abdurrahman"),
        ("الحسینی", "Al-Husseini"),
        ("الحسینی", "Husseini"),
        ("Јасмина", "جسمینه"),  # both alphabets of Serbian
        ("Александра", "Aleksandra"),
        ("Олексій", "Oleksij"),
        ("ﷲ", "Allah"),  # a ligature
        ("فَاطِمَة", "Fatima"),  # with the signs of short vowels
    ],
)
def test_scripts_and_spellings_that_are_one(one: str, other: str) -> None:
    assert alike(one, other)


def test_a_word_is_latin_by_all_its_letters() -> None:
    assert is_latin("çelađ")
    assert not is_latin("شيلان")
    assert not is_latin("aشb")


@pytest.mark.parametrize("service", NAMES)
def test_a_service_does_not_load_icu_before_somebody_is_looked_for(service: str) -> None:
    source = f"import sys; import {service}.app; assert 'icu' not in sys.modules"
    if service in {"counselling", "referral"}:
        source += "; from vocabulary.skeletons import skeletons as s; s('ada'); assert 'icu' not in sys.modules"
        source += "; s('\\u0639\\u0644\\u064a'); assert 'icu' in sys.modules"
    subprocess.run([sys.executable, "-c", source], check=True, timeout=60)
