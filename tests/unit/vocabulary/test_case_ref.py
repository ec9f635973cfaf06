"""The reference of a case: what its check character notices, and how it is read."""

from __future__ import annotations

import random
import re
from itertools import combinations
from uuid import UUID, uuid4

import pytest

from referral.events import CaseOpened
from vocabulary.case_ref import ALPHABET, case_ref, check_character, read

CHANCE = random.Random(20261124)
BODIES = ["0000000", "ZZZZZZZ", "7K3M9QX", "0Z0Z0Z0", *("".join(CHANCE.choices(ALPHABET, k=7)) for _ in range(20))]


def printed(body: str, check: str) -> str:
    return f"PH-{body}-{check}"


def test_the_example_of_the_docstring_is_right() -> None:
    assert check_character("7K3M9QX") == "F"
    assert read("PH-7K3M9QX-F") == "PH-7K3M9QX-F"


def test_a_reference_fits_its_event_and_can_be_read() -> None:
    form = CaseOpened.model_json_schema()["properties"]["case_ref"]["pattern"]
    for _ in range(500):
        reference = case_ref(uuid4())
        assert re.fullmatch(form, reference)
        assert read(reference) == reference


def test_the_same_id_gives_the_same_reference_and_another_id_another() -> None:
    id_ = UUID("39b9e3da-87cb-47ce-b42e-47b34349519b")
    assert case_ref(id_) == case_ref(id_)
    assert len({case_ref(uuid4()) for _ in range(500)}) == 500


@pytest.mark.parametrize("body", BODIES)
def test_any_one_wrong_character_is_noticed(body: str) -> None:
    right = body + check_character(body)
    for place in range(8):
        for character in ALPHABET:
            wrong = right[:place] + character + right[place + 1 :]
            assert (read(printed(wrong[:7], wrong[7])) is None) == (wrong != right)


@pytest.mark.parametrize("body", BODIES)
def test_any_two_characters_that_were_swapped_are_noticed_neighbours_or_not(body: str) -> None:
    right = body + check_character(body)
    for one, other in combinations(range(8), 2):
        letters = list(right)
        letters[one], letters[other] = letters[other], letters[one]
        wrong = "".join(letters)
        assert (read(printed(wrong[:7], wrong[7])) is None) == (wrong != right)


def test_all_neighbours_that_can_be_swapped_are_noticed_everywhere() -> None:
    """Also 0 and Z, which Luhn mod 32 takes for each other."""
    for place in range(6):
        for one, other in combinations(ALPHABET, 2):
            letters = ["7"] * 7
            letters[place : place + 2] = one, other
            swapped = [*letters[:place], other, one, *letters[place + 2 :]]
            assert check_character("".join(letters)) != check_character("".join(swapped))


@pytest.mark.parametrize(
    "text", ["PH-0K3M1QX-{}", "ph-ok3miqx-{}", "PH OK3MLQX {}", " ph0k3m1qx{} ", "P H-0-K3M-1QX{}", "ph-Ok3mlqx-{}"]
)
def test_a_reference_is_read_as_it_was_meant(text: str) -> None:
    check = check_character("0K3M1QX")
    assert read(text.format(check)) == f"PH-0K3M1QX-{check}"
    assert read(text.format(check.lower())) == f"PH-0K3M1QX-{check}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PH",
        "PH-",
        "PH-7K3M9QX",
        "PH-7K3M9QX-",
        "PH-7K3M9QX-FF",
        "HP-7K3M9QX-F",
        "7K3M9QX-F",
        "PH-7K3MUQX-F",
        "PH-💥",
    ],
)
def test_what_is_no_reference_is_not_read(text: str) -> None:
    assert read(text) is None
