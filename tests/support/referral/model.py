"""The scout's desk by rules of its own: facts in plain values, and what follows from them worked out anew each time.

Nothing here knows the code under test. Where the service steps from state to state, the model only remembers what was
said and asked for, and tells from that where a referral, a journey and the case stand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

LOS, EDO, ACC = "centre:NG-LOS", "centre:NG-EDO", "centre:GH-ACC"
LIES_IN = {LOS: "NG", EDO: "NG", ACC: "GH"}
DEATH = "person_deceased"
DAY = timedelta(days=1)
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

    @property
    def over(self) -> datetime:
        """When it ends, of one that was signed in Germany; stories have providers in none but such."""
        midnight = datetime.combine(self.last + DAY, time(), UTC)
        return self.torn_at or midnight - timedelta(hours=2 if midnight > SUMMER else 1)

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
    words: dict[datetime, tuple[str, str]] = field(default_factory=dict)
    """When its centre has said that it ended (completed, failed), or goes on (reopened), and by which code."""
    taken_back: tuple[datetime, str] | None = None
    asked: tuple[datetime, str] | None = None
    """Taken back from a centre that had the person in its care."""
    begun: bool = False
    """Whether the person had arrived when it was taken on, or arrived then."""
    level: int = 0

    @property
    def waits(self) -> bool:
        return self.standing() in ("submitted", "received")

    @property
    def held(self) -> bool:
        return self.standing() in ("accepted", "in_progress")

    @property
    def resumed(self) -> datetime | None:
        return max((at for at, (kind, _) in self.words.items() if kind == "reopened"), default=None)

    @property
    def last_word(self) -> tuple[datetime, str, str] | None:
        """The last that its centre has said of its end, if it has not gone on since."""
        at = max(self.words, default=None)
        return None if at is None or self.words[at][0] == "reopened" else (at, *self.words[at])

    def since_then(self, withdrawal: tuple[datetime, str] | None) -> tuple[datetime, str] | None:
        """A withdrawal, unless the centre has gone on since."""
        if withdrawal is None or (self.resumed is not None and withdrawal[0] < self.resumed):
            return None
        return withdrawal

    def standing(self) -> str:
        if self.answer and self.answer[0] != "accepted":
            return self.answer[0]
        if self.last_word:
            return self.last_word[1]
        if self.since_then(self.taken_back):
            return "withdrawn"
        if self.answer:
            return "in_progress" if self.begun else "accepted"
        return "received" if self.receipt else "submitted"

    def end(self) -> tuple[datetime | None, str | None]:
        if self.answer and self.answer[0] != "accepted":
            return self.answer[1:]
        if self.last_word:
            return (self.last_word[0], self.last_word[2])
        return self.since_then(self.taken_back) or (None, None)


@dataclass
class Trip:
    """The journey as dates."""

    window: tuple[date, date] | None = None
    fixed: bool = False
    off: bool = False
    reason: str | None = None
    left: date | None = None
    seen: date | None = None
    missed: bool = False
    elsewhere: bool = False
    lost: bool = False
    said: datetime | None = None
    """When the desk last said something of it, by its own clock or that of whom it had heard before."""
    heard: datetime | None = None
    """When a centre last said something of it, whatever came of that."""
    begun: datetime | None = None
    """When it was begun after another one."""

    @property
    def standing(self) -> str:
        if self.seen:
            return "arrived"
        if self.lost:
            return "never_arrived"
        if self.left:
            return "diverted" if self.elsewhere else "departed"
        if self.missed:
            return "missed"
        if self.window:
            return "booked" if self.fixed else "planned"
        return "cancelled" if self.off else "undecided"

    @property
    def ahead(self) -> bool:
        return self.standing in ("planned", "booked")

    def now(self, at: datetime) -> datetime:
        return max(at, self.heard or at)

    def anew(self, at: datetime, **facts: Any) -> Trip:
        begun = self.now(at) if self.seen else self.begun
        return Trip(said=self.now(at), heard=self.heard, begun=begun, **facts)


@dataclass
class Model:
    """One case. Commands return the code of the refusal that is expected, or None."""

    case_id: UUID
    papers: dict[UUID, Paper] = field(default_factory=dict)
    sent: dict[UUID, Sent] = field(default_factory=dict)
    trip: Trip = field(default_factory=Trip)
    now: datetime = SUMMER
    """What the clock of the desk shows."""
    diary: set[tuple[datetime, str, UUID, str, str]] = field(default_factory=set)
    published: list[tuple[str, UUID]] = field(default_factory=list)
    told_end: tuple[str, date] | None = None

    def act(self, at: datetime, type_: str, subject: UUID, code: str = "") -> None:
        """Something that the desk did: in the diary and on the topic."""
        self.diary.add((at, type_, subject, "referral", code))
        self.published.append((type_, subject))

    # What the desk does.

    def why_not_refer(self, centre: str, needs: Iterable[str], at: datetime) -> str | None:
        if not any(paper.allows(centre, at) for paper in self.papers.values()):
            return "consent_missing"
        sent = [each for each in self.sent.values() if each.waits or (each.held and not each.since_then(each.asked))]
        busy = {need for each in sent for need in each.needs}
        return "need_already_referred" if busy & set(needs) else None

    def refer(self, id_: UUID, centre: str, needs: Iterable[str], at: datetime) -> None:
        self.sent[id_] = Sent(centre, frozenset(needs), at)
        self.act(at, "ReturneeReferred", id_, centre)

    def withdraw(self, id_: UUID, reason: str, at: datetime) -> str | None:
        sent = self.sent[id_]
        counted = max(at, sent.resumed or at)
        if sent.standing() == "in_progress":
            if sent.since_then(sent.asked):
                return "withdrawal_asked"
            sent.asked = (counted, reason)
            self.act(counted, "ReferralWithdrawn", id_, reason)
            return None
        if sent.standing() not in ("submitted", "received", "accepted"):
            return "referral_answered"
        self._take_back(id_, reason, counted)
        return None

    def grant(self, id_: UUID, paper: Paper, at: datetime) -> None:
        self.papers[id_] = paper
        self.act(at, "ConsentGranted", id_, paper.purpose)

    def why_not_sign(self, centre: str) -> str | None:
        """A centre takes a consent down only while it has the person in its care."""
        held = any(sent.centre == centre and sent.held for sent in self.sent.values())
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
        if self.trip.standing in ("planned", "booked", "departed", "diverted"):
            return "wrong_state"
        if first < day:
            return "date_in_past"
        self.trip = self.trip.anew(at, window=(first, last))
        self.act(at, "DeparturePlanned", self.case_id, "planned")
        return None

    def book(self, on: date, day: date, at: datetime) -> str | None:
        if self.trip.standing != "planned":
            return "wrong_state"
        if on < day:
            return "date_in_past"
        self.trip.window, self.trip.fixed, self.trip.said = (on, on), True, self.trip.now(at)
        self.act(at, "DeparturePlanned", self.case_id, "booked")
        return None

    def move(self, first: date, last: date, day: date, at: datetime) -> str | None:
        if not self.trip.ahead:
            return "wrong_state"
        if first < day:
            return "date_in_past"
        if self.trip.fixed and first != last:
            return "booked_is_one_day"
        self.trip.window, self.trip.reason, self.trip.said = (first, last), "person_wish", self.trip.now(at)
        self.act(at, "DepartureRescheduled", self.case_id, self.trip.standing)
        return None

    def call_off(self, at: datetime) -> str | None:
        if self.trip.standing not in ("planned", "booked", "missed", "diverted"):
            return "wrong_state"
        self.trip = self.trip.anew(at, off=True, reason="person_stays")
        self.act(at, "DepartureCancelled", self.case_id, "cancelled")
        return None

    def leave(self, on: date, day: date, at: datetime) -> str | None:
        if self.trip.standing in ("departed", "arrived"):
            return "wrong_state"
        if on > day:
            return "date_in_future"
        if self.trip.window and (self.trip.window[0] - on).days > 30:
            return "date_out_of_bounds"
        self.trip.left, self.trip.elsewhere, self.trip.lost = on, False, False
        self.trip.said = self.trip.now(at)
        self.act(at, "ReturneeDeparted", self.case_id, "departed")
        return None

    def miss(self, on: date, day: date, at: datetime) -> str | None:
        if not self.trip.ahead:
            return "wrong_state"
        if on > day:
            return "date_in_future"
        if self.trip.window and on < self.trip.window[0]:
            return "dates_reversed"
        self.trip = self.trip.anew(at, missed=True, reason="too_late")
        self.act(at, "DepartureMissed", self.case_id, "missed")
        return None

    def divert(self, on: date, day: date, at: datetime) -> str | None:
        if self.trip.standing != "departed":
            return "wrong_state"
        if on > day:
            return "date_in_future"
        if self.trip.left and on < self.trip.left:
            return "dates_reversed"
        self.trip.elsewhere, self.trip.reason, self.trip.said = True, "unknown", self.trip.now(at)
        self.act(at, "DepartureDiverted", self.case_id, "diverted")
        return None

    # What other services tell.

    def hear(self, type_: str, source: str, subject: UUID, code: str, at: datetime) -> None:
        self.diary.add((at, type_, subject, source, code))

    def received(self, id_: UUID, at: datetime, due: datetime) -> None:
        self.sent[id_].receipt = (at, due)

    def answered(self, id_: UUID, answer: str, at: datetime, reason: str | None = None) -> None:
        sent = self.sent[id_]
        if sent.waits or (answer == "accepted" and sent.answer is None):
            sent.answer = (answer, at, reason)
            sent.begun = self.trip.standing == "arrived"

    def redirected(self, id_: UUID, child_id: UUID, centre: str, at: datetime) -> None:
        parent = self.sent[id_]
        self.answered(id_, "referred_onward", at, "other_catchment")
        parent.child = child_id
        self.sent[child_id] = Sent(centre, parent.needs, at, parent=id_, taken_back=parent.taken_back)
        self._drop_if_groundless(child_id)

    def said(self, id_: UUID, kind: str, at: datetime, code: str) -> None:
        sent = self.sent[id_]
        sent.words[at] = (kind, code)
        if kind == "reopened":
            sent.begun = self.trip.standing == "arrived"

    def late(self, id_: UUID, level: int) -> None:
        self.sent[id_].level = max(self.sent[id_].level, level)

    def arrived(self, on: date, at: datetime) -> None:
        self.trip.heard = self.trip.now(at)
        if self.trip.begun and at <= self.trip.begun:
            return
        self.trip.seen = self.trip.seen or on
        for sent in self.sent.values():
            sent.begun = sent.begun or sent.standing() == "accepted"

    def in_vain(self, at: datetime) -> None:
        self.trip.heard = self.trip.now(at)
        if not self.trip.seen and not (self.trip.said and at <= self.trip.said):
            self.trip.lost = True

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

    def settle(self) -> None:
        """What an act or a piece of news has made of the end is told after it."""
        if (end := self.end()) != self.told_end:
            self.told_end = end
            self.published.append(("RetentionStarted" if end else "RetentionStopped", self.case_id))

    # Where all that leads.

    @property
    def acts(self) -> list[tuple[str, UUID]]:
        """What was published, but for that the case has ended, or has not: it follows from when something is heard."""
        return [each for each in self.published if not each[0].startswith("Retention")]

    def end(self) -> tuple[str, date] | None:
        """Whether it was after support or a departure, and the day on which the last was done for the person."""
        sent = self.sent.values()
        if self.standing() == "deceased":
            days = [german_day(each.last_word[0]) for each in sent if each.last_word and each.last_word[2] == DEATH]
        elif any(each.waits or each.held for each in sent) or self.trip.standing in ("planned", "booked", "missed"):
            return None
        else:
            days = [german_day(at) for at, _ in map(Sent.end, sent) if at]
            if not days:
                return None
            days += [paper.first for paper in self.papers.values() if not paper.torn_at]
            days += [german_day(self.trip.said)] if self.trip.said else []
            seats = {subject for _, type_, subject, _, _ in self.diary if type_ == "EnrolmentConfirmed"}
            learned = {subject: at for at, type_, subject, _, _ in sorted(self.diary) if type_ == "CourseCompleted"}
            days += [german_day(at) for subject, at in learned.items() if subject in seats]
            allowed = [paper.over for paper in self.papers.values() if paper.purpose == "training"]
            if seats - learned.keys() and allowed:
                if max(allowed) > self.now:
                    return None
                days.append(german_day(max(allowed)))
        supported = self.works or {"completed", "failed"} & {each.standing() for each in sent}
        gone = self.trip.standing in ("departed", "diverted", "arrived", "never_arrived")
        return "case_ended" if supported or gone else "case_ended_before_departure", max(days)

    @property
    def works(self) -> bool:
        return any(type_ == "EmploymentStarted" for _, type_, _, _, _ in self.diary)

    def standing(self) -> str:
        sent = self.sent.values()
        deaths = [each.last_word[0] for each in sent if each.last_word and each.last_word[2] == DEATH]
        if deaths and max(deaths) > max((each.resumed for each in sent if each.resumed), default=min(deaths) - DAY):
            return "deceased"
        if self.works:
            return "employed"
        there = bool(self.trip.seen)
        found = {each.standing() for each in sent}
        if found & {"accepted", "in_progress"}:
            return "in_support" if there else "accepted"
        if there and not found & {"completed", "failed"}:
            return "arrived"
        if found & {"submitted", "received"}:
            return "referred"
        return next((each for each in ("completed", "failed") if each in found), "unserved" if found else "open")

    def picture(self) -> dict[str, Any]:
        """Everything that the tests compare."""
        return {
            "status": self.standing(),
            "journey": (self.trip.standing, self.trip.window, self.trip.reason, self.trip.left, self.trip.seen),
            "consents": {id_: paper.torn_at for id_, paper in self.papers.items()},
            "referrals": {id_: self._sight(sent) for id_, sent in self.sent.items()},
            "offers": len({subject for _, type_, subject, _, _ in self.diary if type_ == "JobOffered"}),
            "timeline": sorted(self.diary),
            "ended": self.end(),
        }

    def _sight(self, sent: Sent) -> tuple[Any, ...]:
        return (
            sent.standing(),
            sent.centre,
            (sent.parent, sent.child),
            sent.receipt or (None, None),
            sent.answer[1] if sent.answer else None,
            sent.end(),
            (sent.since_then(sent.asked) or (None,))[0],
            (sent.level, sent.waits and sent.level > 0),
        )
