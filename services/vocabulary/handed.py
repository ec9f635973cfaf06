"""A person's profile as an organisation is handed it: ciphertext by part, and per part the key for the organisation.

    key: held --revoked--> destroyed --shared again--> held

A key comes wrapped for the organisation, whose private key opens it and is used when somebody looks. It rests sealed
once more, under a data key of the service that keeps it: private keys have no generations, and what was destroyed must
open in no backup once the generation of its time is gone. Boxes and keys come on two topics, in any order: a key opens
the box of its own sealing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from vocabulary.parts import WrappedKey
from vocabulary.terms import ProfilePart

PARTS: Final[Mapping[str, tuple[ProfilePart, ...]]] = {
    "referral": ("identity", "contact", "care"),
    "training": ("identity", "contact"),
    "matching": ("identity", "contact"),
}
"""Which parts an organisation is handed, by the purpose of the consent that lets it know the person."""
PartStatus = Literal["open", "key_on_its_way", "revoked"]
"""How an organisation sees a part."""


@dataclass(frozen=True, slots=True)
class SealedBox:
    """One part, and which sealing of it this is."""

    sealing: UUID
    box: str


@dataclass(frozen=True, slots=True)
class SealedProfile:
    """Of one case; the last that was told."""

    id: UUID
    sealed_at: datetime
    boxes: Mapping[str, SealedBox]

    @property
    def status(self) -> Literal["sealed"]:
        """It is never anything else here."""
        return "sealed"


@dataclass(frozen=True, slots=True)
class ProfileKey:
    """The key of one part for one organisation; `id` is the key of the topic that tells of it. `key` opens the box
    `wrapped`, which holds what was handed over; both are None once it is destroyed."""

    id: UUID
    case_id: UUID
    part: str
    receiver: str
    told_at: datetime
    sealing: UUID | None = None
    receiver_key: str | None = None
    suite: str | None = None
    """By which it was wrapped; None if that was the only one."""
    wrapped: str | None = None
    key: WrappedKey | None = None

    @property
    def status(self) -> Literal["held", "destroyed"]:
        """Whether there is anything to open with."""
        return "destroyed" if self.key is None else "held"


def placement_desk(centre: str) -> str:
    """The placement desk of a centre, which has a key pair of its own: the centre's does not open what it is handed."""
    return f"placement:{centre.partition(':')[2]}"


def links(key: ProfileKey) -> set[UUID]:
    """A key is found by its case."""
    return {key.case_id}
