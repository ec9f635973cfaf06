"""The parts in which a person's profile is sealed and handed over, and the key under which a part's key is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID, uuid5

from vocabulary.terms import ProfilePart

NAMESPACE: Final = UUID("0199f6a0-6d4e-7c11-9d0b-6a1f0f6f5c3f")
FIELDS: Final[Mapping[ProfilePart, tuple[str, ...]]] = {
    "identity": ("given_name", "family_name", "birth_date", "sex"),
    "contact": ("phone", "email", "messenger", "interpreter", "guardian", "emergency_contact"),
    "care": ("notes",),
}
"""What each part holds. A receiver is given the keys of whole parts."""
NEEDS: Final = "needs"
"""In the part *care* of somebody whom a centre has taken on: by root of the referral, all codes of needs."""
BOX: Final = "profile"
"""The name of the one box of a part: JSON of its fields."""
LINE: Final = 1024
"""Characters of a line of a box in an event: a longer text would not be bounded by its pattern."""


def key_id_of(case_id: UUID, part: ProfilePart, receiver: str) -> UUID:
    """Under which key of the topic the key of a part is told to a receiver: the last word on it counts."""
    return uuid5(NAMESPACE, f"{case_id}/{part}/{receiver}")


def lines_of(box: str) -> tuple[str, ...]:
    """A box as an event carries it."""
    return tuple(box[start : start + LINE] for start in range(0, len(box), LINE))


def box_of(lines: tuple[str, ...]) -> str:
    """The box again."""
    return "".join(lines)
