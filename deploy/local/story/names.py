"""Invented names, as people of the 13 countries and of Germany write them: in four alphabets and nine languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NAMES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "ar": (("عبد الرحمن", "الشناوي"), ("فاطمة الزهراء", "بن عيسى"), ("يوسف", "القاسمي")),
    "ckb": (("شیلان", "ڕەشید"), ("ڕێبین", "ژاکاوی"), ("هێڤی", "گەرمیانی")),
    "de": (("Jürgen", "Weißmüller"),),
    "en": (("Chidinma", "Okonkwo-Adeyẹmi"), ("Kwabena", "Asante-Mensah"), ("Fatoumatta", "Ceesay-Njie")),
    "fa": (("گل‌نار", "احمدزی"), ("سید جواد", "حسینی"), ("زهرا", "نورستانی")),
    "fr": (("Aïssatou", "Diédhiou"), ("Hélène-Noëlle", "N'Diaye-Sœur"), ("Françoise", "Lô-Gueye")),
    "sq": (("Besnik", "Krasniqi-Hoxhaj"), ("Çlirim", "Gjergjëzi"), ("Teutë", "Përmeti")),
    "sr": (("Милица", "Ђорђевић"), ("Живорад", "Љубичић"), ("Његош", "Џомбић")),
    "ur": (("ضیاء الحق", "چوہدری"), ("عائشہ", "گھمن"), ("ٹیپو", "ڈوگر")),
}
"""Given and family name, by the language of who bears them (ISO 639; `ckb` is Sorani, `fa` Dari as well)."""


def name_of(language: str, number: int) -> tuple[str, str]:
    """The name of the person with this number; of those who speak Kurdish in Iraq, in Sorani."""
    names = NAMES["ckb" if language == "ku" else language]
    return names[number % len(names)]
