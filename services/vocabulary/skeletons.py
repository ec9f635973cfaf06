"""The consonants of a name, by which it is known again in another script.

ICU writes what is not Latin in Latin letters. Arabic script has no short vowels, one letter for a consonant and a long
vowel, and several for one sound; Latin letters spell one sound in as many ways as there are languages. So what is
compared is the consonants that both sides have, and whether the word begins with a vowel. Where a letter may stand for
two sounds, the word has a skeleton for each; two words are alike if they share one.

ICU takes 14 MB and a tenth of a second: it is loaded with the first name, not with the service.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain, islice, product
from typing import Final

MOST: Final = 16
"""So many skeletons has a word at most; one of so many doubtful letters is no name."""
UNTOUCHED: Final = str.maketrans(
    {
        "ڕ": "ر",
        "ڵ": "ل",
        "ۆ": "و",
        "ێ": "ي",
        "ٱ": "ا",
        **dict.fromkeys("ەھةۃۀ", None),
        "ئ": "ا",
        "ہ": "ه",
        "ے": "ي",
        "ں": "ن",
        "ٹ": "ت",
        "ڈ": "د",
        "ڑ": "ر",
    }
)
"""Before ICU: letters that it leaves as they are or writes as others, and those of a vowel or a breath."""
ARTICLES: Final = (re.compile(r"ال(?=[تثدذرزسشصضطظلن])"), "ا"), (re.compile(r"^ال(?=...)"), "")
"""The article before a letter that swallows its l, as in Abdurrahman; and at the beginning, where many leave it out."""
OF_ICU: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (r"kẖ", ("x",)),
    (r"gẖ", ("g",)),
    (r"sẖ", ("ʃ",)),
    (r"zẖ", ("j",)),
    (r"cẖ", ("c",)),
    (r"tẖ", ("t", "s")),
    (r"dẖ|ḍ|ẓ", ("d", "z")),
    (r"q", ("k", "g")),
    (r"v", ("w",)),
    (r"(?<=.)w", ("w", "")),
)
"""What ICU writes for letters of Arabic script, and which consonants each may be."""
OF_LATIN: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (r"dsch|dzh|dž|dj|đ|xh", ("j",)),
    (r"tsch|tch|č|ç|ć", ("c",)),
    (r"sch|š|ş", ("ʃ",)),
    (r"sh", ("ʃ", "sh")),
    (r"ch", ("c", "ʃ", "x")),
    (r"kh|x", ("x",)),
    (r"zh|ž", ("j",)),
    (r"gh|ğ", ("g",)),
    (r"th", ("t", "th")),
    (r"dh", ("d", "dh")),
    (r"bh", ("b", "bh")),
    (r"ph", ("f",)),
    (r"^j", ("j", "y")),
    (r"^ou(?=[aei])", ("w",)),
    (r"c(?=[eiy])", ("s", "j")),
    (r"ck|[qc]", ("k",)),
    (r"v", ("w",)),
)
"""How languages that use Latin letters spell them: German, English, French, Albanian, Turkish, Kurmanji and Serbian."""
VOWELS: Final = frozenset("aeiou")
GUTTURAL: Final = frozenset("ʿʾ")
"""What ICU writes for letters that begin a vowel."""
WEAK: Final = dict.fromkeys(map(ord, "aeiouy"))
"""Vowels, and what is heard as one behind the first letter."""
KNOWN: Final = frozenset("abcdefghijklmnoprstuwxyzʃ")
SHORT: Final = 2
"""Skeletons so short keep an h at their end, which is silent in Fatimah and not in Shah."""


def skeletons(word: str) -> frozenset[str]:
    """Those of one word, or some joined, as `folding.spelled` gives it."""
    latin = is_latin(word)
    spellings = [word] if latin else [_in_latin(each) for each in _with_article(word)]
    table = OF_LATIN if latin else OF_ICU
    read = chain.from_iterable(_read(spelling, table) for spelling in spellings)
    found = {_bare(each) for each in islice(read, MOST)}
    return frozenset(each for each in found if each)


def is_latin(word: str) -> bool:
    """Whether it is written in Latin letters."""
    return all("LATIN" in unicodedata.name(each, "LATIN") for each in word if each.isalpha())


def _with_article(word: str) -> Iterator[str]:
    plain = word.translate(UNTOUCHED)
    yield from dict.fromkeys((plain, *(article.sub(instead, plain) for article, instead in ARTICLES)))


def _read(word: str, table: tuple[tuple[str, tuple[str, ...]], ...]) -> Iterator[str]:
    pattern = re.compile("|".join(f"({letters})" for letters, _ in table))
    pieces: list[tuple[str, ...]] = []
    last = 0
    for match in pattern.finditer(word):
        pieces += [(word[last : match.start()],), table[(match.lastindex or 1) - 1][1]]
        last = match.end()
    pieces.append((word[last:],))
    return map("".join, product(*pieces))


def _bare(word: str) -> str:
    """Consonants alone, none twice in a row; `a` for a vowel at the beginning."""
    letters = "".join(each for each in unicodedata.normalize("NFD", word) if each.isalpha() and each in KNOWN)
    begins_with_vowel = word[:1] in GUTTURAL or letters[:1] in VOWELS
    first, rest = ("a", letters) if begins_with_vowel else (letters[:1], letters[1:])
    bare = re.sub(r"(.)\1+", r"\1", first + rest.translate(WEAK))
    return bare.removesuffix("h") if len(bare) > SHORT else bare


@cache
def _transliterator() -> Callable[[str], str]:
    import icu  # noqa: PLC0415 - only where somebody is looked for

    transliterate: Callable[[str], str] = icu.Transliterator.createInstance("Any-Latin").transliterate
    return transliterate


def _in_latin(word: str) -> str:
    return unicodedata.normalize("NFC", _transliterator()(word))
