"""Invented names, as people of the 13 countries and of Germany write them: in three scripts and nine languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NAMES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "ar": (
        ("عبد الرحمن", "الشناوي"),
        ("فاطمة الزهراء", "بن عيسى"),
        ("يوسف", "القاسمي"),
        ("نور الهدى", "الطرابلسي"),
        ("مصطفى", "أبو العلا"),
        ("سكينة", "العلوي"),
        ("إبراهيم", "الحكيم"),
        ("آمنة", "المرزوقي"),
        ("رشيد", "بوزيان"),
    ),
    "ckb": (("ڕێبین", "ژاکاوی"), ("هێڤی", "گەرمیانی"), ("شیلان", "ڕەشید")),
    "de": (("Jürgen", "Weißmüller"),),
    "en": (
        ("Chidinma", "Okonkwo-Adeyẹmi"),
        ("Kwabena", "Asante-Mensah"),
        ("Fatoumatta", "Ceesay-Njie"),
        ("Oluwaseun", "Bamidele"),
        ("Akosua", "Owusu-Ansah"),
        ("Ebrima", "Jallow-Touray"),
        ("Nneka", "Eze-Okafor"),
        ("Yaw", "Boateng-Addo"),
        ("Lamin", "Sanyang"),
        ("Ama", "Quartey"),
    ),
    "fa": (("گل‌نار", "احمدزی"), ("سید جواد", "حسینی"), ("زهرا", "نورستانی")),
    "fr": (("Aïssatou", "Diédhiou"), ("Hélène-Noëlle", "N'Diaye-Sœur"), ("Françoise", "Lô-Gueye")),
    "sq": (
        ("Besnik", "Krasniqi-Hoxhaj"),
        ("Çlirim", "Gjergjëzi"),
        ("Teutë", "Përmeti"),
        ("Arbër", "Xhaçka"),
        ("Njomzë", "Thaçi-Shala"),
        ("Përparim", "Dedë-Gjoka"),
    ),
    "sr": (("Милица", "Ђорђевић"), ("Живорад", "Љубичић"), ("Његош", "Џомбић"), ("Ђурђа", "Стојковић")),
    "ur": (("ضیاء الحق", "چوہدری"), ("عائشہ", "گھمن"), ("ٹیپو", "ڈوگر"), ("غلام قادر", "ٹوانہ")),
}
"""Given and family name, by the language of who bears them (ISO 639; `ckb` is Sorani, `fa` Dari as well)."""


def name_of(language: str, turn: int) -> tuple[str, str]:
    """The name of the next person who speaks it, from 0; of those who speak Kurdish in Iraq, in Sorani."""
    names = NAMES["ckb" if language == "ku" else language]
    return names[turn % len(names)]
