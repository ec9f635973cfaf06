"""One person's way into one vacancy.

    shortlisted --present--> presented --offer--> offered --accept--> accepted --start--> started
                                 |                   ^
                                 +--arrange--> interview --arrange, hold--> interview

    started --unstart--> accepted            offered, accepted --unoffer--> presented, interview
    shortlisted, presented, interview, offered, accepted --close(reason)--> closed
    offered --decline, expire--> closed

An offer belongs to the person: once it is made, neither a withdrawn consent, nor a withdrawn referral, nor the end of
the vacancy takes it away. It ends by the person's answer, by its date, or by the employer who retracts it; or it turns
out that there was none (`unoffer`, `unstart`). Every closed candidacy keeps a coded reason, and none bars a new one:
declining is never sanctioned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from placement.domain.correction import Correction, CorrectionRequest
from placement.domain.terms import (
    ClosedReason,
    ConsentEnd,
    EmploymentType,
    Evidence,
    GivenReason,
    Giver,
    Party,
    Purpose,
    ReferralEnd,
    ShownReason,
    WageBand,
)
from vocabulary.copying import replace
from vocabulary.missed import Missed
from vocabulary.terms import CandidacyStatus
from vocabulary.transitions import Stepping

OfferStatus = Literal["open", "accepted", "declined", "expired", "retracted", "void"]
"""`void`: the person died."""
Step = Literal[
    "present",
    "arrange",
    "hold",
    "offer",
    "accept",
    "decline",
    "expire",
    "start",
    "close",
    "unstart",
    "unoffer",
    "unoffer_met",
]

TRANSITIONS: Final[Mapping[tuple[CandidacyStatus, Step], CandidacyStatus]] = {
    ("shortlisted", "present"): "presented",
    ("presented", "arrange"): "interview",
    ("interview", "arrange"): "interview",
    ("interview", "hold"): "interview",
    ("presented", "offer"): "offered",
    ("interview", "offer"): "offered",
    ("offered", "accept"): "accepted",
    ("offered", "decline"): "closed",
    ("offered", "expire"): "closed",
    ("accepted", "start"): "started",
    ("started", "unstart"): "accepted",
    ("offered", "unoffer"): "presented",
    ("accepted", "unoffer"): "presented",
    ("offered", "unoffer_met"): "interview",
    ("accepted", "unoffer_met"): "interview",
    ("shortlisted", "close"): "closed",
    ("presented", "close"): "closed",
    ("interview", "close"): "closed",
    ("offered", "close"): "closed",
    ("accepted", "close"): "closed",
}

BEFORE_OFFER: Final[frozenset[CandidacyStatus]] = frozenset({"shortlisted", "presented", "interview"})
"""What others than person and employer may still end."""

ONWARDS: Final[Mapping[Step, frozenset[CandidacyStatus]]] = {
    "present": frozenset({"presented", "interview", "offered", "accepted", "started"}),
    "arrange": frozenset({"interview", "offered", "accepted", "started"}),
    "offer": frozenset({"offered", "accepted", "started"}),
    "accept": frozenset({"accepted", "started"}),
    "start": frozenset({"started"}),
}
"""The steps towards work, each with the statuses of whoever has taken it: of one person one candidacy in a vacancy."""

UNDER_WAY: Final[frozenset[CandidacyStatus]] = BEFORE_OFFER | {"offered", "accepted"}
"""It can still be closed: no work has begun."""

HOLDING: Final[frozenset[CandidacyStatus]] = frozenset({"offered", "accepted", "started"})
"""An opening is kept for the person (docs/domain.md: opening-reserved)."""

RESTS_ON: Final[Mapping[Purpose, frozenset[CandidacyStatus]]] = {
    "matching": frozenset({"shortlisted"}),
    "presentation": frozenset({"presented", "interview"}),
}
"""Which consent a candidacy rests on, by how far it has come."""

CLOSERS: Final[Mapping[GivenReason, tuple[frozenset[Giver], frozenset[CandidacyStatus]]]] = {
    "not_suitable": (frozenset({"officer", "employer"}), BEFORE_OFFER),
    "person_declined": (frozenset({"person"}), frozenset({*BEFORE_OFFER, "accepted"})),
    "employer_declined": (frozenset({"employer"}), RESTS_ON["presentation"]),
    "unreachable": (frozenset({"officer"}), BEFORE_OFFER),
    "offer_retracted": (frozenset({"employer"}), frozenset({"offered", "accepted"})),
}
"""The reasons that people may give: who may give each, and in which states."""


@dataclass(frozen=True, slots=True)
class Interview:
    """When and how employer and person meet, and what became of it, once that is told. Moved, it stays the same one."""

    id: UUID
    at: datetime
    mode: str
    held_on: date | None = None
    outcome: str | None = None
    reported_at: datetime | None = None
    """When that was first told, whatever was corrected since."""
    level_before: int = 0
    """How far the employer's answer was overdue when it was told."""


