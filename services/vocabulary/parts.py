"""One part of a person's profile as it rests: in a box of its own, under a data key of its own."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from chassis.pure.sealing import WrappedKey

__all__ = ["SealedPart", "WrappedKey"]


@dataclass(frozen=True, slots=True)
class SealedPart:
    """The part's wrapped data key, its box, and the id of this sealing. Without the key nobody can read it."""

    key: WrappedKey
    box: str
    sealing: UUID
