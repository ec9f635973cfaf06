"""A referral as the centre that receives it sees it.

    received --accept-> accepted --start-> in_progress --complete-> completed --reopen-> accepted
       |                   |`--------fail--------+-------------> failed ----reopen-> accepted
       |--reject-> rejected|
       |                   |<-expect-'
       |--redirect-> referred_onward     (and a child is `received` at the other centre, under the same root)
       `--withdraw-> withdrawn <-withdraw-'

Whom a centre takes in by itself has a referral that nobody sent: it begins `in_progress` (`walk_in`). It is `void` once
the centre has found that it opened the file in error, also after it was completed or has failed.

`start` is the arrival: it takes every accepted referral of the case along; what is accepted, or reopened, after the
arrival starts at once. `expect` takes that back: the arrival was recorded in error. A referral in progress is not
ended by a withdrawal in Germany: the person is in the country and in counselling, and says to the centre itself whether
to go on. The withdrawal is noted on it (`withdrawal`), and the centre completes the referral with the outcome, or says
why it failed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol
from uuid import UUID

from vocabulary.ages import Age
from vocabulary.copying import replace
from vocabulary.missed import Missed
from vocabulary.terms import Priority
from vocabulary.transitions import Stepping

ReferralStatus = Literal[
    "received", "accepted", "in_progress", "completed", "failed", "rejected", "referred_onward", "withdrawn", "void"
]
Step = Literal["accept", "start", "expect", "complete", "fail", "reopen", "reject", "redirect", "withdraw", "void"]

TRANSITIONS: Final[Mapping[tuple[ReferralStatus, Step], ReferralStatus]] = {
    ("received", "accept"): "accepted",
    ("received", "reject"): "rejected",
    ("received", "redirect"): "referred_onward",
    ("received", "withdraw"): "withdrawn",
    ("accepted", "start"): "in_progress",
    ("in_progress", "expect"): "accepted",
    ("accepted", "withdraw"): "withdrawn",
    ("in_progress", "complete"): "completed",
    ("accepted", "fail"): "failed",
    ("in_progress", "fail"): "failed",
    ("completed", "reopen"): "accepted",
    ("failed", "reopen"): "accepted",
    ("in_progress", "void"): "void",
    ("completed", "void"): "void",
    ("failed", "void"): "void",
}
LIVE: frozenset[ReferralStatus] = frozenset({"received", "accepted", "in_progress"})
HELD: frozenset[ReferralStatus] = frozenset({"accepted", "in_progress"})
"""The centre has taken the person on."""
CARED_FOR: tuple[ReferralStatus, ...] = ("completed", "failed")
"""The centre had taken the person on, and has said how that ended."""
TAKEN_ON: tuple[ReferralStatus, ...] = ("accepted", "in_progress", *CARED_FOR)
"""The centre has taken the person on, and has kept to it."""
ESCALATIONS = 3
"""Levels of what is overdue: counsellor, manager of the centre, programme desk (docs/domain.md: escalation)."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a centre may know before it accepts: the content of ReturneeReferred, as it was at that time.

    Every referral has its own: two open ones of a case are for different needs. The age band alone is kept up.
    """

    country: str
    """Country of return. A desk that stands in for a country without a centre may lie in another one."""
    priority: Priority
    needs: tuple[str, ...]
    wishes: tuple[str, ...]
    skills: tuple[str, ...]
    """ISCO-08 unit groups."""
    language: str
    household_size: int
    vulnerability_present: bool
    return_type: str
    target_group: str
    age_band: str
    admin1: str | None = None
    age_told_at: datetime | None = None
    """When the age band was told, by the referral or by a change since."""


class Seat(Protocol):
    """A centre and where it lies."""

    @property
    def code(self) -> str: ...  # noqa: D102 - as in the code list

    @property
    def country(self) -> str: ...  # noqa: D102

    @property
    def admin1(self) -> str | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A withdrawal that came when the referral was in progress already."""

    reason: str
    noted_at: datetime


@dataclass(frozen=True, slots=True)
class Renewal:
    """The consent that a held referral rests on was taken back: a new one, or an end, is owed by `due_at`."""

    lost_at: datetime
    due_at: datetime
    overdue_level: int = 0
    """The level that the missing consent has reached, 0 in time."""