@dataclass(frozen=True, slots=True)
class InterviewCorrection:
    """What was told of an interview, and what has taken its place; `now` is None: nobody has told what became of it."""

    was: Interview
    now: Interview | None
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Offer:
    """What an employer offers. It can be answered until `expires_at`."""

    id: UUID
    employment_type: EmploymentType
    hours_per_week: int
    wage_band: WageBand
    starts_on: date
    offered_on: date
    expires_at: datetime
    formal: bool
    subsidised: bool
    status: OfferStatus = "open"
    answered_on: date | None = None
    decline_reason: str | None = None
    reported_at: datetime | None = None
    """When it was first told, whatever was corrected since. Older documents do not say."""

    @property
    def told_at(self) -> datetime:
        """When it was first told."""
        return self.reported_at or _made_at(self.id)


@dataclass(frozen=True, slots=True)
class Employment:
    """Work that has begun; `formal` only with evidence stronger than self-declaration."""

    id: UUID
    started_on: date
    evidence_type: Evidence
    formal: bool
    reported_at: datetime | None = None
    """When it was first told, as of an offer."""

    @property
    def told_at(self) -> datetime:
        """When it was first told."""
        return self.reported_at or _made_at(self.id)


@dataclass(frozen=True, slots=True)
class Candidacy(Stepping[Step]):
    """`centre` is the desk that picked the person; a shortlisted candidacy rests on the consent for it."""

    table = TRANSITIONS

    id: UUID
    case_id: UUID
    centre: str
    shortlisted_on: date
    status: CandidacyStatus = "shortlisted"
    presented_on: date | None = None
    interview: Interview | None = None
    """The latest; the events tell of those before it."""
    answer_due_at: datetime | None = None
    """Until when the employer owes an answer on the person: an interview, an offer or a no. None: nothing is owed."""
    answer_owed_from: datetime | None = None
    """Where the count of `answer_due_at` began. Documents that were stored before this was kept do not say."""
    overdue_level: int = 0
    offer: Offer | None = None
    employment: Employment | None = None
    start_missed: Missed | None = None
    """How far word of the first day of work was missed."""
    closed_reason: ClosedReason | None = None
    closed_by: Party | None = None
    consent_end: ConsentEnd | None = None
    """How the consent ended for which it was closed; one closed before there was this field does not say."""
    referral_end: ReferralEnd | None = None
    """How the referral ended for which it was closed; one closed before there was this field does not say."""
    correction: CorrectionRequest | None = None
    """What somebody wants offer or employment to be; a second person has not answered, or not in time."""
    corrections: tuple[Correction, ...] = ()
    """What was once recorded of them."""
    interviews_corrected: tuple[InterviewCorrection, ...] = ()
    """What was once told of interviews."""

    @property
    def shown_reason(self) -> ShownReason | None:
        """Why it is closed, if it is, with a word of its own for a consent that expired."""
        return "consent_expired" if self.consent_end == "expired" else self.closed_reason

    @property
    def awaited(self) -> Interview | None:
        """The interview of which nobody has told what became of it."""
        return None if self.interview is None or self.interview.outcome is not None else self.interview

    @property
    def live(self) -> bool:
        """Whether the person is still on the way, or has begun to work."""
        return self.status != "closed"

    def anonymised(self, nobody: UUID) -> Candidacy:
        """The same of somebody, with months in place of days."""
        offer, employment = self.offer, self.employment
        return replace(
            self,
            case_id=nobody,
            shortlisted_on=self.shortlisted_on.replace(day=1),
            presented_on=_month(self.presented_on),
            interview=None,
            answer_owed_from=None,
            answer_due_at=None,
            correction=None,
            corrections=(),
            interviews_corrected=(),
            offer=None
            if offer is None
            else replace(
                offer,
                starts_on=offer.starts_on.replace(day=1),
                offered_on=offer.offered_on.replace(day=1),
                answered_on=_month(offer.answered_on),
                expires_at=offer.expires_at.replace(day=1, hour=0, minute=0, second=0, microsecond=0),
                reported_at=None,
            ),
            employment=None
            if employment is None
            else replace(
                employment,
                started_on=employment.started_on.replace(day=1),
                reported_at=None,
            ),
        )

    def presented(self, on: date, owed_from: datetime, answer_due_at: datetime) -> Candidacy:
        """The employer learned of the person, and owes an answer."""
        return self.stepped("present", presented_on=on, **_owed(owed_from, answer_due_at))

    def invited(self, interview: Interview, answer_due_at: datetime) -> Candidacy:
        """The employer wants to meet the person: for the first time, at another time than before, or once more."""
        return self.stepped("arrange", interview=interview, **_owed(interview.at, answer_due_at))

    def interviewed(self, interview: Interview, owed_from: datetime, answer_due_at: datetime) -> Candidacy:
        """They met, or one of them did not come."""
        interview = replace(interview, level_before=self.overdue_level)
        return self.stepped("hold", interview=interview, **_owed(owed_from, answer_due_at))

    def interviewed_otherwise(
        self, kept: InterviewCorrection, interview: Interview, owed: tuple[datetime, datetime, int] | None
    ) -> Candidacy:
        """What was told of the interview was wrong. `owed`: since when and until when the employer owes an answer, and
        how far it is overdue, if that follows from the interview."""
        after = replace(self, interview=interview, interviews_corrected=(*self.interviews_corrected, kept))
        if owed is None:
            return after
        return replace(after, answer_owed_from=owed[0], answer_due_at=owed[1], overdue_level=owed[2])

    def offered(self, offer: Offer) -> Candidacy:
        """The employer offers work."""
        return self.stepped("offer", offer=offer, **_owed(None, None))

    def accepted(self, on: date) -> Candidacy:
        """The person takes the offer."""
        return self.stepped("accept", offer=_answered(self.offer, "accepted", on))

    def declined(self, reason: str, on: date) -> Candidacy:
        """The person does not take the offer."""
        offer = replace(_answered(self.offer, "declined", on), decline_reason=reason)
        return self.stepped("decline", offer=offer, closed_reason="person_declined", closed_by="person")

    def expired(self) -> Candidacy:
        """Nobody answered the offer in time."""
        offer = _answered(self.offer, "expired", None)
        return self.stepped("expire", offer=offer, closed_reason="offer_expired", closed_by="system")

    def started(self, employment: Employment) -> Candidacy:
        """The person works."""
        return self.stepped("start", employment=employment)

    def without_employment(self) -> Candidacy:
        """The person has not begun to work after all."""
        return self.stepped("unstart", employment=None)

    def without_offer(self, owed_from: datetime, answer_due_at: datetime) -> Candidacy:
        """There was no offer: the employer owes an answer on the person still. What has closed stays so."""
        if self.status == "closed":
            return replace(self, offer=None)
        step: Step = "unoffer" if self.interview is None else "unoffer_met"
        return self.stepped(step, offer=None, **_owed(owed_from, answer_due_at))

    def closed(
        self,
        reason: ClosedReason,
        by: Party,
        consent_end: ConsentEnd | None = None,
        referral_end: ReferralEnd | None = None,
    ) -> Candidacy:
        """The way ends here; `consent_end` goes with `consent_withdrawn`, `referral_end` with `referral_withdrawn`."""
        offer = self.offer
        if offer is not None and reason == "offer_retracted":
            offer = replace(offer, status="retracted")
        if offer is not None and reason == "referral_withdrawn":
            offer = replace(offer, status="void")
        end = {"closed_reason": reason, "closed_by": by, "consent_end": consent_end, "referral_end": referral_end}
        return self.stepped("close", **end, offer=offer, **_owed(None, None))


def _owed(since: datetime | None, due_at: datetime | None) -> dict[str, Any]:
    """What the employer owes from now on; nothing if there is no time for it."""
    return {"answer_owed_from": since, "answer_due_at": due_at, "overdue_level": 0}


def _answered(offer: Offer | None, status: OfferStatus, on: date | None) -> Offer:
    assert offer is not None, "a candidacy without an offer has none to answer"
    return replace(offer, status=status, answered_on=on)


def _made_at(id_: UUID) -> datetime:
    """When an id of this service was made, to the millisecond: it begins with that (RFC 9562, version 7)."""
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=id_.int >> 80)


def _month(day: date | None) -> date | None:
    return None if day is None else day.replace(day=1)
