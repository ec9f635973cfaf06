"""Names and phone numbers as they are compared: spelled the same by whoever writes them down, in one script.

Letters lose their marks and their case, and what keyboards disagree about: Arabic, Persian, Urdu and Sorani keyboards
have different letters for one sound, and people take what they have. Serbian has an alphabet of each kind, letter by
letter. Between Arabic and Latin letters there is no such table: a name is found in the script in which it was written.
"""

from __future__ import annotations

import re
import unicodedata
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
        **dict.fromkeys("ێ", "ي"),
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
PHONE_DIGITS: Final = 8
"""The last so many digits of a number are compared: with a prefix of the country, without one, or with a zero."""


def words(*names: str | None) -> tuple[str, ...]:
    """The words of a name, in order of the alphabet: what is the given name and what the family's is no matter."""
    text = " ".join(name for name in names if name)
    lowered = unicodedata.normalize("NFC", text).casefold().translate(SERBIAN)
    bare = "".join(each for each in unicodedata.normalize("NFKD", lowered) if unicodedata.category(each) != "Mn")
    return tuple(sorted({*re.findall(r"[^\W\d_]+", bare.translate(ALIKE))}))


def number(phone: str | None) -> str | None:
    """What is compared of a phone number; None if too little is left."""
    digits = "".join(str(unicodedata.digit(each)) for each in phone or "" if each.isdigit())
    return digits[-PHONE_DIGITS:] if len(digits) >= PHONE_DIGITS else None
