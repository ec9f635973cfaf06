"""The person's profile at rest: a sealed box per part. Plaintext never gets here, and the keys rest with the case.

Who has been given the key of a part is a `Share`. Its status follows from its times:

    waiting --the receiver has a public key--> shared --revoked--> revoked --ProfileKeyDestroyed--> destroyed
    revoked, destroyed --the receiver may have it again--> shared

Who has a copy of the table of profiles alone has nothing, and whoever takes the keys out of a case has made its profile
unreadable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from vocabulary.parts import WrappedKey
from vocabulary.terms import ProfilePart

ProfileStatus = Literal["sealed", "destroyed"]
KEY_DESTROYED_WITHIN: Final = timedelta(days=7)
"""How long a receiver may take to tell that its copy of a key is gone; it takes seconds."""
ShareStatus = Literal["waiting", "shared", "revoked", "destroyed"]
PROFILE_PART: Final = "profile"
"""The one part that there was before there were three."""


@dataclass(frozen=True, slots=True)
class PartKey:
    """The wrapped data key of a part, and the sealing that it opens."""

    key: WrappedKey
    sealing: UUID


@dataclass(frozen=True, slots=True)
class Share:
    """That an organisation may open a part, or no longer may."""

    id: UUID
    """Under which key of the topic it is told."""
    receiver: str
    part: ProfilePart
    sealing: UUID
    shared_at: datetime | None = None
    """None: the list has no public key of the receiver, or the part's own key could not be had."""
    revoked_at: datetime | None = None
    destroyed_at: datetime | None = None
    """When the receiver has told that its copy is gone."""
    wanted_at: datetime | None = None
    """Since when the receiver may have it. Older documents do not say."""

    @property
    def status(self) -> ShareStatus:
        """How far it is."""
        if self.destroyed_at is not None:
            return "destroyed"
        if self.revoked_at is not None:
            return "revoked"
        return "waiting" if self.shared_at is None else "shared"


@dataclass(frozen=True, slots=True)
class Profile:
    """Sealed boxes by part, base64. Without their keys nothing can be read here any more; in backups, once the
    generation that wrapped them is destroyed (docs/retention.md). `wrapped_key` and `fields` are of the form from
    before there were parts. `marks`: keyed hashes of name, phone number and birth date, by which the desk finds the
    person; they go with the boxes."""

    id: UUID
    wrapped_key: WrappedKey | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    boxes: Mapping[ProfilePart, str] = field(default_factory=dict)
    marks: tuple[str, ...] = ()
    marking: int = 0
    """Which version has made them (`vocabulary.finding.MARKING`); 0: an earlier one, or none."""

    @property
    def status(self) -> ProfileStatus:
        """`destroyed`: the keys are gone for good."""
        return "sealed" if self.boxes or self.wrapped_key is not None else "destroyed"
