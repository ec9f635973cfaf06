"""Names and phone numbers as they are compared: spelled the same by whoever writes them down, in one script.

Letters lose their marks and their case, and what keyboards disagree about: Arabic, Persian, Urdu and Sorani keyboards
have different letters for one sound, and people take what they have. Serbian has an alphabet of each kind, letter by
letter. An umlaut is its vowel with an e, or without. What one writes as one word another one writes as two.

Not built: between Arabic and Latin letters there is no table, so a name is found in the script in which it was written;
vowels that Sorani writes and Persian does not make two names of one; and sounds are not compared.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

ALIKE: Final = str.maketrans(
    {
        **dict.fromkeys("ىیێ", "ي"),
        **dict.fromkeys("ک", "ك"),
        **dict.fromkeys("ةەہھۀۃ", "ه"),
        **dict.fromkeys("ۆۇۋ", "و"),
        **dict.fromkeys("ڕړڑ", "ر"),
        **dict.fromkeys("ڵ", "ل"),
        **dict.fromkeys("ڤ", "ف"),
        **dict.fromkeys("ٱ", "ا"),
        **dict.fromkeys("ں", "ن"),
        **dict.fromkeys("đð", "d"),
        "ł": "l",
        "ø": "o",
        "ı": "i",
        "æ": "ae",
        "œ": "oe",
        **dict.fromkeys("'’ʼ`´\u200c\u200dـ", None),
    }
)
"""What one person writes so and another one so; tatweel, joiners and apostrophes say nothing."""
SERBIAN: Final = str.maketrans(
    dict(zip("абвгдђежзијклмнопрстћуфхцчш", "abvgddežzijklmnoprstćufhcčš", strict=True))
    | {"љ": "lj", "њ": "nj", "џ": "dž"}
)
"""Serbian's Cyrillic alphabet in its Latin one."""
LATIN: Final = ((re.compile(r"(?<=[aou])e"), ""), (re.compile(r"dj"), "d"))
"""What is written with one letter, too: a vowel with an umlaut, and Serbian's đ."""
PHONE_DIGITS: Final = 7
"""The last so many digits of a number are compared: with a prefix of the country, without one, or with a zero. No
country of the programme has shorter numbers; those of The Gambia have so many."""


def terms(names: Sequence[str | None], phone: str | None) -> tuple[str, ...]:
    """What somebody is found by: each word of their name, each two that stand side by side as one, their number."""
    found = _in_order(*names)
    joined = ["".join(two) for two in pairwise(found)]
    return tuple(f"name\0{each}" for each in dict.fromkeys([*found, *joined])) + _phone(phone)


def wanted(name: str | None, phone: str | None) -> tuple[tuple[str, ...], ...]:
    """Who is looked for: for each word, and for the number, the terms of which one must fit. A word fits by itself, or
    joined to the one before or behind it."""
    found = _in_order(name)
    joined = ["", *("".join(two) for two in pairwise(found)), ""]
    by_name = (
        tuple(f"name\0{each}" for each in dict.fromkeys((word, before, behind)) if each)
        for word, before, behind in zip(found, joined, joined[1:], strict=False)
    )
    return (*dict.fromkeys(by_name), *((each,) for each in _phone(phone)))


def words(*names: str | None) -> tuple[str, ...]:
    """The words of a name, in order of the alphabet: what is the given name and what the family's is no matter."""
    return tuple(sorted({*_in_order(*names)}))


def _in_order(*names: str | None) -> list[str]:
    text = " ".join(name for name in names if name)
    lowered = unicodedata.normalize("NFC", text).casefold().translate(SERBIAN)
    bare = "".join(each for each in unicodedata.normalize("NFKD", lowered) if unicodedata.category(each) != "Mn")
    alike = bare.translate(ALIKE)
    for spelled, plain in LATIN:
        alike = spelled.sub(plain, alike)
    return re.findall(r"[^\W\d_]+", alike)


def _phone(phone: str | None) -> tuple[str, ...]:
    digits = number(phone)
    return () if digits is None else (f"phone\0{digits}",)


def number(phone: str | None) -> str | None:
    """What is compared of a phone number; None if too little is left."""
    digits = "".join(str(unicodedata.digit(each)) for each in phone or "" if each.isdigit())
    return digits[-PHONE_DIGITS:] if len(digits) >= PHONE_DIGITS else None
