"""The reference of a case that people read out and print: `PH-7K3M9QX-F`.

Crockford's base 32 has no letters that look alike; the last character checks the seven before it. The eight of them
are read as numbers of the field with 32 elements, and the sum over place p of value x 2^p must be zero there. All eight
weights differ, so that any one wrong character, and any two that were swapped, neighbours or not, are noticed.
(Luhn mod 32 would miss the neighbours 0 and Z.)
"""

from __future__ import annotations

from uuid import UUID

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
DIGITS = 7
_BITS = 5
_OVERFLOW = 1 << _BITS
_FIELD = 0b100101
"""x^5 + x^2 + 1 is primitive: the powers of 2 run through all 31 elements but zero before they repeat."""
_AS_MEANT = str.maketrans("ILO", "110")


def case_ref(random_id: UUID, *, centres: bool = False) -> str:
    """A reference from 34 random bits of an id.

    The scouts' desks draw from one half of all references, the centres from the other: no two people have the same,
    though neither asks the other.
    """
    half = 1 << (_BITS * DIGITS - 1)
    number = random_id.int & (half - 1) | (half if centres else 0)
    body = "".join(ALPHABET[(number >> (_BITS * place)) & 31] for place in reversed(range(DIGITS)))
    return f"PH-{body}-{check_character(body)}"


def check_character(body: str) -> str:
    """The character that completes `body`. Raises `ValueError` for one that is not of the alphabet."""
    total = 0
    for character in body:
        total = _doubled(total ^ ALPHABET.index(character))
    return ALPHABET[total]


def read(text: str) -> str | None:
    """The reference that somebody typed or heard, spelled as it was printed; None if it cannot be right.

    Case, spaces and hyphens do not matter, nor does it whether I, L and O or the digits were taken for each other.
    """
    letters = "".join(text.upper().split()).replace("-", "")
    body, check = letters[2:-1].translate(_AS_MEANT), letters[-1:].translate(_AS_MEANT)
    if not letters.startswith("PH") or len(body) != DIGITS or not set(body) <= set(ALPHABET):
        return None
    return f"PH-{body}-{check}" if check == check_character(body) else None


def _doubled(value: int) -> int:
    value <<= 1
    return value ^ _FIELD if value & _OVERFLOW else value