@dataclass(frozen=True, slots=True)
class EarlyWithdrawal:
    """A withdrawal that came before its referral, of which the record was missing: it holds as soon as that comes."""

    referral_id: UUID
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Referral(Stepping[Step]):
    """One referral to one centre."""

    table = TRANSITIONS

    id: UUID
    root_id: UUID
    centre: str
    centre_country: str
    """Where the centre lies."""
    preview: Preview
    received_at: datetime
    answer_due_at: datetime
    status: ReferralStatus = "received"
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    """Code of why it was rejected, redirected or withdrawn, of what came of it, or why nothing did."""
    overdue_level: int = 0
    """The level that the unanswered referral has reached, 0 in time."""
    first_appointment: datetime | None = None
    withdrawal: Withdrawal | None = None
    changed_at: datetime | None = None
    """When what the inbox shows of it changed last, by this service's clock: lists say by it what is new."""
    centre_region: str | None = None
    """The region that the centre lies in, where it is known: its offices may have days of their own."""
    ends_case: bool = False
    """Whether it failed for a reason that ends the case for everybody: the person has died."""
    reopened_at: datetime | None = None
    renewal: Renewal | None = None
    renewed_at: datetime | None = None
    """When a consent covered the centre again that had lost it."""
    answer_owed_from: datetime | None = None
    """Where the count of `answer_due_at` began, if that is not when it was received."""
    expiry_missed: Missed | None = None
    """How far a new consent was missed before the last one ended."""
    walk_in: bool = False
    """Nobody sent it: the person came to the centre, which took them in by itself. They are there."""

    @property
    def place(self) -> str:
        """Whose working days count."""
        return self.centre_region or self.centre_country

    @property
    def live(self) -> bool:
        """Whether something may still come of it."""
        return self.status in LIVE

    @property
    def held(self) -> bool:
        """Whether its centre has taken the person on."""
        return self.status in HELD

    @property
    def taken_on_at(self) -> datetime:
        """Since when its centre has the person. What was reopened counts from then: another one may have had them."""
        return self.reopened_at or self.answered_at or self.received_at

    def aged(self, age: Age, now: datetime) -> Referral:
        """With this age band in its preview, unless something later was told of it already."""
        if self.preview.age_told_at is not None and self.preview.age_told_at > age.at:
            return self
        preview = replace(self.preview, age_band=age.band, age_told_at=age.at)
        return replace(self, preview=preview, changed_at=now if self.status == "received" else self.changed_at)

    def accepted(self, at: datetime, first_appointment: datetime | None) -> Referral:
        """Taken on by its centre."""
        return self.stepped("accept", answered_at=at, first_appointment=first_appointment)

    def started(self) -> Referral:
        """The person has arrived; a referral that is not `accepted` stays as it is."""
        return self.stepped("start") if self.allows("start") else self

    def expected(self) -> Referral:
        """The person has not arrived after all; a withdrawal that was but noted, because they had, ends it. Who
        walked in is there all the same."""
        if self.walk_in or not self.allows("expect"):
            return self
        waiting = self.stepped("expect", withdrawal=None)
        noted = self.withdrawal
        return waiting if noted is None else waiting.ended("withdraw", noted.noted_at, noted.reason)

    def ended(self, step: Step, at: datetime, reason: str) -> Referral:
        """Rejected, redirected, withdrawn, completed or failed, for a coded reason or with a coded outcome."""
        answered_at = at if step in ("reject", "redirect") else self.answered_at
        return self.stepped(step, answered_at=answered_at, ended_at=at, reason=reason, renewal=None)

    def failed(self, at: datetime, reason: str, *, ends_case: bool) -> Referral:
        """Nothing more comes of it."""
        return replace(self.ended("fail", at, reason), ends_case=ends_case)

    def reopened(self, at: datetime) -> Referral:
        """It goes on: what was said of its end, and a withdrawal from before, holds no more."""
        anew = {"ended_at": None, "reason": None, "ends_case": False, "withdrawal": None}
        return self.stepped("reopen", reopened_at=at, **anew)

    def child(self, id_: UUID, centre: Seat, at: datetime, due_at: datetime) -> Referral:
        """The referral that another centre gets when this one is redirected: same root, a fresh limit."""
        return Referral(
            id=id_,
            root_id=self.root_id,
            centre=centre.code,
            centre_country=centre.country,
            preview=self.preview,
            received_at=at,
            answer_due_at=due_at,
            changed_at=at,
            centre_region=centre.admin1,
        )
