"""The person's profile as Germany has told it: ciphertext by part, and per part the key that a centre was handed.

    key: held --revoked--> destroyed --shared again--> held

A key comes wrapped for the centre, whose private key opens it and is used when somebody looks. It rests sealed once
more, under a data key of this service: private keys have no generations, and what was destroyed must open in no backup
once the generation of its time is gone. Boxes and keys come on two topics, in any order: a key opens the box of its
own sealing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from vocabulary.parts import WrappedKey
from vocabulary.terms import ProfilePart

PartStatus = Literal["open", "key_on_its_way", "revoked"]
"""As a centre sees a part."""


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
    boxes: Mapping[ProfilePart, SealedBox]

    @property
    def status(self) -> Literal["sealed"]:
        """It is never anything else here."""
        return "sealed"


@dataclass(frozen=True, slots=True)
class ProfileKey:
    """The key of one part for one centre; `id` is the key of the topic that tells of it. `key` opens the box `wrapped`,
    which holds what was handed over; both are None once it is destroyed."""

    id: UUID
    case_id: UUID
    part: ProfilePart
    receiver: str
    told_at: datetime
    sealing: UUID | None = None
    receiver_key: str | None = None
    wrapped: str | None = None
    key: WrappedKey | None = None

    @property
    def status(self) -> Literal["held", "destroyed"]:
        """Whether there is anything to open with."""
        return "destroyed" if self.key is None else "held"


def links(key: ProfileKey) -> set[UUID]:
    """A key is found by its case."""
    return {key.case_id}
