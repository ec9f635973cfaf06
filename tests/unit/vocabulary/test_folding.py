"""Names as they are compared: with people of Erbil, Kabul, Lahore, Belgrade, Tirana and Dakar, all invented."""

from __future__ import annotations

import pytest

from vocabulary.folding import folded, number, runs, runs_with, spelled, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("شیلان ڕەشید", "شيلان رەشيد"),  # Sorani on a Sorani and on an Arabic keyboard
        ("هێمن کەریم", "ھيمن كەريم"),
        ("ڤیان", "فيان"),
        ("فاطمه یوسفی", "فاطمة يوسفي"),  # Dari and Arabic letters
        ("محمّد أكرم", "محمد اكرم"),  # with vowel signs and hamza, and without
        ("عائشہ خاں", "عائشه خان"),  # Urdu
        ("نی\u200cلوفر", "نیلوفر"),
        ("Ђорђе Љубичић", "Đorđe Ljubičić"),  # both alphabets of Serbian
        ("Đorđe Ljubičić", "dorde ljubicic"),
        ("Kreshnik Çela", "KRESHNIK CELA"),
        ("Aïssatou N’Diaye", "aissatou ndiaye"),
        ("Jean-Pierre", "pierre jean"),
        ("Müller", "Mueller"),
        ("Jörg Größe", "Joerg Groesse"),
        ("Ђорђе", "Djordje"),
        ("Ama  Quartey", "quartey ama"),
    ],
)
def test_one_name_is_found_however_it_is_spelled_in_its_script(one: str, other: str) -> None:
    assert words(one) == words(other) != ()


@pytest.mark.parametrize(("one", "other"), [("Ama", "Afua"), ("شیلان", "شیرین"), ("Петар", "Павле"), ("Ana", "Anna")])
def test_other_names_are_others(one: str, other: str) -> None:
    assert words(one) != words(other)


def test_nothing_is_no_name_and_no_number() -> None:
    assert words(None, "", "12 ()") == ()
    assert number(None) is number("12 34") is None


def test_a_number_is_the_same_with_the_prefix_of_its_country_and_without() -> None:
    assert number("+964 750 123 4567") == number("0750/1234567") == number("٠٧٥٠١٢٣٤٥٦٧") == "1234567"


@pytest.mark.parametrize("written", ["+220 301 2345", "301 2345", "0301 2345", "00220 3012345"])
def test_a_number_of_seven_digits_is_found_with_a_prefix_without_one_or_with_a_zero(written: str) -> None:
    assert number(written) == "3012345"


def fits(looked_for: str, *names: str) -> bool:
    """Whether somebody of this name is found by what is looked for, as the query does it."""
    kept, wanted = {*map(folded, runs(spelled(*names)))}, spelled(looked_for)
    return all(kept.intersection(map(folded, runs_with(wanted, place))) for place in range(len(wanted)))


@pytest.mark.parametrize(
    ("kept", "looked_for"),
    [
        (("عبد الله", "کریمی"), "عبدالله"),
        (("عبدالله", "کریمی"), "عبد الله کریمی"),
        (("Abdul Rahman", "Khan"), "khan abdulrahman"),
        (("Abdulrahman", "Khan"), "Abdul-Rahman Khan"),
        (("عبدالرحمن", "کریمی"), "عبد ال رحمن"),
        (("Abd al-Rahman", "Khan"), "Khan Abdalrahman"),
        (("Ama", "Quartey"), "quartey ama"),
        (("Ama Serwaa", "Quartey"), "Ama Quartey"),
    ],
)
def test_one_word_or_two_are_found_alike(kept: tuple[str, str], looked_for: str) -> None:
    assert fits(looked_for, *kept)


@pytest.mark.parametrize("looked_for", ["Ama Mensah", "Amaquartey Mensah", "Quart"])
def test_each_word_that_is_looked_for_must_fit(looked_for: str) -> None:
    assert not fits(looked_for, "Ama", "Quartey")
