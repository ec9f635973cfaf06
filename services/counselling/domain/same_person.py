"""Two cases of one person: one that a centre has opened itself, and another one that it found the person to have.

    apart --one person asks, a second one confirms--> linked --it was an error--> apart

Nothing decides it but people: similar names are no proof (docs/domain.md: same-person). The case that was opened at
the centre is told to be the same as the other one; both go on, each with its id, its consents and its profile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID, uuid5

from vocabulary.copying import replace
from vocabulary.seconding import Request, waiting

PAIRS: Final = UUID("4c9e1d0a-6b43-5f0e-9a57-2d1c7be0f3a8")
"""A pair is found by the id that follows from its two cases in this space."""
LinkStatus = Literal["apart", "linked"]


@dataclass(frozen=True, slots=True)
class SamePerson:
    """One pair. `request`: what one person of the centre has asked for, and no second one has answered."""

    id: UUID
    case_id: UUID
    """That of somebody who walked in at the centre."""
    same_as: UUID
    """The other case, by which figures count the person."""
    centre: str
    request: Request | None = None
    linked_at: datetime | None = None

    @classmethod
    def of(cls, case_id: UUID, same_as: UUID, centre: str) -> SamePerson:
        """A pair of which nobody has said anything yet."""
        return cls(uuid5(PAIRS, f"{case_id} {same_as}"), case_id, same_as, centre)

    @property
    def status(self) -> LinkStatus:
        """Whether the two are told to be one person."""
        return "apart" if self.linked_at is None else "linked"

    def stands(self, now: datetime) -> bool:
        """Whether they are linked, or somebody has asked for it."""
        return self.linked_at is not None or waiting(self.request, now) is not None

    def other(self, case_id: UUID) -> UUID:
        """The case beside this one."""
        return self.same_as if case_id == self.case_id else self.case_id

    def linked(self, at: datetime) -> SamePerson:
        """The two are one person."""
        return replace(self, request=None, linked_at=at)

    def apart(self) -> SamePerson:
        """They are two people, or nobody has found otherwise."""
        return replace(self, request=None, linked_at=None)


def links(pair: SamePerson) -> tuple[UUID, UUID]:
    """A pair is found by either case."""
    return pair.case_id, pair.same_as
