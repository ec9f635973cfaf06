"""The scout's desk by rules of its own: facts in plain values, and what follows from them worked out anew each time.

Nothing here knows the code under test. Where the service steps from state to state, the model only remembers what was
said and asked for, and tells from that where a referral, a journey and the case stand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

LOS, EDO, ACC = "centre:NG-LOS", "centre:NG-EDO", "centre:GH-ACC"
LIES_IN = {LOS: "NG", EDO: "NG", ACC: "GH"}
SUMMER = datetime(2026, 3, 29, 1, tzinfo=UTC)
"""From then on Germany is ahead of UTC by two hours."""


def german_day(at: datetime) -> date:
    return day_in("DE", at)


def day_in(country: str, at: datetime) -> date:
    """The day of clocks on the wall: Nigeria's are an hour ahead of UTC all the year, Ghana's never are."""
    ahead = {"DE": 2 if at >= SUMMER else 1, "NG": 1, "GH": 0}[country]
    return (at + timedelta(hours=ahead)).date()


@dataclass
class Paper:
    """A signed consent; only those to hand the case over (`referral`) are a ground for anything here."""

    purpose: str
    recipients: tuple[str, ...]
    first: date
    last: date
    signed_in: str = "DE"
    torn_at: datetime | None = None

    def names(self, centre: str) -> bool:
        return self.purpose == "referral" and bool({centre, f"country:{LIES_IN[centre]}"} & set(self.recipients))

    def allows(self, centre: str, at: datetime) -> bool:
        day = day_in(self.signed_in, at)
        return self.names(centre) and self.torn_at is None and self.first <= day <= self.last

    def undone_by(self, other: Paper) -> bool:
        """Whether the other one, for the same to the same, was torn after the day on which this one was signed."""
        if other.torn_at is None or other.purpose != self.purpose:
            return False
        meant = bool({*self.recipients} & other.reach) or bool({*other.recipients} & self.reach)
        return meant and self.first < day_in(self.signed_in, other.torn_at)

    @property
    def reach(self) -> set[str]:
        """Its recipients, and the countries in which they lie."""
        countries = {f"country:{LIES_IN[each]}" for each in self.recipients if each in LIES_IN}
        return {
            *self.recipients,
            *countries,
            *("country:DE" for each in self.recipients if each.startswith("provider")),
        }


@dataclass
class Sent:
    """A referral: what was asked of whom, and what each side has said since."""

    centre: str
    needs: frozenset[str]
    at: datetime
    parent: UUID | None = None
    child: UUID | None = None
    receipt: tuple[datetime, datetime] | None = None
    answer: tuple[str, datetime, str | None] | None = None
    outcome: tuple[datetime, str] | None = None
    taken_back: tuple[datetime, str] | None = None
    level: int = 0

    @property
    def waits(self) -> bool:
        return not (self.taken_back or self.answer or self.outcome)

    def standing(self, arrived: bool) -> str:
        if self.taken_back:
            return "withdrawn"
        if self.answer and self.answer[0] != "accepted":
            return self.answer[0]
        if self.outcome:
            return "completed"
        if self.answer:
            return "in_progress" if arrived else "accepted"
        return "received" if self.receipt else "submitted"

    def end(self) -> tuple[datetime | None, str | None]:
        if self.taken_back:
            return self.taken_back
        if self.answer and self.answer[0] != "accepted":
            return self.answer[1:]
        return self.outcome or (None, None)


@dataclass
class Trip:
    """The journey as dates."""

    window: tuple[date, date] | None = None
    fixed: bool = False
    off: bool = False
    reason: str | None = None
    left: date | None = None
    seen: date | None = None

    @property
    def standing(self) -> str:
        if self.seen:
            return "arrived"
        if self.left:
            return "departed"
        if self.window:
            return "booked" if self.fixed else "planned"
        return "cancelled" if self.off else "undecided"

    @property
    def ahead(self) -> bool:
        return self.standing in ("planned", "booked")


@dataclass
class Model:
    """One case. Commands return the code of the refusal that is expected, or None."""

    case_id: UUID
    papers: dict[UUID, Paper] = field(default_factory=dict)
    sent: dict[UUID, Sent] = field(default_factory=dict)
    trip: Trip = field(default_factory=Trip)
    diary: set[tuple[datetime, str, UUID, str, str]] = field(default_factory=set)
    published: list[tuple[str, UUID]] = field(default_factory=list)

    def act(self, at: datetime, type_: str, subject: UUID, code: str = "") -> None:
        """Something that the desk did: in the diary and on the topic."""
        self.diary.add((at, type_, subject, "referral", code))
        self.published.append((type_, subject))

    # What the desk does.

    def why_not_refer(self, centre: str, needs: Iterable[str], at: datetime) -> str | None:
        if not any(paper.allows(centre, at) for paper in self.papers.values()):
            return "consent_missing"
        busy = {need for sent in self.sent.values() if sent.waits or self._held(sent) for need in sent.needs}
        return "need_already_referred" if busy & set(needs) else None

    def refer(self, id_: UUID, centre: str, needs: Iterable[str], at: datetime) -> None:
        self.sent[id_] = Sent(centre, frozenset(needs), at)
        self.act(at, "ReturneeReferred", id_, centre)

    def withdraw(self, id_: UUID, reason: str, at: datetime) -> str | None:
        if not self.sent[id_].waits:
            return "referral_answered"
        self._take_back(id_, reason, at)
        return None

    def grant(self, id_: UUID, paper: Paper, at: datetime) -> None:
        self.papers[id_] = paper
        self.act(at, "ConsentGranted", id_, paper.purpose)

    def why_not_sign(self, centre: str) -> str | None:
        """A centre takes a consent down only while it has the person in its care."""
        held = any(sent.centre == centre and self._held(sent) for sent in self.sent.values())
        return None if held else "other_organisation"

    def why_not_take_down(self, paper: Paper) -> str | None:
        """Nobody writes a withdrawal over with what was signed before it."""
        return "signed_before_withdrawal" if any(map(paper.undone_by, self.papers.values())) else None

    def revoke(self, id_: UUID, at: datetime) -> str | None:
        paper = self.papers[id_]
        if paper.torn_at:
            return "consent_withdrawn"
        paper.torn_at = at
        self.act(at, "ConsentWithdrawn", id_, paper.purpose)
        for sent_id in sorted(self.sent, key=lambda each: (self.sent[each].at, each)):
            if paper.names(self.sent[sent_id].centre):
                self._drop_if_groundless(sent_id)
        return None

    def plan(self, first: date, last: date, day: date, at: datetime) -> str | None:
        if self.trip.standing not in ("undecided", "cancelled"):
            return "wrong_state"
        if first < day:
            return "date_in_past"
        self.trip = Trip((first, last))
        self.act(at, "DeparturePlanned", self.case_id, "planned")
        return None

    def book(self, on: date, day: date, at: datetime) -> str | None:
        if self.trip.standing != "planned":
            return "wrong_state"
        if on < day:
            return "date_in_past"
        self.trip.window, self.trip.fixed = (on, on), True
        self.act(at, "DeparturePlanned", self.case_id, "booked")
        return None

    def move(self, first: date, last: date, day: date, at: datetime) -> str | None:
        if not self.trip.ahead:
            return "wrong_state"
        if first < day:
            return "date_in_past"
        if self.trip.fixed and first != last:
            return "booked_is_one_day"
        self.trip.window, self.trip.reason = (first, last), "person_wish"
        self.act(at, "DepartureRescheduled", self.case_id, self.trip.standing)
        return None

    def call_off(self, at: datetime) -> str | None:
        if not self.trip.ahead:
            return "wrong_state"
        self.trip = Trip(off=True, reason="person_stays")
        self.act(at, "DepartureCancelled", self.case_id, "cancelled")
        return None

    def leave(self, on: date, day: date, at: datetime) -> str | None:
        if not self.trip.ahead or self.trip.window is None:
            return "wrong_state"
        if on > day:
            return "date_in_future"
        if (self.trip.window[0] - on).days > 30:
            return "date_out_of_bounds"
        self.trip.left = on
        self.act(at, "ReturneeDeparted", self.case_id, "departed")
        return None

    # What other services tell.

    def hear(self, type_: str, source: str, subject: UUID, code: str, at: datetime) -> None:
        self.diary.add((at, type_, subject, source, code))

    def received(self, id_: UUID, at: datetime, due: datetime) -> None:
        self.sent[id_].receipt = (at, due)

    def answered(self, id_: UUID, answer: str, at: datetime, reason: str | None = None) -> None:
        if self.sent[id_].waits:
            self.sent[id_].answer = (answer, at, reason)

    def redirected(self, id_: UUID, child_id: UUID, centre: str, at: datetime) -> None:
        parent = self.sent[id_]
        self.answered(id_, "referred_onward", at, "other_catchment")
        parent.child = child_id
        self.sent[child_id] = Sent(centre, parent.needs, at, parent=id_, taken_back=parent.taken_back)
        self._drop_if_groundless(child_id)

    def completed(self, id_: UUID, at: datetime, code: str) -> None:
        sent = self.sent[id_]
        if not sent.taken_back and (sent.answer is None or sent.answer[0] == "accepted"):
            sent.outcome = sent.outcome or (at, code)

    def late(self, id_: UUID, level: int) -> None:
        self.sent[id_].level = max(self.sent[id_].level, level)

    def arrived(self, on: date) -> None:
        self.trip.seen = self.trip.seen or on

    def _held(self, sent: Sent) -> bool:
        return sent.standing(bool(self.trip.seen)) in ("accepted", "in_progress")

    def _take_back(self, id_: UUID, reason: str, at: datetime) -> None:
        self.sent[id_].taken_back = (at, reason)
        self.act(at, "ReferralWithdrawn", id_, reason)

    def _drop_if_groundless(self, id_: UUID) -> None:
        sent = self.sent[id_]
        torn = [paper.torn_at for paper in self.papers.values() if paper.names(sent.centre) and paper.torn_at]
        if sent.waits and torn:
            at = max(torn)
            if not any(paper.allows(sent.centre, at) for paper in self.papers.values()):
                self._take_back(id_, "consent_withdrawn", at)

    # Where all that leads.

    def standing(self) -> str:
        if any(type_ == "EmploymentStarted" for _, type_, _, _, _ in self.diary):
            return "employed"
        there = bool(self.trip.seen)
        found = {sent.standing(there) for sent in self.sent.values()}
        if found & {"accepted", "in_progress"}:
            return "in_support" if there else "accepted"
        if there and "completed" not in found:
            return "arrived"
        if found & {"submitted", "received"}:
            return "referred"
        return "completed" if "completed" in found else "unserved" if found else "open"

    def picture(self) -> dict[str, Any]:
        """Everything that the tests compare."""
        return {
            "status": self.standing(),
            "journey": (self.trip.standing, self.trip.window, self.trip.reason, self.trip.left, self.trip.seen),
            "consents": {id_: paper.torn_at for id_, paper in self.papers.items()},
            "referrals": {id_: self._sight(sent) for id_, sent in self.sent.items()},
            "offers": len({subject for _, type_, subject, _, _ in self.diary if type_ == "JobOffered"}),
            "timeline": sorted(self.diary),
        }

    def _sight(self, sent: Sent) -> tuple[Any, ...]:
        return (
            sent.standing(bool(self.trip.seen)),
            sent.centre,
            (sent.parent, sent.child),
            sent.receipt or (None, None),
            sent.answer[1] if sent.answer else None,
            sent.end(),
            (sent.level, sent.waits and sent.level > 0),
        )
