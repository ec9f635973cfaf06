"""How each referral of a case stands, by what the desk and the centres say of it together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from journey.domain.centre import Answer, Arrival, Centres
from journey.domain.desk import Asked, Desk

ReferralStatus = Literal[
    "submitted",
    "received",
    "accepted",
    "in_progress",
    "withdrawal_noted",
    "completed",
    "failed",
    "rejected",
    "redirected",
    "withdrawn",
]
"""`withdrawal_noted`: the desk took it back when the person was in the country; the centre says what becomes of it."""
UNANSWERED: Final[frozenset[ReferralStatus]] = frozenset({"submitted", "received"})
HELD: Final[frozenset[ReferralStatus]] = frozenset({"accepted", "in_progress", "withdrawal_noted"})
LIVE: Final = UNANSWERED | HELD
CARED_FOR: Final[frozenset[ReferralStatus]] = frozenset({"completed", "failed"})
"""Its centre had the person in its care, and has said how that ended."""
_ENDS: Final[Mapping[str, ReferralStatus]] = {
    "rejected": "rejected",
    "redirected": "redirected",
    "completed": "completed",
    "failed": "failed",
}


@dataclass(frozen=True, slots=True)
class Referral:
    """One referral of a case. `since`: when it came to stand so."""

    id: UUID
    root_id: UUID
    centre: str
    country: str
    status: ReferralStatus
    since: datetime
    priority: str | None = None
    received_at: datetime | None = None
    walk_in: bool = False
    reason: str | None = None

    @property
    def live(self) -> bool:
        """Whether anything may still come of it."""
        return self.status in LIVE

    @property
    def held(self) -> bool:
        """Whether its centre has the person in its care."""
        return self.status in HELD


def referrals_of(desk: Desk, centres: Centres, arrival: Arrival | None) -> tuple[Referral, ...]:
    """All of them, by when they were made. `arrival`: that of the journey that is going on."""
    asked = {**centres.children, **desk.asked}
    for id_, answer in centres.answers.items():
        asked.setdefault(id_, Asked(centres.received.get(id_, answer.at), answer.centre, answer.country, id_))
    opened = centres.owner.opened
    if opened is not None and opened.referral_id is not None:
        asked[opened.referral_id] = Asked(opened.at, opened.org or "", opened.country, opened.referral_id)
    order = sorted(asked, key=lambda id_: (asked[id_].at, id_)) if len(asked) > 1 else asked
    return tuple([_referral(id_, asked, desk, centres, arrival) for id_ in order])


def _referral(
    id_: UUID, asked: Mapping[UUID, Asked], desk: Desk, centres: Centres, arrival: Arrival | None
) -> Referral:
    its, opened = asked[id_], centres.owner.opened
    answer = centres.answers.get(id_)
    walk_in = opened is not None and opened.referral_id == id_
    there = walk_in or arrival is not None
    status, since = _standing(its, answer, _withdrawn_at(id_, asked, desk), arrival, walk_in=walk_in)
    if status == "accepted" and there:
        status, since = "in_progress", max(since, arrival.reported_at) if arrival is not None else since
    return Referral(
        id=id_,
        root_id=its.root_id,
        centre=its.centre,
        country=its.country,
        status=status,
        since=since,
        priority=its.priority or _priority_of(its, asked),
        received_at=centres.received.get(id_),
        walk_in=walk_in,
        reason=None if answer is None else answer.reason,
    )


def _standing(
    asked: Asked, answer: Answer | None, withdrawn_at: datetime | None, arrival: Arrival | None, *, walk_in: bool
) -> tuple[ReferralStatus, datetime]:
    if answer is not None and answer.status in _ENDS:
        return _ENDS[answer.status], answer.at
    taken_on_at = answer.at if answer is not None and answer.status != "received" else asked.at if walk_in else None
    reopened_at = answer.at if answer is not None and answer.status == "reopened" else None
    if withdrawn_at is not None and (reopened_at is None or withdrawn_at > reopened_at):
        noted = taken_on_at is not None and arrival is not None and arrival.reported_at <= withdrawn_at
        return ("withdrawal_noted" if noted else "withdrawn"), withdrawn_at
    if taken_on_at is not None:
        return "accepted", taken_on_at
    return ("submitted", asked.at) if answer is None else ("received", answer.at)


def _withdrawn_at(id_: UUID, asked: Mapping[UUID, Asked], desk: Desk) -> datetime | None:
    """When the desk took it back, or what it was passed on from: the two may have crossed."""
    seen = set[UUID]()
    at: UUID | None = id_
    while at is not None and at not in seen:
        if at in desk.withdrawn:
            return desk.withdrawn[at]
        seen.add(at)
        at = asked[at].parent_id if at in asked else None
    return None


def _priority_of(asked: Asked, all_: Mapping[UUID, Asked]) -> str | None:
    """What is passed on is as urgent as what it was passed on from."""
    root = all_.get(asked.root_id)
    return None if root is None else root.priority
