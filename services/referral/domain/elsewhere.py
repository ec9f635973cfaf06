"""A case that a centre has opened: nothing is kept of it here but that it is none of the desks', and the reference
of a person from Germany.

Placement tells of such a person too, and its topic may be read before the centre's: then the case is `unknown` until
the centre's word comes.

    opened --a desk asks for it by its reference--> asked --the centre hands it over--> adopted: a case of the desk
    asked --the centre declines, nobody answers in time, or nothing is left there--> opened

From the moment that a desk asks, what others tell of the case is kept for it, unseen: their topics may be ahead of the
centre's word. What happened before that moment is never heard of here, whenever it is read.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Final, Literal, Self
from uuid import UUID

from referral.domain.case import Case, Milestone
from referral.domain.consent import CentreConsent
from referral.domain.journey import Journey
from referral.domain.receiver import Engagement
from vocabulary.copying import replace

AskedStatus = Literal["asked", "declined", "adopted"]
"""What became of what a desk has asked for."""
PERSON_DECLINED: Final = "person_declined"
"""The reason by which a centre says that it is the person who has declined."""
NO_HOLDS_FOR: Final = timedelta(days=30)
"""So long the same desk does not ask again, as long as a request waits; an inference of this project."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What others tell of a case goes into these fields of it, and into no others."""

    timeline: tuple[Milestone, ...] = ()
    journey: Journey = field(default_factory=Journey)
    centre_consents: tuple[CentreConsent, ...] = ()
    engagements: tuple[Engagement, ...] = ()
    offers: tuple[UUID, ...] = ()
    employed: bool = False
    employments: tuple[UUID, ...] = ()
    voided: tuple[UUID, ...] = ()

    @classmethod
    def of(cls, case: Case) -> Self:
        """What the case has of it."""
        return cls(**{each.name: getattr(case, each.name) for each in fields(cls)})

    def on(self, case: Case) -> Case:
        """The case with it."""
        return replace(case, **{each.name: getattr(self, each.name) for each in fields(self)})


@dataclass(frozen=True, slots=True)
class Asked:
    """A desk wants the case for its own, until `lapses_at`."""

    desk: str
    at: datetime
    lapses_at: datetime
    status: AskedStatus = "asked"
    answered_at: datetime | None = None
    reason: str | None = None
    """Why the centre has declined, as a code."""
    heard: Heard | None = None
    """What others have told since, while the centre's answer may still be read; never shown."""

    def holds(self, desk: str, now: datetime) -> bool:
        """Whether the person's no still holds for this desk."""
        if self.desk != desk or self.reason != PERSON_DECLINED or self.answered_at is None:
            return False
        return now < self.answered_at + NO_HOLDS_FOR

    def answered(self, status: AskedStatus, at: datetime, reason: str | None = None) -> Asked:
        """The centre has answered; what was kept unseen is a case now, or nothing."""
        return replace(self, status=status, answered_at=at, reason=reason, heard=None)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """An event of the desk about the case while it was the desk's, which a restored database lacks: `body` is JSON."""

    type: str
    at: datetime
    body: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """One case. `centre` is that which has opened it; None: nobody has told yet."""

    id: UUID
    centre: str | None = None
    case_ref: str | None = None
    """Of a person from Germany alone: nobody else's case is asked for."""
    asked: Asked | None = None
    """What a desk has asked for last."""
    forgotten: tuple[Forgotten, ...] = ()
    """What has its effect again once the centre's word is read again; empty but after a restore."""
    said_at: datetime | None = None
    """When the centre has said so. Older documents do not say."""

    def outdated(self, at: datetime) -> bool:
        """Whether what the centre says at this time is its last word."""
        return self.said_at is None or self.said_at <= at

    @property
    def status(self) -> Literal["unknown", "opened"]:
        """Whether it is known that a centre has opened it."""
        return "unknown" if self.centre is None else "opened"

    @property
    def adopted(self) -> bool:
        """Whether it has become a desk's, which may have gone by its term since."""
        return self.asked is not None and self.asked.status == "adopted"
