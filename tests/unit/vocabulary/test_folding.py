"""Names as they are compared: with people of Erbil, Kabul, Lahore, Belgrade, Tirana and Dakar, all invented."""

from __future__ import annotations

import pytest

from vocabulary.folding import number, words


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
    assert number("+964 750 123 4567") == number("0750/1234567") == number("٠٧٥٠١٢٣٤٥٦٧") == "01234567"
