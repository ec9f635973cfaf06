"""The reference of a case that people read out and print: `PH-7K3M9QX-C`.

Crockford's base 32 has no letters that look alike; the last character checks the seven before it (Luhn mod N, N = 32),
so that one wrong character, or two swapped neighbours, are noticed.
"""

from __future__ import annotations

from uuid import UUID

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
DIGITS = 7
_BASE = len(ALPHABET)


def case_ref(random_id: UUID) -> str:
    """A reference from 35 random bits of an id."""
    number = random_id.int & ((1 << (5 * DIGITS)) - 1)
    body = "".join(ALPHABET[(number >> (5 * place)) & 31] for place in reversed(range(DIGITS)))
    return f"PH-{body}-{check_character(body)}"


def check_character(body: str) -> str:
    """The character that completes `body`."""
    total = 0
    for place, character in enumerate(reversed(body)):
        value = ALPHABET.index(character) * (2 if place % 2 == 0 else 1)
        total += value // _BASE + value % _BASE
    return ALPHABET[-total % _BASE]


def is_valid(reference: str) -> bool:
    """Whether the check character fits."""
    parts = reference.split("-")
    if len(parts) != 3 or parts[0] != "PH" or len(parts[1]) != DIGITS or not set(parts[1]) <= set(ALPHABET):
        return False
    return parts[2] == check_character(parts[1])
