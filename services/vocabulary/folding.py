"""Names and phone numbers as they are compared: spelled the same by whoever writes them down, in one script.

Letters lose their marks and their case, and what keyboards disagree about: Arabic, Persian, Urdu and Sorani keyboards
have different letters for one sound, and people take what they have. Serbian has an alphabet of each kind, letter by
letter. An umlaut is its vowel with an e, or without. What one writes as one word another one writes as two, or three.

Names in different scripts are compared by their consonants (`skeletons`). Not built: inside one script sounds are not
compared, and vowels that Sorani writes and Persian does not make two names of one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
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
    }
)
"""What one person writes so and another one so."""
SILENT: Final = dict.fromkeys(map(ord, "'’ʼ`´\u200c\u200dـ"))
"""Tatweel, joiners and apostrophes say nothing."""
SERBIAN: Final = str.maketrans(
    dict(zip("абвгдђежзијклмнопрстћуфхцчш", "abvgdđežzijklmnoprstćufhcčš", strict=True))
    | {"љ": "lj", "њ": "nj", "џ": "dž"}
)
"""Serbian's Cyrillic alphabet in its Latin one."""
LATIN: Final = ((re.compile(r"(?<=[aou])e"), ""), (re.compile(r"dj"), "d"))
"""What is written with one letter, too: a vowel with an umlaut, and Serbian's đ."""
PHONE_DIGITS: Final = 7
"""The last so many digits of a number are compared: with a prefix of the country, without one, or with a zero. No
country of the programme has shorter numbers; those of The Gambia have so many."""
MOST_WORDS: Final = 16
"""Of a name, so many words are compared."""
JOINED: Final = 3
"""So many words side by side may be one: Abd al Rahman."""


def spelled(*names: str | None) -> list[str]:
    """The words of a name, in order: each letter as it is written, but small, and without signs that say nothing."""
    text = unicodedata.normalize("NFKC", " ".join(name for name in names if name)).casefold().translate(SILENT)
    bare = "".join(each for each in text if unicodedata.category(each) != "Mn").translate(SERBIAN)
    return re.findall(r"[^\W\d_]+", unicodedata.normalize("NFC", bare))[:MOST_WORDS]


def folded(word: str) -> str:
    """A word, or some joined, as it is compared in its script."""
    bare = "".join(each for each in unicodedata.normalize("NFKD", word) if unicodedata.category(each) != "Mn")
    alike = bare.translate(ALIKE)
    for written, plain in LATIN:
        alike = written.sub(plain, alike)
    return alike


def runs(words: Sequence[str]) -> list[str]:
    """Each word, and each two and three that stand side by side, as one."""
    return list(
        dict.fromkeys(
            "".join(words[start : start + length])
            for length in range(1, JOINED + 1)
            for start in range(len(words) - length + 1)
        )
    )


def runs_with(words: Sequence[str], place: int) -> list[str]:
    """The word at this place, by itself and joined to those beside it."""
    return list(
        dict.fromkeys(
            "".join(words[start : start + length])
            for length in range(1, JOINED + 1)
            for start in range(max(0, place - length + 1), min(place, len(words) - length) + 1)
        )
    )


def words(*names: str | None) -> tuple[str, ...]:
    """The words of a name, in order of the alphabet: what is the given name and what the family's is no matter."""
    return tuple(sorted({*map(folded, spelled(*names))}))


def number(phone: str | None) -> str | None:
    """What is compared of a phone number; None if too little is left."""
    digits = "".join(str(unicodedata.digit(each)) for each in phone or "" if each.isdigit())
    return digits[-PHONE_DIGITS:] if len(digits) >= PHONE_DIGITS else None
