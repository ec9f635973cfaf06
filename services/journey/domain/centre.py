"""What the centres in the countries of return tell of a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import ClassVar, Final
from uuid import UUID

from journey.domain.desk import Asked, Owner
from journey.domain.words import Word

DEATHS: Final = frozenset({"person_deceased"})
"""In documents from before `Answer.ends_case`: the reasons with which a case was over for everybody."""


@dataclass(frozen=True, slots=True)
class Answer(Word):
    """The last word of a centre on a referral."""

    STEPS: ClassVar = ("received", "accepted", "rejected", "redirected", "completed", "failed", "reopened")

    at: datetime
    status: str
    centre: str
    country: str
    reason: str | None = None
    ends_case: bool | None = None
    """Of a failure: whether the case is over with it for everybody. In older documents its reason says so."""

    @property
    def tells_death(self) -> bool:
        """Whether the person has died, as the centre says."""
        return self.status == "failed" and (self.reason in DEATHS if self.ends_case is None else self.ends_case)


@dataclass(frozen=True, slots=True)
class Turn(Word):
    """A centre let go of a referral, or went on with one that it had let go of."""

    STEPS: ClassVar = ("ended", "reopened")

    at: datetime
    status: str


@dataclass(frozen=True, slots=True)
class Arrival(Word):
    """The last word on one report of an arrival; voided, there was none."""

    STEPS: ClassVar = ("reported", "corrected", "voided")

    reported_at: datetime
    at: datetime
    status: str
    centre: str
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Something that a centre has done with the person; done again, the last time counts."""

    at: datetime
    centre: str

    @property
    def order(self) -> tuple[datetime]:
        """By the time."""
        return (self.at,)


@dataclass(frozen=True, slots=True)
class Done(Word):
    """The last word on one thing that a centre has told to have done with the person; voided, it has not."""

    STEPS: ClassVar = ("told", "voided")

    at: datetime
    status: str
    centre: str


@dataclass(frozen=True, slots=True)
class Centres:
    """The topic of the centres."""

    owner: Owner = field(default_factory=Owner)
    """Of whom a centre has taken in by itself."""
    children: Mapping[UUID, Asked] = field(default_factory=dict)
    """Referrals that a centre has passed on to another one."""
    answers: Mapping[UUID, Answer] = field(default_factory=dict)
    """By referral."""
    received: Mapping[UUID, datetime] = field(default_factory=dict)
    """When a referral came into the inbox of its centre."""
    turns: Mapping[UUID, Mapping[datetime, Turn]] = field(default_factory=dict)
    """By referral: a centre may let go of one and go on with it several times."""
    ended: Mapping[UUID, datetime] = field(default_factory=dict)
    """In documents from before `turns`: when a centre first let go of a referral."""
    reopened: Mapping[UUID, datetime] = field(default_factory=dict)
    """In the same: when a centre last went on with one."""
    arrivals: Mapping[datetime, Arrival] = field(default_factory=dict)
    """By when each was reported: there is one per journey, and one more after each that was voided."""
    called: Step | None = None
    contact: Step | None = None
    assessed: Step | None = None
    plan: Step | None = None
    """The last of each stands here in documents from before it was kept in `done`."""
    done: Mapping[str, Mapping[datetime, Done]] = field(default_factory=dict)
    """What can be void (`vocabulary.voiding`), and by when each was told."""

    def turns_of(self, id_: UUID) -> Mapping[datetime, Turn]:
        """When a centre let go of this referral, and went on; of an older document, as far as it tells."""
        found = dict(self.turns.get(id_, {}))
        if (at := self.ended.get(id_)) is not None:
            found.setdefault(at, Turn(at, "ended"))
        if (at := self.reopened.get(id_)) is not None:
            found[at] = Turn(at, "reopened")
        return found

    def last(self, record: str, before: Step | None) -> Step | None:
        """The last of a kind that was told and is not void; `before`: that of an older document."""
        told = self.done.get(record, {})
        steps = [Step(at, each.centre) for at, each in told.items() if each.status == "told"]
        if before is not None and before.at not in told:
            steps.append(before)
        return max(steps, key=lambda each: each.order, default=None)
