"""A person whom a centre has taken in by itself: nobody referred them, so what is known of them begins here.

The support is in the file (`centre_file.py`), as everybody's is. Here is what a scout's desk keeps of those who come
from Germany, and no other service has: who the person is, sealed under keys of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from vocabulary.copying import replace
from vocabulary.destruction import Destruction
from vocabulary.parts import SealedPart
from vocabulary.terms import ProfilePart, Sex, TargetGroup

WalkInStatus = Literal["nameless", "sealed", "destroyed"]
RETURNING: Final[tuple[TargetGroup, ...]] = ("RETURNEE_DE", "RETURNEE_THIRD_COUNTRY")
"""Who was abroad and has arrived on a day; the others live here, or have come from elsewhere."""


@dataclass(frozen=True, slots=True)
class WalkIn:
    """One person. `profile` is sealed in parts, each with its key, without which nothing of it can be read any more."""

    id: UUID
    case_ref: str
    centre: str
    """The centre that has taken the person in."""
    opened_at: datetime
    target_group: TargetGroup
    sex: Sex | None = None
    profile: Mapping[ProfilePart, SealedPart] = field(default_factory=dict)
    profile_set_at: datetime | None = None
    profile_destroyed: bool = False
    marks: tuple[str, ...] = ()
    """Keyed hashes of name, phone number and birth date: who was here before is found by them."""
    destruction: Destruction | None = None
    marking: int = 0
    """Which version has made the hashes (`vocabulary.finding.MARKING`); 0: an earlier one, or none."""
    voided_at: datetime | None = None
    """Since when the file is void: nobody is found by it. What was sealed stays until its term."""

    @property
    def status(self) -> WalkInStatus:
        """Whether it is known who the person is; `destroyed`: the key is gone for good."""
        if self.profile:
            return "sealed"
        return "destroyed" if self.profile_destroyed else "nameless"

    def known(self, profile: Mapping[ProfilePart, SealedPart], marks: tuple[str, ...], at: datetime) -> WalkIn:
        """With a new profile in place of the one before. Whoever wanted that destroyed wants this one kept."""
        return replace(self, profile=profile, profile_set_at=at, profile_destroyed=False, marks=marks, destruction=None)

    def void_from(self, at: datetime) -> WalkIn:
        """Nobody is found by a file that was opened in error."""
        return replace(self, voided_at=at, marks=())

    def without_profile(self) -> WalkIn:
        """Nobody can read any more who the person is, nor find them by it."""
        return replace(self, profile={}, profile_set_at=None, profile_destroyed=True, marks=(), destruction=None)
