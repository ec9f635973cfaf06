"""The person's profile at rest: ciphertext, and the case's data key under lock. Plaintext never gets here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal
from uuid import UUID

ProfileStatus = Literal["sealed", "destroyed"]
PROFILE_PART: Final = "profile"
"""The part of a case that its key opens."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Sealed fields by name, base64. Without its key nothing can be read any more, in no copy and no backup."""

    id: UUID
    wrapped_key: str | None
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> ProfileStatus:
        """`destroyed`: the key is gone for good."""
        return "destroyed" if self.wrapped_key is None else "sealed"
